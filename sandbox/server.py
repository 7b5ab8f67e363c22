"""Serving: granian for everyone, and a server in a thread of this process for tests.

Builds no application; that is factory.py.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.config import Config, ConfigError
from sandbox.core.database import TemporaryDatabase, check_database
from sandbox.factory import create_app

# A body that never ends holds its thread; idle threads are let go after half a minute.
_THREADS = 32
# How long a test's server may take to notice that its test is over, in seconds.
_POLL = 0.02


def serve(config: Config, on_start: Callable[[], None] = lambda: None) -> None:
    """Serve until interrupted; `on_start` is called once the port is known to be free.

    Raises ConfigError if the address cannot be listened on or the database cannot be used, and what create_app raises.
    """
    _check_free(config.host, config.port)
    temporary = TemporaryDatabase() if config.database is None else None
    if temporary:
        config = replace(config, database=temporary.url)
    server = Granian(
        "sandbox",
        address=config.host,
        port=config.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=_THREADS,
        # Its warnings are of the number of threads, which is meant.
        log_level=LogLevels.error,
    )
    server.on_startup(on_start)
    try:
        _rehearse(config)
        server.serve(target_loader=partial(create_app, config), wrap_loader=False)
    finally:
        if temporary:
            temporary.remove()


def _rehearse(config: Config) -> None:
    # Whatever is wrong with database, fixture or policy is said here: a worker could only die of it.
    try:
        check_database(str(config.database))
    except ValueError as error:
        raise ConfigError(f"database: {error}") from error
    create_app(config).extensions["sandbox"].close()


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port"
            ) from error


class ThreadServer:
    """Serves an application on a free loopback port from a thread of this process, while in its `with` block."""

    def __init__(self, app: Flask, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = make_server(host, port, app, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(target=partial(self._server.serve_forever, _POLL), daemon=True)
        self.port: int = self._server.server_port
        self.origin = f"http://{host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _QuietHandler(WSGIRequestHandler):
    """Logs nothing, since the journal has it all, and dates only the answers that have no date yet."""

    protocol_version = "HTTP/1.1"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Send the status line alone."""
        self._dated = False
        self.send_response_only(code, message)

    def send_header(self, keyword: str, value: str) -> None:
        """Send a header of the answer."""
        self._dated = self._dated or keyword.lower() == "date"
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        """Send the date, unless the answer brought its own."""
        if not self._dated:
            super().send_header("Date", self.date_time_string())
        super().end_headers()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - Werkzeug's signature
        """Say nothing."""
