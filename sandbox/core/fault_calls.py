"""The calls that faults meet: which fault meets which call, counted exactly, at the moment when that is known.

Changes no answer: it says what is to go wrong, and raises Refusal where the room is to speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sandbox.core import faults, tables
from sandbox.core.drafts import Draft
from sandbox.core.faults import action_of, comes_after, name_of, particulars_of
from sandbox.core.forgery import Forgery
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

P = ParamSpec("P")
T = TypeVar("T")
Verb = Callable[Concatenate[Any, World, P], T]

_DETAIL = "a fault provoked on purpose"
# These come instead of the call's work, unless they are to come after it.
_INSTEAD = ("refuse", "answer", "drop", "redirect_loop")
# To who asks in-process these are all one: no answer that could be used.
_UNUSABLE = ("answer", "drop", "truncate", "redirect_loop", "malform")
# What tells of the provider's own state, and not of the request, is its failure to who asked.
_OWN_STATE = (Reason.INTERNAL_ERROR, Reason.DATABASE_UNAVAILABLE, Reason.RATE_LIMITED, Reason.LIMIT_REACHED)


class Interruption(Exception):
    """The call ends here, as the action of its fault says."""

    def __init__(self, fault: tables.Fault) -> None:
        super().__init__(name_of(fault))
        self.fault = fault


class Call:
    """One call of an operation, and the faults that may still meet it; each of them counts it once."""

    def __init__(self, world: World, service: str, operation: str) -> None:
        self._world = world
        live = [fault for fault in faults.list_faults(world) if not faults.is_over(fault)]
        # Whoever changes the world's row waits for who has changed the cast: then the next request does it.
        if not live and not world.store.has_changed_cast():
            # A world that was deleted meanwhile has nothing left to disarm.
            with suppress(LookupError), _apart(world) as other:
                faults.disarm(other)
        self._waiting = [
            fault for fault in live if fault.service in (None, service) and fault.operation in (None, operation)
        ]

    def claim(
        self,
        actions: Iterable[str],
        *,
        of_anybody: bool = False,
        fits: Callable[[tables.Fault], bool] = lambda _: True,
    ) -> Iterator[tables.Fault]:
        """The faults with one of these actions that meet this call now, oldest first.

        `of_anybody` leaves those for later that are about a client or a person; `fits` leaves what it is false for.
        """
        for fault in tuple(self._waiting):
            if action_of(fault) in actions and self._is_meant(fault, of_anybody) and fits(fault):
                self._waiting.remove(fault)
                if self._count(fault):
                    entry = self._world.entry
                    entry.fault = entry.fault or name_of(fault)
                    yield fault

    def meet(self) -> None:
        """Meet what comes instead of the work, if that is known by now. Raises Refusal or Interruption."""
        for fault in self.claim(_INSTEAD, fits=lambda fault: not comes_after(fault)):
            if action_of(fault) == "refuse":
                raise _refusal(fault)
            raise Interruption(fault)

    def meet_in_process(self) -> None:
        """The same for who asks without HTTP. Raises Refusal: what the fault says, PROVIDER_FAILED."""
        for fault in self.claim(("refuse", *_UNUSABLE), fits=_leaves_nothing):
            if action_of(fault) == "refuse":
                refusal = _refusal(fault)
                if refusal.reason not in _OWN_STATE:
                    raise refusal
            raise Refusal(Reason.PROVIDER_FAILED, f"{name_of(fault)}: the provider gave no usable answer")

    def forger(self) -> FaultForger | None:
        """What forges the tokens of this call, if a fault may."""
        return FaultForger(self) if any(action_of(fault) == "forge" for fault in self._waiting) else None

    def _is_meant(self, fault: tables.Fault, of_anybody: bool) -> bool:
        entry = self._world.entry
        if of_anybody:
            return fault.client_id is None and fault.login is None
        return fault.client_id in (None, entry.client_id) and fault.login in (None, entry.login)

    def _count(self, fault: tables.Fault) -> bool:
        """Count this call; tells whether it is one that the fault is to happen to."""
        lucky = self._world.ids.chance(fault.probability)
        end = None if fault.times is None else fault.skip + fault.times
        # A call that is spared uses up none of the times, but it does count as one to skip.
        below = end if lucky else fault.skip
        try:
            with _apart(self._world) as world:
                hits = world.store.increase(tables.Fault, "hits", below, id=fault.id)
        except LookupError:  # the world was deleted meanwhile
            return False
        return lucky and hits is not None and hits > fault.skip


class FaultForger:
    """A core.drafts.Forger that counts its fault when the first token of a kind that it covers is issued."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._forgeries: list[Forgery] = []
        self._now = Forgery()

    @property
    def tamper(self) -> str | None:
        """What is wrong with the token that was asked about last."""
        return self._now.tamper

    def covers(self, kind: str) -> bool:
        """Whether this token is to be forged."""
        claimed = self._call.claim(("forge",), fits=lambda fault: _forgery(fault).covers(kind))
        self._forgeries += map(_forgery, claimed)
        fitting = [forgery for forgery in self._forgeries if forgery.covers(kind)]
        self._now = fitting[0] if fitting else self._now
        return bool(fitting)

    def forge(self, world: World, draft: Draft) -> str:
        """The token to give out instead."""
        return self._now.forge(world, draft)

    def lifetime(self, kind: str, ttl: int | None) -> int | None:
        """Seconds that an opaque token is good for, where its room has meant `ttl`."""
        return self._now.lifetime(kind, ttl)


