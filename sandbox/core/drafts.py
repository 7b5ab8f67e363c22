"""A token on its way to be signed, and what may still happen to it.

Signs nothing: that is jwts.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.core.keys import Key

if TYPE_CHECKING:
    from sandbox.core.world import World


@dataclass
class Draft:
    """A JWT before it is signed: its claims, the key that is to sign it, and what its header has besides the key's."""

    claims: dict[str, Any]
    key: Key
    header: dict[str, Any]


class Forger(Protocol):
    """Makes the tokens of a unit of work come out otherwise than their room has meant them.

    `tamper` names what is wrong about them, None for nothing in particular.
    """

    @property
    def tamper(self) -> str | None: ...

    def covers(self, kind: str) -> bool:
        """Whether tokens of this kind (`id_token`, `access_token` ...) are to be forged."""

    def forge(self, world: World, draft: Draft) -> str:
        """The token to give out instead."""

    def lifetime(self, kind: str, ttl: int | None) -> int | None:
        """Seconds that an opaque token of this kind is good for, where its room has meant `ttl`."""
