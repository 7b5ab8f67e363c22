"""A statement as its driver takes it: its text, what becomes of values on their way in, and of cells on their way out.

SQLAlchemy says once what a statement is called here; after that a call costs what the driver costs, a fifth of what
it does otherwise. Knows no table.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter, methodcaller
from typing import Any, cast

from sqlalchemy import Dialect, Executable, Float
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

Process = Callable[[Any], Any] | None
_CHANGED, _ROWS = attrgetter("rowcount"), methodcaller("fetchall")


class Prepared:
    """A statement for one kind of database. `gives` are what the cells of its rows are called, if it has rows."""

    def __init__(self, statement: Executable, dialect: Dialect, gives: tuple[str, ...] = ()) -> None:
        compiled = cast(Any, statement).compile(dialect=dialect)
        binds = {compiled.bind_names[bind]: bind.type for bind in compiled.binds.values()}
        self._dialect = dialect
        self._text: str = compiled.string
        self._is_named = compiled.positiontup is None
        self._takes: list[tuple[str, Process]] = [
            (name, binds[name].dialect_impl(dialect).bind_processor(dialect))
            for name in (compiled.positiontup if compiled.positiontup is not None else binds)
        ]
        types = [column.type for column in getattr(statement, "exported_columns", ())]
        # Both drivers give floating-point numbers as they are, and the library asks which of its types it got.
        given = [
            None if isinstance(one, Float) else one.dialect_impl(dialect).result_processor(dialect, None)
            for one in types
        ]
        self._cells = [(place, process) for place, process in enumerate(given) if process]
        self._row = row_type(gives)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute it; how many rows it has changed. Raises DBAPIError."""
        return cast(int, self._execute(connection, values, _CHANGED))

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute it; its first row, read-only, with the columns as attributes, or None. Raises DBAPIError."""
        # What returns rows of a change is not done with it before they all are read.
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Execute it; its rows. Raises DBAPIError."""
        rows = self._execute(connection, values, _ROWS)
        if not self._cells:
            return [self._row(*row) for row in rows]
        return [self._read(row) for row in rows]

    def _read(self, row: Sequence[Any]) -> Any:
        cells = list(row)
        for place, process in self._cells:
            cells[place] = process(cells[place])
        return self._row(*cells)

    def _execute(self, connection: Connection, values: Mapping[str, Any], take: Callable[[Any], Any]) -> Any:
        driver = cast(Any, connection.connection.dbapi_connection)
        taken = [process(values[name]) if process else values[name] for name, process in self._takes]
        given = {name: value for (name, _), value in zip(self._takes, taken, strict=True)} if self._is_named else taken
        try:
            # SQLite looks for a row when it is fetched, and fails then.
            return take(driver.execute(self._text, given))
        except cast(Any, self._dialect).loaded_dbapi.Error as error:
            raise self._explain(connection, error) from error

    def _explain(self, connection: Connection, error: Exception) -> BaseException:
        """The error as SQLAlchemy tells it, which is what everybody catches; parameters may be secrets."""
        dialect = cast(Any, self._dialect)
        lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if lost:
            connection.invalidate(error)
            # The others in the pool are as old, and nobody asks them before they are used.
            connection.engine.dispose()
        return cast(
            BaseException,
            DBAPIError.instance(
                self._text,
                None,
                error,
                dialect.loaded_dbapi.Error,
                hide_parameters=True,
                connection_invalidated=lost,
                dialect=dialect,
            ),
        )


@lru_cache(maxsize=512)
def row_type(names: tuple[str, ...]) -> Callable[..., Any]:
    """What makes a row with these columns as attributes."""
    return namedtuple("Row", names)
