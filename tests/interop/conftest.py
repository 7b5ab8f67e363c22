"""What the interop tests share: people at a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.certificates import Certificates
from sandbox.threads import ThreadServer
from tests.support.person import Person


@pytest.fixture
def octocat() -> Iterator[Person]:
    """A person who signs in as octocat, over real HTTP."""
    with Person.at_a_browser("octocat") as person:
        yield person


@pytest.fixture
def alice(ca: Certificates) -> Iterator[Person]:
    """A person who signs in as alice, over real HTTP or over https with the sandbox's own certificate authority."""
    with Person.at_a_browser("alice", ca_file=ca.ca_file) as person:
        yield person


@pytest.fixture(params=["live", "live_tls"], ids=["http", "https"])
def server(request: pytest.FixtureRequest) -> ThreadServer:
    """The sandbox over http, and over https with a certificate authority of its own."""
    server: ThreadServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def own_ca_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these variables name would come before what a library is told."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AZURE_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)
