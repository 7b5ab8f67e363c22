"""Begins a tour, takes its next step, and takes in what a person's own browser has brought back.

Of several callers exactly one takes a step. What a step sends is the room's to say, and steps.py's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from sandbox.core import faults, tables, tours
from sandbox.core.fault_rules import make_rule
from sandbox.core.journal import list_entries
from sandbox.core.recipes import recipe_rules
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tour_table import Tour
from sandbox.core.world import World
from sandbox.core.worlds import share_world
from sandbox.headless import LoginStart
from sandbox.service import current_mount
from sandbox.web.minting import mint
from sandbox.web.steps import AT_PROVIDER, Callback, Step
from sandbox.web.touring.attempts import Taken, change_callback, describe_attempt, send, take_in_callback
from sandbox.web.touring.breaks import Break, list_breaks, make_change
from sandbox.web.touring.records import (
    describe_answer,
    keep_step,
    restore_start,
    restore_step,
)
from sandbox.web.touring.stepping import Trip, prepare, restore_trip
from sandbox.web.walking import Walker

# A tour that goes on for longer is a loop.
MOST_HOPS = 60


def start_tour(world: World, asked: Mapping[str, Any]) -> Tour:
    """A tour that waits before its first step. Raises Refusal as the room where it begins."""
    tour = tours.begin_tour(world, asked, flow=world.ids.text(16))
    return _go_on(world, tour, [])


def find_breaks(world: World, tour: Tour) -> dict[str, Break]:
    """What can be wrong with the next step, by id."""
    if tour.pending is None:
        return {}
    step = restore_step(tour.pending)
    kept = any(hop["verb"] == "follow" and "Set-Cookie" in hop["response"]["headers"] for hop in tour.hops)
    return list_breaks(world, step, tour.pending["service"], tour.pending["operation"], cookies=kept)


def choose_break(world: World, tour: Tour, broken: str | None) -> Tour:
    """The tour whose next step is to be broken like this, or not at all. Raises Refusal: FIELD_INVALID."""
    if broken == tour.broken:
        return tour
    _get_break(world, tour, broken)
    return tours.change_tour(world, tour, broken=broken)


def broken_step(world: World, tour: Tour) -> Step:
    """The next step as a browser begins it, with what is to be wrong about it."""
    if tour.pending is None:
        raise LookupError("a tour at its end has no next step")
    step, broken = restore_step(tour.pending), _chosen_break(world, tour)
    return make_change(broken, step, None) if broken else step


def take_step(world: World, tour: Tour, broken: str | None) -> Tour:
    """Send the next request, in the sandbox's own browser where one is needed.

    Raises Refusal: FIELD_INVALID for a break that the step has not, OBJECT_ALREADY_EXISTS if somebody else is faster,
    LIMIT_REACHED, and as the mint.
    """
    if tour.pending is None:
        raise Refusal(Reason.FIELD_INVALID, "the tour is at its end; begin another one", "id")
    _check_room(tour)
    wrong = _get_break(world, tour, broken)
    step = restore_step(tour.pending)
    token = _mint(world, tour, wrong) if wrong and wrong.minted else None
    tour = tours.begin_sending(world, tour)
    with _given_back(world, tour), _armed(world, wrong):
        # Whoever has written holds SQLite's only lock, and the requests to come write.
        world.store.session.commit()
        walker = _walker(world, tour, wrong)
        taken = send(world, walker, make_change(wrong, step, token) if wrong else step, wrong, _last_start(tour))
        world.store.session.commit()
        share_world(world.store.session, world.name, world.ids)
    return _record(world, tour, taken, wrong, cookies=tour.cookies if wrong and wrong.forgets else walker.cookies)


def come_back(world: World, tour: Tour, parameters: Mapping[str, str]) -> Tour:
    """Take in the callback that a person's own browser brings. Once it has been taken in, nothing changes any more.

    Raises Refusal: OBJECT_ALREADY_EXISTS, LIMIT_REACHED.
    """
    if tour.pending is None or tour.pending["verb"] not in AT_PROVIDER:
        return tour
    _check_room(tour)
    wrong, step = _chosen_break(world, tour), broken_step(world, tour)
    tour = tours.begin_sending(world, tour)
    target = step.start.redirect_uri if step.start else None
    url = f"{target or ''}?{urlencode(parameters, errors='replace')}"
    answer = {"status": 302, "headers": {"Location": url}, "body": None, "page": False}
    taken = Taken(step, answer, callback=change_callback(wrong, Callback(url, dict(parameters))), by="browser")
    last = list_entries(world.store, flow=tour.flow, limit=1)
    take_in_callback(taken, f"{last[0].reason}; {last[0].detail}" if last and last[0].reason else "")
    return _record(world, tour, taken, wrong, cookies=tour.cookies)


def note_refusal(world: World, tour: Tour, answer: Any, refusal: Refusal) -> None:
    """Take in that a provider has refused a person's own browser with a page; the sign-in still waits."""
    if tour.pending is None or len(tour.hops) >= MOST_HOPS or tours.is_sending(tour):
        return
    taken = Taken(
        broken_step(world, tour), describe_answer(answer), refusal=refusal, refused_by="service", by="browser"
    )
    _record(world, tour, taken, _chosen_break(world, tour), cookies=tour.cookies)


