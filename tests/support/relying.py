"""An exchange's seat: a world inside a request to another room, refusals as pairs, and an issuer of other people."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask, g

from sandbox.core.refusals import Refusal
from sandbox.core.world import World
from tests.support.components import free_port
from tests.support.person import query
from tests.support.process import PATIENCE, PROGRAMS


@contextmanager
def in_request(app: Flask, url: str = "http://localhost:9400/") -> Iterator[World]:
    """The default world, as an exchange has it that was reached by this URL."""
    with app.test_request_context(url) as context, app.extensions["sandbox"].world() as world:
        request, sandbox = context.request, app.extensions["sandbox"]
        g.world, g.mount = world, sandbox.mounts.resolve(request.scheme, request.host, request.path)[0]
        yield world


def refused(call: Callable[[], object]) -> tuple[str, str | None]:
    """The reason and the field of the refusal that a call ends in."""
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.reason.value, caught.value.field


@contextmanager
def foreign_issuer(folder: Path) -> Iterator[str]:
    """The identifier of an issuer that shares no code with the sandbox, in a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [PROGRAMS / "oidc-provider-mock", "--port", str(port), "--user", "alice@example.test"]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stderr=stderr)
    try:
        _await(process, f"{url}/.well-known/openid-configuration")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def foreign_code(start: str) -> str:
    """The code with which that issuer sends a browser back, which began at `start`."""
    answer = requests.post(start, data={"sub": "alice@example.test"}, allow_redirects=False, timeout=PATIENCE)
    assert answer.status_code == 302, answer.text
    return query(answer.headers["Location"])["code"]


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(url, timeout=PATIENCE).raise_for_status()
        except requests.ConnectionError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return
