"""Has the tokens of a unit of work come out wrong: tampered with, with other claims, or with another lifetime.

What can be wrong about a token is in tampers.py; who asks for it is a fault, the mint, or a misbehaving issuer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.core.drafts import Draft, Forger
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tampers import FAR, JWT, OPAQUE, TAMPERS, Tamper, compact, merged
from sandbox.core.world import World

__all__ = ["JWT", "OPAQUE", "TAMPERS", "Forgery", "Layered", "Tamper", "check_tamper", "forging"]


def check_tamper(name: str, kind: str | None = None, form: str = JWT) -> Tamper:
    """The tamper called `name`, which makes sense for tokens of this kind that are `jwt` or `opaque`.

    Raises Refusal: FIELD_INVALID.
    """
    tamper = TAMPERS.get(name)
    if tamper is None:
        known = ", ".join(TAMPERS)
        raise Refusal(Reason.FIELD_INVALID, f"no tamper is called {name!r}; there are {known}", "tamper")
    if kind is not None and not tamper.fits(kind, form):
        possible = ", ".join(other.name for other in TAMPERS.values() if other.fits(kind, form))
        noun = f"an opaque {kind}" if form == OPAQUE else f"a token of the kind {kind}"
        raise Refusal(Reason.FIELD_INVALID, f"{noun} cannot be tampered with by {name}, but by {possible}", "tamper")
    return tamper


@dataclass(frozen=True)
class Forgery:
    """A core.drafts.Forger.

    `tamper` names what is wrong, None for nothing; `kinds` are the kinds of tokens that are forged, None for all for
    which the tamper makes sense. `claims` are put into a JWT (None takes one away), and it is good for `ttl` seconds
    from now (negative: until that long ago); what is wrong is made wrong after that. An opaque token only has the
    lifetime. Raises Refusal when it is made: FIELD_INVALID if there is no such tamper, or if it makes no sense for a
    kind that is named.
    """

    tamper: str | None = None
    kinds: frozenset[str] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    ttl: int | None = None

    def __post_init__(self) -> None:
        if self.tamper is not None:
            for kind in self.kinds or (None,):
                check_tamper(self.tamper, kind)

    def covers(self, kind: str) -> bool:
        """Whether tokens of this kind are forged."""
        if self.kinds is not None:
            return kind in self.kinds
        return self.tamper is None or TAMPERS[self.tamper].fits(kind)

    def forge(self, world: World, draft: Draft) -> str:
        """The token to give out instead."""
        life = {} if self.ttl is None else {"exp": world.now() + self.ttl}
        # What was good until some time ago was issued before that.
        if self.ttl is not None and self.ttl <= 0 and "iat" in draft.claims:
            life["iat"] = world.now() + self.ttl - FAR
        changed = replace(draft, claims=merged(draft.claims, {**life, **self.claims}))
        return compact(changed) if self.tamper is None else TAMPERS[self.tamper].forge(world, changed)

    def lifetime(self, kind: str, ttl: int | None) -> int | None:  # noqa: ARG002 - as every Forger
        """Seconds that an opaque token is good for, where its room has meant `ttl`."""
        return -FAR if self.tamper == "expired" else ttl if self.ttl is None else self.ttl


class Layered:
    """A core.drafts.Forger: what `asked` forges comes first, and `usual` makes wrong what is left.

    Other claims and another lifetime may be asked for of a token that usually comes out wrong: it has both.
    """

    def __init__(self, asked: Forger, usual: Forgery) -> None:
        self._asked = asked
        self._usual = usual
        self._now: Forger = usual

    @property
    def tamper(self) -> str | None:
        """What is wrong with the token that was asked about last."""
        return self._now.tamper

    def covers(self, kind: str) -> bool:
        """Whether tokens of this kind are forged."""
        usually, asked = self._usual.covers(kind), self._asked.covers(kind)
        self._now = self._asked if asked else self._usual
        if asked and usually and isinstance(self._asked, Forgery) and self._asked.tamper is None:
            self._now = replace(self._usual, claims=self._asked.claims, ttl=self._asked.ttl)
        return asked or usually

    def forge(self, world: World, draft: Draft) -> str:
        """The token to give out instead."""
        return self._now.forge(world, draft)

    def lifetime(self, kind: str, ttl: int | None) -> int | None:
        """Seconds that an opaque token is good for, where its room has meant `ttl`."""
        return self._now.lifetime(kind, ttl)


@contextmanager
def forging(world: World, forgery: Forger | None) -> Iterator[None]:
    """Have what is issued in this block come out as `forgery` says, and as before once it is left.

    None changes nothing: what is forged already stays so.
    """
    before = world.forgery
    world.forgery = forgery or before
    try:
        yield
    finally:
        world.forgery = before
