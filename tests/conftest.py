"""Fixtures every test may use: a fresh sandbox, its clock and journal, and a person who signs in on its pages."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox import Config, create_app
from sandbox.core import tables
from sandbox.core.journal import as_document
from sandbox.core.world import World
from sandbox.service import House
from sandbox.threads import ThreadServer
from tests.support.databases import config_on
from tests.support.forms import submit

pytest_plugins = [
    "tests.support.components",
    "tests.support.certificates",
    "tests.support.measured",
    "tests.support.real_time",
]

# A shell that runs the suite in the background has it ignore interrupts, and the programs that tests start and
# interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SignIn = Callable[..., str]


class HouseClient(FlaskClient):
    """A client of one sandbox, which can also look behind its scenes."""

    @property
    def _sandbox(self) -> House:
        return self.application.extensions["sandbox"]

    @property
    def clock(self) -> ClockControl:
        """The default world's clock."""
        return ClockControl(self._sandbox)

    def world(self) -> AbstractContextManager[World]:
        """The default world, for a look or a change behind the scenes."""
        return self._sandbox.world()

    def journal(self) -> list[Any]:
        """What the journal has so far, newest last; requests and answers as they are shown to others."""
        with self.world() as world:
            rows = world.store.list(tables.JournalEntry, order=("id",))
        return [SimpleNamespace(**{"facts": row.facts, **as_document(row)}) for row in rows]


@dataclass
class ClockControl:
    """Moves a sandbox's clock."""

    sandbox: House

    def advance(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        """Let time pass without waiting for it."""
        with self.sandbox.world() as world:
            world.set_clock(world.clock.advanced(seconds + 60 * (minutes + 60 * (hours + 24 * days))))

    def freeze(self) -> None:
        """Let no time pass at all."""
        with self.sandbox.world() as world:
            world.set_clock(world.clock.frozen())

    def now(self) -> int:
        """The sandbox's time, in epoch seconds."""
        with self.sandbox.world() as world:
            return world.now()


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The configuration of `app`; a module or class overrides it to test another."""
    return config_on(request)


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """A fresh sandbox on the shipped cast, with a database of its own."""
    app = create_app(config)
    app.test_client_class = HouseClient
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture
def sandbox(app: Flask) -> HouseClient:
    """A client of `app`, as a downstream application or a browser would be."""
    client: Any = app.test_client()
    return client


@pytest.fixture
def make_sandbox() -> Iterator[Callable[[Config], HouseClient]]:
    """Makes a sandbox with another configuration: `make_sandbox(Config(approval="hint"))`."""
    apps: list[Flask] = []

    def make(config: Config) -> HouseClient:
        app = create_app(config)
        app.test_client_class = HouseClient
        apps.append(app)
        client: Any = app.test_client()
        return client

    yield make
    for app in apps:
        app.extensions["sandbox"].close()


@pytest.fixture
def sign_in(sandbox: HouseClient) -> SignIn:
    """Sign a person in on a provider's pages: `sign_in("github", as_="octocat", client="gmi-console")` -> code."""
    # Where each provider takes the request, and what it must hold besides the client.
    azure = {"response_type": "code", "scope": "openid User.Read", "redirect_uri": "http://localhost:9999/callback"}
    endpoints: dict[str, tuple[str, dict[str, str]]] = {
        "github": ("/login/oauth/authorize", {}),
        "azure": ("/contoso.test/oauth2/v2.0/authorize", azure),
    }

    def sign_in(provider: str, *, as_: str, client: str, **query: str) -> str:
        path, needed = endpoints[provider]
        page = sandbox.get(path, query_string={"client_id": client, **needed, **query})
        if page.status_code == 200:
            page = submit(sandbox, page, f"as-{as_}")
        if page.status_code == 200:
            page = submit(sandbox, page, "allow")
        assert page.status_code == 302, page.text
        return parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]

    return sign_in


@pytest.fixture
def live(app: Flask) -> Iterator[ThreadServer]:
    """`app`, served over HTTP on a free loopback port."""
    with ThreadServer(app) as server:
        yield server
