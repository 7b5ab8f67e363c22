"""Flows: all requests of one login, through provider and exchange, as the journal has them.

`mark` and `follow` keep a login together where it goes from one service to another by nothing but a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
_COLUMNS = ("id", "at", "service", "reason", "detail", "fault", "flow", "client_id", "login", "facts")
_FEW = 500
# How many flows are looked at for those of one outcome, before it is left to the caller to go on.
MOST_LOOKED_AT = 200
# Issued on the way to a login, and none yet.
_NO_TOKENS = frozenset({"authorization_code", "pushed_request", "state"})
# For how long what was given out is known to belong to its flow, whatever becomes of the journal, in seconds.
_TRACE_TTL = 3600


@dataclass(frozen=True)
class Refused:
    """The first refusal of a flow: `entry` is the request's id, `reason` and `detail` the true cause."""

    entry: int
    service: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Flow:
    """One login. Times are epoch seconds of the world; `services` are in the order in which it came to them.

    `outcome` is `succeeded` if each of its services that decided gave something out, `refused` if one never did, and
    `pending` if nobody has decided. `people` is who it was at each service, by slug, `refusal` what was refused first,
    and `last` the id of its newest request.
    """

    id: str
    began_at: int
    ended_at: int
    services: tuple[str, ...]
    client_id: str | None
    login: str | None
    requests: int
    outcome: str
    people: Mapping[str, str]
    refusal: Refused | None
    last: int


@dataclass(frozen=True)
class Page:
    """A part of the list of flows; `next` is what to ask for as `before` to go on, None at the end."""

    flows: list[Flow]
    next: int | None


def mark(world: World, value: str) -> None:
    """Have whoever brings `value` back (a state, a signed token) go on with the flow of this unit of work."""
    if world.entry.flow is None:
        world.entry.note(flow=world.ids.text(16))
    world.store.put(tables.Trace, digest=digest(value), flow=world.entry.flow, expires_at=world.now() + _TRACE_TTL)


def follow(world: World, value: str | None) -> str | None:
    """Go on with the flow that `value` was marked with, if it was; returns that flow."""
    trace = world.store.find(tables.Trace, digest=digest(value)) if value else None
    if trace is None:
        return None
    world.entry.note(flow=trace.flow)
    return trace.flow


def resume(world: World, values: Iterable[str]) -> None:
    """Have this unit of work belong to the login that one of these values was given out in, whoever it was for.

    For a request that was answered before its room could look at what it brought.
    """
    for value in values:
        key = digest(value)
        row = (
            world.store.find(tables.Code, digest=key)
            or world.store.find(tables.Token, digest=key)
            or world.store.find(tables.DeviceGrant, digest=key)
        )
        if row:
            world.entry.note(flow=row.flow, client_id=row.client_id, login=row.login)
            return
        if follow(world, value):
            return


def list_flows(
    store: Store,
    *,
    client_id: str | None = None,
    login: str | None = None,
    outcome: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Page:
    """The flows, the one with the newest request first; `client_id` and `login` are those of any request of a flow.

    Of one `outcome` there may be fewer than `limit` although there are more: so many are looked at and no more.
    """
    where = {"client_id": client_id, "login": login}
    given = {name: value for name, value in where.items() if value is not None}
    found: list[Flow] = []
    looked_at, reached = 0, before
    size = limit + 1 if outcome is None else MOST_LOOKED_AT + 1
    for flow, newest in _newest_first(store, before, size, given):
        if len(found) == limit or looked_at == MOST_LOOKED_AT:
            return Page(found, reached)
        looked_at, reached = looked_at + 1, newest
        if outcome in (None, flow.outcome):
            found.append(flow)
    return Page(found, None)


def _newest_first(store: Store, before: int | None, size: int, where: dict[str, str]) -> Iterator[tuple[Flow, int]]:
    """The flows, each with the id of its newest request with these values, read `size` at a time."""
    while True:
        names = store.newest(tables.JournalEntry, "flow", before=before, limit=size, **where)
        requests = requests_of(store, [name for name, _ in names])
        yield from ((summarize(requests[name]), newest) for name, newest in names)
        if len(names) < size:
            return
        before = names[-1][1]


def requests_of(store: Store, flows: Iterable[str]) -> dict[str, list[tables.JournalEntry]]:
    """The requests of these flows, oldest first, with what is needed to judge them and no more."""
    wanted: dict[str, list[tables.JournalEntry]] = {name: [] for name in flows}
    if len(wanted) > _FEW:
        # One pass over the journal costs less than one question for each.
        for entry in store.list(tables.JournalEntry, order=("id",), columns=_COLUMNS):
            if entry.flow in wanted:
                wanted[entry.flow].append(entry)
        return wanted
    if wanted:
        # Sorted here: to have it in order a database may read the whole journal instead.
        found = store.list(tables.JournalEntry, order=(), columns=_COLUMNS, among={"flow": list(wanted)})
        for entry in sorted(found, key=lambda entry: entry.id):
            wanted[str(entry.flow)].append(entry)
    return wanted


def read_entries(store: Store, flow: str, *, offset: int = 0, limit: int | None = None) -> list[tables.JournalEntry]:
    """The requests of a flow with all that is known of them, oldest first."""
    return store.list(tables.JournalEntry, order=("id",), offset=offset, limit=limit, flow=flow)


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
        people={entry.service: entry.login for entry in entries if entry.service and entry.login},
        refusal=next((_refused(entry) for entry in entries if entry.reason and entry.reason not in _WAITING), None),
        last=last.id,
    )


def _refused(entry: Any) -> Refused:
    return Refused(entry.id, entry.service, entry.reason, entry.detail or "")


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
