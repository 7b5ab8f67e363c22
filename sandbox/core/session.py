"""Work on the database: one connection from the first statement of a unit of work until it is committed or rolled back.

What SQLAlchemy's session is without objects, which nothing here asks for; it costs a fifth. Asks nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Engine, Executable
from sqlalchemy.engine import Connection, CursorResult, RootTransaction

from sandbox.core.remembered import Remembered


class Session:
    """Units of work, one after the other. Whoever opens it closes it: what was not committed then is gone.

    `remembered` is what the process knows of this database, and `kind` is "sqlite" or "postgresql". `changed` are the
    worlds whose cast this unit of work has changed, by whichever store.
    """

    def __init__(self, engine: Engine, remembered: Remembered | None = None) -> None:
        self.engine = engine
        self.remembered = remembered
        self.kind = engine.dialect.name
        self.changed: set[str] = set()
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Commit at the end of the block, or roll back if it raises something."""
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def connection(self) -> Connection:
        """The connection of this unit of work, which begins here if it has not. Raises DBAPIError."""
        if self._connection is None:
            connection = self.engine.connect()
            self._transaction = connection.begin()
            self._connection = connection
        return self._connection

    @property
    def transaction(self) -> object:
        """What tells this unit of work from any other; None if it has not begun."""
        return self._transaction

    def execute(
        self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] = ()
    ) -> CursorResult[Any]:
        """Execute a statement that comes too seldom to be prepared. Raises DBAPIError."""
        return self.connection().execute(statement, values or None)

    def commit(self) -> None:
        """Keep what was done. Raises DBAPIError: then nobody knows whether it was kept."""
        if self._transaction is not None:
            try:
                self._transaction.commit()
            finally:
                self.close()

    def rollback(self) -> None:
        """Leave nothing of what was done."""
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection, self._transaction = self._connection, None, None
        self.changed.clear()
        if connection is not None:
            # The pool rolls back whatever was not committed.
            connection.close()
