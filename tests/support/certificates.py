"""Pytest plugin: a certificate authority of the test run's own, and a sandbox served over https with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from sandbox import Config
from sandbox.certificates import Certificates, open_certificates
from sandbox.server import certificate_names
from sandbox.threads import ThreadServer


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of all https in this test process: a client must trust `ca.ca_file`, a path."""
    return open_certificates(tmp_path_factory.mktemp("tls"), certificate_names(Config()))


@pytest.fixture
def live_tls(app: Flask, ca: Certificates) -> Iterator[ThreadServer]:
    """`app`, served over https on a free loopback port; its `origin` is `https://localhost:PORT`."""
    with ThreadServer(app, tls=ca, name="localhost") as server:
        yield server
