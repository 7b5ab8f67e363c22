"""The only place that queries the database; adds the world's condition to every statement itself.

Rows come back read-only but typed as their table, because a row answers to the same names. Those of the cast are
remembered as long as nobody changes it. Decides nothing and never commits: the unit of work is its caller's.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, Executable, func, select

from sandbox.core import statements
from sandbox.core.clock import serial
from sandbox.core.prepared import Prepared, row_type
from sandbox.core.remembered import CAST, Known, remember
from sandbox.core.session import Session
from sandbox.core.statements import Containing, Shape, names_of, table_of
from sandbox.core.tables import Base, JournalEntry, World, digest

T = TypeVar("T", bound=Base)
Made = TypeVar("Made")
Between = Mapping[str, tuple[int | None, int | None]]
Among = Mapping[str, Sequence[str]]

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_UNKNOWN = object()
_HEAD = ("clock_offset", "frozen_at", "faults_armed", "used_at", "version")
# More than there are of anything: neither database has a word for "all the rest" that the other knows.
_ALL = 2**62


class Store:
    """The tables as one world sees them. `where` values of None mean "is null"."""

    def __init__(self, session: Session, world: str) -> None:
        self.session = session
        self.world = world
        self._known: Known = {}
        # The transaction in which the version was read.
        self._read_in: object = None

    def head(self) -> World | None:
        """The world's row without its fixture and settings, or None; what is remembered is of its version from here."""
        row = self._first(statements.find, World, (), _HEAD, gives=_HEAD, values=self._where({}))
        if row is not None and self.session.remembered and self.world not in self.session.changed:
            self._known = self.session.remembered.of(self.world, row.version)
            self._read_in = self.session.transaction
        return cast("World | None", row)

    def settings(self) -> dict[str, Any]:
        """The settings in the world's row, which must be there."""
        shown = ("settings",)
        [settings] = self._first(statements.find, World, (), shown, gives=shown, values=self._where({}))
        return cast("dict[str, Any]", settings)

    def recall(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes of the cast and of nothing else: made anew when that has changed. Nobody may change it."""
        known = self._what_is_known()
        if known is None:
            return make()
        if (found := known.get(key, _UNKNOWN)) is not _UNKNOWN:
            return cast("Made", found)
        made = make()
        # Who has changed the cast to make it might take that back.
        if self._read_in is self.session.transaction and self.world not in self.session.changed:
            remember(known, key, made)
        return made

    def find(self, table: type[T], **where: Any) -> T | None:
        """The row with these values, or None."""
        if table in CAST:
            return self.recall((table, *where.items()), lambda: self._find(table, where))
        return self._find(table, where)

    def _find(self, table: type[T], where: dict[str, Any]) -> T | None:
        if _unstorable(where):
            return None
        row = self._first(statements.find, table, _shape(where), gives=names_of(table), values=self._where(where))
        return cast("T | None", row)

    def list(
        self,
        table: type[T],
        *,
        order: tuple[str, ...],
        limit: int | None = None,
        offset: int = 0,
        columns: tuple[str, ...] = (),
        between: Between = {},  # noqa: B006 - never changed
        containing: Containing = {},  # noqa: B006 - never changed
        among: Among = {},  # noqa: B006 - never changed
        **where: Any,
    ) -> list[T]:
        """The rows with these values, by the columns of `order` (`-name` descends).

        `between` is `{column: (lowest, highest)}`, where None is no bound; `containing` is `{column: (text, ...)}`, all
        of which the column has somewhere (of a tuple, one of its texts; of JSON, in lower case); `among` is
        `{column: any of these values}`. With `columns` the rows have only these.
        """
        if _unstorable(where) or _unstorable_texts(containing):
            return []
        ranges = tuple((name, low is not None, high is not None) for name, (low, high) in between.items())
        is_part = limit is not None or offset > 0
        shape = (table, _shape(where), order, columns, ranges, tuple(among), is_part)
        given = {**self._where(where), **_bounds(between)}
        if is_part:
            given |= {"limit": _ALL if limit is None else limit, "offset": offset}
        if containing or among:
            statement = statements.ordered(*shape).where(*statements.containing(table, containing))
            some = {
                f"some_{name}": [one for one in values if not _UNSTORABLE.search(one)] for name, values in among.items()
            }
            return cast("list[T]", self.session.execute(statement, {**given, **some}).all())

        def read() -> Any:
            return self._all(statements.ordered, *shape, gives=columns or names_of(table), values=given)

        if table in CAST:
            return [*self.recall((shape, *given.values()), read)]
        return cast("list[T]", read())

    def latest(self, table: type[T], column: str, *, limit: int | None = None, **where: Any) -> builtins.list[str]:
        """The values of `column` among the rows with these values, each once; whose newest row is newest comes first.

        The table must number its rows by `id`.
        """
        return [value for value, _ in self.newest(table, column, limit=limit, **where)]

    def newest(
        self, table: type[T], column: str, *, before: int | None = None, limit: int | None = None, **where: Any
    ) -> builtins.list[tuple[str, int]]:
        """As `latest`, each value with the id of its newest row; only those whose newest row is older than `before`."""
        if _unstorable(where):
            return []
        statement = statements.latest(table, column, _shape(where), before is not None).limit(limit)
        bound = {} if before is None else {"before": before}
        rows: Any = self.session.execute(statement, {**self._where(where), **bound})
        return [(row[0], row[1]) for row in rows]

    def count(
        self,
        table: type[T],
        *,
        containing: Containing = {},  # noqa: B006 - never changed
        **where: Any,
    ) -> int:
        """How many rows have these values, and these texts in them (as in `list`)."""
        if _unstorable(where) or _unstorable_texts(containing):
            return 0
        conditions = (*statements.conditions(table, _shape(where)), *statements.containing(table, containing))
        statement = select(func.count()).select_from(table_of(table)).where(*conditions)
        return int(self.session.execute(statement, self._where(where)).scalar_one())

    def add(self, table: type[T], *rows: dict[str, Any], **values: Any) -> None:
        """Insert one row, or many in one statement."""
        self._note_change(table)
        batch = [{"world": self.world, **row} for row in (rows or (values,))]
        if len(batch) > 1:
            self.session.execute(statements.add_many(table), batch)
        else:
            self._run(statements.add, table, tuple(batch[0]), values=_set(batch[0]))

    def create(self, table: type[T], **values: Any) -> T:
        """Insert one row, and return it as it will be found; `values` are all its columns."""
        self.add(table, **values)
        return cast("T", row_type(names_of(table))(**values, world=self.world))

    def copy(self, table: type[T], source: str) -> None:
        """Insert what the world called `source` has, within the database."""
        self._note_change(table)
        self._run(statements.copy, table, values={"to_world": self.world, "is_world": source})

    def put(self, table: type[T], **values: Any) -> None:
        """Insert the row, or overwrite the one with the same primary key."""
        given = {"world": self.world, **values}
        self._note_change(table)
        self._run(statements.put, self.session.kind, table, tuple(given), values=_set(given))

    def count_up(self, table: type[T], column: str, **key: Any) -> int:
        """Add one to `column` of the row with this primary key, made if need be; returns the new value."""
        given = {"world": self.world, **key}
        [used] = self._first(
            statements.count_up,
            *(self.session.kind, table, column, tuple(given)),
            gives=(column,),
            values=_set({**given, column: 1}),
        )
        return int(used)

    def change(self, table: type[T], values: dict[str, Any], **where: Any) -> int:
        """Update the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        self._note_change(table, tuple(values))
        given = {**_set(values), **self._where(where)}
        return self._run(statements.change, table, tuple(values), _shape(where), values=given)

    def claim(self, table: type[T], values: dict[str, Any], **where: Any) -> T | None:
        """Update the one row with these values and return it, or None if another was faster.

        One statement, so that of any number of concurrent callers exactly one gets the row.
        """
        if _unstorable(where):
            return None
        row = self._first(
            statements.change,
            *(table, tuple(values), _shape(where), True),
            gives=names_of(table),
            values={**_set(values), **self._where(where)},
        )
        return cast("T | None", row)

    def increase(self, table: type[T], column: str, below: int | None, **where: Any) -> int | None:
        """Add one to `column` of the one row with these values, if it is less than `below` (None: in any case).

        Returns the new value, or None if there is no such row. One statement, as in `claim`.
        """
        if _unstorable(where):
            return None
        row = self._first(
            statements.increase,
            *(table, column, _shape(where), below is not None),
            gives=(column,),
            values={"below": below, **self._where(where)},
        )
        return row and int(row[0])

    def remove(self, table: type[T], **where: Any) -> int:
        """Delete the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        self._note_change(table)
        return self._run(statements.remove, table, _shape(where), values=self._where(where))

    def lock(self, name: str) -> None:
        """Let one unit of work at a time go on from here until it ends; what it reads then, nobody else changes.

        Whoever writes several rows that others write too takes the same lock first: no deadlock, no lost count.
        """
        if self._on_postgres:
            self._lock_on_postgres("pg_advisory_xact_lock", name)
        else:
            connection = self.session.connection()
            if not cast(Any, connection.connection.dbapi_connection).in_transaction:
                # SQLite has one lock for all writers; a transaction that has written holds it already.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        # Whoever had the lock may have changed what is known.
        self._read_in = None

    def lock_cast(self) -> None:
        """As `lock`, for who may change the cast: it is as if it was changed here.

        Every change of the cast waits here anyway, so a lock with a name must come before, and none after: two that
        took them in turn would wait for each other.
        """
        if self.world not in self.session.changed:
            self.session.changed.add(self.world)
            values = {"to_version": serial(), **self._where({})}
            self._run(statements.change, World, ("version",), (), values=values)

    def has_changed_cast(self) -> bool:
        """Whether this unit of work keeps all waiting who would change the cast or the world's row."""
        return self.world in self.session.changed

    def share(self, name: str) -> None:
        """Keep whoever takes the lock waiting until this unit of work ends; any number may share it.

        Whoever shares a lock must not take it: two that did so would wait for each other. On SQLite a reader shares
        nothing: it waits for nobody, and may find what it has read gone when it writes.
        """
        if self._on_postgres:
            self._lock_on_postgres("pg_advisory_xact_lock_shared", name)

    def try_lock(self, name: str) -> bool:
        """Take the lock as in `lock`, unless somebody has it or shares it (PostgreSQL); tells whether it was taken."""
        if self._on_postgres:
            return self._lock_on_postgres("pg_try_advisory_xact_lock", name)
        self.lock(name)
        return True

    def holds_lock(self) -> bool:
        """Whether this unit of work has written, and nobody else can until it ends (SQLite)."""
        return self.session.kind == "sqlite" and bool(
            cast(Any, self.session.connection().connection.dbapi_connection).in_transaction
        )

    @property
    def _on_postgres(self) -> bool:
        return self.session.kind == "postgresql"

    def _lock_on_postgres(self, function: str, name: str) -> bool:
        number = int.from_bytes(bytes.fromhex(digest(f"{self.world}/{name}"))[:8], signed=True)
        # The others return nothing that is true or false.
        return self._first(statements.lock, function, gives=("done",), values={"number": number})[0] is True

    def _what_is_known(self) -> Known | None:
        """What is remembered in the version that this transaction has read; None where nothing can be."""
        if self.session.remembered is None or self.world in self.session.changed:
            return None
        transaction = self.session.transaction
        if transaction is not None and self._read_in is transaction:
            return self._known
        return self._known if self.head() else None

    def _note_change(self, table: type[Base], names: tuple[str, ...] = ()) -> None:
        """Have everybody forget the cast, and this unit of work not remember what may be rolled back."""
        if table in CAST or (table is World and "settings" in names):
            self.lock_cast()

    def _run(self, make: Callable[..., Executable], *shape: Any, values: Mapping[str, Any]) -> int:
        connection = self.session.connection()
        return _prepare(make, connection.dialect, (), *shape).run(connection, values)

    def _first(
        self, make: Callable[..., Executable], *shape: Any, gives: tuple[str, ...], values: Mapping[str, Any]
    ) -> Any:
        connection = self.session.connection()
        return _prepare(make, connection.dialect, gives, *shape).first(connection, values)

    def _all(
        self, make: Callable[..., Executable], *shape: Any, gives: tuple[str, ...], values: Mapping[str, Any]
    ) -> builtins.list[Any]:
        connection = self.session.connection()
        return _prepare(make, connection.dialect, gives, *shape).all(connection, values)

    def _where(self, where: dict[str, Any]) -> dict[str, Any]:
        present = {f"is_{name}": value for name, value in where.items() if value is not None}
        return {"is_world": self.world} | present


def list_worlds(session: Session, *, limit: int | None = None, offset: int = 0) -> list[World]:
    """The worlds there are, by name; with `count_in_worlds` the one look across worlds."""
    columns = table_of(World).c
    statement = select(*columns).order_by(columns.world)
    if limit is not None or offset:
        statement = statement.limit(limit).offset(offset)
    return cast("list[World]", session.execute(statement).all())


def count_in_worlds(session: Session, table: type[Base], worlds: Sequence[str]) -> dict[str, int]:
    """How many rows each of these worlds has; those that have none are left out."""
    columns = table_of(table).c
    statement = select(columns.world, func.count()).where(columns.world.in_(worlds)).group_by(columns.world)
    rows: Any = session.execute(statement)
    return {str(row[0]): int(row[1]) for row in rows}


def last_entry(session: Session) -> int:
    """The highest id of an entry in the journal, of whatever world; 0 if there is none."""
    newest: Any = session.execute(select(func.max(table_of(JournalEntry).c.id))).scalar()
    return int(newest or 0)


def count_worlds(session: Session) -> int:
    """How many worlds there are."""
    return int(session.execute(select(func.count()).select_from(table_of(World))).scalar_one())


def _unstorable(where: dict[str, Any]) -> bool:
    # PostgreSQL refuses NUL in text, and no driver encodes a lone surrogate; no stored row can have either.
    return any(isinstance(value, str) and _UNSTORABLE.search(value) for value in where.values())


def _unstorable_texts(containing: Containing) -> bool:
    return any(_UNSTORABLE.search("".join(text)) for texts in containing.values() for text in texts)


def _bounds(between: Between) -> dict[str, int]:
    ends = {
        f"{end}_{name}": bound
        for name, both in between.items()
        for end, bound in zip(("low", "high"), both, strict=True)
    }
    return {name: bound for name, bound in ends.items() if bound is not None}


def _shape(where: dict[str, Any]) -> Shape:
    return tuple((name, value is None) for name, value in where.items())


def _set(values: dict[str, Any]) -> dict[str, Any]:
    return {f"to_{name}": value for name, value in values.items()}


@lru_cache(maxsize=2048)
def _prepare(make: Callable[..., Executable], dialect: Dialect, gives: tuple[str, ...], *shape: Any) -> Prepared:
    return Prepared(make(*shape), dialect, gives)
