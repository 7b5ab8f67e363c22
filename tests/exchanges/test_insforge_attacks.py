"""Attacks on InsForge that need more than one odd value: sizes, depths, replays in disguise, and lost updates."""

from __future__ import annotations

import base64
import json
import random
import string
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from sandbox.core.refusals import Reason
from tests.support.databases import config_on, on_either_database
from tests.support.insforge import (
    APP,
    AUTH,
    EXCHANGE,
    NEW,
    anon,
    api_key,
    bearer,
    begin_oauth,
    check_refused,
    cloud_code,
    configure,
    error,
    invalid,
    query,
    setting,
    sign_up,
)

CALLERS = 8
CUSTOM = {"key": "k", "name": "n", "clientId": "c", "clientSecret": "s"}


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast; what is kept, spent or changed at once is so on either database."""
    return config_on(request, approval="hint")


def at_once(app: Flask, calls: list[Callable[[Any], Any]]) -> Counter[int]:
    """Make all calls at the same moment, each from a client of its own; how many got which status."""
    start = Barrier(len(calls))

    def run(call: Callable[[Any], Any]) -> int:
        client = app.test_client()
        start.wait(30)
        return int(call(client).status_code)

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(run, calls))


def long_name(length: int) -> str:
    """Text that no database can make shorter."""
    return "".join(random.Random(length).choices(string.ascii_lowercase + string.digits, k=length))


def shared_callback(sandbox: Any, state: str, person: dict[str, str]) -> Any:
    payload = base64.b64encode(json.dumps(person).encode()).decode()
    return sandbox.get(f"{AUTH}/oauth/shared/callback/{state}", query_string={"success": "true", "payload": payload})


# Sizes and depths


@pytest.mark.parametrize("length", [243, 9_000])
def test_an_address_longer_than_any_mailbox_is_refused(sandbox, length):
    email = f"{long_name(length)}@example.test"

    answer = sandbox.post(f"{AUTH}/users", json={**NEW, "email": email}, headers=anon(sandbox))

    check_refused(sandbox, answer, Reason.FIELD_INVALID, invalid("email: Invalid email format"))


@on_either_database
def test_the_longest_address_is_taken(sandbox):
    email = f"{long_name(241)}@example.test"

    assert sign_up(sandbox, email=email).status_code == 200


@on_either_database
def test_a_shared_login_with_an_endless_address_is_told_to_the_application(sandbox):
    state = query(begin_oauth(sandbox, "google").json["authUrl"])["state"]

    answer = shared_callback(sandbox, state, {"providerId": "1", "email": long_name(9_000)})

    assert answer.location == f"{APP}?error=OAuth+authentication+failed"


@on_either_database
def test_a_deep_profile_is_kept_or_refused(sandbox):
    key = bearer(sign_up(sandbox).json["accessToken"])
    for depth in (495, 600, 900, 925, 930, 935, 940, 945, 950, 5_000):
        body = f'{{"profile":{{"a":{"[" * depth}{"]" * depth}}}}}'

        answer = sandbox.patch(f"{AUTH}/profiles/current", data=body, content_type="application/json", headers=key)

        assert answer.status_code == (200 if depth < 500 else 400), (depth, answer.headers["X-Sandbox-Reason"])
        assert sandbox.get(f"{AUTH}/sessions/current", headers=key).status_code == 200, depth


@pytest.mark.parametrize("endpoint", ["http://[::1", "http://[x]/", "http://a]b/", "http://\u2100.test/"])
def test_a_discovery_endpoint_that_is_no_address_is_refused(sandbox, endpoint):
    body = {**CUSTOM, "discoveryEndpoint": endpoint}
    assert sandbox.post(f"{AUTH}/oauth/custom/configs", json=body, headers=api_key(sandbox)).status_code == 200

    answer = begin_oauth(sandbox, "custom/k")

    message = f"Failed to fetch the discovery document of {endpoint}"
    check_refused(sandbox, answer, Reason.OUTSIDE_ADDRESS_REFUSED, error(400, "AUTH_OAUTH_CONFIG_ERROR", message))


def test_a_pattern_of_many_wildcards_is_decided_at_once(sandbox):
    changed = {"allowedRedirectUrls": [f"http://app.example.test/{'**a' * 600}b"]}
    assert sandbox.put(f"{AUTH}/config", json=changed, headers=api_key(sandbox)).status_code == 200

    answer = begin_oauth(sandbox, "github", redirect_uri=f"http://app.example.test/{'a' * 10_000}")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("pattern", "uri"),
    [
        ("https://*.example.com", "https://evil?.example.com"),
        ("https://*.example.com/cb", "https://2130706433#.example.com/cb"),
        ("https://**.example.com", "https://evil.test/?.example.com"),
        ("https://app.[!x]est/", "https://app./est/"),
    ],
)
def test_no_wildcard_of_a_host_stands_for_its_end(sandbox, pattern, uri):
    sandbox.put(f"{AUTH}/config", json={"allowedRedirectUrls": [pattern]}, headers=api_key(sandbox))

    answer = begin_oauth(sandbox, "github", redirect_uri=uri)

    assert answer.status_code == 400
    assert sandbox.journal()[-1].reason == Reason.REDIRECT_URI_MISMATCH


@on_either_database
def test_a_whole_number_with_a_fraction_is_kept_as_a_whole_one(sandbox):
    body, media = '{"passwordMinLength":8.0}', "application/json"

    answer = sandbox.put(f"{AUTH}/config", data=body, content_type=media, headers=api_key(sandbox))

    assert '"passwordMinLength":8,' in answer.text


# Replays and confusion


@on_either_database
def test_a_one_time_code_is_spent_in_every_spelling(sandbox):
    configure(sandbox, one_time_codes=True)
    code = cloud_code(sandbox)
    assert sandbox.post(EXCHANGE, json={"code": code}).status_code == 200

    for disguise in ("", "=", "=="):
        assert sandbox.post(EXCHANGE, json={"code": code + disguise}).status_code == 400, disguise


@on_either_database
def test_opaque_codes_of_one_moment_are_told_apart(sandbox):
    configure(sandbox, one_time_codes=True)
    sandbox.clock.freeze()
    codes = [cloud_code(sandbox, opaque=True) for _ in range(2)]

    assert [sandbox.post(EXCHANGE, json={"code": code}).status_code for code in codes] == [200, 200]


def test_a_state_of_a_custom_provider_is_none_of_a_shared_login(sandbox):
    state = query(begin_oauth(sandbox, "custom/sandbox").json["authUrl"])["state"]

    answer = shared_callback(sandbox, state, {"providerId": "1", "email": "victim@example.test"})

    assert (answer.status_code, sandbox.journal()[-1].reason) == (400, Reason.PROVIDER_UNSUPPORTED)
    assert sandbox.get(f"{AUTH}/users", headers=api_key(sandbox)).json["pagination"]["total"] == 0


# Lost updates


@on_either_database
def test_no_change_of_a_profile_is_lost(app, sandbox):
    key = bearer(sign_up(sandbox).json["accessToken"])

    def change(number: int) -> Callable[[Any], Any]:
        body = {"profile": {f"n{number}": number}}
        return lambda client: client.patch(f"{AUTH}/profiles/current", json=body, headers=key)

    assert at_once(app, [change(number) for number in range(CALLERS)]) == {200: CALLERS}
    profile = sandbox.get(f"{AUTH}/sessions/current", headers=key).json["user"]["profile"]
    assert profile == {"name": NEW["name"]} | {f"n{number}": number for number in range(CALLERS)}


@on_either_database
def test_no_change_of_a_provider_is_lost(app, sandbox):
    key, path = api_key(sandbox), f"{AUTH}/oauth/github/config"
    changed = {"clientId": "c", "clientSecret": "s", "scopes": ["x"]}

    def change(name: str) -> Callable[[Any], Any]:
        return lambda client: client.put(path, json={name: changed[name]}, headers=key)

    assert at_once(app, [change(name) for name in changed]) == {200: len(changed)}
    kept = sandbox.get(path, headers=key).json
    assert {name: kept[name] for name in changed} == changed


@on_either_database
def test_a_provider_that_was_taken_away_does_not_come_back(app, sandbox):
    key, path = api_key(sandbox), f"{AUTH}/oauth/github/config"

    answers = at_once(
        app,
        [lambda client: client.delete(path, headers=key)]
        + [lambda client: client.put(path, json={"clientId": "c"}, headers=key)] * CALLERS,
    )

    assert set(answers) <= {200, 404}
    assert sandbox.get(path, headers=key).status_code == 404


@on_either_database
def test_users_are_deleted_while_they_refresh_and_sign_up_again(app, sandbox):
    key = api_key(sandbox)
    session = sign_up(sandbox, client_type="server").json
    refresh, known = {"refreshToken": session["refreshToken"]}, bearer(session["accessToken"])
    calls: list[Callable[[Any], Any]] = [
        lambda client: client.post(f"{AUTH}/refresh?client_type=server", json=refresh),
        lambda client: client.delete(f"{AUTH}/users", json={"userIds": [session["user"]["id"].upper()]}, headers=key),
        lambda client: client.patch(f"{AUTH}/profiles/current", json={"profile": {"a": 1}}, headers=known),
        lambda client: client.post(f"{AUTH}/users", json=NEW, headers=key),
    ]

    answers = at_once(app, calls * 3)

    assert set(answers) <= {200, 401, 409}
    assert sandbox.get(f"{AUTH}/sessions/current", headers=known).status_code == 401
    assert setting(sandbox, "anon_key") not in str([row.request for row in sandbox.journal()])
