"""What of a world will not be good for ever: its codes and tokens, by the moment at which they expire.

Ends none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.core import tables
from sandbox.core.world import World

_SHOWN = ("service", "kind", "client_id", "login", "expires_at")


@dataclass(frozen=True)
class Expiring:
    """A code or token that is good now. `kind` is what its service calls it; `expires_at` is in epoch seconds."""

    what: Literal["code", "token"]
    service: str
    kind: str
    client_id: str
    login: str
    expires_at: int


def list_expiring(world: World, limit: int) -> list[Expiring]:
    """What expires next, at most `limit` of it; nothing that was redeemed, revoked or is over."""
    later = {"expires_at": (world.now() + 1, None)}
    order = ("expires_at", "digest")
    codes = world.store.list(tables.Code, order=order, limit=limit, columns=_SHOWN, between=later, redeemed_at=None)
    tokens = world.store.list(tables.Token, order=order, limit=limit, columns=_SHOWN, between=later, revoked_at=None)
    found = [
        *(Expiring("code", *(getattr(row, name) for name in _SHOWN)) for row in codes),
        *(Expiring("token", *(getattr(row, name) for name in _SHOWN)) for row in tokens),
    ]
    return sorted(found, key=lambda one: one.expires_at)[:limit]
