"""The statements of a sweep: which rows of a world nobody needs any more, and their removal, some at a time.

When a world is swept, and how far back, is retention.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    or_,
    select,
)

from sandbox.core.session import Session
from sandbox.core.store import Store
from sandbox.core.tables import (
    Base,
    Code,
    Counter,
    DeviceGrant,
    JournalEntry,
    Mail,
    SessionClient,
    SignInSession,
    Token,
    Trace,
    Transaction,
    World,
)
from sandbox.core.tokens import REFRESH

Condition = ColumnElement[bool]
Key = str | int
# Rows of one unit of work: some milliseconds, and on SQLite everybody who writes waits for it.
BATCH = 500
# How many keys are looked up at a time.
LOOK_UP = 10_000
# What of a world must be as it was when the sweep began, or another world has its name and other rows their numbers.
_SAME = ("created_at", "clock_offset", "frozen_at")
# The lock that requests share and a reset takes, and the one of whoever sweeps.
_LOCK, _SWEEP = "world", "sweep"
# The parameters of a batch's keys: as many for every batch, so that a statement is compiled once.
_KEYS = tuple(f"key_{at}" for at in range(BATCH))


@dataclass(frozen=True, eq=False)
class Leaving:
    """Rows of a table that may go. `is_due` compares them with the parameter `bound`; `order` is which go first.

    The bound is a moment that they must have ended by (epoch seconds, the world's), or for `numbered` ones how many of
    the newest stay.
    """

    table: type[Base]
    order: str
    is_due: Callable[[Any, ColumnElement[int]], Condition]
    numbered: bool = False


def _has_ended(row: Any, bound: ColumnElement[int]) -> Condition:
    ended: Condition = row.expires_at <= bound
    return ended


def _is_traceless(row: Any, bound: ColumnElement[int]) -> Condition:
    entry = _columns(JournalEntry).c
    return _has_ended(row, bound) & ~exists().where(entry.world == row.world, entry.flow == row.flow)


def _is_past_replay(row: Any, bound: ColumnElement[int]) -> Condition:
    # Whoever brings a redeemed code again has what it had issued revoked (RFC 6749 section 4.1.2).
    return _has_ended(row, bound) & or_(row.redeemed_at.is_(None), ~_lives(row, row.flow, bound))


def _is_revoked(row: Any, bound: ColumnElement[int]) -> Condition:
    # A used refresh token that comes again has its whole family revoked (RFC 9700 section 4.14.2).
    may_return = and_(row.kind == REFRESH, row.used_at.is_not(None), _lives(row, row.family, bound))
    return and_(row.revoked_at <= bound, ~may_return)


def _lives(row: Any, family: ColumnElement[str], bound: ColumnElement[int]) -> Condition:
    token = _columns(Token).alias().c
    return exists().where(
        token.world == row.world,
        token.family == family,
        # A family is small, and a service may have all tokens there are: SQLite, which cannot know, would rather look
        # through these if it could find them by an index.
        token.service.concat("") == row.service,
        token.revoked_at.is_(None),
        or_(token.expires_at.is_(None), token.expires_at > bound),
    )


def _is_surplus(row: Any, bound: ColumnElement[int]) -> Condition:
    others = row.id.table.alias().c
    newest = select(others.id).where(others.world == bindparam("is_world")).order_by(others.id.desc())
    surplus: Condition = row.id <= newest.limit(1).offset(bound).scalar_subquery()
    return surplus


# Tokens before the codes that they came of.
LEAVING = (
    Leaving(Token, "expires_at", _has_ended),
    Leaving(Token, "revoked_at", _is_revoked),
    Leaving(Code, "expires_at", _is_past_replay),
    Leaving(Transaction, "expires_at", _has_ended),
    Leaving(SignInSession, "expires_at", _has_ended),
    Leaving(DeviceGrant, "expires_at", _has_ended),
    Leaving(Counter, "expires_at", _has_ended),
    Leaving(JournalEntry, "id", _is_surplus, numbered=True),
    Leaving(Mail, "id", _is_surplus, numbered=True),
    # After the journal, which knows their flows.
    Leaving(Trace, "expires_at", _is_traceless),
)


@dataclass(frozen=True)
class Noted:
    """A world by what its row says of its time."""

    world: str
    created_at: int
    clock_offset: int
    frozen_at: int | None


def list_noted(session: Session) -> list[Noted]:
    """All worlds, with no more of them than a sweep needs."""
    columns = _columns(World).c
    wanted = select(columns.world, columns.created_at, columns.clock_offset, columns.frozen_at)
    return [Noted(*cast(Any, row)) for row in session.execute(wanted)]


class Sweep(Store):
    """What a sweep does in one world, which was `noted` when it began. A unit of work removes one batch."""

    def __init__(self, session: Session, noted: Noted) -> None:
        super().__init__(session, noted.world)
        self._same = {f"was_{name}": getattr(noted, name) for name in _SAME}

    def enter(self) -> bool:
        """Tell whether this unit of work may go on; somebody who resets or sweeps the world goes first.

        It waits for nobody. On SQLite the first write takes the one lock there is.
        """
        return not self._on_postgres or (
            self._lock_on_postgres("pg_try_advisory_xact_lock_shared", _LOCK) and self.try_lock(_SWEEP)
        )

    def find_due(self, leaving: Leaving, bound: int) -> list[Key]:
        """The keys of rows that may go, at most LOOK_UP, those first that have waited longest."""
        return [key for (key,) in self.session.execute(_find(leaving), {"is_world": self.world, "bound": bound})]

    def remove_due(self, leaving: Leaving, bound: int, keys: Sequence[Key]) -> int:
        """Remove those of these rows, at most BATCH, that may still go; returns how many.

        None that somebody is at work with: who waits for nobody is in nobody's way, in whatever order they go.
        """
        given = {"is_world": self.world, **{name: keys[min(at, len(keys) - 1)] for at, name in enumerate(_KEYS)}}
        bounded = {**given, "bound": bound, **self._same}
        removed: int = cast(Any, self.session.execute(_remove(leaving, self._on_postgres), bounded)).rowcount
        if leaving.table is SignInSession:
            self.session.execute(_remove_clients(), given)
        return removed


def _columns(table: type[Base]) -> Table:
    return cast(Table, table.__table__)


def _key(rows: FromClause) -> ColumnElement[Any]:
    """What rows are named by. Of counters several windows may have one name; each that goes must be due."""
    first: ColumnElement[Any] = next(column for column in rows.primary_key if column.key != "world")
    return first


def _bound() -> ColumnElement[int]:
    return bindparam("bound", type_=BigInteger)


@lru_cache(maxsize=32)
def _find(leaving: Leaving) -> Select[Any]:
    table = _columns(leaving.table)
    due = leaving.is_due(table.c, _bound())
    found = select(_key(table)).where(table.c.world == bindparam("is_world"), due)
    return found.order_by(table.c[leaving.order]).limit(LOOK_UP)


@lru_cache(maxsize=32)
def _remove(leaving: Leaving, on_postgres: bool) -> Delete:
    table, world = _columns(leaving.table), _columns(World).c
    row = table.alias("due") if on_postgres else table
    still = exists().where(
        world.world == bindparam("is_world"),
        *(world[name].is_not_distinct_from(bindparam(f"was_{name}", type_=BigInteger)) for name in _SAME),
    )
    # In a form that no index serves: SQLite would look through all that is due, or the whole world, for these few.
    may_go = case((_is_of_world(row) & leaving.is_due(row.c, _bound()), 1), else_=0) == 1
    due = _is_among_keys(_key(row)) & may_go & still
    if not on_postgres:
        return delete(table).where(due)
    # Which place a row has does not change while it is locked.
    place: ColumnElement[Any] = literal_column("due.ctid")
    free = select(place).select_from(row).where(due).with_for_update(skip_locked=True, of=row)
    own: ColumnElement[Any] = literal_column(f"{table.name}.ctid")
    return delete(table).where(own.in_(free))


@lru_cache(maxsize=1)
def _remove_clients() -> Delete:
    table, session = _columns(SessionClient), _columns(SignInSession).c
    gone = ~exists().where(session.world == table.c.world, session.sid == table.c.sid)
    return delete(table).where(_is_among_keys(table.c.sid), _is_of_world(table), gone)


def _is_among_keys(key: ColumnElement[Any]) -> Condition:
    return key.in_([bindparam(name, type_=key.type) for name in _KEYS])


def _is_of_world(row: FromClause) -> Condition:
    of_world: Condition = row.c.world == bindparam("is_world")
    return of_world
