"""The rate limits of GitHub's API: counted and shown, and never enforced but by a provoked refusal.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.world import World

CORE = "core"
GRAPHQL = "graphql"
SEARCH = "search"


@dataclass(frozen=True)
class Resource:
    """A limit: requests per window with a token and without one; the window in seconds."""

    with_token: int
    without: int
    window: int = 3600


RESOURCES = {CORE: Resource(5000, 60), GRAPHQL: Resource(5000, 0), SEARCH: Resource(30, 10, window=60)}


@dataclass(frozen=True)
class Budget:
    """What is left of a limit; `reset` is when the window ends, in epoch seconds."""

    resource: str
    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """How many requests are left in this window."""
        return self.limit - self.used


def read_budget(world: World, resource: str, login: str | None, address: str) -> Budget:
    """What is left to a person, or to an address for calls without a token."""
    counter = world.store.find(tables.Counter, **_key(world, resource, login, address))
    return _budget(world, resource, login, counter.used if counter else 0)


def spend(world: World, resource: str, login: str | None, address: str) -> Budget:
    """Count one request; returns what is left."""
    key, end = _key(world, resource, login, address), _window(world, resource) + RESOURCES[resource].window
    used = world.store.count_up(tables.Counter, "used", **key, expires_at=end)
    return _budget(world, resource, login, used)


def exhausted(world: World, resource: str, login: str | None) -> Budget:
    """A budget of which nothing is left."""
    return _budget(world, resource, login, RESOURCES[resource].with_token)


def _key(world: World, resource: str, login: str | None, address: str) -> dict[str, str | int]:
    who = f"user {login}" if login else f"address {address}"
    return {"name": f"github {resource} {who}", "window_at": _window(world, resource)}


def _window(world: World, resource: str) -> int:
    return world.now() - world.now() % RESOURCES[resource].window


def _budget(world: World, resource: str, login: str | None, used: int) -> Budget:
    rate = RESOURCES[resource]
    limit = rate.with_token if login else rate.without
    return Budget(resource, limit, min(used, limit), _window(world, resource) + rate.window)
