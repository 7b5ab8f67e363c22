"""What can be made wrong with the next step of a tour: a field of its request, its answer, or what the vendor does.

Each has the true cause for which it is refused; sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from sandbox.core import tables
from sandbox.core.fault_rules import ACTIONS
from sandbox.core.recipes import recipes
from sandbox.core.world import World
from sandbox.web.steps import AT_PROVIDER, Step
from sandbox.web.touring import fields
from sandbox.web.touring.fields import FORM, QUERY, Place, read, write

Group = Literal["request", "answer", "service"]
Change = Callable[[Step], Step]

NOBODY, ELSEWHERE = "nobody-has-this", "https://attacker.example/callback"
# What a recipe does that an application cannot notice, or only late.
_UNSEEN = ("delay", "drip", "repeat", "content_type")
# Refusals that another way of coming to the same endpoint meets.
_OF_OTHERS = ("REFRESH_", "DEVICE_", "POLLING_", "OTP_", "PASSWORD_", "AUTHORIZATION_PENDING")


@dataclass(frozen=True)
class Break:
    """One thing that is wrong. `cause` is why it must be refused, and `group` where it is wrong.

    `change` makes the request wrong, and `callback` the parameters that came back to the application. `recipe` is armed
    for this call. `twice` sends the request a second time, `denies` has the person press Cancel, `forgets` leaves the
    cookies of the browser out. `minted` is a tamper, for a token that takes the place of the one at `place`.
    """

    id: str
    title: str
    cause: str
    group: Group = "request"
    change: Change | None = None
    callback: Mapping[str, str | None] | None = None
    recipe: str | None = None
    twice: bool = False
    denies: bool = False
    forgets: bool = False
    minted: str | None = None
    place: Place | None = None


def list_breaks(world: World, step: Step, service: str, operation: str, *, cookies: bool) -> dict[str, Break]:
    """All that can be wrong with this step, which `operation` of `service` answers, by their ids."""
    found = [
        *(_at_provider(step) if step.verb in AT_PROVIDER else _at_endpoint(world, step)),
        *_of_cookies(step, cookies),
        *_of_recipes(step, service, operation),
    ]
    return {one.id: one for one in found}


def _at_provider(step: Step) -> Iterator[Break]:
    """What can be wrong with an authorization request, and with what a person does then."""
    if read(step, (QUERY, "client_id")) is None:
        return
    yield _set(
        "client-unknown",
        "An application that nobody knows",
        "No application is registered under this client_id, so nobody can say where an answer may be sent.",
        (QUERY, "client_id"),
        NOBODY,
    )
    yield _set(
        "redirect-uri-foreign",
        "A redirect URI that is not registered",
        "The answer would go to somebody else. A provider compares the redirect URI with those registered, and shows "
        "an error page instead of redirecting (RFC 9700 section 2.1).",
        (QUERY, "redirect_uri"),
        ELSEWHERE,
    )
    if read(step, (QUERY, "response_type")) is not None:
        yield _set(
            "response-type-unknown",
            "A response type that does not exist",
            "The provider does not know what it is asked for.",
            (QUERY, "response_type"),
            "gold",
        )
    yield Break(
        "denied",
        "The person presses Cancel",
        "Nobody signs in against their will: the application is told access_denied, and gets no code.",
        "answer",
        denies=True,
    )
    if step.verb == "sign_in" and read(step, (QUERY, "state")) is not None:
        yield _set(
            "state-left-out",
            "No state is sent",
            "Without a state an application cannot tell its own login from one that somebody else has begun and sent "
            "to this browser (RFC 6749 section 10.12).",
            (QUERY, "state"),
            None,
        )
        yield Break(
            "state-of-another",
            "The callback has another state",
            "The answer belongs to a login that this browser has not begun: somebody tries to sign it in as somebody "
            "else (RFC 6749 section 10.12).",
            "answer",
            callback={"state": "state-of-another-login"},
        )
        yield Break(
            "code-lost",
            "The callback has no code",
            "Without a code there is nothing that could be swapped for tokens.",
            "answer",
            callback={"code": None},
        )


def _at_endpoint(world: World, step: Step) -> Iterator[Break]:
    """What can be wrong with a call of an application, by the fields that it has."""
    for place, name in fields.list_places(step):
        for kind in fields.KINDS.get(fields.known_as(name), ()):
            yield from _of_field(step, place, kind)
    if step.form is not None and read(step, (FORM, "client_id")) is not None:
        yield from _foreign_client(world, step)


def _of_field(step: Step, place: Place, kind: fields.Kind) -> Iterator[Break]:
    name = place[1].lower().replace("_", "-")
    value = read(step, place)
    made = f"{name}-{kind.id}"
    if kind.id == "twice":
        yield Break(made, kind.title, kind.cause, twice=True)
    elif kind.id in fields.MINTED:
        if fields.is_jwt(value):
            yield Break(made, kind.title, kind.cause, minted=fields.MINTED[kind.id], place=place)
    elif kind.id == "forged":
        if fields.is_jwt(value):
            yield _set(made, kind.title, kind.cause, place, fields.forge(str(value)))
    else:
        yield _set(made, kind.title, kind.cause, place, kind.value)


def _foreign_client(world: World, step: Step) -> Iterator[Break]:
    """The same request by another application of the same provider, with its own good secret."""
    client_id = read(step, (FORM, "client_id"))
    rows = world.store.list(tables.Client, order=("position",))
    own = next((row for row in rows if row.client_id == client_id), None)
    others = [row for row in rows if own and row.service == own.service and row.client_id != client_id and row.secret]
    if not others:
        return

    def change(step: Step) -> Step:
        step = write(step, (FORM, "client_id"), others[0].client_id)
        return write(step, (FORM, "client_secret"), others[0].secret)

    yield Break(
        "client-foreign",
        "Another application brings the code",
        f"The code was given to {client_id}, and {others[0].client_id} brings it. A code is bound to its application, "
        "so that a stolen one is worth nothing to others (RFC 6749 section 4.1.3).",
        change=change,
    )


def _of_cookies(step: Step, cookies: bool) -> Iterator[Break]:
    if cookies and step.verb == "follow":
        yield Break(
            "browser-other",
            "Another browser brings the callback",
            "The login was begun in another browser. If a callback were good in any, somebody could sign you in as "
            "themselves (RFC 6749 section 10.12).",
            forgets=True,
        )


def _of_recipes(step: Step, service: str, operation: str) -> Iterator[Break]:
    """What the vendor may do by itself: the recipes for this operation."""
    for recipe in recipes().values():
        action = next(name for name in recipe.rule if name in ACTIONS)
        what = recipe.rule[action]
        fits = recipe.rule.get("operation") == operation or (action == "callback" and _takes_callback(step, what))
        if recipe.rule["service"] != service or not fits or action in _UNSEEN:
            continue
        if action == "refuse" and what["reason"].startswith(_OF_OTHERS):
            continue
        name = recipe.name.partition(": ")[2]
        cause = f"{recipe.summary} The sandbox has arranged it for this one call."
        told = (f"recipe-{name}", recipe.summary.rstrip("."), cause, "service")
        if action == "callback":
            changed = {**dict.fromkeys(what.get("remove", ())), **what.get("set", {})}
            yield Break(*told, callback=changed)  # type: ignore[arg-type]  # the group is a literal above
        else:
            yield Break(*told, recipe=recipe.name)  # type: ignore[arg-type]  # the same


def _takes_callback(step: Step, what: Mapping[str, Any]) -> bool:
    """Whether somebody notices at this step, and it can be had in no other way.

    What is wrong with an exchange's own callback, it sees when it has it.
    """
    changed: Mapping[str, str] = what.get("set", {})
    if changed.get("error") == "access_denied" or set(changed) == {"state"}:
        return False
    return step.verb == "sign_in" or (step.verb == "go" and "error" in changed)


def _set(id_: str, title: str, cause: str, place: Place, value: str | None) -> Break:
    return Break(id_, title, cause, change=partial(_write, place, value))


def _write(place: Place, value: str | None, step: Step) -> Step:
    changed = write(step, place, value)
    if step.start is None:
        return changed
    start = replace(step.start, url=changed.url)
    if place[1] == "redirect_uri":
        start = replace(start, redirect_uri=value)
    return replace(changed, start=start)


def make_change(broken: Break, step: Step, token: str | None) -> Step:
    """The step as it is sent with this break; `token` is the one that was minted for it."""
    if broken.change is not None:
        return broken.change(step)
    if token is not None and broken.place is not None:
        return write(step, broken.place, token)
    return step


def describe(broken: Break) -> dict[str, Any]:
    """`{id, title, cause, group}`."""
    return {"id": broken.id, "title": broken.title, "cause": broken.cause, "group": broken.group}
