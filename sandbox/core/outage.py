"""Tells when it is the database that fails, and not the sandbox: it is out of reach, has hung up, or is busy.

Answers nobody: what is said then is a refusal like any other. Neither address nor user of the database is ever in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.session import Session

T = TypeVar("T")

# What a failure of SQLite is about is in the lowest byte of its number (https://sqlite.org/rescode.html).
_PRIMARY = 0xFF
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def find_outage(error: BaseException | None) -> Refusal | None:
    """What to refuse with if it was the database that failed, or None if it was the sandbox."""
    match error:
        case PoolTimeout():
            detail = "every connection that this process may have to the database is in use"
        case DBAPIError(connection_invalidated=True) | PendingRollbackError():
            detail = "the database has ended the connection"
        case OperationalError(orig=sqlite3.Error() as cause):
            return _find_sqlite_outage(cause)
        case DatabaseError(orig=sqlite3.Error() as cause) if _primary(cause) in _DAMAGED:
            return _find_sqlite_outage(cause)
        case OperationalError(orig=cause):
            state = getattr(cause, "sqlstate", None)
            detail = f"the database has given up (SQLSTATE {state})" if state else "the database cannot be reached"
        case _:
            return None
    return Refusal(Reason.DATABASE_UNAVAILABLE, detail)


def reconnecting(session: Session, begin: Callable[[], T]) -> T:
    """What `begin` returns, done once more if its connection, which may have been idle for long, has gone since.

    It must be the first that a unit of work does: of anything that came before it, nobody could tell whether it was
    done. All other connections of that age are given up as well.
    """
    try:
        return begin()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session.rollback()
        return begin()


def _find_sqlite_outage(cause: sqlite3.Error) -> Refusal | None:
    primary = _primary(cause)
    if primary == sqlite3.SQLITE_ERROR:
        # What SQLite says of a statement that it cannot understand.
        return None
    detail = "the database is locked by somebody else" if primary in _BUSY else "the database file cannot be used"
    return Refusal(Reason.DATABASE_UNAVAILABLE, f"{detail} ({cause.sqlite_errorname})")


def _primary(cause: sqlite3.Error) -> int:
    # What the driver says by itself has no number.
    return int(getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & _PRIMARY
