"""Fanfare over HTTP: where it lives, what pages of other origins may do, rate limits, and what no endpoint answers."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox import Config
from sandbox.core.refusals import Reason
from tests.support.fanfare import (
    ADDRESS,
    EXTERNAL,
    IDENTITY,
    OTHER_PK,
    PK,
    SK,
    authorize,
    bearer,
    check_refused,
    configure,
    consumer_id,
    guest,
    log_out,
    page,
    request_otp,
)

R = Reason
HERE = "http://localhost:9400"
HOST = "http://consumer.fanfare.io:9400"
ROOTS = {
    "the root, as in production": (HERE, "/api/auth"),
    "the root, as in development": (HERE, "/auth"),
    "the prefix, as in production": (HERE, "/fanfare/api/auth"),
    "the prefix, as in development": (HERE, "/fanfare/auth"),
    "its host, as in production": (HOST, "/api/auth"),
    "its host, as in development": (HOST, "/auth"),
    "its local host": ("http://fanfare.localhost:9400", "/api/auth"),
}


@pytest.mark.parametrize("root", ROOTS)
def test_a_login_goes_the_whole_way_at_each_place(sandbox, root):
    origin, auth = ROOTS[root]
    # Two endpoints of these names at the root of the origin are another service's.
    rest = auth if origin != HERE or auth != "/api/auth" else "/auth"

    def post(path: str, **options: Any) -> Any:
        return sandbox.post(path, base_url=origin, **options)

    vouched = post(f"{auth}/external/authorize", json=IDENTITY, headers=bearer(SK))
    code = {"exchangeCode": vouched.json["exchangeCode"]}
    session = post(f"{auth}/external/exchange", json=code, headers=page()).json
    renewed = post(f"{rest}/refresh", json={"refreshToken": session["refreshToken"]}, headers=page()).json

    assert post(f"{auth}/guest", headers=page()).status_code == 200
    assert post(f"{auth}/otp/request", json={"email": ADDRESS}, headers=page()).status_code == 200
    otp = {"email": ADDRESS, "code": "123456"}
    assert post(f"{auth}/otp/verify", json=otp, headers=page()).status_code == 200
    consumers = rest.replace("auth", "consumers")
    found = sandbox.get(f"{consumers}/me", base_url=origin, headers=page(renewed["accessToken"]))
    assert found.json["id"] == consumer_id(session)
    assert post(f"{rest}/logout", headers=bearer(renewed["accessToken"])).status_code == 204


def test_at_the_root_refresh_and_logout_below_api_are_anothers(sandbox):
    for path in ("/api/auth/refresh", "/api/auth/logout"):
        assert sandbox.post(path).headers.get("X-RateLimit-Limit") is None
    assert sandbox.get("/auth/v1/shared/github").headers.get("X-RateLimit-Limit") is None


@pytest.mark.parametrize(
    "path", ["/auth/session", "/auth", "/consumers/me/x", "/api/auth/external", "/fanfare/x", "/fanfare"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_nowhere_is_told_in_json(sandbox, path, method):
    check_refused(sandbox, sandbox.open(path, method=method), R.ROUTE_UNKNOWN, (404, {"error": "not_found"}))


def test_a_wrong_method_and_a_long_body_are_told_in_json(sandbox):
    method = sandbox.get(f"{EXTERNAL}/authorize")
    check_refused(sandbox, method, R.METHOD_NOT_ALLOWED, (405, {"error": "method_not_allowed"}))
    assert method.headers["Allow"] == "OPTIONS, POST"

    size = sandbox.post(f"{EXTERNAL}/authorize", data=b"x" * 1_000_001, headers=bearer(SK))
    check_refused(sandbox, size, R.BODY_TOO_LARGE, (413, {"error": "payload_too_large"}))


# Pages of other origins


@pytest.mark.parametrize("path", [f"{EXTERNAL}/exchange", "/auth/refresh", "/consumers/me", "/auth/nowhere"])
def test_a_preflight_lets_a_page_send_its_key(sandbox, path):
    asked = {
        "Origin": "https://shop.example.test",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,dpop,x-publishable-key",
    }

    answer = sandbox.options(path, headers=asked)

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example.test"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= set(allowed)
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("key", [PK, "pk_test_unknown"])
def test_a_page_may_read_answers_and_refusals(sandbox, key):
    answer = sandbox.post("/auth/guest", headers={**page(key=key), "Origin": "null"})

    assert answer.headers["Access-Control-Allow-Origin"] == "null"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    limits = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
    assert exposed == [*limits, "Retry-After", "X-Request-Id"]
    assert "Set-Cookie" not in answer.headers


# Rate limits


def limits(answer: Any) -> tuple[int, int]:
    return int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def test_every_answer_tells_the_limit(sandbox):
    sandbox.clock.freeze()
    with sandbox.world() as world:
        world.set_clock(world.clock.at(1_800_000_030))

    assert limits(authorize(sandbox)) == (100, 99)
    assert limits(authorize(sandbox)) == (100, 98)
    assert limits(request_otp(sandbox)) == (10, 9)
    assert limits(sandbox.post("/auth/guest", headers=page())) == (2000, 1999)
    session = guest(sandbox)
    answer = log_out(sandbox, session["accessToken"])
    assert limits(answer) == (2000, 1997)
    assert answer.headers["X-RateLimit-Reset"] == "1800000060"
    # Whom nobody knows costs nobody anything.
    assert limits(sandbox.post(f"{EXTERNAL}/exchange")) == (2000, 2000)
    assert limits(sandbox.get("/auth/nowhere")) == (2000, 2000)
    assert limits(sandbox.post("/auth/guest", headers=page(key=OTHER_PK))) == (2000, 1999)
    sandbox.clock.advance(seconds=30)
    assert limits(authorize(sandbox)) == (100, 99)


def test_a_limit_is_told_and_not_enforced(sandbox):
    sandbox.clock.freeze()
    answers = [request_otp(sandbox) for _ in range(12)]

    assert {answer.status_code for answer in answers} == {200}
    assert limits(answers[-1]) == (10, 0)


def test_a_limit_is_enforced_on_demand(sandbox):
    configure(sandbox, enforce_rate_limits=True)
    sandbox.clock.freeze()
    with sandbox.world() as world:
        world.set_clock(world.clock.at(1_800_000_015))
    for _ in range(10):
        assert request_otp(sandbox).status_code == 200

    refused = request_otp(sandbox)

    check_refused(sandbox, refused, R.RATE_LIMITED, (429, {"error": "Rate limit exceeded", "retryAfter": 45}))
    assert (refused.headers["Retry-After"], limits(refused)) == ("45", (10, 0))
    assert request_otp(sandbox, key=OTHER_PK).status_code == 200
    assert guest(sandbox)
    sandbox.clock.advance(seconds=45)
    assert request_otp(sandbox).status_code == 200


def test_each_answer_has_an_id(sandbox):
    ids = {sandbox.get("/fanfare/health").headers["X-Request-Id"] for _ in range(3)}

    assert len(ids) == 3


# What describes it


@pytest.mark.parametrize("base", ["/fanfare", "/fanfare/api"])
def test_it_is_healthy_and_described(sandbox, base):
    assert sandbox.get(f"{base}/health").json == {"status": "ok"}
    described = sandbox.get(f"{base}/openapi.json").json

    assert described["info"] == {
        "description": "Consumer API for Fanfare",
        "title": "Fanfare Consumer API",
        "version": "1.0.0",
    }
    assert described["servers"][0]["url"] == "http://localhost/fanfare"
    operation = described["paths"]["/auth/external/authorize"]["post"]
    assert operation["operationId"] == "postAuthExternalAuthorize"
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["provider", "issuer", "subject"]
    assert {method["post"]["operationId"] for path, method in described["paths"].items() if path[:6] == "/auth/"} == {
        "postAuthExternalAuthorize",
        "postAuthExternalExchange",
        "postAuthGuest",
        "postAuthOtpRequest",
        "postAuthOtpVerify",
        "postAuthRefresh",
        "postAuthLogout",
    }


def test_every_answer_is_as_it_is_described(sandbox):
    paths = sandbox.get("/fanfare/openapi.json").json["paths"]

    def check(path: str, answer: Any) -> Any:
        (operation,) = paths[path].values()
        schema = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        assert list(Draft202012Validator(schema).iter_errors(answer.json)) == []
        return answer.json

    vouched = check("/auth/external/authorize", authorize(sandbox))
    body = {"exchangeCode": vouched["exchangeCode"]}
    session = check("/auth/external/exchange", sandbox.post(f"{EXTERNAL}/exchange", json=body, headers=page()))
    check("/auth/guest", sandbox.post("/auth/guest", headers=page()))
    check("/auth/otp/request", request_otp(sandbox))
    otp = {"email": ADDRESS, "code": "123456"}
    check("/auth/otp/verify", sandbox.post("/auth/otp/verify", json=otp, headers=page()))
    renewal = {"refreshToken": session["refreshToken"]}
    check("/auth/refresh", sandbox.post("/auth/refresh", json=renewal, headers=page()))
    check("/consumers/me", sandbox.get("/consumers/me", headers=page(session["accessToken"])))
    check("/consumers/{id}", sandbox.get(f"/fanfare/consumers/{consumer_id(session)}", headers=bearer(SK)))
    check("/auth/external/authorize", sandbox.post(f"{EXTERNAL}/authorize", json={}, headers=bearer(SK)))
    check("/auth/external/authorize", sandbox.post(f"{EXTERNAL}/authorize", json={}))


class TestWithASeed:
    @pytest.fixture
    def config(self) -> Config:
        return Config(random_seed=7)

    def test_ids_are_the_same_in_every_run(self, sandbox, make_sandbox, config):
        def run(client: Any) -> list[str]:
            with client.world() as world:
                world.set_clock(world.clock.at(1_800_000_000).frozen())
            code = authorize(client).json["exchangeCode"]
            session = client.post(f"{EXTERNAL}/exchange", json={"exchangeCode": code}, headers=page()).json
            return [code, consumer_id(session), session["accessToken"], session["refreshToken"]]

        assert run(sandbox) == run(make_sandbox(config))
