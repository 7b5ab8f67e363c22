"""Rate limits: counted for each organization and minute, told in headers, and enforced only if the fixture says so."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.fanfare.models import SLUG

_WINDOW = 60
_CONSUMER_API = 2000
# Requests a minute, by operation; all others share the limit of the Consumer API.
_LIMITS = {"request_otp": 10, "authorize": 100}


@dataclass(frozen=True)
class Budget:
    """What is left of a limit; `reset` is when the window ends, in epoch seconds."""

    limit: int
    remaining: int
    reset: int


def check_limit(world: World, organization: str, operation: str) -> None:
    """Refuse a request beyond the limit, where limits are enforced. Raises Refusal: RATE_LIMITED."""
    if not world.settings[SLUG]["enforce_rate_limits"]:
        return
    budget = read_budget(world, organization, operation)
    if budget.remaining == 0:
        raise Refusal(
            Reason.RATE_LIMITED,
            f"{organization} has used its {budget.limit} requests of this minute",
            retry_after=budget.reset - world.now(),
        )


def read_budget(world: World, organization: str | None, operation: str) -> Budget:
    """What is left to an organization; everything to nobody in particular."""
    counter = world.store.find(tables.Counter, **_key(world, organization, operation)) if organization else None
    return _budget(world, operation, counter.used if counter else 0)


def spend(world: World, organization: str, operation: str) -> Budget:
    """Count one request; returns what is left."""
    key, end = _key(world, organization, operation), _window(world) + _WINDOW
    return _budget(world, operation, world.store.count_up(tables.Counter, "used", **key, expires_at=end))


def exhausted(world: World, operation: str) -> Budget:
    """A budget of which nothing is left."""
    return _budget(world, operation, _limit(operation))


def _limit(operation: str) -> int:
    return _LIMITS.get(operation, _CONSUMER_API)


def _budget(world: World, operation: str, used: int) -> Budget:
    limit = _limit(operation)
    return Budget(limit, max(0, limit - used), _window(world) + _WINDOW)


def _window(world: World) -> int:
    return world.now() - world.now() % _WINDOW


def _key(world: World, organization: str | None, operation: str) -> dict[str, str | int]:
    resource = operation if operation in _LIMITS else "consumer_api"
    return {"name": f"{SLUG} {resource} {organization}", "window_at": _window(world)}
