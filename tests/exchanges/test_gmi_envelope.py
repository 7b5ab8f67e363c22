"""Whatever goes wrong anywhere in the room, the answer is the vendor's envelope; and any origin may read it."""

from __future__ import annotations

import json

import pytest

from sandbox.core import tables
from sandbox.core.faults import arm_fault, clear_faults
from sandbox.core.refusals import Reason
from sandbox.exchanges.gmi import rules
from sandbox.exchanges.gmi.errors import WORDS
from tests.support.gmi import API, BAD_BEARER, NO_BODY, UPSTREAM, check_refused, error, swap_code

POSTS = [
    f"{API}/oauth/token",
    f"{API}/me/oauth/auth-tokens",
    f"{API}/me/auth-tokens",
    f"{API}/me/2fa-verification-code",
    f"{API}/me/sessions",
    f"{API}/organizations",
]
ORIGIN = "http://127.0.0.1:3000"
UNKNOWN = error("request", 404, "Not found.")
WRONG_METHOD = error("request", 405, "Method not allowed.")
TOO_LARGE = error("request", 413, "Request body too large.")


@pytest.mark.parametrize("path", [f"{API}/nowhere", API, f"{API}/me", f"/gmi{API}/users", "/gmi", f"{API}/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_refused_in_the_envelope(sandbox, method, path):
    check_refused(sandbox, sandbox.open(path, method=method), Reason.ROUTE_UNKNOWN, 404, UNKNOWN)


@pytest.mark.parametrize(("method", "path"), [("GET", POSTS[0]), ("DELETE", POSTS[4]), ("POST", f"{API}/me/profile")])
def test_a_wrong_method_is_refused_in_the_envelope(sandbox, method, path):
    answer = sandbox.open(path, method=method)

    check_refused(sandbox, answer, Reason.METHOD_NOT_ALLOWED, 405, WRONG_METHOD)
    assert answer.headers["Allow"]


@pytest.mark.parametrize("path", POSTS[:4])
def test_ten_megabytes_are_too_many(sandbox, path):
    answer = sandbox.post(path, data=b" " * 10_000_000, content_type="application/json")

    check_refused(sandbox, answer, Reason.BODY_TOO_LARGE, 413, TOO_LARGE)


def test_a_defect_of_the_sandbox_is_told_in_the_envelope(sandbox, monkeypatch):
    monkeypatch.setattr(rules, "redeem_provider_code", lambda *_: 1 / 0)
    answer = swap_code(sandbox, "any")

    assert (answer.status_code, answer.json) == (500, error("internal", 500, "Internal server error."))


@pytest.mark.parametrize("depth", [50, 900, 985, 990, 995, 1000, 5000, 100_000])
def test_a_deep_body_is_refused_and_never_a_crash(sandbox, depth):
    body = f'{{"provider": {"[" * depth}{"]" * depth}, "code": "x"}}'
    answer = sandbox.post(POSTS[0], data=body)

    assert answer.status_code == 400
    assert answer.json["group"] == "request"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_beyond_json_is_never_echoed(sandbox, number):
    answer = sandbox.post(POSTS[0], data=f'{{"provider": {number}, "code": "x"}}')

    assert (answer.status_code, answer.json) == (400, NO_BODY)


@pytest.mark.parametrize("path", POSTS[:4])
@pytest.mark.parametrize("text", ["\0", "\ud800", "\udfff\ud800", "\uffff", "🦄" * 1000, " ", "-1"], ids=ascii)
def test_odd_text_is_refused_and_never_a_crash(sandbox, path, text):
    members = ("provider", "code", "accessToken", "email", "password", "authToken")
    answer = sandbox.post(path, data=json.dumps(dict.fromkeys(members, text)))

    assert answer.status_code == 400
    assert answer.json.keys() >= {"group", "code"}


@pytest.mark.parametrize("operation", WORDS)
def test_every_reason_has_an_answer_in_every_operation(sandbox, operation):
    """A fault may provoke any reason anywhere; `bearer` stands for all operations without a dialect of their own."""
    calls = {
        "bearer": ("get_profile", "GET", f"{API}/me/profile"),
        "exchange_authorization_code": ("exchange_authorization_code", "POST", POSTS[0]),
        "create_auth_token_oauth": ("create_auth_token_oauth", "POST", POSTS[1]),
        "create_auth_token": ("create_auth_token", "POST", POSTS[2]),
        "send_2fa_verification_code": ("send_2fa_verification_code", "POST", POSTS[3]),
        "create_session": ("create_session", "POST", POSTS[4]),
        "refresh_session": ("refresh_session", "PATCH", POSTS[4]),
    }
    name, method, path = calls[operation]
    for reason, words in WORDS[operation].items():
        with sandbox.world() as world:
            # Each is passed by all that were armed before, and looked for among all that were told.
            clear_faults(world)
            world.store.remove(tables.JournalEntry)
            arm_fault(world, "gmi", name, reason, detail="provoked")
        answer = sandbox.open(path, method=method, json={"provider": "github", "code": "x"})

        traces = {"traces": list(words.traces)} if words.traces else {}
        body = error(words.group, words.code, words.message, **traces)
        check_refused(sandbox, answer, reason, words.status, body)
        assert (answer.headers.get("Retry-After") == "300") is (words.status == 429)


def test_a_provoked_failure_is_the_documented_one(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "gmi", "exchange_authorization_code", Reason.PROVIDER_FAILED)

    check_refused(sandbox, swap_code(sandbox, "any"), Reason.PROVIDER_FAILED, 500, UPSTREAM)


@pytest.mark.parametrize("path", [POSTS[0], f"{API}/nowhere", f"{API}/me/profile"])
def test_every_answer_may_be_read_by_the_page_that_asked(sandbox, path):
    answer = sandbox.post(path, headers={"Origin": ORIGIN})

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_without_an_origin_there_is_nothing_to_allow(sandbox):
    answer = sandbox.get(f"{API}/me/profile")

    assert answer.json == BAD_BEARER
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", [*POSTS, f"{API}/me/profile"])
def test_a_preflight_is_answered(sandbox, path):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    answer = sandbox.options(path, headers=asked)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PATCH, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, CE-ClientId"
