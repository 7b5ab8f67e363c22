"""Many calls at once: a fault meets exactly as many as it says, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from tests.conftest import HouseClient
from tests.support import github, github_api
from tests.support.databases import DATABASES, config_on
from tests.support.recipes import CONTROL, approve

CALLERS = 32
USER = {"service": "github", "operation": "get_user"}
TOKEN = {"service": "github", "operation": "access_token"}


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


def arm(sandbox: HouseClient, **rule: Any) -> str:
    return str(sandbox.post(f"{CONTROL}/faults", json=rule).json["id"])


def at_once(app: Flask, call: Callable[[Any], Any]) -> Counter[Any]:
    with ThreadPoolExecutor(CALLERS) as pool:
        return Counter(pool.map(lambda _: call(app.test_client()), range(CALLERS)))


@pytest.mark.parametrize(
    "rule",
    [
        {"refuse": {"reason": "TOKEN_REVOKED"}},
        {"refuse": {"reason": "TOKEN_REVOKED"}, "login": "octocat"},
        {"answer": {"status": 401}, "after": True},
    ],
    ids=["at entry", "when the person is known", "after the work"],
)
def test_it_meets_exactly_the_calls_that_it_should(app, sandbox, rule):
    fault = arm(sandbox, **USER, **rule, skip=5, times=3)
    token = github_api.oauth_token(sandbox)

    assert at_once(app, lambda client: github_api.api(client, "/user", token).status_code) == {401: 3, 200: 29}
    assert sandbox.get(f"{CONTROL}/faults/{fault}").json["hits"] == 8


@pytest.mark.parametrize("rule", [{}, {"client_id": github.CLIENT}, {"login": "octocat"}], ids=str)
def test_a_refused_call_leaves_the_code_to_one_of_the_others(app, sandbox, rule):
    asked = {"client_id": github.CLIENT, "redirect_uri": github.CALLBACK}
    back = approve(sandbox, "/login/oauth/authorize", "octocat", **asked)
    code = back.headers["Location"].partition("code=")[2].partition("&")[0]
    arm(sandbox, **TOKEN, **rule, refuse={"reason": "EMAIL_UNVERIFIED"}, times=2)
    told = at_once(app, lambda client: github.redeem(client, code).json.get("error", "token"))

    assert told == {"unverified_user_email": 2, "token": 1, "bad_verification_code": CALLERS - 3}


def test_faults_that_come_and_go_are_all_met_in_the_end(app, sandbox):
    """One is armed while another is over, all the time. A call may miss what was armed after it began."""
    token = github_api.oauth_token(sandbox)

    def call(client: Any) -> int:
        return int(github_api.api(client, "/user", token).status_code)

    def arm_and_call(client: Any) -> int:
        arm(client, **USER, refuse={"reason": "TOKEN_REVOKED"})
        return call(client)

    met = at_once(app, arm_and_call)[401]
    later = [call(sandbox) for _ in range(CALLERS - met + 1)]

    assert later == [401] * (CALLERS - met) + [200]
