"""A real web server on a loopback port: what a client has at its own URLs, and a witness of who calls there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Call:
    """A request that came in."""

    method: str
    path: str
    body: str

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body)


class Listener:
    """Answers 200 with what was put at a path, and 404 elsewhere; `calls` has whatever came."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._pages: dict[str, tuple[int, dict[str, str], str]] = {}
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                listener.calls.append(Call(self.command, self.path, body))
                status, headers, text = listener._pages.get(self.path, (404, {}, ""))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = answer  # noqa: N815 - the names http.server calls

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def put(self, path: str, content: object = "", *, status: int = 200, **headers: str) -> str:
        """Have something at a path; the URL of it. What is no text becomes JSON."""
        text = content if isinstance(content, str) else json.dumps(content)
        self._pages[path] = (status, headers, text)
        return self.origin + path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
