"""A single-page application in Chromium: its origin is served from files, and what its pages load is watched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.components import CHROMIUM_FLAGS, NODE_SCRIPTS

# The origin of the shipped cast's redirect URI.
ORIGIN = "http://localhost:9998"
PATIENCE = 60_000  # milliseconds

Files = Mapping[str, Path | str]
NewContext = Callable[..., BrowserContext]


class SinglePage:
    """The application in a browser of its own."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: str) -> None:
        """Press a button, of the application or of the sandbox."""
        self.page.click(f"[id='{button}']")

    def sign_in(self, login: str) -> None:
        """Press the application's button, choose the account, and allow what is asked for."""
        self.press("sign-in")
        self.press(f"as-{login}")
        self.press("allow")

    def told(self) -> Any:
        """Wait until the application has done what it was asked to; what it shows then."""
        expect(self.page.locator("#state")).to_have_text("ready", timeout=PATIENCE)
        return json.loads(self.page.locator("#told").text_content() or "null")


@contextmanager
def open_single_page(new_context: NewContext, server: str, files: Files) -> Iterator[SinglePage]:
    """Open /spa, whose origin has these files by path. Fails if a page loads anything else, or complains.

    `new_context` is that of the browser, or `with_cookies_in_frames`.
    """
    origins: set[str] = set()
    complaints: list[str] = []
    with _serving(files) as proxy:
        context = new_context(
            # The certificate is of an authority that the browser was not told of.
            ignore_https_errors=True,
            # Leads every address of this machine to a free port, but the sandbox to where it is; the order matters.
            proxy={"server": proxy, "bypass": f"<-loopback>,{urlsplit(server).netloc}"},
        )
        with context:
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.on("request", lambda request: origins.add(_origin(request.url)))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(f"{ORIGIN}/spa")
            yield SinglePage(page)
    assert origins <= {ORIGIN, server, "data:"}
    assert complaints == []


def with_cookies_in_frames(browser: Browser, program: str, profile: Path) -> NewContext:
    """A browser whose user lets frames of other sites have their cookies; by itself it withholds them."""
    preferences = profile / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text('{"profile": {"block_third_party_cookies": false, "cookie_controls_mode": 0}}')

    def new_context(**options: Any) -> BrowserContext:
        return browser.browser_type.launch_persistent_context(
            profile, executable_path=program, args=list(CHROMIUM_FLAGS), **options
        )

    return new_context


def application(script: str, library: str, settings: Mapping[str, Any], **more: str) -> Files:
    """The files of an application: its page, a library out of node_modules and `more` of them, and its settings."""
    return {
        **{f"/{name}.js": NODE_SCRIPTS / "node_modules" / path for name, path in more.items()},
        "/spa": NODE_SCRIPTS / "spa.html",
        "/application.js": NODE_SCRIPTS / script,
        "/library.js": NODE_SCRIPTS / "node_modules" / library,
        "/settings.js": f"const settings = {json.dumps(settings)};",
    }


@contextmanager
def _serving(files: Files) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            content, kind = files.get(path, ""), "text/javascript" if path.endswith(".js") else "text/html"
            body = content.read_bytes() if isinstance(content, Path) else content.encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return "data:" if parts.scheme == "data" else f"{parts.scheme}://{parts.netloc}"
