"""What the browser tests share: an application's callback, and pages whose every request and complaint is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from sandbox.threads import ThreadServer

Visit = Callable[..., Page]


class _Landing(BaseHTTPRequestHandler):
    """Answers every request with a page that needs nothing else, a favicon included."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b'<!doctype html><title>Signed in</title><link rel="icon" href="data:,"><h1>Signed in</h1>')

    def log_message(self, *_: Any) -> None:
        """Say nothing: the test sees where the browser is."""


@pytest.fixture
def callback() -> Iterator[str]:
    """The callback URL of an application that runs on a loopback port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Landing) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()
        thread.join()


@dataclass
class Watch:
    """What a page asked for and complained of, beyond what the test expects."""

    origins: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data":
            self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def _hear(self, kind: str, text: str) -> None:
        # A page that refuses has a status to match, of which Chromium tells the console.
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)


@pytest.fixture
def watch(live: ThreadServer, callback: str) -> Iterator[Watch]:
    """Fails a test whose pages load anything from elsewhere, or complain."""
    watch = Watch()
    yield watch
    parts = urlsplit(callback)
    own = {live.origin, live.origin.replace("127.0.0.1", "localhost"), f"http://{parts.netloc}"}
    assert watch.origins <= own
    assert watch.complaints == []


@pytest.fixture
def visit(browser: Browser, watch: Watch) -> Iterator[Visit]:
    """Open a page in a browser of its own: `visit(url, java_script_enabled=False)`."""
    contexts: list[BrowserContext] = []

    def visit(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        watch.over(page)
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
