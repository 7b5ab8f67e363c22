"""The only place that queries the database; adds the world's condition to every statement itself.

Statements are Core statements, built once per shape. Rows come back read-only but typed as their table, because
a row answers to the same names. Decides nothing and never commits: the unit of work is its caller's.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Delete,
    Dialect,
    Executable,
    Insert,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sandbox.core.tables import Base, World, digest

T = TypeVar("T", bound=Base)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
Shape = tuple[tuple[str, bool], ...]
Between = Mapping[str, tuple[int | None, int | None]]
Among = Mapping[str, Sequence[str]]
Containing = Mapping[str, tuple[str | tuple[str, ...], ...]]


class Store:
    """The tables as one world sees them. `where` values of None mean "is null"."""

    def __init__(self, session: Session, world: str) -> None:
        self.session = session
        self.world = world

    def find(self, table: type[T], **where: Any) -> T | None:
        """The row with these values, or None."""
        if _unstorable(where):
            return None
        row = self.session.execute(_select(table, _shape(where)), self._where(where)).first()
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
        statement = _ordered(table, _shape(where), order, columns, ranges, tuple(among))
        if containing:
            statement = statement.where(*_containing(table, containing))
        if limit is not None or offset:
            statement = statement.limit(limit).offset(offset)
        some = {
            f"some_{name}": [one for one in values if not _UNSTORABLE.search(one)] for name, values in among.items()
        }
        given = {**self._where(where), **_bounds(between), **some}
        return cast("list[T]", self.session.execute(statement, given).all())

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
        statement = _latest(table, column, _shape(where), before is not None).limit(limit)
        bound = {} if before is None else {"before": before}
        return [(value, number) for value, number in self.session.execute(statement, {**self._where(where), **bound})]

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
        conditions = (*_conditions(table, _shape(where)), *_containing(table, containing))
        statement = select(func.count()).select_from(_table(table)).where(*conditions)
        return int(self.session.execute(statement, self._where(where)).scalar_one())

    def add(self, table: type[T], *rows: dict[str, Any], **values: Any) -> None:
        """Insert one row, or many in one statement."""
        batch = [{"world": self.world, **row} for row in (rows or (values,))]
        self.session.execute(_insert(table), batch if len(batch) > 1 else batch[0])

    def copy(self, table: type[T], source: str) -> None:
        """Insert what the world called `source` has, within the database."""
        self._run(_copy(table), {"to_world": self.world, "is_world": source})

    def empty(self, table: type[T]) -> None:
        """Delete all that the world has there."""
        self._run(_delete(table, ()), self._where({}))

    def _run(self, statement: Executable, values: Mapping[str, str]) -> None:
        """Execute one of a few statements that come by the dozen, without what SQLAlchemy would do for each of them."""
        connection = self.session.connection()
        text, order = _prepared(statement, connection.dialect)
        connection.exec_driver_sql(text, tuple(values[name] for name in order) if order else dict(values))

    def put(self, table: type[T], **values: Any) -> None:
        """Insert the row, or overwrite the one with the same primary key."""
        statement = self._upsert(table).values(world=self.world, **values)
        key = _table(table).primary_key.columns
        rest = {name: statement.excluded[name] for name in values if name not in key}
        if rest:
            statement = statement.on_conflict_do_update(index_elements=list(key), set_=rest)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=list(key))
        self.session.execute(statement)

    def count_up(self, table: type[T], column: str, **key: Any) -> int:
        """Add one to `column` of the row with this primary key, made if need be; returns the new value."""
        statement = self._upsert(table).values(world=self.world, **key, **{column: 1})
        counted = statement.on_conflict_do_update(
            index_elements=list(_table(table).primary_key.columns), set_={column: _table(table).c[column] + 1}
        ).returning(_table(table).c[column])
        return int(self.session.execute(counted).scalar_one())

    def change(self, table: type[T], values: dict[str, Any], **where: Any) -> int:
        """Update the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        statement = _update(table, tuple(values), _shape(where))
        result = self.session.connection().execute(statement, {**_set(values), **self._where(where)})
        return result.rowcount

    def claim(self, table: type[T], values: dict[str, Any], **where: Any) -> T | None:
        """Update the one row with these values and return it, or None if another was faster.

        One statement, so that of any number of concurrent callers exactly one gets the row.
        """
        if _unstorable(where):
            return None
        statement = _update(table, tuple(values), _shape(where)).returning(*_table(table).c)
        return cast("T | None", self.session.execute(statement, {**_set(values), **self._where(where)}).first())

    def increase(self, table: type[T], column: str, below: int | None, **where: Any) -> int | None:
        """Add one to `column` of the one row with these values, if it is less than `below` (None: in any case).

        Returns the new value, or None if there is no such row. One statement, as in `claim`.
        """
        if _unstorable(where):
            return None
        columns = _table(table).c
        statement = _matching(table, _shape(where)).values({column: columns[column] + 1}).returning(columns[column])
        if below is not None:
            statement = statement.where(columns[column] < below)
        return self.session.execute(statement, self._where(where)).scalar()

    def remove(self, table: type[T], **where: Any) -> int:
        """Delete the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        result = self.session.connection().execute(_delete(table, _shape(where)), self._where(where))
        return result.rowcount

    def lock(self, name: str) -> None:
        """Let one unit of work at a time go on from here until it ends; what it reads then, nobody else changes.

        Whoever writes several rows that others write too takes the same lock first: no deadlock, no lost count.
        """
        if self._on_postgres:
            self._lock_on_postgres("pg_advisory_xact_lock", name)
            return
        connection = self.session.connection()
        if not cast(Any, connection.connection.dbapi_connection).in_transaction:
            # SQLite has one lock for all writers; a transaction that has written holds it already.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

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
        connection = self.session.connection()
        return connection.dialect.name == "sqlite" and bool(
            cast(Any, connection.connection.dbapi_connection).in_transaction
        )

    @property
    def _on_postgres(self) -> bool:
        return self.session.get_bind().dialect.name == "postgresql"

    def _lock_on_postgres(self, function: str, name: str) -> bool:
        number = int.from_bytes(bytes.fromhex(digest(f"{self.world}/{name}"))[:8], signed=True)
        # The others return nothing that is true or false.
        return self.session.execute(text(f"SELECT {function}(:number)"), {"number": number}).scalar() is True

    def _upsert(self, table: type[T]) -> postgresql.Insert | sqlite.Insert:
        # The two databases spell ON CONFLICT alike, SQLAlchemy keeps them apart.
        if self._on_postgres:
            return postgresql.insert(_table(table))
        return sqlite.insert(_table(table))

    def _where(self, where: dict[str, Any]) -> dict[str, Any]:
        present = {f"is_{name}": value for name, value in where.items() if value is not None}
        return {"is_world": self.world} | present


def list_worlds(session: Session, *, limit: int | None = None, offset: int = 0) -> list[World]:
    """The worlds there are, by name; with `count_in_worlds` the one look across worlds."""
    columns = _table(World).c
    statement = select(*columns).order_by(columns.world)
    if limit is not None or offset:
        statement = statement.limit(limit).offset(offset)
    return cast("list[World]", session.execute(statement).all())


def count_in_worlds(session: Session, table: type[Base], worlds: Sequence[str]) -> dict[str, int]:
    """How many rows each of these worlds has; those that have none are left out."""
    columns = _table(table).c
    statement = select(columns.world, func.count()).where(columns.world.in_(worlds)).group_by(columns.world)
    return {str(world): int(count) for world, count in session.execute(statement).all()}


def count_worlds(session: Session) -> int:
    """How many worlds there are."""
    return int(session.execute(select(func.count()).select_from(_table(World))).scalar_one())


def _unstorable(where: dict[str, Any]) -> bool:
    # PostgreSQL refuses NUL in text, and no driver encodes a lone surrogate; no stored row can have either.
    return any(isinstance(value, str) and _UNSTORABLE.search(value) for value in where.values())


def _unstorable_texts(containing: Containing) -> bool:
    return any(_UNSTORABLE.search("".join(text)) for texts in containing.values() for text in texts)


def _containing(table: type[Base], containing: Containing) -> Iterator[ColumnElement[bool]]:
    for name, texts in containing.items():
        column: ColumnElement[Any] = _table(table).c[name]
        if isinstance(column.type, JSON):
            column = func.lower(sql_cast(column, Text))
        for wanted in texts:
            either = (wanted,) if isinstance(wanted, str) else wanted
            yield or_(*(column.contains(one, autoescape=True) for one in either))


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


def _table(table: type[Base]) -> Table:
    return cast(Table, table.__table__)


@lru_cache(maxsize=512)
def _conditions(table: type[Base], shape: Shape) -> tuple[ColumnElement[bool], ...]:
    columns = _table(table).c
    return (
        columns.world == bindparam("is_world"),
        *(columns[name].is_(None) if null else columns[name] == bindparam(f"is_{name}") for name, null in shape),
    )


@lru_cache(maxsize=512)
def _select(table: type[Base], shape: Shape) -> Select[Any]:
    return select(*_table(table).c).where(*_conditions(table, shape))


@lru_cache(maxsize=512)
def _ordered(  # noqa: PLR0917 - what a statement is cached by
    table: type[Base],
    shape: Shape,
    order: tuple[str, ...],
    shown: tuple[str, ...] = (),
    ranges: tuple[tuple[str, bool, bool], ...] = (),
    among: tuple[str, ...] = (),
) -> Select[Any]:
    columns = _table(table).c
    statement = _select(table, shape)
    if shown:
        statement = statement.with_only_columns(*(columns[name] for name in shown))
    for name, low, high in ranges:
        if low:
            statement = statement.where(columns[name] >= bindparam(f"low_{name}"))
        if high:
            statement = statement.where(columns[name] <= bindparam(f"high_{name}"))
    for name in among:
        statement = statement.where(columns[name].in_(bindparam(f"some_{name}", expanding=True)))
    return statement.order_by(*(columns[name[1:]].desc() if name.startswith("-") else columns[name] for name in order))


@lru_cache(maxsize=64)
def _latest(table: type[Base], column: str, shape: Shape, bounded: bool) -> Select[Any]:
    columns = _table(table).c
    wanted, newest = columns[column], func.max(columns.id)
    statement = select(wanted, newest).where(*_conditions(table, shape), wanted.is_not(None)).group_by(wanted)
    if bounded:
        statement = statement.having(newest < bindparam("before"))
    return statement.order_by(newest.desc())


@lru_cache(maxsize=512)
def _insert(table: type[Base]) -> Insert:
    return insert(_table(table))


@lru_cache(maxsize=256)
def _prepared(statement: Executable, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """The text of a statement for a driver, and the names of its parameters where that wants them in order."""
    compiled = cast(Any, statement).compile(dialect=dialect)
    return compiled.string, tuple(compiled.positiontup or ())


@lru_cache(maxsize=64)
def _copy(table: type[Base]) -> Insert:
    columns = [column for column in _table(table).c if column.key != "world"]
    rows = select(bindparam("to_world", type_=Text), *columns).where(*_conditions(table, ()))
    return insert(_table(table)).from_select(["world", *(column.key for column in columns)], rows)


@lru_cache(maxsize=512)
def _matching(table: type[Base], shape: Shape) -> Update:
    return update(_table(table)).where(*_conditions(table, shape))


@lru_cache(maxsize=512)
def _update(table: type[Base], names: tuple[str, ...], shape: Shape) -> Update:
    values: dict[str, BindParameter[Any]] = {name: bindparam(f"to_{name}") for name in names}
    return update(_table(table)).where(*_conditions(table, shape)).values(values)


@lru_cache(maxsize=512)
def _delete(table: type[Base], shape: Shape) -> Delete:
    return delete(_table(table)).where(*_conditions(table, shape))
