"""`--workers`: several processes at one address, which are one sandbox and end together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from sandbox import workers
from tests.support.commands import run_here
from tests.support.components import free_port
from tests.support.person import query
from tests.support.process import PATIENCE, Served, children, serving

WORKERS = 3
CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for processes")

Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve with three workers and further options."""

    def serve(*options: str, tls_port: int | None = None) -> AbstractContextManager[Served]:
        port = free_port()
        command = ["idp-sandbox", "serve", f"--port={port}", f"--workers={WORKERS}", "--approval=always=octocat"]
        return serving(tmp_path, port, *command, *options, tls_port=tls_port)

    return serve


def issue_code(server: Served) -> str:
    """A code by whichever worker takes a new connection; a connection that a worker took with it is made again."""
    asked = {"client_id": CLIENT["client_id"]}
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(5, backoff_factor=0.02)))
        url = f"{server.origin}/login/oauth/authorize"
        answer = session.get(url, params=asked, allow_redirects=False, timeout=PATIENCE)
    return query(answer.headers["Location"])["code"]


def redeem(server: Served, code: str) -> dict[str, str]:
    answer = requests.post(
        f"{server.origin}/login/oauth/access_token",
        json={**CLIENT, "code": code},
        headers={"Accept": "application/json"},
        timeout=PATIENCE,
    )
    tokens: dict[str, str] = answer.json()
    return tokens


def await_workers(server: Served, gone: int) -> list[int]:
    """The workers, once there are three again and none is the one that has gone."""
    deadline = time.monotonic() + PATIENCE
    while len(found := children(server.process.pid)) < WORKERS or gone in found:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def test_they_share_what_there_is(serve):
    with serve() as server:
        assert len(children(server.process.pid)) == WORKERS
        codes = [issue_code(server) for _ in range(20)]
        tokens = [redeem(server, code)["access_token"] for code in codes]
        again = [redeem(server, code)["error"] for code in codes]

    assert len(set(tokens)) == len(codes)
    assert set(again) == {"bad_verification_code"}


def test_of_one_that_is_killed_another_takes_the_place_while_the_rest_goes_on(serve):
    with serve("--random-seed", "7") as server:
        before = [issue_code(server) for _ in range(30)]
        victim = children(server.process.pid)[0]
        os.kill(victim, signal.SIGKILL)
        meanwhile = [issue_code(server) for _ in range(10)]
        await_workers(server, gone=victim)
        after = [issue_code(server) for _ in range(30)]
        tokens = [redeem(server, code)["access_token"] for code in before + meanwhile + after]

        status = server.stop()

    # Each worker draws from a stream of its own, and so does the new one.
    assert len(set(before + meanwhile + after)) == 70
    assert len(set(tokens)) == 70
    assert status == 0


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=lambda by: by.name)
def test_all_end_at_a_signal(serve, by):
    with serve() as server:
        workers = children(server.process.pid)
        status = server.stop(by)

    assert status == 0
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert server.complained == ""
    assert server.temporary_files == []


def test_https_has_as_many(serve):
    with serve("--tls", f"--tls-port={(port := free_port())}", tls_port=port) as server:
        inside = {child: len(children(child)) for child in children(server.process.pid)}

    assert sorted(inside.values()) == [0] * WORKERS + [WORKERS]


@pytest.mark.parametrize("number", ["0", "-1", "65", "many"])
def test_an_impossible_number_is_said_in_one_line(tmp_path, monkeypatch, number):
    # Should it find nothing wrong, it would serve.
    monkeypatch.setattr(workers, "listen", lambda *_: pytest.fail("it would serve"))
    ended = run_here(tmp_path, "serve", "--workers", number)

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"idp-sandbox: command line: workers = '{number}': ")
    assert len(ended.stderr.splitlines()) == 1
