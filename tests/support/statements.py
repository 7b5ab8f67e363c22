"""What a SQLite database is asked, as it tells itself: every statement, whoever sent it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


@contextmanager
def asked(app: Any) -> Iterator[list[str]]:
    """The statements of `app` in the block, with their values, as they come."""
    heard: list[str] = []
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

    def listen(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(heard.append)

    def stop(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(None)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", stop)
    try:
        yield heard
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", stop)
