"""Many callers at once: one user for one person, one use of a browser's login, on SQLite and on PostgreSQL."""

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
from tests.support.databases import DATABASES, config_on
from tests.support.prisme import ANONYMOUS, EXCHANGE, configure, forge

CALLERS = 32
Race = Callable[[Callable[[Any, int], Any]], list[Any]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request, approval="always=alice")


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` call at the same moment; their answers."""
    clients: list[Any] = [app.test_client(use_cookies=False) for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(call: Callable[[Any, int], Any], number: int) -> Any:
        start.wait(30)
        return call(clients[number], number)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: list(pool.map(run, [call] * CALLERS, range(CALLERS)))


def users(sandbox: Any) -> int:
    with sandbox.world() as world:
        return int(world.store.count(tables.Account, service="prisme"))


def test_many_first_logins_of_one_person_make_one_user(sandbox, race):
    before, token = users(sandbox), forge(sandbox)
    body = {"provider": "custom", "subject_token": token}

    answers = race(lambda client, _: client.post(EXCHANGE, json=body))

    assert Counter(answer.status_code for answer in answers) == {200: CALLERS}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len({answer.json["sessionId"] for answer in answers}) == CALLERS
    assert users(sandbox) == before + 1


def test_two_providers_at_once_make_one_user_of_one_address(sandbox, race):
    before, token = users(sandbox), forge(sandbox)
    with sandbox.world() as world:
        known = world.settings["prisme"]["providers"]
    configure(sandbox, providers={**known, "second": {**known["custom"], "slug": "second"}})

    def call(client: Any, number: int) -> Any:
        return client.post(EXCHANGE, json={"provider": ("custom", "second")[number % 2], "subject_token": token})

    assert len({answer.json["id"] for answer in race(call)}) == 1
    assert users(sandbox) == before + 1


@pytest.mark.parametrize(("path", "limit"), [(EXCHANGE, "token_exchange"), (ANONYMOUS, "anonymous_login")])
def test_no_call_is_lost_to_the_count(sandbox, race, path, limit):
    sandbox.clock.freeze()
    configure(sandbox, rate_limits={limit: 10})
    body = {"provider": "custom", "subject_token": forge(sandbox)} if path == EXCHANGE else {}

    answers = race(lambda client, _: client.post(path, json=body))

    assert Counter(answer.status_code for answer in answers) == {200: 10, 429: CALLERS - 10}


def test_a_login_in_the_browser_is_finished_once(sandbox, race):
    there = sandbox.get(sandbox.get("/v2/login?provider=custom").location).location
    cookie = {"Cookie": f"connect.sid={sandbox.get_cookie('connect.sid').value}"}

    answers = race(lambda client, _: client.get(there, headers=cookie))

    assert Counter("access-token=" in str(answer.headers) for answer in answers) == {True: 1, False: CALLERS - 1}
