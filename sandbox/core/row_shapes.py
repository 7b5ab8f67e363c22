"""Whether rows that came from elsewhere fit their table: every column of its type, and no key twice.

Changes nothing, and knows no meaning of a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from sqlalchemy import Table

from sandbox.core.rows import Row, columns_of, key_of
from sandbox.core.tables import Base

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "dict": (dict,),
    "list": (list,),
}
_ANNOTATION = re.compile(r"Mapped\[(\w+)(?:\[.*?\])?( \| None)?\]")


def misfits(table: type[Base], rows: list[Row]) -> Iterator[str]:
    """What is wrong with each row that the table cannot hold, in words."""
    kinds = _kinds(table)
    fitting = []
    for row in rows:
        if set(row) != set(kinds):
            yield f"its columns are {', '.join(kinds)}"
        elif wrong := [name for name, (types, nullable) in kinds.items() if not _fits(row[name], types, nullable)]:
            yield f"{wrong[0]} has another type"
        else:
            fitting.append(row)
    for key in _keys(table):
        values = [tuple(row[name] for name in key) for row in fitting]
        if len(set(values)) < len(values):
            yield f"the same {', '.join(key)} comes twice"


@cache
def _kinds(table: type[Base]) -> dict[str, tuple[tuple[type, ...], bool]]:
    """The types of each column, and whether it may be null, as tables.py declares them."""
    kinds = {}
    for name in columns_of(table):
        [(word, nullable)] = _ANNOTATION.findall(table.__annotations__[name])
        kinds[name] = _TYPES[word], bool(nullable)
    return kinds


@cache
def _keys(table: type[Base]) -> list[tuple[str, ...]]:
    """The columns of each key of a world's rows, but for numbers that the database draws."""
    unique = (index for index in cast(Table, table.__table__).indexes if index.unique)
    keys = [
        key_of(table),
        *(tuple(column.key for column in index.columns if column.key != "world") for index in unique),
    ]
    return [key for key in keys if key and set(key) <= set(columns_of(table))]


def _fits(value: Any, types: tuple[type, ...], nullable: bool) -> bool:
    if value is None:
        return nullable
    # In Python true is a number.
    return isinstance(value, types) and (not isinstance(value, bool) or bool in types)
