"""The database itself: how SQLite and PostgreSQL are opened, and the schema made once.

Queries nothing: that is store.py.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from sandbox.core import indexes  # noqa: F401 - a part of the schema
from sandbox.core.tables import Base

T = TypeVar("T")

# Any constant that all processes of this program share, and no other program is likely to.
_SCHEMA_LOCK = 0x1D95A4DB
# Room for every thread of the server; parameters, which may be secrets, stay out of error messages. The connection that
# was used last is used next: what SQLite has read of its file is good until another one writes.
_POOL = {"pool_size": 10, "max_overflow": 30, "pool_use_lifo": True, "hide_parameters": True}
# How long the driver waits, unless the URL says it: in seconds, but for the last in milliseconds. PostgreSQL that is
# away is found out before requests pile up (https://www.postgresql.org/docs/current/libpq-connect.html); SQLite waits
# for its one writer.
_PATIENCE = {
    "sqlite": {"timeout": 30},
    "postgresql": {
        "connect_timeout": 3,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    },
}
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
    elif parsed.get_backend_name() != "postgresql":
        kind = parsed.get_backend_name()
        raise ValueError(f"unknown kind of database: {kind}; use sqlite:/// or postgresql+psycopg://")
    patience = _PATIENCE[parsed.get_backend_name()]
    return {**_POOL, "connect_args": {name: value for name, value in patience.items() if name not in parsed.query}}


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
    dialect = import_module(f"sqlalchemy.dialects.{kind}").dialect()
    tables = Base.metadata.sorted_tables
    statements = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    for table in tables:
        in_order = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in in_order]
    return tuple(statements)


def lock_schema(connection: Connection) -> None:
    """Let one process at a time make and seed the tables, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
    else:
        # The driver opens no transaction before a first write; this takes SQLite's write lock at once.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
