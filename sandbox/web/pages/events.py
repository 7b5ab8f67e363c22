"""Server-sent events (WHATWG HTML, section 9.2): the page of logins hears of it when the journal has grown.

An event tells the id of the newest request and nothing else; what is new, the page reads where it was read before.
A stream holds a thread of the server, so there are few, each ends by itself, and none holds a database connection while
it waits.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

from flask import Response, current_app, request

from sandbox.core import journal
from sandbox.core.clock import elapsed_us, tick
from sandbox.core.outage import find_outage
from sandbox.service import House, current_house, current_world
from sandbox.web.control.guard import check_form
from sandbox.web.pages.page import page

# Of the threads that a server has, the others are left for answers.
MOST_STREAMS = 6
# Seconds: how long a stream lasts, how often it looks, and how often it makes sure that its reader is there.
_LONGEST, _PAUSE, _BEAT = 20, 0.25, 2
# Seconds after which a stream that was never closed is no longer counted, and milliseconds until a browser comes again.
_FORGOTTEN, _AGAIN = _LONGEST + 10, 500
_STREAMS = "sandbox.streams"
_EVENTS = "text/event-stream"
_MOST_DIGITS = 18


class Streams:
    """The streams that an application serves at this moment, as many as there may be."""

    def __init__(self) -> None:
        self._began: dict[int, int] = {}
        self._lock = threading.Lock()
        self._numbers = count()

    def open(self) -> Callable[[], None] | None:
        """Count one more, if there may be one; what is returned ends it, and may be called again."""
        with self._lock:
            self._began = {n: at for n, at in self._began.items() if elapsed_us(at) < _FORGOTTEN * 1_000_000}
            if len(self._began) >= MOST_STREAMS:
                return None
            number = next(self._numbers)
            self._began[number] = tick()

        def close() -> None:
            with self._lock:
                self._began.pop(number, None)

        return close


@page("/flows/events")
def flow_events() -> Response:
    """GET /_sandbox/flows/events: an event for each time that the journal of this world has grown.

    Raises Refusal: PERMISSION_DENIED for another origin, whose pages could not read it, but take all the places.
    """
    check_form()
    streams: Streams = current_app.extensions.setdefault(_STREAMS, Streams())
    close = streams.open()
    if close is None:
        # No refusal: nobody is at fault, and the page helps itself until there is room.
        return Response(status=503, headers={"Retry-After": str(_LONGEST // 2)})
    response = Response(_listen(current_house(), current_world().name, _reached(), _waiter()), mimetype=_EVENTS)
    # A proxy that collects answers would keep every event until the end.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(close)
    return response


def _reached() -> int:
    """The newest request that the page knows: what it was told last, or what it has shown."""
    for value in (request.headers.get("Last-Event-ID", ""), request.args.get("after", "")):
        if value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS:
            return int(value)
    return journal.last_id(current_world().store)


def _waiter() -> Callable[[float], bool]:
    """What waits so many seconds at most, and tells whether there is still somebody to write to."""
    connection, closing = request.environ.get("werkzeug.socket"), current_house().closing
    if not isinstance(connection, socket.socket):
        return lambda seconds: not closing.wait(seconds)

    def wait(seconds: float) -> bool:
        with suppress(OSError, ValueError):
            # What can be read while an answer goes out is the end of the connection.
            return not select.select([connection], [], [], seconds)[0] and not closing.is_set()
        return False

    return wait


def _listen(house: House, world: str, reached: int, wait: Callable[[float], bool]) -> Iterator[str]:
    began = beat = tick()
    yield f"retry: {_AGAIN}\n\n"
    while elapsed_us(began) < _LONGEST * 1_000_000:
        newest = _find_newest(house, world)
        if newest is None:
            return
        # Also a journal that was emptied has changed.
        if newest != reached:
            reached, beat = newest, tick()
            yield f"id: {newest}\nevent: flows\ndata: {newest}\n\n"
        elif elapsed_us(beat) > _BEAT * 1_000_000:
            beat = tick()
            yield ": still here\n\n"
        if not wait(_PAUSE):
            return


def _find_newest(house: House, world: str) -> int | None:
    """The id of the newest request; None if the world or the database is gone, or the sandbox is being closed."""
    found: list[Any] = []
    try:
        with suppress(LookupError), house.world(world) as opened:
            found.append(journal.last_id(opened.store))
    except Exception as error:
        if not find_outage(error):
            raise
    return found[0] if found else None
