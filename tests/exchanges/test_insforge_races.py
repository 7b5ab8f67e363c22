"""Many callers at once: one user for one address, one use of a code, on SQLite and on PostgreSQL."""

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
from tests.support.insforge import AUTH, NEW, anon, api_key, begin_oauth, cloud_code, configure, exchange, query, swap

CALLERS = 12
Race = Callable[[Callable[[Any], Any]], Counter[int]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request, approval="hint")


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` make the same call at the same moment; how many got which status."""
    clients: list[Any] = [app.test_client() for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(client: Any, call: Callable[[Any], Any]) -> int:
        start.wait(30)
        return int(call(client).status_code)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: Counter(pool.map(run, clients, [call] * CALLERS))


def test_of_many_who_sign_up_at_once_one_does(sandbox, race):
    key = anon(sandbox)

    answers = race(lambda client: client.post(f"{AUTH}/users", json=NEW, headers=key))

    assert answers == {200: 1, 409: CALLERS - 1}


def test_many_first_sign_ins_at_once_make_one_user(sandbox, race):
    def sign_in(client: Any) -> Any:
        page = begin_oauth(client, "github", login="alice").json["authUrl"]
        back = client.get(client.get(page).location).location
        return swap(client, query(back)["insforge_code"])

    assert race(sign_in) == {200: CALLERS}
    assert sandbox.get(f"{AUTH}/users", headers=api_key(sandbox)).json["pagination"]["total"] == 1


def test_a_one_time_code_is_exchanged_by_one_caller(sandbox, race):
    configure(sandbox, one_time_codes=True)
    code = cloud_code(sandbox)

    assert race(lambda client: exchange(client, code)) == {200: 1, 400: CALLERS - 1}


def test_an_opaque_code_is_exchanged_by_one_caller(sandbox, race):
    code = cloud_code(sandbox, opaque=True)

    assert race(lambda client: exchange(client, code)) == {200: 1, 400: CALLERS - 1}


def test_a_code_for_an_application_is_swapped_by_one_caller(sandbox, race):
    page = begin_oauth(sandbox, "github", login="alice").json["authUrl"]
    code = query(sandbox.get(sandbox.get(page).location).location)["insforge_code"]

    assert race(lambda client: swap(client, code)) == {200: 1, 401: CALLERS - 1}


def test_a_provider_is_configured_by_one_admin(sandbox, race):
    key, body = api_key(sandbox), {"provider": "discord", "useSharedKey": False}

    answers = race(lambda client: client.post(f"{AUTH}/oauth/configs", json=body, headers=key))

    assert answers == {200: 1, 409: CALLERS - 1}
