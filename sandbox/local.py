"""Sandbox: a whole sandbox inside a Python program, served on a free loopback port while it is used.

Steers nothing itself: it is a client of its own server, like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sandbox.client import SandboxClient
from sandbox.client.http import Http
from sandbox.config import Config
from sandbox.factory import create_app
from sandbox.threads import ThreadServer

if TYPE_CHECKING:
    from flask import Flask

    from sandbox.certificates import Certificates


class Sandbox(SandboxClient):
    """A sandbox that runs while in its `with` block, or from `start()` to `stop()`; two of them never meet.

    `fixtures` is a file, or a fixture document; the shipped cast if left out. With `tls` it speaks https, and `ca_file`
    is what clients must trust. `options` are fields of Config, such as `approval`; the environment is not read.

    Starting raises ConfigError and FixtureError, each saying what to mend.
    """

    def __init__(
        self, fixtures: str | PathLike[str] | Mapping[str, Any] | None = None, tls: bool = False, **options: Any
    ) -> None:
        super().__init__("")
        self._fixtures = fixtures
        self._tls = tls
        self._options = options
        self._running: ExitStack | None = None
        self._app: Flask | None = None

    @property
    def app(self) -> Flask:
        """The WSGI application, for calls that need no port. Raises RuntimeError unless it runs."""
        if self._app is None:
            raise RuntimeError("the sandbox is not running; use it in a `with` block, or call start()")
        return self._app

    def start(self) -> Self:
        """Serve from now on. Raises RuntimeError if it does already."""
        if self._running:
            raise RuntimeError(f"the sandbox is running already, at {self.url}")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="idp-sandbox-")))
            config = self._config(folder)
            certificates = _make_certificates(config, folder) if self._tls else None
            self._app = create_app(config)
            stack.callback(self._app.extensions["sandbox"].close)
            server = stack.enter_context(ThreadServer(self._app, tls=certificates))
            ca_file = str(certificates.ca_file) if certificates else None
            self._use(Http(server.origin, config.control_token, ca_file))
            stack.callback(self.close)
            self._running = stack.pop_all()
        return self

    def stop(self) -> None:
        """Serve no longer, and forget everything; does nothing if it does not run."""
        running, self._running, self._app = self._running, None, None
        if running:
            running.close()
            self._use(Http(""))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _config(self, folder: Path) -> Config:
        fixtures = self._fixtures
        if isinstance(fixtures, Mapping):
            file = folder / "fixture.json"
            file.write_text(json.dumps(fixtures), encoding="utf-8")
            fixtures = file
        return Config(fixtures=Path(fixtures) if fixtures else None, **self._options)


def _make_certificates(config: Config, folder: Path) -> Certificates:
    # Imported here, so that a start without TLS does not wait for it.
    from sandbox.certificates import open_certificates  # noqa: PLC0415
    from sandbox.server import certificate_names  # noqa: PLC0415

    return open_certificates(config.tls_dir or folder / "tls", certificate_names(config))
