"""The stream that the page of logins listens to: it tells of news, ends by itself, and keeps nobody waiting."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from sandbox import Config
from sandbox.core.clock import elapsed_us, tick
from sandbox.threads import ThreadServer
from sandbox.web.pages import events
from tests.support.components import free_port
from tests.support.process import serving

PATH = "/_sandbox/flows/events"
PATIENCE = 10
# What no server may take to end, in seconds, on a busy machine.
PROMPTLY = 5


@contextmanager
def listening(live: ThreadServer, path: str = PATH, **headers: str) -> Iterator[socket.socket]:
    """A connection that has asked for the stream."""
    with asking(live.port, path, **headers) as connection:
        yield connection


@contextmanager
def asking(port: int, path: str = PATH, **headers: str) -> Iterator[socket.socket]:
    """The same, of whoever serves at this port."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        sent = [f"GET {path} HTTP/1.1", f"Host: localhost:{port}", *(f"{k}: {v}" for k, v in headers.items())]
        connection.sendall("\r\n".join([*sent, "", ""]).encode())
        yield connection


def read_until(connection: socket.socket, wanted: str) -> str:
    """What is sent up to the end of the line, or of the event, that this is in."""
    text = ""
    while wanted not in text or text.rstrip("\r\n") + "\n\n" not in text:
        piece = connection.recv(4096).decode()
        assert piece, f"ended without {wanted!r}: {text}"
        text += piece
    return text


def read_to_end(connection: socket.socket) -> bytes:
    """What is still to come until the connection is closed."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


def happen(sandbox: Any, prefix: str = "") -> int:
    """Have something happen; returns the id of its request."""
    assert sandbox.get(f"{prefix}/login/oauth/authorize").status_code >= 400
    return int(sandbox.get(f"{prefix}/_sandbox/api/journal").json["last"])


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}])
def test_no_page_of_another_origin_takes_a_place(sandbox, header):
    refused = sandbox.get(PATH, headers=header)

    assert refused.status_code == 403


def test_who_listens_is_told_of_the_next_request(live, sandbox):
    with listening(live) as connection:
        head = read_until(connection, "retry:")
        newest = happen(sandbox)

        assert "200 OK" in head
        assert "Content-Type: text/event-stream" in head
        assert "no-store" in head
        assert f"id: {newest}\nevent: flows\ndata: {newest}\n\n" in read_until(connection, "\ndata: ")


def test_who_comes_again_is_told_at_once_of_what_was_missed(live, sandbox):
    first = happen(sandbox)
    second = happen(sandbox)

    with listening(live, **{"Last-Event-ID": str(first)}) as connection:
        assert f"data: {second}\n" in read_until(connection, "\ndata: ")
    with listening(live, f"{PATH}?after={first}") as connection:
        assert f"data: {second}\n" in read_until(connection, "\ndata: ")


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 400, "\u0661", "1.5", "0x10"])
def test_a_place_that_is_none_is_taken_for_now(sandbox, value):
    answer = sandbox.get(PATH, query_string={"after": value}, buffered=False)
    first = next(iter(answer.response))
    answer.close()

    assert answer.status_code == 200
    assert first == b"retry: 500\n\n"


def test_a_world_hears_of_itself_alone(live, sandbox):
    happen(sandbox, "/w/t1")
    with listening(live, f"/w/t1{PATH}") as connection:
        read_until(connection, "retry:")
        happen(sandbox)
        newest = happen(sandbox, "/w/t1")

        assert f"data: {newest}\n" in read_until(connection, "\ndata: ")


def test_listening_is_not_in_the_journal(live, sandbox):
    with listening(live) as connection:
        read_until(connection, "retry:")

    assert sandbox.journal() == []


def test_a_journal_that_was_emptied_is_news(live, sandbox):
    happen(sandbox)
    with listening(live) as connection:
        read_until(connection, "retry:")
        sandbox.delete("/_sandbox/api/journal")

        assert "event: flows" in read_until(connection, "\ndata: ")


def test_only_so_many_may_listen_and_everybody_else_is_answered(live, sandbox):
    with ExitStack() as stack:
        for _ in range(events.MOST_STREAMS):
            read_until(stack.enter_context(listening(live)), "retry:")
        refused = sandbox.get(PATH)

        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert sandbox.get("/_sandbox/flows").status_code == 200


def test_who_is_gone_makes_room(live, sandbox):
    with ExitStack() as stack:
        for _ in range(events.MOST_STREAMS):
            read_until(stack.enter_context(listening(live)), "retry:")
    began = tick()
    while sandbox.get(PATH, buffered=False).status_code == 503:
        assert elapsed_us(began) < PATIENCE * 1_000_000


def test_a_stream_ends_by_itself(sandbox, monkeypatch):
    monkeypatch.setattr(events, "_LONGEST", 0.2)

    answer = sandbox.get(PATH)

    assert answer.text.startswith("retry: 500\n\n")


def test_a_stream_that_was_never_closed_is_forgotten(monkeypatch):
    streams = events.Streams()
    assert all(streams.open() for _ in range(events.MOST_STREAMS))
    assert streams.open() is None

    monkeypatch.setattr(events, "_FORGOTTEN", -1)

    assert streams.open() is not None


def test_a_stream_ends_with_its_world(sandbox):
    happen(sandbox, "/w/t1")
    answer = sandbox.get(f"/w/t1{PATH}", buffered=False)
    sandbox.delete("/_sandbox/api/worlds/t1")

    assert b"".join(answer.response) == b"retry: 500\n\n"


def test_the_end_of_a_server_waits_for_no_stream(app):
    with ExitStack() as stack:
        with ThreadServer(app) as server:
            for _ in range(3):
                read_until(stack.enter_context(listening(server)), "retry:")
            began = tick()
        assert elapsed_us(began) < PROMPTLY * 1_000_000 / 5


def test_a_served_sandbox_tells_of_news_and_its_end_waits_for_no_stream(tmp_path):
    port = free_port()
    with serving(tmp_path, port, "idp-sandbox", "serve", "--port", str(port)) as server, ExitStack() as stack:
        streams = [stack.enter_context(asking(port)) for _ in range(3)]
        for stream in streams:
            read_until(stream, "retry:")
        requests.get(f"{server.origin}/login/oauth/authorize", timeout=PATIENCE)
        assert all("data: 1" in read_until(stream, "\ndata: ") for stream in streams)

        assert server.stop() == 0
        # A server that lost patience would have cut them off; these were ended.
        assert all(read_to_end(stream).endswith(b"0\r\n\r\n") for stream in streams)


def test_a_stream_holds_no_connection_to_the_database_while_it_waits(app, live):
    with listening(live) as connection:
        read_until(connection, "retry:")
        database = app.extensions["sqlalchemy"]
        with app.app_context():
            began, is_free = tick(), False
            while not is_free and elapsed_us(began) < PATIENCE * 1_000_000:
                is_free = database.engine.pool.checkedout() == 0

        assert is_free


class TestBeyondThisMachine:
    @pytest.fixture
    def config(self) -> Config:
        return Config(control_token="s" * 20)

    def test_who_has_not_the_token_hears_nothing(self, sandbox):
        assert sandbox.get(PATH).status_code == 401
