"""Many callers at Azure, one prize: on SQLite and on PostgreSQL one of them gets it."""

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
from tests.support.azure_login import (
    CALLBACK,
    CONTOSO,
    PUBLIC,
    SECRET,
    WEB,
    answer,
    authorize,
    new_code,
    path,
    post_token,
    sign_in,
)
from tests.support.databases import DATABASES, config_on
from tests.support.forms import find_form, submit

CALLERS = 32
ROUNDS = 8

Race = Callable[[Callable[[Any], Any]], list[Any]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` make the same call at the same moment."""
    clients: list[Any] = [app.test_client(use_cookies=False) for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(client: Any, call: Callable[[Any], Any]) -> Any:
        start.wait(60)
        return call(client)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: list(pool.map(run, clients, [call] * CALLERS))


def press(page: Any, button: str) -> Callable[[Any], Any]:
    """The press of a button, many times over."""
    form, fields = find_form(page.text, button)
    return lambda client: client.post(form.action, data=dict(fields))


def numbers(answers: list[Any]) -> Counter[int]:
    """What the token endpoint told each caller: 0 for tokens, or the number of the error."""
    return Counter(0 if one.status_code == 200 else one.json["error_codes"][0] for one in answers)


def reasons(answers: list[Any]) -> Counter[str]:
    """The true cause of each refusal; empty where there is none."""
    return Counter(one.headers.get("X-Sandbox-Reason", "").split(";")[0] for one in answers)


def test_a_code_is_redeemed_by_one_caller(sandbox, race):
    form = {"client_id": WEB, "client_secret": SECRET, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    for _ in range(ROUNDS):
        code = new_code(sandbox)

        answers = race(lambda client, code=code: client.post(path("token"), data={**form, "code": code}))

        assert numbers(answers) == {0: 1, 54005: CALLERS - 1}


def test_a_sign_in_is_answered_once(sandbox, race):
    sign_in(sandbox)
    for _ in range(ROUNDS):
        page = authorize(sandbox, prompt="consent")

        answers = race(press(page, "allow"))

        assert reasons(answers) == {"": 1, "TRANSACTION_ALREADY_DECIDED": CALLERS - 1}
        assert answer(next(one for one in answers if one.status_code == 302))["code"]


def test_a_device_is_answered_once_and_let_in_once(sandbox, race):
    for _ in range(ROUNDS):
        device = sandbox.post(path("devicecode"), data={"client_id": PUBLIC, "scope": "User.Read"}).json
        page = sandbox.post("/common/oauth2/deviceauth", data={"user_code": device["user_code"]})
        page = submit(sandbox, page, "as-alice")

        pressed = race(press(page, "allow"))
        form = {"client_id": PUBLIC, "grant_type": "device_code", "device_code": device["device_code"]}
        polled = race(lambda client, form=form: client.post(path("token"), data=form))

        assert set(reasons(pressed)) <= {"", "TRANSACTION_ALREADY_DECIDED", "USER_CODE_UNKNOWN"}
        assert reasons(pressed)[""] == 1
        assert numbers(polled)[0] == 1


def test_the_first_request_of_all_makes_the_keys_once(sandbox, race):
    answers = race(lambda client: client.get(f"/{CONTOSO}/discovery/v2.0/keys"))

    assert {one.status_code for one in answers} == {200}
    assert all(one.json == answers[0].json for one in answers)
    with sandbox.world() as world:
        assert world.store.count(tables.SigningKey, service="azure") == 1


def test_a_refresh_token_is_good_for_everyone_at_once(sandbox, race):
    code = new_code(sandbox)
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": code}
    token = post_token(sandbox, **form).json["refresh_token"]
    again = {"client_id": WEB, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": token}

    answers = race(lambda client: client.post(path("token"), data={**again, "scope": "User.Read"}))

    assert numbers(answers) == {0: CALLERS}
