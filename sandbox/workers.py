"""The processes that answer: N of them at one address, each with an application of its own on the same database.

Opens no database and decides nothing about an address; that is server.py.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels

from sandbox.config import Config
from sandbox.factory import create_app
from sandbox.sweeping import start_sweeping

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

# A body that never ends holds its thread; idle threads are let go after half a minute.
_THREADS = 32
# How long open connections may delay the end of a worker, in seconds.
_PATIENCE = 3


class _Count(Protocol):
    """A number that several processes share."""

    value: int

    def get_lock(self) -> Any: ...


def listen(config: Config, port: int, leaf: Path | None = None) -> AbstractServer[Any]:
    """What listens at `port`, with `config.workers` workers; https if there is a `leaf`, a certificate with its key."""
    return Granian(
        "sandbox",
        address=config.host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=config.workers,
        blocking_threads=_THREADS,
        workers_kill_timeout=_PATIENCE,
        # Of several the others go on meanwhile. One alone that dies ends the server, as its end is seen by whoever
        # watches over that; and so does one that dies again within seconds.
        respawn_failed_workers=config.workers > 1,
        # Its warnings are of the number of threads, which is meant.
        log_level=LogLevels.error,
        ssl_cert=leaf,
        ssl_key=leaf,
        # Of TLS 1.2 it would offer ChaCha20 beside AES-GCM, and has no option for the suites; see docs/tls.md.
        ssl_protocol_min=SSLProtocols.tls13,
    )


def run(server: AbstractServer[Any], config: Config, listener: str = "") -> None:
    """Serve until interrupted. `listener` is a word of its own for each listener on one database."""
    # Only what is drawn from a seed can be drawn twice.
    started = multiprocessing.Value("i", 0) if config.random_seed is not None else None
    server.serve(target_loader=partial(_load, config, listener, started), wrap_loader=False)


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` when the process that started this one is gone; it may have been killed and could not tell."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        end()

    threading.Thread(target=watch, daemon=True).start()


def _load(config: Config, listener: str, started: _Count | None) -> Flask:
    """The application, in the worker that serves it."""
    # What the worker has inherited would swallow a signal that comes before the server listens to signals. (In a Python
    # without the GIL a worker is a thread and inherits nothing.)
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    app = create_app(config, listener=_word(listener, started))
    _on_signal(app.extensions["sandbox"].closing.set)
    start_sweeping(app.extensions["sandbox"])
    # Whatever there is now stays until the end.
    gc.freeze()
    gc.enable()
    return app


def _word(listener: str, started: _Count | None) -> str:
    """What tells a worker's ids from those of all others, and from those of one whose place it takes."""
    if started is None:
        return listener
    with started.get_lock():
        number, started.value = started.value, started.value + 1
    return f"{listener}{number}" if number else listener


def _on_signal(end: Callable[[], None]) -> None:
    """Call `end` at the first signal, however the server is going to handle it: it waits for answers that go on."""
    if threading.current_thread() is not threading.main_thread():
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        # Both ends are held here for as long as the process is.
        with reader, writer:
            reader.recv(1)
            end()
            threading.Event().wait()

    threading.Thread(target=watch, daemon=True).start()
