"""Codes as values: one that was made, and one that is to be."""

from __future__ import annotations

from dataclasses import dataclass

ALGORITHM = "RS256"
CODE_TTL = 600
# What a code can be minted with; `none` and HS256 are there to be refused.
MINTABLE = ("RS256", "RS384", "RS512", "ES256", "HS256", "none")


@dataclass(frozen=True)
class ProjectCode:
    """A code, and for how many seconds it is good."""

    code: str
    expires_in: int


@dataclass(frozen=True)
class Mint:
    """A code to be minted as a test likes it, genuine unless said otherwise.

    `ttl` is in seconds and may be negative, `nbf` an epoch second. `kid` replaces the key's own, "" leaves it out.
    `omit` names claims, `rogue_key` signs by a key that is not published.
    """

    project_id: str
    user_id: str
    email: str | None = None
    ttl: int = CODE_TTL
    algorithm: str = ALGORITHM
    kid: str | None = None
    nbf: int | None = None
    omit: tuple[str, ...] = ()
    rogue_key: bool = False
    opaque: bool = False