@contextmanager
def asked(world: World, service: str, operation: str) -> Iterator[None]:
    """Ask a provider in-process: what is armed at its `operation` is met in this block as over HTTP.

    Raises Refusal: what a fault says, and PROVIDER_FAILED where it leaves no usable answer.
    """
    if not world.faults_armed:
        yield
        return
    call, outer = Call(world, service, operation), world.forgery
    world.entry.listeners.append(call.meet_in_process)
    # What is armed for the request itself does not forge what it is given here.
    world.forgery = call.forger()
    try:
        call.meet_in_process()
        yield
    finally:
        world.forgery = outer
        world.entry.listeners.remove(call.meet_in_process)


def as_operation(service: str, operation: str) -> Callable[[Verb[P, T]], Verb[P, T]]:
    """A verb of an upstream that stands for one of its provider's operations; see `asked`."""

    def decorate(verb: Verb[P, T]) -> Verb[P, T]:
        @wraps(verb)
        def ask(self: Any, /, world: World, *args: P.args, **kwargs: P.kwargs) -> T:
            with asked(world, service, operation):
                return verb(self, world, *args, **kwargs)

        return cast("Verb[P, T]", ask)

    return decorate


def check_fault(world: World, service: str, operation: str) -> None:
    """Raise the Refusal that a fault provokes here, if there is one."""
    with asked(world, service, operation):
        pass


def _refusal(fault: tables.Fault) -> Refusal:
    what = particulars_of(fault)
    detail = what.get("detail") or (f"{_DETAIL}: {fault.name}" if fault.name else _DETAIL)
    return Refusal(Reason(what["reason"]), detail, what.get("field"), retry_after=what.get("retry_after"))


def _forgery(fault: tables.Fault) -> Forgery:
    what = particulars_of(fault)
    return Forgery(what["tamper"], frozenset(what["kinds"]) if what.get("kinds") else None)


def _leaves_nothing(fault: tables.Fault) -> bool:
    """Whether who asks in-process gets nothing out of it; what comes after the work, only a connection can lose."""
    action = action_of(fault)
    is_good = action == "answer" and particulars_of(fault)["status"] < 400
    return not comes_after(fault) and not is_good


@contextmanager
def _apart(world: World) -> Iterator[World]:
    """The world in a unit of work of its own, so that a call is counted at once and keeps no other waiting.

    Where this unit of work is the one that may write, it is that one: nobody else could.
    """
    if world.apart is None or world.store.holds_lock():
        yield world
        return
    with world.apart() as other:
        yield other
