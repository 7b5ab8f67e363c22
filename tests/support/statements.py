"""What a SQLite database is asked, as it tells itself: every statement, whoever sent it, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


@contextmanager
def asked(app: Any) -> Iterator[list[str]]:
    """The statements of `app` in the block, with their values, as they come."""
    heard: list[str] = []
    with _heard_by(app, heard.append):
        yield heard


@contextmanager
def once_before(app: Any, beginning: str, do: Callable[[], None]) -> Iterator[None]:
    """Have `do` done right before the first statement of `app` in the block that begins so; there must be one."""
    left = [do]

    def hear(statement: str) -> None:
        if left and statement.startswith(beginning):
            left.pop()()

    with _heard_by(app, hear):
        yield
    assert not left, f"no statement began with {beginning}"


@contextmanager
def _heard_by(app: Any, hear: Callable[[str], None]) -> Iterator[None]:
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine

    def listen(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(hear)

    def stop(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(None)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", stop)
    try:
        yield
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", stop)
