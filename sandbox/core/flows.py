"""Flows: all requests of one login, through provider and exchange, as the journal has them.

`mark` and `follow` keep a login together where it goes from one service to another by nothing but a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.core import tables
from sandbox.core.refusals import Reason
from sandbox.core.store import Store
from sandbox.core.tables import digest

if TYPE_CHECKING:
    from sandbox.core.world import World

# What is refused only for now.
_WAITING = frozenset({Reason.AUTHORIZATION_PENDING, Reason.POLLING_TOO_FAST})
_COLUMNS = ("id", "at", "service", "reason", "fault", "flow", "client_id", "login", "facts")
_FEW = 200
# Issued on the way to a login, and none yet.
_NO_TOKENS = frozenset({"authorization_code", "pushed_request", "state"})


@dataclass(frozen=True)
class Flow:
    """One login. Times are epoch seconds of the world; `services` are in the order in which it came to them.

    `outcome` is `succeeded` if each of its services that decided gave something out, `refused` if one never did, and
    `pending` if nobody has decided.
    """

    id: str
    began_at: int
    ended_at: int
    services: tuple[str, ...]
    client_id: str | None
    login: str | None
    requests: int
    outcome: str


def mark(world: World, value: str) -> None:
    """Have whoever brings `value` back (a state, a signed token) go on with the flow of this unit of work."""
    if world.entry.flow is None:
        world.entry.note(flow=world.ids.text(16))
    world.store.put(tables.Trace, digest=digest(value), flow=world.entry.flow)


def follow(world: World, value: str | None) -> str | None:
    """Go on with the flow that `value` was marked with, if it was; returns that flow."""
    trace = world.store.find(tables.Trace, digest=digest(value)) if value else None
    if trace is None:
        return None
    world.entry.note(flow=trace.flow)
    return trace.flow


def list_flows(
    store: Store, *, client_id: str | None = None, login: str | None = None, limit: int | None = None
) -> list[Flow]:
    """The flows, the one with the newest request first; `client_id` and `login` are those of any request of a flow."""
    where = {"client_id": client_id, "login": login}
    given = {name: value for name, value in where.items() if value is not None}
    names = store.latest(tables.JournalEntry, "flow", limit=limit, **given)
    requests = requests_of(store, names)
    return [summarize(requests[name]) for name in names]


def requests_of(store: Store, flows: Iterable[str]) -> dict[str, list[tables.JournalEntry]]:
    """The requests of these flows, oldest first, with what is needed to judge them and no more."""
    wanted: dict[str, list[tables.JournalEntry]] = {name: [] for name in flows}
    if len(wanted) > _FEW:
        # One pass over the journal costs less than one question for each.
        for entry in store.list(tables.JournalEntry, order=("id",), columns=_COLUMNS):
            if entry.flow in wanted:
                wanted[entry.flow].append(entry)
        return wanted
    for name, entries in wanted.items():
        entries.extend(store.list(tables.JournalEntry, order=("id",), columns=_COLUMNS, flow=name))
    return wanted


def summarize(entries: list[Any]) -> Flow:
    """The flow that these requests are, of which there must be one at least."""
    first, last = entries[0], entries[-1]
    return Flow(
        id=first.flow,
        began_at=first.at,
        ended_at=last.at,
        services=tuple(dict.fromkeys(entry.service for entry in entries if entry.service)),
        client_id=next((entry.client_id for entry in entries if entry.client_id), None),
        login=next((entry.login for entry in reversed(entries) if entry.login), None),
        requests=len(entries),
        outcome=outcome(entries),
    )


def outcome(entries: list[Any]) -> str:
    """`succeeded`, `refused` or `pending`."""
    good: set[str] = set()
    bad: set[str] = set()
    for entry in entries:
        if entry.reason is None:
            if set(entry.facts.get("issued", ())) - _NO_TOKENS:
                good.add(entry.service)
        elif entry.reason not in _WAITING and "bearer" not in entry.facts:
            bad.add(entry.service)
    if bad - good:
        return "refused"
    return "succeeded" if good else "pending"