def _record(world: World, tour: Tour, taken: Taken, wrong: Break | None, *, cookies: list[dict[str, str]]) -> Tour:
    """The tour after this step: at the next one if it was good, and still before it if it was refused."""
    world.store.lock(tours.LOCK)
    hop = describe_attempt(taken, wrong)
    hops = [*tour.hops, hop]
    if hop["refused"]:
        left = {"broken": None, "sending_since": None, "cookies": cookies}
        return tours.change_tour(world, tour, hops=hops, status=tours.REFUSED, **left)
    return _go_on(world, tour, hops, cookies=cookies)


def _go_on(world: World, tour: Tour, hops: list[dict[str, Any]], **values: Any) -> Tour:
    """The tour at what comes after these hops. Raises Refusal if not even the first step can be made."""
    prepared = prepare(world, tour, hops)
    pending, status = keep_step(prepared.step) if prepared.step else None, tours.WAITING
    if prepared.refusal is not None:
        if not hops:
            raise prepared.refusal
        # The answer was good, and yet the application cannot go on with it: it is the one who refuses.
        last = {"by": "application", "reason": prepared.refusal.reason.value, "detail": prepared.refusal.detail}
        hops, pending = [*hops[:-1], {**hops[-1], "refused": last, "result": None}], tour.pending
        status = tours.REFUSED
    result = None if prepared.result is None else dict(prepared.result)
    stands = {"pending": pending, "status": tours.DONE if result is not None else status, "result": result}
    return tours.change_tour(world, tour, hops=hops, **stands, broken=None, sending_since=None, **values)


def _walker(world: World, tour: Tour, wrong: Break | None) -> Walker:
    trip: Trip = restore_trip(tour.asked)
    return Walker(
        world,
        current_mount(),
        trip.provider,
        trip.exchange,
        trip.request,
        decision="deny" if wrong and wrong.denies else "allow",
        flow=tour.flow,
        cookies=() if wrong and wrong.forgets else tour.cookies,
    )


@contextmanager
def _given_back(world: World, tour: Tour) -> Iterator[None]:
    """Let others take the step if it cannot even be sent."""
    try:
        yield
    except Exception:
        world.store.session.rollback()
        world.store.change(Tour, {"sending_since": None}, id=tour.id, version=tour.version)
        world.store.session.commit()
        raise


@contextmanager
def _armed(world: World, wrong: Break | None) -> Iterator[None]:
    """Have what the recipe says go wrong in this block, once."""
    if wrong is None or wrong.recipe is None:
        yield
        return
    fault = arm(world, wrong.recipe)
    try:
        yield
    finally:
        if world.store.find(tables.Fault, id=fault.id):
            faults.remove_fault(world, fault.id)


def arm(world: World, recipe: str) -> tables.Fault:
    """Have what the recipe says go wrong at one call."""
    return faults.arm(world, make_rule({"recipe": recipe, "times": 1}, recipe_rules()))


def _last_start(tour: Tour) -> LoginStart | None:
    """What is known of the sign-in that was good."""
    return next((restore_start(hop) for hop in reversed(tour.hops) if _is_sign_in(hop)), None)


def _is_sign_in(hop: Mapping[str, Any]) -> bool:
    return hop["verb"] == "sign_in" and hop["refused"] is None


def _mint(world: World, tour: Tour, wrong: Break) -> str:
    """A token like the one that the step brings, with one thing wrong. Raises Refusal: as the mint."""
    sign_in = next(filter(_is_sign_in, reversed(tour.hops)))
    body = {"service": tour.asked["provider"], "kind": "id_token", "identity": tour.asked["login"]}
    more = {"client": sign_in["start"]["client_id"], "issuer": sign_in["issuer"], "tamper": wrong.minted}
    try:
        minted = mint(world, {**body, **{name: value for name, value in more.items() if value}})
    except Refusal as refusal:
        world.store.session.rollback()
        raise Refusal(refusal.reason, refusal.detail, "break") from refusal
    return str(minted["token"])


def _chosen_break(world: World, tour: Tour) -> Break | None:
    """What was chosen, if the step can still be broken like that: the fixture may have changed."""
    return find_breaks(world, tour).get(tour.broken) if tour.broken else None


def _get_break(world: World, tour: Tour, name: str | None) -> Break | None:
    """Raises Refusal: FIELD_INVALID."""
    if name is None:
        return None
    known = find_breaks(world, tour)
    if name not in known:
        raise Refusal(
            Reason.FIELD_INVALID, f"this step cannot be broken by {name!r}, but by {', '.join(known)}", "break"
        )
    return known[name]


def _check_room(tour: Tour) -> None:
    if len(tour.hops) >= MOST_HOPS:
        raise Refusal(Reason.LIMIT_REACHED, f"a tour has room for {MOST_HOPS} requests; begin another one")
