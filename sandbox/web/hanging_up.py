"""Closes the connection of a request under its answer, as a server that dies would.

Werkzeug gives its socket away. Granian does not: there it is looked for among the sockets of the process, and where it
cannot be told from another, the client gets the head of an answer whose body never comes.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

# Where it must not be told by an exception: it would answer 500 instead of closing.
_QUIET_SERVER = "granian"
_SOCKETS = "/proc/self/fd"
# struct tcp_info of linux/tcp.h: milliseconds since data were sent and received, and how many segments were sent.
_TCP_INFO = struct.Struct("44x I 4x I 100x I")
# How often, and after how many seconds each, it is looked whether another thread has sent what it was given.
_LOOKS, _PAUSE = 50, 0.02


def hang_up(environ: Mapping[str, Any], *, after_sending: bool = False) -> None:
    """Close the connection; with `after_sending` only once what was given to the server is on its way.

    Raises ConnectionAbortedError where that ends the answer, or where there is none.
    """
    quiet = environ.get("SERVER_SOFTWARE", "").lower().startswith(_QUIET_SERVER)
    connection = _find(environ) if quiet else environ.get("werkzeug.socket")
    if connection and quiet and after_sending:
        _await_sending(connection)
    if connection:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    if quiet:
        if connection:
            connection.close()
        return
    raise ConnectionAbortedError("the connection was closed on purpose")


def _await_sending(connection: socket.socket) -> None:
    """Wait until the answer has begun to go out, a second at most: granian writes in a thread of its own."""
    for _ in range(_LOOKS):
        if not _waits(connection):
            break
        time.sleep(_PAUSE)
    # The head may go out before the piece that comes with it.
    time.sleep(_PAUSE)


def _find(environ: Mapping[str, Any]) -> socket.socket | None:
    """A socket of its own for the one connection from this client that waits for an answer."""
    connections = _connections(environ)
    waiting = [connection for connection in connections if _waits(connection)] or connections
    found = waiting[0] if len(waiting) == 1 else None
    for connection in connections:
        if connection is not found:
            connection.close()
    return found


def _connections(environ: Mapping[str, Any]) -> list[socket.socket]:
    """The connections of this process that come from this client, each once."""
    found: dict[Any, socket.socket] = {}
    try:
        # First all names: what is opened here would be listed too.
        names = [path.name for path in Path(_SOCKETS).iterdir()]
    except OSError:
        return []
    for name in names:
        with suppress(OSError), ExitStack() as opened:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            connection = opened.enter_context(socket.socket(fileno=os.dup(int(name))))
            sender = connection.getpeername()
            is_ours = connection.getsockname()[1:2] == (int(environ["SERVER_PORT"]),)
            if is_ours and sender[0] == environ["REMOTE_ADDR"] and sender not in found:
                found[sender] = connection
                opened.pop_all()
    return list(found.values())


def _waits(connection: socket.socket) -> bool:
    """Whether the last data on it came in: the request, while an answer goes out."""
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    except (OSError, AttributeError):
        return False
    if len(told) < _TCP_INFO.size:
        return False
    since_sent, since_received, sent = _TCP_INFO.unpack(told)
    return sent == 0 or bool(since_received < since_sent)
