"""Serving from a thread of this process, for tests.

Builds no application, and is no server for anybody else; that is server.py.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from sandbox.certificates import Certificates

# How long a test's server may take to notice that its test is over, in seconds.
_POLL = 0.02
# How long the end of a server waits for a request that is being answered, in seconds.
_PATIENCE = 1


class ThreadServer:
    """Serves an application on a free loopback port from a thread of this process, while in its `with` block.

    With `tls` it speaks https. `name` is the host name in `origin`, one that the certificate has.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | Certificates | None = None,
        name: str | None = None,
    ) -> None:
        self._open: dict[socket.socket, threading.Thread] = {}
        handler = type("Handler", (_QuietHandler,), {"open": self._open})
        self._server = make_server(host, port, app, threaded=True, request_handler=handler)
        if tls:
            context = tls if isinstance(tls, ssl.SSLContext) else tls.context()
            # The handshake is left to the thread of its connection: a client that is silent keeps nobody waiting.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._server.ssl_context = context
        self._thread = threading.Thread(target=partial(self._server.serve_forever, _POLL), daemon=True)
        self.port: int = self._server.server_port
        self.origin = f"{'https' if tls else 'http'}://{name or host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        # A client that keeps its connection would go on being served, by an application that is closed.
        for connection, thread in list(self._open.items()):
            with suppress(OSError):
                # Of a socket with TLS its own shutdown would make plain text of what is being sent.
                socket.socket.shutdown(connection, socket.SHUT_RD)
            thread.join(_PATIENCE)


class _QuietHandler(WSGIRequestHandler):
    """Logs nothing, since the journal has it all, and dates only the answers that have no date yet."""

    protocol_version = "HTTP/1.1"
    # Each open connection, and the thread that serves it.
    open: dict[socket.socket, threading.Thread]

    def setup(self) -> None:
        """Begin with a connection."""
        super().setup()
        self.open[self.connection] = threading.current_thread()

    def finish(self) -> None:
        """End with a connection."""
        self.open.pop(self.connection, None)
        super().finish()

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
