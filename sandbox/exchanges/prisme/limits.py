"""How often an address may call an operation: a window of a minute that begins with its first call.

Speaks no words: errors.py and wire.py say what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.prisme.models import SLUG

WINDOW = 60


@dataclass(frozen=True)
class Allowance:
    """What an address has left: `most` calls in a window that ends in `seconds`; times in epoch seconds."""

    most: int
    remaining: int
    seconds: int
    reset_at: int


def check_limit(world: World, operation: str, address: str) -> None:
    """Refuse an address whose calls are used up. Raises Refusal: RATE_LIMITED."""
    most = most_calls(world, operation)
    window = most and _window(world, operation, address)
    if most and window and window.used >= most:
        raise _limited(world, most, window.window_at)


def count_call(world: World, operation: str, address: str) -> Allowance | None:
    """Count a call; None where the fixture sets no limit. Raises Refusal: RATE_LIMITED."""
    most = most_calls(world, operation)
    if not most:
        return None
    name = _name(operation, address)
    world.store.lock(f"calls {name}")
    window = _window(world, operation, address)
    began = window.window_at if window else world.now()
    used = world.store.count_up(tables.Counter, "used", name=name, window_at=began, expires_at=began + WINDOW)
    if used > most:
        raise _limited(world, most, began)
    return Allowance(most, most - used, began + WINDOW - world.now(), began + WINDOW)


def most_calls(world: World, operation: str) -> int | None:
    """How many calls an address has in a minute; None if they are not counted."""
    most: int | None = world.settings[SLUG]["rate_limits"].get(operation)
    return most


def _window(world: World, operation: str, address: str) -> tables.Counter | None:
    name = _name(operation, address)
    found = world.store.list(tables.Counter, order=("-window_at",), limit=1, name=name)
    return found[0] if found and 0 <= world.now() - found[0].window_at < WINDOW else None


def _name(operation: str, address: str) -> str:
    return f"{SLUG} {operation} {digest(address)}"


def _limited(world: World, most: int, began: int) -> Refusal:
    return Refusal(
        Reason.RATE_LIMITED,
        f"more than {most} calls in {WINDOW} s from this address",
        retry_after=began + WINDOW - world.now(),
    )
