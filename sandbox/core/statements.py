"""The statements there are, each as one function of the shape of what is asked; every one has the world's condition.

Parameters are named by what they are for: `is_` a value that a row has, `to_` one that it gets, `low_` and `high_` the
ends of a range. Executes nothing: that is store.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    ColumnElement,
    Delete,
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
from sqlalchemy.sql import TextClause

from sandbox.core.tables import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

# `((column, whether it is null), ...)`.
Shape = tuple[tuple[str, bool], ...]
Containing = Mapping[str, tuple[str | tuple[str, ...], ...]]
Names = tuple[str, ...]


def table_of(table: type[Base]) -> Table:
    """The table that rows of this type are in."""
    return cast(Table, table.__table__)


@cache
def names_of(table: type[Base]) -> Names:
    """What its columns are called."""
    return tuple(str(column.key) for column in table_of(table).c)


@lru_cache(maxsize=512)
def conditions(table: type[Base], shape: Shape) -> tuple[ColumnElement[bool], ...]:
    """Of this world, and with these values."""
    columns = table_of(table).c
    return (
        columns.world == bindparam("is_world"),
        *(columns[name].is_(None) if null else columns[name] == bindparam(f"is_{name}") for name, null in shape),
    )


def find(table: type[Base], shape: Shape, shown: Names = ()) -> Select[Any]:
    """The rows with these values; of each the columns that are `shown`, or all."""
    columns = table_of(table).c
    wanted = [columns[name] for name in shown] if shown else list(columns)
    return select(*wanted).where(*conditions(table, shape))


@lru_cache(maxsize=512)
def ordered(  # noqa: PLR0917 - what a statement is cached by
    table: type[Base],
    shape: Shape,
    order: Names,
    shown: Names = (),
    ranges: tuple[tuple[str, bool, bool], ...] = (),
    among: Names = (),
    part: bool = False,
) -> Select[Any]:
    """As `find`, in order; only those within the ranges and with one of some values, all or a part of them."""
    columns = table_of(table).c
    statement = find(table, shape, shown)
    for name, low, high in ranges:
        if low:
            statement = statement.where(columns[name] >= bindparam(f"low_{name}"))
        if high:
            statement = statement.where(columns[name] <= bindparam(f"high_{name}"))
    for name in among:
        statement = statement.where(columns[name].in_(bindparam(f"some_{name}", expanding=True)))
    statement = statement.order_by(
        *(columns[name[1:]].desc() if name.startswith("-") else columns[name] for name in order)
    )
    if part:
        number = BigInteger()
        statement = statement.limit(bindparam("limit", type_=number)).offset(bindparam("offset", type_=number))
    return statement


@lru_cache(maxsize=64)
def latest(table: type[Base], column: str, shape: Shape, bounded: bool) -> Select[Any]:
    """The values of a column, each with the id of its newest row, the newest first."""
    columns = table_of(table).c
    wanted, newest = columns[column], func.max(columns.id)
    statement = select(wanted, newest).where(*conditions(table, shape), wanted.is_not(None)).group_by(wanted)
    if bounded:
        statement = statement.having(newest < bindparam("before"))
    return statement.order_by(newest.desc())


def containing(table: type[Base], texts_of: Containing) -> Iterator[ColumnElement[bool]]:
    """That columns have these texts somewhere: all of them, or one of those that stand together."""
    for name, texts in texts_of.items():
        column: ColumnElement[Any] = table_of(table).c[name]
        if isinstance(column.type, JSON):
            column = func.lower(sql_cast(column, Text))
        for wanted in texts:
            either = (wanted,) if isinstance(wanted, str) else wanted
            yield or_(*(column.contains(one, autoescape=True) for one in either))


def add(table: type[Base], names: Names) -> Insert:
    """One row with values for these columns."""
    return insert(table_of(table)).values(_given(table, names))


@lru_cache(maxsize=64)
def add_many(table: type[Base]) -> Insert:
    """Rows of which each brings its values."""
    return insert(table_of(table))


def put(kind: str, table: type[Base], names: Names) -> Insert:
    """One row, in the place of the one with the same primary key."""
    statement = _upsert(kind, table, names)
    key = list(table_of(table).primary_key.columns)
    rest = {name: statement.excluded[name] for name in names if name not in table_of(table).primary_key.columns}
    if rest:
        return statement.on_conflict_do_update(index_elements=key, set_=rest)
    return statement.on_conflict_do_nothing(index_elements=key)


def count_up(kind: str, table: type[Base], column: str, names: Names) -> Insert:
    """A row, or one more in `column` of the one with the same primary key; gives what it is then."""
    counted = table_of(table).c[column]
    return cast(
        Insert,
        _upsert(kind, table, (*names, column))
        .on_conflict_do_update(
            index_elements=list(table_of(table).primary_key.columns), set_={column: counted + text("1")}
        )
        .returning(counted),
    )


def copy(table: type[Base]) -> Insert:
    """What another world has."""
    columns = [column for column in table_of(table).c if column.key != "world"]
    rows = select(bindparam("to_world", type_=Text), *columns).where(*conditions(table, ()))
    return insert(table_of(table)).from_select(["world", *(column.key for column in columns)], rows)


def change(table: type[Base], names: Names, shape: Shape, returning: bool = False) -> Update:
    """New values for the rows with these values; gives the rows, if wanted."""
    statement = update(table_of(table)).where(*conditions(table, shape)).values(_given(table, names))
    return cast(Update, statement.returning(*table_of(table).c)) if returning else statement


def increase(table: type[Base], column: str, shape: Shape, bounded: bool) -> Update:
    """One more in `column` of the rows with these values, if it is less than `below`; gives what it is then."""
    counted = table_of(table).c[column]
    statement = update(table_of(table)).where(*conditions(table, shape)).values({column: counted + text("1")})
    if bounded:
        statement = statement.where(counted < bindparam("below"))
    return cast(Update, statement.returning(counted))


def remove(table: type[Base], shape: Shape) -> Delete:
    """Without the rows with these values."""
    return delete(table_of(table)).where(*conditions(table, shape))


def lock(function: str) -> TextClause:
    """A call of one of PostgreSQL's functions for advisory locks."""
    return text(f"SELECT {function}(:number)").bindparams(bindparam("number", type_=BigInteger()))


def _upsert(kind: str, table: type[Base], names: Names) -> postgresql.Insert | sqlite.Insert:
    # The two databases spell ON CONFLICT alike, SQLAlchemy keeps them apart; a start waits for one of them only.
    dialect: Any = import_module(f"sqlalchemy.dialects.{kind}")
    statement: postgresql.Insert | sqlite.Insert = dialect.insert(table_of(table))
    return statement.values(_given(table, names))


def _given(table: type[Base], names: Names) -> dict[str, BindParameter[Any]]:
    columns = table_of(table).c
    return {name: bindparam(f"to_{name}", type_=columns[name].type) for name in names}
