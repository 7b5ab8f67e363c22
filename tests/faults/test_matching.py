"""Which calls a fault meets, how often, and what is left of it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Config
from tests.conftest import HouseClient
from tests.support import github, github_api
from tests.support.recipes import CONTROL, approve

USER = {"service": "github", "operation": "get_user"}
GONE = {"refuse": {"reason": "TOKEN_REVOKED"}}


def arm(sandbox: HouseClient, **rule: Any) -> str:
    answer = sandbox.post(f"{CONTROL}/faults", json=rule)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def hits(sandbox: HouseClient, fault: str) -> int:
    return int(sandbox.get(f"{CONTROL}/faults/{fault}").json["hits"])


def users(sandbox: HouseClient, login: str = "octocat", times: int = 1) -> list[int]:
    """The statuses of so many calls of GET /user."""
    token = github_api.oauth_token(sandbox, login)
    return [github_api.api(sandbox, "/user", token).status_code for _ in range(times)]


def test_it_happens_once_unless_told_otherwise(sandbox):
    fault = arm(sandbox, **USER, **GONE)

    assert users(sandbox, times=3) == [401, 200, 200]
    assert hits(sandbox, fault) == 1


def test_it_may_happen_at_the_third_call_only(sandbox):
    fault = arm(sandbox, **USER, **GONE, skip=2)

    assert users(sandbox, times=5) == [200, 200, 401, 200, 200]
    assert hits(sandbox, fault) == 3


def test_it_may_happen_until_it_is_removed(sandbox):
    fault = arm(sandbox, **USER, **GONE, times=None)
    before = users(sandbox, times=4)
    sandbox.delete(f"{CONTROL}/faults/{fault}")

    assert (before, users(sandbox)) == ([401] * 4, [200])


def test_it_is_of_one_operation_and_one_service(sandbox):
    arm(sandbox, **USER, **GONE)

    assert github_api.api(sandbox, "/users/octocat").status_code == 200
    assert sandbox.get("/oidc/main/jwks").status_code == 200
    assert users(sandbox) == [401]


def test_one_without_a_service_is_of_any(sandbox):
    arm(sandbox, refuse={"reason": "INTERNAL_ERROR"}, times=None)

    assert [sandbox.get(path).status_code for path in ("/oidc/main/jwks", "/v1/tenants", "/")] == [500, 500, 200]


def test_it_is_of_one_person(sandbox):
    fault = arm(sandbox, **USER, **GONE, login="alice")

    assert users(sandbox, "octocat", 2) == [200, 200]
    assert hits(sandbox, fault) == 0
    assert users(sandbox, "alice", 2) == [401, 200]


def test_it_is_of_one_client_and_leaves_the_code_alone(sandbox):
    arm(sandbox, service="github", operation="access_token", client_id=github.CLIENT, refuse={"reason": "CODE_EXPIRED"})
    asked = {"redirect_uri": github.CALLBACK}
    others = approve(sandbox, "/login/oauth/authorize", "octocat", client_id=github.APP, **asked)
    ours = approve(sandbox, "/login/oauth/authorize", "octocat", client_id=github.CLIENT, **asked)
    code = ours.headers["Location"].partition("code=")[2].partition("&")[0]
    other = others.headers["Location"].partition("code=")[2].partition("&")[0]

    assert "access_token" in github.redeem(sandbox, other, client_id=github.APP).json
    assert github.redeem(sandbox, code).json["error"] == "bad_verification_code"
    assert "access_token" in github.redeem(sandbox, code).json


@pytest.mark.parametrize(
    "action",
    [{"answer": {"status": 503}}, {"content_type": {"value": "text/html"}}, {"drop": {}}, {"malform": {}}],
    ids=lambda action: next(iter(action)),
)
def test_every_effect_waits_until_the_person_is_known(sandbox, action):
    fault = arm(sandbox, **USER, **action, login="alice")
    users(sandbox, "octocat")
    before = hits(sandbox, fault)
    try:
        users(sandbox, "alice")
    except ConnectionAbortedError:
        assert "drop" in action

    assert (before, hits(sandbox, fault)) == (0, 1)
    assert sandbox.journal()[-1].fault == fault
    assert sandbox.journal()[-1].login == "alice"


def test_a_preflight_is_no_call(sandbox):
    fault = arm(sandbox, **USER, **GONE)
    sandbox.options("/api/v3/user", headers={"Origin": "http://spa.test", "Access-Control-Request-Method": "GET"})

    assert hits(sandbox, fault) == 0


def test_the_oldest_of_two_refusals_goes_first(sandbox):
    arm(sandbox, **USER, refuse={"reason": "RATE_LIMITED"})
    arm(sandbox, **USER, **GONE)

    assert users(sandbox, times=3) == [403, 401, 200]


@pytest.mark.parametrize(("probability", "expected"), [(0, {200}), (1, {401}), (0.5, {200, 401})])
def test_it_happens_with_a_probability(sandbox, probability, expected):
    arm(sandbox, **USER, **GONE, times=None, probability=probability)

    assert set(users(sandbox, times=40)) == expected


def test_of_an_unlikely_one_the_times_are_those_that_happened(sandbox):
    fault = arm(sandbox, **USER, **GONE, times=2, probability=0.5)

    assert users(sandbox, times=60).count(401) == 2
    assert hits(sandbox, fault) == 2


def test_luck_follows_the_seed(make_sandbox):
    runs = []
    for _ in range(2):
        sandbox = make_sandbox(Config(random_seed=7))
        arm(sandbox, **USER, **GONE, times=None, probability=0.5)
        runs.append(users(sandbox, times=20))

    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 401}


def test_once_all_are_over_no_request_asks_for_them(sandbox):
    fault = arm(sandbox, **USER, **GONE)
    with sandbox.world() as world:
        armed = world.faults_armed
    users(sandbox, times=2)
    with sandbox.world() as world:
        after = world.faults_armed

    assert (armed, after) == (True, False)
    arm(sandbox, **USER, **GONE)
    assert users(sandbox) == [401]
    assert hits(sandbox, fault) == 1


@pytest.mark.parametrize("path", ["/faults", "/faults/{id}"])
def test_once_removed_no_request_asks_for_it(sandbox, path):
    fault = arm(sandbox, **USER, **GONE, times=None)
    sandbox.delete(CONTROL + path.format(id=fault))

    with sandbox.world() as world:
        assert not world.faults_armed
    assert users(sandbox) == [200]


def test_a_world_has_faults_of_its_own(sandbox):
    sandbox.post(f"/w/other{CONTROL}/faults", json={"service": "oidc", "drop": {}, "times": None})

    assert sandbox.get("/oidc/main/jwks").status_code == 200
    with pytest.raises(ConnectionAbortedError):
        sandbox.get("/w/other/oidc/main/jwks")


@pytest.mark.parametrize("action", [GONE, {"answer": {"status": 503}}], ids=["refuse", "answer"])
def test_a_request_that_was_kept_from_its_work_belongs_to_the_login_of_what_it_brought(sandbox, action):
    arm(sandbox, service="github", operation="access_token", **action)
    login = sandbox.post(f"{CONTROL}/login", json={"provider": "github", "identity": "octocat"}).json
    sandbox.post("/login/oauth/access_token", data={"client_id": login["client_id"], "code": login["code"]})

    hit = sandbox.get(f"{CONTROL}/journal").json["entries"][-1]
    assert hit["fault"]
    assert (hit["flow"], hit["client_id"], hit["login"]) == (login["flow"], login["client_id"], "octocat")
