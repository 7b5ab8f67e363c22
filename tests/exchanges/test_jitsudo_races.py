"""Many callers at once: one login for one code and state, one owner of a domain, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from tests.support.databases import DATABASES, config_on
from tests.support.jitsudo import (
    CONTOSO,
    FABRIKAM,
    HERE,
    bearer,
    come_back,
    exchange,
    globally,
    key,
    person,
    put_config,
    sign_state,
)
from tests.support.oidc import RelyingParty

CALLERS = 32
Race = Callable[[Callable[[Any, int], Any]], Counter[int]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request, approval="hint")


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` call at the same moment, each with its number; how many got which status."""
    clients: list[Any] = [app.test_client() for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(number: int, call: Callable[[Any, int], Any]) -> int:
        start.wait(30)
        return int(call(clients[number], number).status_code)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: Counter(pool.map(run, range(CALLERS), [call] * CALLERS))


@pytest.mark.parametrize("begin", [come_back, globally], ids=["with a state", "without"])
def test_one_code_is_one_login(sandbox, race, begin):
    body = begin(sandbox, "alice")

    assert race(lambda client, _: exchange(client, body)) == {200: 1, 401: CALLERS - 1}


def test_one_state_is_one_login_whatever_code_comes_with_it(sandbox, race):
    said = {"tenant_id": CONTOSO, "nonce": "n", "redirect_uri": HERE, "iat": 0, "exp": 253_402_300_799}
    party = RelyingParty(sandbox, client_id="jitsudo-contoso", redirect_uri=HERE)
    state = sign_state(said)
    codes = [party.code(scope="openid email", nonce="n", login_hint="alice") for _ in range(CALLERS)]

    def post(client: Any, number: int) -> Any:
        return exchange(client, {"code": codes[number], "redirect_uri": HERE, "state": state})

    assert race(post) == {200: 1, 401: CALLERS - 1}


def test_a_slug_and_a_domain_are_made_once(sandbox, race):
    tenant = {"name": "Acme", "slug": "acme", "owner_email": "owner@acme.test"}
    headers = person(sandbox)

    made = race(lambda client, _: client.post("/v1/tenants", json=tenant, headers=key()))
    domains = race(lambda client, _: client.post("/v1/domains", json={"domain": "acme.test"}, headers=headers))

    assert made == domains == {201: 1, 400: CALLERS - 1}


def test_a_configuration_is_removed_once(sandbox, race):
    removed = race(lambda client, _: client.delete("/v1/oidc-config", headers=key()))

    assert removed == {204: 1, 404: CALLERS - 1}


def test_a_domain_gets_one_owner(sandbox, race):
    ours = person(sandbox)
    theirs = bearer(exchange(sandbox, globally(sandbox, "guest")).json["token"], FABRIKAM)
    wanted = [
        (headers, sandbox.post("/v1/domains", json={"domain": "acme.test"}, headers=headers).json["id"])
        for headers in (ours, theirs)
    ]
    verdicts = []

    def verify(client: Any, number: int) -> Any:
        headers, domain_id = wanted[number % 2]
        answer = client.post(f"/v1/domains/{domain_id}/verify", headers=headers)
        verdicts.append((number % 2, answer.json["verified"]))
        return answer

    assert race(verify) == {200: CALLERS}
    assert len({owner for owner, verified in verdicts if verified}) == 1
    assert len(set(verdicts)) == 2


def test_a_configuration_keeps_its_id(sandbox, race):
    def put(client: Any, number: int) -> Any:
        return put_config(client, scopes=["openid", f"s{number}"])

    before = sandbox.get("/v1/oidc-config", headers=key()).json["id"]

    assert race(put) == {200: CALLERS}
    assert sandbox.get("/v1/oidc-config", headers=key()).json["id"] == before
