"""Many callers, one prize: of all concurrent redemptions exactly one succeeds, on SQLite and on PostgreSQL."""

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
from tests.conftest import HouseClient
from tests.support.databases import DATABASES, config_on
from tests.support.forms import submit

CALLERS = 32
CODE_ROUNDS = 50
OTHER_ROUNDS = 8
TOKEN = "/login/oauth/access_token"
GMI = "/api/v1"
HEADERS = {"Accept": "application/json", "CE-ClientId": "laptop1"}
CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
APP = {"client_id": "Iv23.sandboxghapp", "client_secret": "sandbox-secret"}

Call = Callable[[HouseClient], Any]
Race = Callable[[Call], list[Any]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` make the same call at the same moment."""
    clients: list[Any] = [app.test_client() for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(client: HouseClient, call: Call) -> Any:
        start.wait(30)
        return call(client)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: list(pool.map(run, clients, [call] * CALLERS))


def post(path: str, **body: str) -> Call:
    return lambda client: client.post(path, json=body, headers=HEADERS)


def patch(path: str, **body: str) -> Call:
    return lambda client: client.patch(path, json=body, headers=HEADERS)


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def outcomes(answers: list[Any]) -> Counter[str]:
    """What GitHub told each caller; whatever the trouble, the status is 200."""
    assert {answer.status_code for answer in answers} == {200}
    return Counter(answer.json.get("error", "token") for answer in answers)


def test_a_code_is_redeemed_by_one_caller(sandbox, sign_in, race):
    for round_ in range(1, CODE_ROUNDS + 1):
        code = sign_in("github", as_="octocat", client=CLIENT["client_id"])

        answers = race(post(TOKEN, **CLIENT, code=code))

        assert outcomes(answers) == {"token": 1, "bad_verification_code": CALLERS - 1}
        with sandbox.world() as world:
            assert world.store.count(tables.Token, service="github") == round_


def test_a_refresh_token_is_used_by_one_caller(sandbox, sign_in, race):
    code = sign_in("github", as_="octocat", client=APP["client_id"])
    tokens = sandbox.post(TOKEN, json={**APP, "code": code}, headers=HEADERS).json
    for _ in range(OTHER_ROUNDS):
        refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

        answers = race(post(TOKEN, **APP, **refresh))

        assert outcomes(answers) == {"token": 1, "bad_refresh_token": CALLERS - 1}
        tokens = next(answer.json for answer in answers if "access_token" in answer.json)
        # Nobody who came late has harmed the winner's pair.
        with sandbox.world() as world:
            assert world.store.count(tables.Token, service="github", revoked_at=None, used_at=None) == 2


def test_a_device_code_is_redeemed_by_one_caller(sandbox, race):
    for _ in range(OTHER_ROUNDS):
        device = sandbox.post("/login/device/code", json=CLIENT, headers=HEADERS).json
        page = sandbox.post("/login/device", data={"user_code": device["user_code"]})
        page = submit(sandbox, page, "as-octocat")
        if 'id="allow"' in page.text:
            submit(sandbox, page, "allow")
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device["device_code"]}

        answers = race(post(TOKEN, **CLIENT, **grant))

        told = outcomes(answers)
        assert told["token"] == 1
        # Who comes a moment later has polled too fast, or finds the code spent.
        assert set(told) <= {"token", "slow_down", "incorrect_device_code"}


def test_a_sign_in_is_answered_once(sandbox, sign_in, race):
    """A double click, many times over: one code, and for everyone else a page that explains."""
    sign_in("github", as_="octocat", client=CLIENT["client_id"])
    for _ in range(OTHER_ROUNDS):
        # Read before all of them read it at once.
        page = sandbox.get("/login/oauth/authorize", query_string={"client_id": CLIENT["client_id"]}, buffered=True)

        answers = race(lambda client, page=page: submit(client, page, "as-octocat"))

        assert statuses(answers) == {302: 1, 400: CALLERS - 1}
        assert {answer.headers.get("X-Sandbox-Reason", "").split(";")[0] for answer in answers} == {
            "",
            "TRANSACTION_ALREADY_DECIDED",
        }


# The same at GMI Cloud, where a login ends


def swap_code(sandbox: HouseClient, code: str) -> dict[str, str]:
    token: dict[str, str] = sandbox.post(f"{GMI}/oauth/token", json={"provider": "github", "code": code}).json
    return token


def test_a_first_login_in_many_places_makes_one_user(sandbox, sign_in, race):
    people = ("octocat", "alice", "admin", "noreply", "twin-one", "twin-two", "no-name", "emoji")
    for number, login in enumerate(people, 1):
        token = swap_code(sandbox, sign_in("github", as_=login, client="gmi-console"))

        answers = race(post(f"{GMI}/me/oauth/auth-tokens", provider="github", **token))

        assert statuses(answers) == {201: CALLERS}
        with sandbox.world() as world:
            assert world.store.count(tables.Account, service="gmi") == number
            assert world.store.count(tables.Membership, service="gmi") == number


def test_an_auth_token_and_a_refresh_token_serve_one_caller(sandbox, sign_in, race):
    for _ in range(OTHER_ROUNDS):
        token = swap_code(sandbox, sign_in("github", as_="octocat", client="gmi-console"))
        auth = sandbox.post(f"{GMI}/me/oauth/auth-tokens", json={"provider": "github", **token}).json

        opened = race(post(f"{GMI}/me/sessions", **auth))
        session = next(answer.json for answer in opened if answer.status_code == 201)
        renewed = race(patch(f"{GMI}/me/sessions", refreshToken=session["refreshToken"]))

        assert statuses(opened) == {201: 1, 400: CALLERS - 1}
        assert statuses(renewed) == {200: 1, 400: CALLERS - 1}


def test_refreshing_and_revoking_never_wait_for_each_other_in_a_ring(sandbox, sign_in, race):
    for _ in range(OTHER_ROUNDS):
        pairs = []
        for _ in range(4):
            code = sign_in("github", as_="octocat", client=APP["client_id"])
            pairs.append(sandbox.post(TOKEN, json={**APP, "code": code}, headers=HEADERS).json)
        turns = iter(range(CALLERS))

        def call(client: HouseClient, pairs: list[Any] = pairs, turns: Iterator[int] = turns) -> Any:
            turn = next(turns)
            if turn % 2:
                page = f"/settings/connections/applications/{APP['client_id']}"
                return client.post(page, data={"revoke": "octocat"})
            token = pairs[turn // 2 % len(pairs)]["refresh_token"]
            return post(TOKEN, **APP, grant_type="refresh_token", refresh_token=token)(client)

        assert statuses(race(call)) == {200: CALLERS}


def test_ten_tokens_live_however_many_are_redeemed_at_once(sandbox, sign_in, race):
    codes = iter([sign_in("github", as_="octocat", client=CLIENT["client_id"]) for _ in range(CALLERS)])

    def call(client: HouseClient) -> Any:
        return post(TOKEN, **CLIENT, code=next(codes))(client)

    answers = race(call)

    assert outcomes(answers) == {"token": CALLERS}
    with sandbox.world() as world:
        assert world.store.count(tables.Token, client_id=CLIENT["client_id"], revoked_at=None) == 10


def test_an_organization_never_gets_one_api_key_too_many(sandbox, race):
    login = {"email": "alice@contoso.test", "password": "sandbox-password"}
    auth_token = sandbox.post(f"{GMI}/me/auth-tokens", json=login).json["authToken"]
    access = sandbox.post(f"{GMI}/me/sessions", json={"authToken": auth_token}, headers=HEADERS).json["accessToken"]
    bearer = {"Authorization": f"Bearer {access}"}
    organization = sandbox.get(f"{GMI}/me/profile", headers=bearer).json["organization"]["id"]
    keys = f"{GMI}/organizations/{organization}/api-keys"

    answers = race(lambda client: client.post(keys, json={"name": "ci"}, headers=bearer))

    assert statuses(answers) == {201: 20, 400: CALLERS - 20}
