"""The only place that queries the database; adds the world's condition to every statement itself.

Statements are Core statements, built once per shape. Rows come back read-only but typed as their table, because
a row answers to the same names. Decides nothing and never commits: the unit of work is its caller's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sandbox.core.tables import Base, digest

T = TypeVar("T", bound=Base)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
Shape = tuple[tuple[str, bool], ...]


class Store:
    """The tables as one world sees them. `where` values of None mean "is null"."""

    def __init__(self, session: Session, world: str) -> None:
        self._session = session
        self.world = world

    def find(self, table: type[T], **where: Any) -> T | None:
        """The row with these values, or None."""
        if _unstorable(where):
            return None
        row = self._session.execute(_select(table, _shape(where)), self._where(where)).first()
        return cast("T | None", row)

    def list(
        self,
        table: type[T],
        *,
        order: tuple[str, ...],
        limit: int | None = None,
        offset: int = 0,
        **where: Any,
    ) -> list[T]:
        """The rows with these values, by the columns of `order` (`-name` descends)."""
        if _unstorable(where):
            return []
        statement = _ordered(table, _shape(where), order)
        if limit is not None or offset:
            statement = statement.limit(limit).offset(offset)
        return cast("list[T]", self._session.execute(statement, self._where(where)).all())

    def count(self, table: type[T], **where: Any) -> int:
        """How many rows have these values."""
        if _unstorable(where):
            return 0
        statement = select(func.count()).select_from(_table(table)).where(*_conditions(table, _shape(where)))
        return int(self._session.execute(statement, self._where(where)).scalar_one())

    def add(self, table: type[T], *rows: dict[str, Any], **values: Any) -> None:
        """Insert one row, or many in one statement."""
        batch = [{"world": self.world, **row} for row in (rows or (values,))]
        self._session.execute(_insert(table), batch if len(batch) > 1 else batch[0])

    def put(self, table: type[T], **values: Any) -> None:
        """Insert the row, or overwrite the one with the same primary key."""
        statement = self._upsert(table).values(world=self.world, **values)
        key = _table(table).primary_key.columns
        rest = {name: statement.excluded[name] for name in values if name not in key}
        if rest:
            statement = statement.on_conflict_do_update(index_elements=list(key), set_=rest)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=list(key))
        self._session.execute(statement)

    def count_up(self, table: type[T], column: str, **key: Any) -> int:
        """Add one to `column` of the row with this primary key, made if need be; returns the new value."""
        statement = self._upsert(table).values(world=self.world, **key, **{column: 1})
        counted = statement.on_conflict_do_update(
            index_elements=list(_table(table).primary_key.columns), set_={column: _table(table).c[column] + 1}
        ).returning(_table(table).c[column])
        return int(self._session.execute(counted).scalar_one())

    def change(self, table: type[T], values: dict[str, Any], **where: Any) -> int:
        """Update the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        statement = _update(table, tuple(values), _shape(where))
        result = self._session.connection().execute(statement, {**_set(values), **self._where(where)})
        return result.rowcount

    def claim(self, table: type[T], values: dict[str, Any], **where: Any) -> T | None:
        """Update the one row with these values and return it, or None if another was faster.

        One statement, so that of any number of concurrent callers exactly one gets the row.
        """
        if _unstorable(where):
            return None
        statement = _update(table, tuple(values), _shape(where)).returning(*_table(table).c)
        return cast("T | None", self._session.execute(statement, {**_set(values), **self._where(where)}).first())

    def remove(self, table: type[T], **where: Any) -> int:
        """Delete the rows with these values; returns how many there were."""
        if _unstorable(where):
            return 0
        result = self._session.connection().execute(_delete(table, _shape(where)), self._where(where))
        return result.rowcount

    def lock(self, name: str) -> None:
        """Let one unit of work at a time go on from here until it ends; what it reads then, nobody else changes.

        Whoever writes several rows that others write too takes the same lock first: no deadlock, no lost count.
        """
        connection = self._session.connection()
        if connection.dialect.name == "postgresql":
            number = int.from_bytes(bytes.fromhex(digest(f"{self.world}/{name}"))[:8], signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        elif not cast(Any, connection.connection.dbapi_connection).in_transaction:
            # SQLite has one lock for all writers; a transaction that has written holds it already.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _upsert(self, table: type[T]) -> postgresql.Insert | sqlite.Insert:
        # The two databases spell ON CONFLICT alike, SQLAlchemy keeps them apart.
        if self._session.get_bind().dialect.name == "postgresql":
            return postgresql.insert(_table(table))
        return sqlite.insert(_table(table))

    def _where(self, where: dict[str, Any]) -> dict[str, Any]:
        present = {f"is_{name}": value for name, value in where.items() if value is not None}
        return {"is_world": self.world} | present


def _unstorable(where: dict[str, Any]) -> bool:
    # PostgreSQL refuses NUL in text, and no driver encodes a lone surrogate; no stored row can have either.
    return any(isinstance(value, str) and _UNSTORABLE.search(value) for value in where.values())


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
def _ordered(table: type[Base], shape: Shape, order: tuple[str, ...]) -> Select[Any]:
    columns = _table(table).c
    return _select(table, shape).order_by(
        *(columns[name[1:]].desc() if name.startswith("-") else columns[name] for name in order)
    )


@lru_cache(maxsize=512)
def _insert(table: type[Base]) -> Insert:
    return insert(_table(table))


@lru_cache(maxsize=512)
def _update(table: type[Base], names: tuple[str, ...], shape: Shape) -> Update:
    values: dict[str, BindParameter[Any]] = {name: bindparam(f"to_{name}") for name in names}
    return update(_table(table)).where(*_conditions(table, shape)).values(values)


@lru_cache(maxsize=512)
def _delete(table: type[Base], shape: Shape) -> Delete:
    return delete(_table(table)).where(*_conditions(table, shape))
