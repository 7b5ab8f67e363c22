"""Connections that faults cut or slow down, on both servers, seen by a raw socket and by a client library."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox import Config, create_app
from sandbox.threads import ThreadServer
from tests.support.components import free_port
from tests.support.process import serving

DISCOVERY = "/oidc/main/.well-known/openid-configuration"
RULE = {"service": "oidc", "operation": "discovery"}
PATIENCE = 20


@dataclass
class Server:
    """A server that answers at `origin`."""

    origin: str

    def arm(self, **rule: Any) -> str:
        """Arm a fault; its id."""
        answer = requests.post(f"{self.origin}/_sandbox/api/faults", json=rule, timeout=PATIENCE)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def get(self, path: str = DISCOVERY) -> requests.Response:
        return requests.get(self.origin + path, timeout=PATIENCE)

    def raw(self, path: str = DISCOVERY) -> bytes:
        """Everything that comes until the server closes; the client would keep the connection."""
        place = urlsplit(self.origin)
        with closing(socket.create_connection((place.hostname, place.port), PATIENCE)) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            pieces = iter(lambda: wire.recv(65_536), b"")
            return b"".join(pieces)


@pytest.fixture(scope="module", params=["granian", "thread"])
def server(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param == "granian":
        port = free_port()
        with serving(tmp_path_factory.mktemp("served"), port, "idp-sandbox", "serve", "--port", str(port)) as served:
            yield Server(served.origin)
        return
    app = create_app(Config())
    with ThreadServer(app) as thread:
        yield Server(thread.origin)
    app.extensions["sandbox"].close()


@pytest.fixture(autouse=True)
def clean(server: Server) -> None:
    requests.delete(f"{server.origin}/_sandbox/api/faults", timeout=PATIENCE)


def test_of_a_dropped_answer_nothing_is_sent(server):
    server.arm(**RULE, drop={}, times=2)

    assert server.raw() == b""
    with pytest.raises(requests.ConnectionError):
        server.get()
    assert server.get().status_code == 200


def test_a_dropped_answer_may_come_after_the_work(server):
    server.arm(service="oidc", operation="discovery", drop={}, after=True)
    assert server.raw() == b""

    journal = requests.get(f"{server.origin}/_sandbox/api/journal?operation=discovery", timeout=PATIENCE).json()
    assert journal["entries"][-1]["fault"]
    assert server.get().status_code == 200


def test_a_truncated_answer_is_cut_after_so_many_bytes(server):
    whole = server.get().content
    server.arm(**RULE, truncate={"bytes": 25}, times=2)
    head, _, body = server.raw().partition(b"\r\n\r\n")

    assert body == whole[:25]
    assert f"content-length: {len(whole)}" in head.decode().lower()
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        server.get()
    assert server.get().content == whole


@pytest.mark.parametrize("bytes_", [0, 10**9])
def test_a_truncated_answer_is_never_whole(server, bytes_):
    server.arm(**RULE, truncate={"bytes": bytes_})

    with pytest.raises(requests.RequestException):
        server.get()


def test_an_answer_drips(server):
    whole = server.get().content
    server.arm(**RULE, drip={"seconds": 0.5})
    began = time.monotonic()

    assert server.get().content == whole
    assert time.monotonic() - began >= 0.45


def test_an_answer_is_late(server):
    server.arm(**RULE, delay={"seconds": 0.4})
    began = time.monotonic()

    assert server.get().status_code == 200
    assert time.monotonic() - began >= 0.4


def test_a_delay_keeps_nobody_else_waiting(server):
    server.arm(**RULE, delay={"seconds": 4})
    place = urlsplit(server.origin)
    with closing(socket.create_connection((place.hostname, place.port), PATIENCE)) as wire:
        wire.sendall(f"GET {DISCOVERY} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        while not requests.get(f"{server.origin}/_sandbox/api/faults", timeout=PATIENCE).json()["faults"][0]["hits"]:
            assert not has_come(wire)
        # What writes, and what reads.
        server.arm(service="gmi", malform={})
        assert server.get("/oidc/main/jwks").status_code == 200
        assert not has_come(wire)
        assert wire.recv(12) == b"HTTP/1.1 200"


def has_come(wire: socket.socket) -> bool:
    """Whether the answer has begun to come, or will never come."""
    return bool(select.select([wire], [], [], 0)[0])


def test_a_redirect_loop_has_no_end(server):
    server.arm(**RULE, redirect_loop={})

    with pytest.raises(requests.TooManyRedirects):
        server.get()


def test_an_empty_answer_is_dropped_and_delayed_too(server):
    asked = {"client_id": "nobody", "token": "x"}
    server.arm(service="oidc", operation="revoke", answer={"status": 204})
    server.arm(service="oidc", operation="revoke", drop={}, after=True)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{server.origin}/oidc/main/revoke", data=asked, timeout=PATIENCE)

    faults = requests.get(f"{server.origin}/_sandbox/api/faults", timeout=PATIENCE).json()["faults"]
    assert [fault["hits"] for fault in faults] == [1, 1]


def test_an_answer_may_be_anything(server):
    body = json.dumps({"né": "\ud83d\ude00"})
    server.arm(**RULE, answer={"status": 599, "body": body, "headers": {"X-Own": "one"}, "content_type": "a/b"})
    answer = server.get()

    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (599, body, "a/b")
    assert answer.headers["X-Own"] == "one"
