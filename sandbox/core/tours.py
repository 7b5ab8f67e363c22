"""Tours: logins that somebody takes step by step, as rows: begun, gone on with, dropped.

What a step is, and who takes it, is web's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.clock import real_now, serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tour_table import Tour
from sandbox.core.world import World

MOST_TOURS = 100
WAITING, REFUSED, DONE = "waiting", "refused", "done"
# What is told of a tour without its hops.
_SUMMARY = ("id", "serial", "asked", "flow", "status", "version", "sending_since", "created_at")
# Who begins a tour, or goes on with one, takes it first.
LOCK = "tours"
_ID_LENGTH, _SEED_DIGITS = 24, 18
# A request that is under way for longer was lost with its process, in real seconds.
_LOST_AFTER = 120


def begin_tour(world: World, asked: Mapping[str, Any], flow: str) -> Tour:
    """A new tour for what was asked for; the oldest ones make room for it."""
    world.store.lock(LOCK)
    for old in world.store.list(Tour, order=("-serial", "id"), offset=MOST_TOURS - 1, columns=("id",)):
        world.store.remove(Tour, id=old.id)
    tour_id = world.ids.text(_ID_LENGTH)
    world.store.add(
        Tour,
        id=tour_id,
        serial=serial(),
        asked=dict(asked),
        flow=flow,
        seed=int(world.ids.digits(_SEED_DIGITS)),
        hops=[],
        pending=None,
        status=WAITING,
        broken=None,
        result=None,
        cookies=[],
        version=1,
        sending_since=None,
        created_at=world.now(),
    )
    return get_tour(world, tour_id)


def list_tours(world: World) -> list[Tour]:
    """All tours, the newest first, with what their summary needs and no more."""
    return world.store.list(Tour, order=("-serial", "id"), columns=_SUMMARY)


def find_tour(world: World, tour_id: str) -> Tour | None:
    """The tour with this id, or None."""
    return world.store.find(Tour, id=tour_id)


def get_tour(world: World, tour_id: str) -> Tour:
    """The tour with this id. Raises Refusal: OBJECT_UNKNOWN."""
    tour = find_tour(world, tour_id)
    if tour is None:
        raise Refusal(
            Reason.OBJECT_UNKNOWN, f"there is no tour {tour_id!r}; the oldest ones make room for others", "id"
        )
    return tour


def remove_tour(world: World, tour_id: str) -> None:
    """Drop a tour. Raises Refusal: OBJECT_UNKNOWN."""
    get_tour(world, tour_id)
    world.store.remove(Tour, id=tour_id)


def change_tour(world: World, tour: Tour, **values: Any) -> Tour:
    """The tour with these values, unless somebody has changed it since it was read.

    Raises Refusal: OBJECT_ALREADY_EXISTS.
    """
    changed = world.store.claim(Tour, {**values, "version": tour.version + 1}, id=tour.id, version=tour.version)
    if changed is None:
        raise _moved_on()
    return changed


def is_sending(tour: Tour) -> bool:
    """Whether a request of the tour is under way."""
    return tour.sending_since is not None and real_now() - tour.sending_since < _LOST_AFTER


def begin_sending(world: World, tour: Tour) -> Tour:
    """Have this caller, and no other, take the next step. Raises Refusal: OBJECT_ALREADY_EXISTS."""
    if is_sending(tour):
        raise _moved_on()
    return change_tour(world, tour, sending_since=real_now())


def _moved_on() -> Refusal:
    return Refusal(Reason.OBJECT_ALREADY_EXISTS, "somebody else has taken this step of the tour already", "version")
