"""The control API as a whole: who may use it, and how it refuses what is no call of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Config
from sandbox.core.compare import same_secret
from sandbox.web.control import guard

API = "/_sandbox/api"
CLOCK = f"{API}/clock"
TOKEN = "a-token-of-this-test"
HTML = {"Accept": "text/html"}
EVIL = "https://evil.example.test"


def problem(answer: Any) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    assert answer.json["type"] == "about:blank"
    assert answer.headers["X-Sandbox-Reason"].startswith(answer.json["reason"])
    return answer.status_code, answer.json["reason"]


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in answer.json["errors"]]


# Pages of other origins


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": EVIL},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_page_of_another_origin_is_refused(sandbox, method, headers):
    answer = sandbox.open(CLOCK, method=method, json={"frozen": True}, headers=headers)

    assert problem(answer) == (403, "PERMISSION_DENIED")
    assert sandbox.get(CLOCK).json["frozen"] is False


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)
def test_programs_and_the_own_origin_are_let_in(sandbox, headers):
    assert sandbox.put(CLOCK, json={"frozen": True}, headers=headers).status_code == 200


def test_the_token_does_not_let_another_origin_in(make_sandbox):
    sandbox = make_sandbox(Config(control_token=TOKEN))
    answer = sandbox.get(CLOCK, headers={"Origin": EVIL, "X-Sandbox-Token": TOKEN})

    assert problem(answer) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST", "DELETE"])
@pytest.mark.parametrize("path", [CLOCK, f"{API}/nowhere", "/_sandbox/openapi.json", "/_sandbox/mailbox"])
def test_no_answer_lets_a_browser_share_it_with_another_origin(sandbox, path, method):
    preflight = {"Origin": EVIL, "Access-Control-Request-Method": "DELETE"}
    answer = sandbox.open(path, method=method, headers=preflight)

    assert [name for name, _ in answer.headers if name.startswith("Access-Control-")] == []


def test_a_host_that_is_not_ours_is_refused(sandbox):
    assert problem(sandbox.get(CLOCK, headers={"Host": "rebound.example.test"})) == (421, "HOST_UNKNOWN")


# The token


BEYOND = [
    Config(host="0.0.0.0", control_token=TOKEN),
    Config(public_url="https://sandbox.example.test", control_token=TOKEN),
    Config(control_token=TOKEN),
]


@pytest.mark.parametrize("config", BEYOND, ids=["host", "public_url", "loopback"], indirect=True)
def test_the_token_is_needed_where_there_is_one(sandbox):
    assert problem(sandbox.get(CLOCK)) == (401, "TOKEN_MISSING")
    assert problem(sandbox.get(CLOCK, headers={"X-Sandbox-Token": f"{TOKEN}x"})) == (401, "TOKEN_UNKNOWN")
    assert problem(sandbox.get(CLOCK, headers={"X-Sandbox-Token": "\xe9"})) == (401, "TOKEN_UNKNOWN")
    assert problem(sandbox.get(f"{CLOCK}?x-sandbox-token={TOKEN}")) == (401, "TOKEN_MISSING")
    assert problem(sandbox.get(CLOCK, headers={"Authorization": f"Bearer {TOKEN}"})) == (401, "TOKEN_MISSING")
    assert sandbox.get(CLOCK, headers={"X-Sandbox-Token": TOKEN}).status_code == 200
    assert sandbox.get(CLOCK).headers["WWW-Authenticate"] == "X-Sandbox-Token"


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    return getattr(request, "param", Config())


def test_beyond_loopback_without_a_token_nobody_gets_in(make_sandbox):
    sandbox = make_sandbox(Config(public_url="https://sandbox.example.test"))

    assert problem(sandbox.get(CLOCK)) == (401, "TOKEN_MISSING")
    assert problem(sandbox.get(CLOCK, headers={"X-Sandbox-Token": "None"})) == (401, "TOKEN_UNKNOWN")


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7", "", "no-address"])
def test_a_caller_from_another_machine_needs_the_token(sandbox, address):
    answer = sandbox.get(CLOCK, environ_overrides={"REMOTE_ADDR": address})

    assert problem(answer) == (401, "TOKEN_MISSING")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_a_caller_on_this_machine_needs_none(sandbox, address):
    assert sandbox.get(CLOCK, environ_overrides={"REMOTE_ADDR": address}).status_code == 200


def test_the_token_is_compared_in_constant_time():
    assert guard.same_secret is same_secret


@pytest.mark.parametrize("config", BEYOND[:1], indirect=True)
def test_a_browser_asks_its_person_for_the_token_before_it_shows_the_mailbox(sandbox):
    refused = sandbox.get("/_sandbox/mailbox", headers=HTML)

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert sandbox.get("/_sandbox/mailbox", auth=("anyone", "wrong")).status_code == 401
    assert sandbox.get("/_sandbox/mailbox", auth=("anyone", TOKEN)).status_code == 200
    assert sandbox.get("/_sandbox/mailbox", headers={"X-Sandbox-Token": TOKEN}).status_code == 200
    assert problem(sandbox.get(CLOCK, auth=("anyone", TOKEN))) == (401, "TOKEN_MISSING")


@pytest.mark.parametrize("config", BEYOND[:1], indirect=True)
@pytest.mark.parametrize("path", ["/_sandbox/openapi.json", "/_sandbox/docs", "/_sandbox/health", "/"])
def test_what_tells_nothing_of_the_world_needs_no_token(sandbox, path):
    assert sandbox.get(path).status_code == 200


# Routing


@pytest.mark.parametrize("path", [API, f"{API}/", f"{API}/nowhere", f"{API}/clock/advance/x", f"/w/t1{API}/nowhere"])
def test_what_is_not_there_is_a_json_problem_for_browsers_too(sandbox, path):
    assert problem(sandbox.get(path, headers=HTML)) == (404, "ROUTE_UNKNOWN")


def test_another_method_is_a_json_problem_that_lists_the_right_ones(sandbox):
    answer = sandbox.delete(CLOCK, headers=HTML)

    assert problem(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, PUT"


def test_head_and_options_are_answered(sandbox):
    head, options = sandbox.head(CLOCK), sandbox.options(CLOCK)

    assert (head.status_code, head.data) == (200, b"")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT"}


def test_calls_of_the_api_are_not_in_the_journal(sandbox):
    sandbox.get(CLOCK)
    sandbox.get(f"/w/t1{CLOCK}")

    assert sandbox.journal() == []
    assert sandbox.get(f"/w/t1{API}/journal").json["entries"] == []


# Bodies and queries


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "BODY_MISSING"),
        (b"  ", "BODY_MISSING"),
        (b"{", "BODY_MALFORMED"),
        (b"\xff\xfe", "BODY_MALFORMED"),
        (b"seconds=5", "BODY_MALFORMED"),
        (b'{"seconds": NaN}', "BODY_MALFORMED"),
        (b'{"seconds": 1e999}', "BODY_MALFORMED"),
        (b'{"seconds": "\\ud800"}', "BODY_MALFORMED"),
        (b"[" * 100_000, "BODY_MALFORMED"),
        (b"[" * 100 + b"]" * 100, "BODY_MALFORMED"),
        (b"[]", "FIELD_INVALID"),
        (b"null", "FIELD_INVALID"),
        (b"{}", "FIELD_INVALID"),
        (b'{"seconds": "5"}', "FIELD_INVALID"),
        (b'{"seconds": 5.5}', "FIELD_INVALID"),
        (b'{"seconds": 99999999999999999999}', "FIELD_INVALID"),
        (b'{"\\u0000": 1}', "FIELD_INVALID"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_happens(sandbox, body, reason):
    sandbox.put(CLOCK, json={"now": 1_800_000_000, "frozen": True})

    assert problem(sandbox.post(f"{CLOCK}/advance", data=body)) == (400, reason)
    assert sandbox.get(CLOCK).json["now"] == 1_800_000_000


def test_every_member_that_is_wrong_is_pointed_at(sandbox):
    answer = sandbox.post(f"{CLOCK}/advance", json={"seconds": "5", "hour": 1, "days": None})

    assert problem(answer) == (400, "FIELD_INVALID")
    assert {error["pointer"]: error["detail"] for error in answer.json["errors"]} == {
        "#/seconds": 'must be a whole number; found "5"',
        "#/days": "must be a whole number; found null",
        "#/hour": 'is not known here (did you mean "hours"?)',
    }


def test_a_pointer_escapes_what_a_name_may_hold(sandbox):
    answer = sandbox.post(f"{CLOCK}/advance", json={"a/b~c": 1})

    assert pointers(answer) == ["#/a~1b~0c"]


def test_nothing_that_no_database_stores_gets_in(sandbox):
    answer = sandbox.post(f"{API}/identities", json={"login": "nul", "name": "a\0b", "emails": ["\0", {"\0": 1}]})

    assert problem(answer) == (400, "FIELD_INVALID")
    assert sorted(pointers(answer)) == ["#/emails/0", "#/emails/1/\0", "#/name"]


def test_json_needs_no_media_type(sandbox):
    form = "application/x-www-form-urlencoded"

    assert sandbox.post(f"{CLOCK}/advance", data='{"seconds": 5}', content_type=form).status_code == 200
    assert sandbox.post(f"{CLOCK}/advance", data='{"seconds": 5}', content_type=None).status_code == 200


def test_a_body_that_is_too_large_is_refused(sandbox):
    huge = json.dumps({"seconds": 5, "x": "x" * 1_000_000})

    assert problem(sandbox.post(f"{CLOCK}/advance", data=huge)) == (413, "BODY_TOO_LARGE")


def test_a_snapshot_may_be_larger_than_other_bodies(sandbox):
    huge = json.dumps({"kind": "x" * 1_500_000})

    assert problem(sandbox.put(f"{API}/snapshot", data=huge)) == (400, "FIELD_INVALID")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limt=1", "FIELD_INVALID"),
        ("limit=one", "FIELD_INVALID"),
        ("limit=0", "FIELD_INVALID"),
        ("limit=99999999999999999999", "FIELD_INVALID"),
        ("limit=1&limit=2", "FIELD_REPEATED"),
        ("search=%00", "FIELD_INVALID"),
    ],
)
def test_a_bad_query_is_refused_and_pointed_at(sandbox, query, reason):
    answer = sandbox.get(f"{API}/identities?{query}")

    assert problem(answer) == (400, reason)
    assert pointers(answer) == [f"?{query.partition('=')[0]}"]
