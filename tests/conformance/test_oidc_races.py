"""Many callers at the token endpoint of an issuer, one prize: on SQLite and on PostgreSQL one of them gets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from sandbox.core import tables
from tests.conformance.provers import DEVICE
from tests.conformance.relying_party import RelyingParty
from tests.conformance.signing import ASSERTION_TYPE, client_key
from tests.support.databases import DATABASES, config_on
from tests.support.forms import submit

CALLERS = 32
ROUNDS = 8

Race = Callable[[Callable[[], Any]], list[Any]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many threads make the same call at the same moment."""
    start = Barrier(CALLERS)

    def run(call: Callable[[], Any]) -> Any:
        start.wait(60)
        return call()

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: list(pool.map(run, [call] * CALLERS))


def post(rp: RelyingParty, form: dict[str, str]) -> Callable[[], Any]:
    """A call to the token endpoint, each from a client of its own."""
    headers, proven = rp.credentials("")
    app, url = rp.browser.application, rp.metadata["token_endpoint"]
    return lambda: app.test_client(use_cookies=False).post(url, data={**form, **proven}, headers=headers)


def outcomes(answers: list[Any]) -> Counter[str]:
    assert {answer.status_code for answer in answers} <= {200, 400, 401}, [answer.text for answer in answers]
    return Counter(answer.json.get("error", "tokens") for answer in answers)


def test_a_code_is_redeemed_by_one_caller(rp, race):
    for round_ in range(1, ROUNDS + 1):
        code = rp.sign_in()["code"]

        answers = race(post(rp, {"grant_type": "authorization_code", "code": code, "redirect_uri": rp.redirect_uri}))

        assert outcomes(answers) == {"tokens": 1, "invalid_grant": CALLERS - 1}
        # Whoever came when the code was spent may have revoked the winner's token, and has brought no other.
        with rp.browser.world() as world:
            assert world.store.count(tables.Token, client_id=rp.client_id) == round_


def test_a_refresh_token_is_used_by_one_caller(rp, race):
    for _ in range(ROUNDS):
        token = rp.log_in(scope="openid offline_access", prompt="consent").refresh_token

        answers = race(post(rp, {"grant_type": "refresh_token", "refresh_token": token}))

        assert outcomes(answers) == {"tokens": 1, "invalid_grant": CALLERS - 1}


def test_a_device_code_is_redeemed_by_one_caller(sandbox, race):
    rp = RelyingParty.register(sandbox, grant_types=[DEVICE])
    for _ in range(ROUNDS):
        device = rp.call("device_authorization_endpoint", {"scope": "openid"}).json
        page = submit(sandbox, sandbox.get(device["verification_uri_complete"]), "continue")
        rp.go_on(page)

        told = outcomes(race(post(rp, {"grant_type": DEVICE, "device_code": device["device_code"]})))

        # Who comes a moment later has polled too fast, or finds the code spent.
        assert told["tokens"] == 1
        assert set(told) <= {"tokens", "slow_down", "invalid_grant"}


def test_a_client_assertion_is_used_by_one_caller(sandbox, race):
    rp = RelyingParty.register(
        sandbox,
        key=client_key("ES256"),
        token_endpoint_auth_method="private_key_jwt",
        grant_types=["client_credentials"],
    )
    for _ in range(ROUNDS):
        call = post(rp, {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE})

        assert outcomes(race(call)) == {"tokens": 1, "invalid_client": CALLERS - 1}


def test_the_first_request_of_all_makes_the_keys_once(rp, race):
    """The first request of all makes the issuer's keys; here everybody is the first."""
    app, url = rp.browser.application, f"{rp.issuer}/jwks"

    answers = race(lambda: app.test_client(use_cookies=False).get(url))

    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json == answers[0].json for answer in answers)
    assert rp.log_in().header["kid"] in [key["kid"] for key in rp.jwks()["keys"]]
