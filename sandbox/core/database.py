"""The database itself: how SQLite and PostgreSQL are opened, and the schema made once.

Queries nothing: that is store.py.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from sandbox.core.tables import Base

T = TypeVar("T")

# Any constant that all processes of this program share, and no other program is likely to.
_SCHEMA_LOCK = 0x1D95A4DB
# Room for every thread of the server; parameters, which may be secrets, stay out of error messages.
_POOL = {"pool_size": 10, "max_overflow": 30, "hide_parameters": True}
# Statements as SQLite gets them, for every sandbox of the process. There are as many as the code has shapes of query.
_COMPILED: dict[Any, Any] = {}


class TemporaryDatabase:
    """A SQLite file that goes when its owner does, at interpreter exit at the latest. It starts with `content`."""

    def __init__(self, content: bytes = b"") -> None:
        self._folder = tempfile.mkdtemp(prefix="idp-sandbox-")
        file = Path(self._folder) / "sandbox.db"
        file.write_bytes(content)
        self.url = f"sqlite:///{file}"
        self.remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)


def in_memory(use: Callable[[Engine], T]) -> T:
    """What `use` makes of an empty SQLite that is gone afterwards."""
    engine = create_engine("sqlite://")
    tune(engine)
    try:
        return use(engine)
    finally:
        engine.dispose()


def content_of(engine: Engine) -> bytes:
    """The content of a SQLite as a file would have it."""
    with engine.connect() as connection:
        content: bytes = cast(Any, connection.connection.dbapi_connection).serialize()
        return content


def engine_options(url: str) -> dict[str, Any]:
    """The options of SQLAlchemy's create_engine for this database.

    Raises ValueError for a database that cannot be served: an unknown kind, or an in-memory SQLite, whose threads
    would corrupt it.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:") or "mode=memory" in url:
            raise ValueError("an in-memory SQLite cannot be served; leave --database out for a temporary file")
        return {**_POOL, "connect_args": {"timeout": 30}}
    if parsed.get_backend_name() == "postgresql":
        return {**_POOL, "pool_pre_ping": True}
    raise ValueError(f"unknown kind of database: {parsed.get_backend_name()}; use sqlite:/// or postgresql+psycopg://")


def check_database(url: str) -> None:
    """Connect once. Raises ValueError, in one line, for a database that cannot be served or reached."""
    try:
        shown = make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise ValueError(f"{url!r} is no URL; use sqlite:/// or postgresql+psycopg://") from error
    try:
        engine = create_engine(url, **engine_options(url))
        tune(engine)
        engine.connect().close()
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ValueError(f"{shown} cannot be opened: {cause}") from error


def tune(engine: Engine) -> None:
    """Set the pragmas that each new SQLite connection needs, and share what is compiled; nothing for PostgreSQL."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        # A statement is compiled for a dialect, and SQLite's are all alike: the library in this process is one.
        engine.dialect = _sqlite()
        engine.update_execution_options(compiled_cache=_COMPILED)


@lru_cache(maxsize=1)
def _sqlite() -> Dialect:
    engine = create_engine("sqlite://")
    # Connecting completes the dialect with what this library can do.
    engine.connect().close()
    engine.dispose()
    return engine.dialect


def _set_pragmas(connection: Any, _record: object) -> None:
    # A crash of the machine may lose a sandbox's data; first, so that the next pragma need not wait for the disk.
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    # Readers and the one writer do not wait for each other.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def create_schema(connection: Connection) -> None:
    """Make the tables unless they are there."""
    if not inspect(connection).has_table("worlds"):
        for statement in _schema(connection.dialect.name):
            connection.exec_driver_sql(statement)


@lru_cache(maxsize=2)
def _schema(kind: str) -> tuple[str, ...]:
    # Written once in a process: many sandboxes are made in one, and the statements never differ.
    dialect = postgresql.dialect() if kind == "postgresql" else sqlite.dialect()  # type: ignore[no-untyped-call]
    tables = Base.metadata.sorted_tables
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    for table in tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return tuple(statements)


def lock_schema(connection: Connection) -> None:
    """Let one process at a time make and seed the tables, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
    else:
        # The driver opens no transaction before a first write; this takes SQLite's write lock at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
