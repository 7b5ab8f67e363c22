"""The journal over HTTP: what was sent and answered, with no secret in it, by what one looks for."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables
from tests.support.person import query

CALLBACK = "http://127.0.0.1:9999/callback"
WEB = ("oidc-client", "sandbox-secret")


@pytest.fixture
def config() -> Config:
    return Config(approval="always=alice")


def entries(sandbox: Any, **query: Any) -> list[dict[str, Any]]:
    answer = sandbox.get("/_sandbox/api/journal", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["entries"])


def log_in(sandbox: Any) -> tuple[str, Any]:
    asked = {"client_id": WEB[0], "response_type": "code", "redirect_uri": CALLBACK, "state": "s", "scope": "openid"}
    callback = sandbox.get("/oidc/main/authorize", query_string=asked).headers["Location"]
    form = {"grant_type": "authorization_code", "code": query(callback)["code"], "redirect_uri": CALLBACK}
    return form["code"], sandbox.post("/oidc/main/token", data=form, auth=WEB).json


def test_a_login_is_told_with_its_bodies_and_without_its_secrets(sandbox):
    code, tokens = log_in(sandbox)

    asked, swapped = entries(sandbox)

    assert (asked["operation"], asked["client_id"], asked["login"]) == ("authorize", "oidc-client", "alice")
    assert asked["flow"] == swapped["flow"]
    assert swapped["request"]["body"] == {
        "grant_type": "authorization_code",
        "code": f"{code[:4]}…({len(code)})",
        "redirect_uri": CALLBACK,
    }
    assert swapped["response"]["body"]["token_type"] == "Bearer"
    assert '"aud": "oidc-client"' in swapped["response"]["body"]["id_token"]
    written = json.dumps([asked, swapped])
    for secret in (code, tokens["access_token"], tokens["id_token"], "sandbox-secret"):
        assert secret not in written


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", '{"a": [{"client_secret": "S3CRET-value", "deep": {"newPassword": "S3CRET-value"}}]}'),
        ("application/json", '{"client_secret": "S3CRET-value", "broken'),
        ("application/json", '{"password": "S3CRET-value'),
        ("application/x-www-form-urlencoded", "password=S3CRET-value&PASSWORD=S3CRET-value&password=S3CRET-value"),
        ("text/xml", "<a><client_secret>S3CRET-value</client_secret></a>"),
        ("text/plain", "Authorization: Bearer S3CRET-value-that-is-long-enough"),
        ("text/plain", "client-secret=S3CRET-value"),
        ("application/octet-stream", b"\xff\x00S3CRET-value"),
        ("application/json", '{"url": "https://user:S3CRET-value@h.test/?code=S3CRET-value#id_token=S3CRET-value"}'),
        ("application/json", '{"note": "eyJhbGciOiJIUzI1NiJ9.S3CRET-value.S3CRET-value"}'),
        ("application/json", '{"kty": "oct", "k": "S3CRET-value"}'),
    ],
)
def test_no_body_gives_a_secret_away(sandbox, media, body):
    sandbox.post("/oidc/main/token", data=body, content_type=media)

    assert "S3CRET-value" not in json.dumps(entries(sandbox))


def test_a_huge_body_is_told_by_its_length(sandbox):
    sandbox.post("/oidc/main/token", json={"state": ["x" * 50] * 3000})
    sandbox.post("/oidc/main/token", json={"state": ["x" * 50] * 1500})

    large, long = entries(sandbox)

    assert large["request"]["body"] == "…(162011 bytes of application/json)"
    assert len(json.dumps(long["request"]["body"])) < 20_000


def test_what_no_database_stores_is_written_down_all_the_same(sandbox):
    sandbox.post("/oidc/main/token", data='{"a\\u0000": "\\ud800\\u0000", "n": 1e999}', content_type="application/json")

    assert entries(sandbox)[0]["request"]["body"] == {"a\ufffd": "?\ufffd", "n": "inf"}


def test_the_journal_is_searched_by_all_that_is_known(sandbox):
    log_in(sandbox)
    sandbox.get("/oidc/main/userinfo")
    sandbox.get("/api/v3/user", headers={"User-Agent": "test"})

    assert [one["status"] for one in entries(sandbox, status="4xx")] == [401, 401]
    assert [one["operation"] for one in entries(sandbox, status="401", service="oidc")] == ["userinfo"]
    assert [one["operation"] for one in entries(sandbox, reason="TOKEN_MISSING", path="/oidc/main/userinfo")] == [
        "userinfo"
    ]
    assert [one["id"] for one in entries(sandbox, client_id="oidc-client", method="POST")] == [2]
    assert len(entries(sandbox, login="alice")) == 2
    assert [one["id"] for one in entries(sandbox, after=2)] == [3, 4]
    assert [one["id"] for one in entries(sandbox, after=0, limit=2)] == [1, 2]
    assert [one["id"] for one in entries(sandbox, limit=2)] == [3, 4]


@pytest.mark.parametrize("wrong", [{"status": "9"}, {"status": "4x"}, {"limit": "0"}, {"after": "-1"}, {"what": "1"}])
def test_a_query_that_cannot_be_is_refused(sandbox, wrong):
    answer = sandbox.get("/_sandbox/api/journal", query_string=wrong)

    assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_INVALID")


def test_one_entry_is_looked_at_and_all_are_forgotten(sandbox):
    log_in(sandbox)

    one = sandbox.get("/_sandbox/api/journal/1").json
    gone = sandbox.delete("/_sandbox/api/journal")

    assert one["id"] == 1
    assert one["operation"] == "authorize"
    assert (gone.status_code, entries(sandbox)) == (204, [])
    for unknown in ("1", "99999999999999999999"):
        answer = sandbox.get(f"/_sandbox/api/journal/{unknown}")
        assert (answer.status_code, answer.json["reason"]) == (404, "OBJECT_UNKNOWN")


def test_whoever_waits_is_answered_as_soon_as_there_is_something(app, sandbox):
    with sandbox.world() as world:
        assert world.store.count(tables.JournalEntry) == 0
    answers: list[Any] = []

    def wait() -> None:
        with app.test_client() as other:
            answers.append(other.get("/_sandbox/api/journal?after=0&wait=30").json)

    waiting = threading.Thread(target=wait)
    waiting.start()
    sandbox.get("/oidc/main/userinfo")
    waiting.join(timeout=20)

    assert [one["operation"] for one in answers[0]["entries"]] == ["userinfo"]
    assert answers[0]["last"] == 1
