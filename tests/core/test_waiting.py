"""Two requests that want the same rows of PostgreSQL wait one after the other, and none for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from sandbox.core import documents, keysets
from tests.support import jitsudo
from tests.support.databases import DATABASES, config_on

API = "/_sandbox/api"
PATIENCE = 20  # seconds
FAULT = {"service": "oidc", "operation": "misbehaving", "refuse": {"reason": "RATE_LIMITED"}, "times": 1}


@pytest.fixture(params=DATABASES[1:])
def config(request: pytest.FixtureRequest) -> Config:
    return config_on(request, approval="hint")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


def is_anybody_waiting(app: Flask) -> bool:
    with app.extensions["sandbox"].open_session() as session:
        return bool(session.connection().exec_driver_sql("SELECT 1 FROM pg_locks WHERE NOT granted").all())


def begin_and_wait(app: Flask, pool: ThreadPoolExecutor, call: Callable[[Any], Any]) -> Future[Any]:
    """A request that is made beside, once it waits for somebody."""
    made = pool.submit(lambda: call(app.test_client()))
    for _ in range(PATIENCE * 100):
        if made.done() or is_anybody_waiting(app):
            break
        threading.Event().wait(0.01)
    return made


def test_a_fault_is_armed_while_the_cast_is_changed(sandbox, app, pool, monkeypatch):
    beside: list[Future[Any]] = []
    name_keys = documents._name_keys

    def meet(*given: Any) -> None:
        beside.append(begin_and_wait(app, pool, lambda client: client.post(f"{API}/faults", json=FAULT)))
        name_keys(*given)

    monkeypatch.setattr(documents, "_name_keys", meet)
    person = {"login": "somebody", "emails": [{"email": "somebody@x.test", "primary": True, "verified": True}]}

    assert sandbox.post(f"{API}/identities", json=person).status_code == 201
    assert beside[0].result(PATIENCE).status_code == 201
    assert sandbox.get("/oidc/~").status_code == 429


def test_an_issuer_makes_its_first_keys_while_another_rotates_one(sandbox, app, pool, monkeypatch):
    beside: list[Future[Any]] = []
    make_key = keysets._make_key
    assert sandbox.get("/oidc/main/jwks").status_code == 200

    def meet(*given: Any) -> Any:
        if not beside:
            monkeypatch.undo()
            beside.append(begin_and_wait(app, pool, lambda client: client.get("/oidc/other/jwks")))
        return make_key(*given)

    monkeypatch.setattr(keysets, "_make_key", meet)

    rotated = sandbox.post(f"{API}/keys/rotate", json={"service": "oidc/main", "algorithm": "RS256"})

    assert rotated.status_code == 201, rotated.headers["X-Sandbox-Reason"]
    assert beside[0].result(PATIENCE).status_code == 200


def test_who_has_made_a_key_does_not_wait_for_itself_when_all_faults_are_over(sandbox, app):
    brought, answers = jitsudo.come_back(sandbox, "alice"), []
    assert sandbox.post(f"{API}/faults", json=FAULT).status_code == 201
    assert sandbox.get("/oidc/~").status_code == 429

    beside = threading.Thread(target=lambda: answers.append(jitsudo.exchange(app.test_client(), brought)), daemon=True)
    beside.start()
    beside.join(PATIENCE)

    assert [answer.status_code for answer in answers] == [200]
