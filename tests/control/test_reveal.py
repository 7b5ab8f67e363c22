"""What was sent is kept as it was: hidden from everyone, but for who asks for it on the sandbox's own machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Config

API = "/_sandbox/api"
SECRET = "S3CRET-0123456789-abcdefghij"
SHAPES: dict[str, dict[str, Any]] = {
    "query": {"path": "/oidc/main/userinfo", "query_string": {"access_token": SECRET, "code": SECRET}},
    "form": {"path": "/oidc/main/token", "method": "POST", "data": {"client_secret": SECRET, "code": SECRET}},
    "form twice": {"path": "/oidc/main/token", "method": "POST", "data": {"code": [SECRET, SECRET]}},
    "JSON": {"path": "/api/v1/oauth/token", "method": "POST", "json": {"a": [{"password": {"b": SECRET}}]}},
    "broken JSON": {"path": "/api/v1/oauth/token", "method": "POST", "data": f'{{"code": "{SECRET}"'},
    "multipart": {
        "path": "/oidc/main/token",
        "method": "POST",
        "data": {"client_secret": SECRET},
        "content_type": "multipart/form-data",
    },
    "text": {"path": "/oidc/main/token", "method": "POST", "data": f"token={SECRET}", "content_type": "text/plain"},
    "bearer": {"path": "/api/v3/user", "headers": {"Authorization": f"Bearer {SECRET}"}},
    "basic": {"path": "/oidc/main/token", "method": "POST", "auth": ("oidc-client", SECRET)},
    "cookie": {"path": "/v2/me", "cookie": SECRET},
    "a key": {"path": "/v2/me", "headers": {"X-Api-Key": SECRET, "Referer": f"http://h.test/?code={SECRET}"}},
    "path": {"path": f"/v2/user/accessTokens/at:{SECRET}", "method": "DELETE"},
}
everywhere = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def last(sandbox: Any, *, base: str = "", **query: str) -> Any:
    """The newest entry, as the control API tells it."""
    newest = sandbox.get(f"{base}{API}/journal").json["last"]
    answer = sandbox.get(f"{base}{API}/journal/{newest}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer if "format" in query else answer.json


def send(sandbox: Any, shape: dict[str, Any]) -> None:
    """Make a request of this shape."""
    given = dict(shape)
    if cookie := given.pop("cookie", None):
        sandbox.set_cookie("session", cookie)
    sandbox.open(**given)


@everywhere
def test_a_secret_is_in_no_list_and_in_no_document_that_is_not_revealed(sandbox, shape):
    send(sandbox, shape)

    entry = last(sandbox)
    told = [entry, sandbox.get(f"{API}/journal").json, sandbox.get(f"{API}/snapshot").json]
    if entry["flow"]:
        told.append(sandbox.get(f"{API}/flows/{entry['flow']}").json)
    texts = [last(sandbox, format=name).text for name in ("curl", "pytest")]

    for one in (*map(json.dumps, told), *texts):
        # The basic credentials are the secret in base64.
        assert SECRET not in one
        assert "b2lkYy1jbGllbnQ6" not in one


@everywhere
def test_whoever_may_see_it_gets_the_request_as_it_was(sandbox, shape):
    send(sandbox, shape)

    entry = last(sandbox, reveal="true")

    assert SECRET in json.dumps(entry) or "b2lkYy1jbGllbnQ6" in json.dumps(entry) or SECRET in entry["path"]
    assert entry.keys() == last(sandbox).keys()


def test_codes_and_tokens_are_in_no_answer_either(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client="Iv1.sandboxclient")
    app = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": code}
    token = sandbox.post("/login/oauth/access_token", data=app, headers={"Accept": "application/json"}).json
    flow = last(sandbox)["flow"]

    hidden = [sandbox.get(f"{API}/{path}").text for path in ("journal", "flows", f"flows/{flow}", "snapshot")]
    hidden += [sandbox.get(f"{API}/flows/{flow}?format={name}").text for name in ("har", "pytest")]
    shown = sandbox.get(f"{API}/flows/{flow}?reveal=true").text

    for text in hidden:
        assert code not in text
        assert token["access_token"] not in text
    assert code in shown
    assert token["access_token"] in shown
    assert last(sandbox, reveal="true")["response"]["body"] == token
    assert json.loads(last(sandbox, reveal="true")["response"]["text"]) == token


def test_lists_do_not_reveal(sandbox):
    for path in ("journal", "flows"):
        refused = sandbox.get(f"{API}/{path}?reveal=true")
        assert (refused.status_code, refused.json["reason"]) == (400, "FIELD_INVALID")


@pytest.mark.parametrize(
    "config",
    [
        Config(host="0.0.0.0", control_token="open-sesame"),
        Config(public_url="https://idp.example.test", control_token="open-sesame"),
    ],
    ids=["listens beyond loopback", "has a public URL"],
)
def test_a_sandbox_that_others_can_reach_reveals_nothing(make_sandbox, config):
    sandbox = make_sandbox(config)
    host = {"Host": "idp.example.test"} if config.public_url else {}
    sandbox.get("/api/v3/user", headers={**host, "Authorization": f"Bearer {SECRET}"})
    token = {**host, "X-Sandbox-Token": "open-sesame"}
    newest = sandbox.get(f"{API}/journal", headers=token).json["last"]

    seen = sandbox.get(f"{API}/journal/{newest}", headers=token)
    refused = sandbox.get(f"{API}/journal/{newest}?reveal=true", headers=token)

    assert SECRET not in seen.text
    assert (refused.status_code, refused.json["reason"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "how",
    [
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}},
        {"headers": {"X-Forwarded-For": "192.0.2.7"}},
        {"headers": {"Forwarded": "for=192.0.2.7"}},
        {"headers": {"X-Forwarded-Host": "sandbox.example.test"}},
        {"headers": {"CF-Connecting-IP": "192.0.2.7"}},
        {"headers": {"Origin": "https://evil.test"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
    ids=["another machine", "a proxy", "a standard proxy", "its host", "a tunnel", "another origin", "another site"],
)
def test_a_caller_who_may_be_elsewhere_is_shown_nothing(make_sandbox, how):
    sandbox = make_sandbox(Config(control_token="open-sesame"))
    sandbox.get("/api/v3/user", headers={"Authorization": f"Bearer {SECRET}"})
    own = {"X-Sandbox-Token": "open-sesame"}
    newest = sandbox.get(f"{API}/journal", headers=own).json["last"]
    given = {**how, "headers": {**own, **how.get("headers", {})}}

    refused = sandbox.get(f"{API}/journal/{newest}?reveal=true", **given)

    assert (refused.status_code, refused.json["reason"]) == (403, "PERMISSION_DENIED")
    assert sandbox.get(f"{API}/journal/{newest}?reveal=true", headers=own).status_code == 200


def test_a_snapshot_keeps_the_journal_without_its_secrets_for_good(sandbox):
    sandbox.get("/api/v3/user", headers={"Authorization": f"Bearer {SECRET}"})
    before = last(sandbox)
    snapshot = sandbox.get(f"{API}/snapshot").json

    sandbox.post(f"{API}/worlds", json={"name": "copy", "snapshot": snapshot})
    after = last(sandbox, base="/w/copy", reveal="true")

    assert after | {"id": 0} == before | {"id": 0}
    assert SECRET not in json.dumps(after)


def test_who_has_asked_is_told(sandbox):
    def caller(path: str, **headers: str) -> str:
        sandbox.get(path, headers=headers)
        return last(sandbox)["caller"]

    page = "/login/oauth/authorize?client_id=Iv1.sandboxclient"
    assert caller(page) == "browser"
    assert caller("/api/v3/user", Accept="text/html") == "browser"
    assert caller("/api/v3/user") == "application"
    assert caller("/api/v3/user", **{"Sec-Fetch-Mode": "navigate"}) == "browser"
    assert caller(page, **{"Sec-Fetch-Mode": "cors"}) == "application"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"a": NaN, "b": 1e999, "c": "\\u0000\\ud800"}', "application/json"),
        ('{"a":' * 500 + "1" + "}" * 500, "application/json"),
        ("[" * 90_000, "application/json"),
        ("a=%00&b=%ff&a=%ED%A0%80", "application/x-www-form-urlencoded"),
        (b"\xff\x00", "application/octet-stream"),
        ("…(3 bytes of nothing)", "text/plain"),
    ],
    ids=["numbers that are none", "deep", "bottomless", "bytes in a form", "binary", "like a note"],
)
def test_any_body_can_be_shown_as_it_was(sandbox, body, kind):
    sandbox.post("/oidc/main/token", data=body, content_type=kind)

    for more in ({}, {"format": "curl"}, {"format": "pytest"}):
        assert last(sandbox, **more)
        assert last(sandbox, reveal="true", **more)


class TestOnPostgreSQL:
    @pytest.fixture
    def config(self, postgres_database: str) -> Config:
        return Config(database=postgres_database)

    @pytest.mark.postgres
    def test_every_shape_is_kept(self, sandbox):
        for shape in SHAPES.values():
            send(sandbox, shape)
            assert last(sandbox, reveal="true")
        sandbox.post("/oidc/main/token", data='{"c": "\\u0000\\ud800"}', content_type="application/json")
        assert last(sandbox, reveal="true")["response"]
