"""Everything a world holds, as plain values by table: read, written and removed as a whole.

Knows no meaning of a row; the tables of tables.py are the registry of all there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from sqlalchemy import Table

from sandbox.core import indexes  # noqa: F401 - unique ones are keys as well
from sandbox.core.store import Store
from sandbox.core.tables import Base, JournalEntry, Mail, World
from sandbox.core.tour_table import Tour  # noqa: F401 - one of all there are

Row = dict[str, Any]
# {name of a table: its rows, in the order of their keys}; the world is no part of a row, nor is what only this
# database understands.
Rows = Mapping[str, list[Row]]

TABLES: Mapping[str, type[Base]] = {
    cast(str, mapper.class_.__tablename__): mapper.class_
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__tablename__)
}
# What is good in one database only: numbers that count over all worlds, and what tells processes of a change.
_OWN: Mapping[type[Base], tuple[str, ...]] = {JournalEntry: ("id",), Mail: ("id",), World: ("version",)}


def columns_of(table: type[Base]) -> tuple[str, ...]:
    """The columns of a row as it is written down."""
    left_out = {"world", *_OWN.get(table, ())}
    return tuple(column.key for column in cast(Table, table.__table__).c if column.key not in left_out)


def key_of(table: type[Base]) -> tuple[str, ...]:
    """The columns that tell the rows of one world apart."""
    columns = cast(Table, table.__table__).primary_key.columns
    return tuple(column.key for column in columns if column.key != "world")


def read_rows(store: Store, *, without: Collection[str] = ()) -> dict[str, list[Row]]:
    """All rows of a world but for the tables in `without`; empty tables are left out."""
    read = {}
    for name, table in TABLES.items():
        columns = columns_of(table)
        rows = () if name in without else store.list(table, order=key_of(table) or columns[:1])
        if rows:
            read[name] = [{column: getattr(row, column) for column in columns} for row in rows]
    return read


def write_rows(store: Store, rows: Rows) -> None:
    """Put these rows into a world that has none of them."""
    for name, members in rows.items():
        if members:
            store.add(TABLES[name], *members)


def remove_rows(store: Store) -> None:
    """Leave nothing of a world."""
    for table in TABLES.values():
        store.remove(table)
