"""Flows over HTTP: one login is one flow, whichever services it goes through, and however it ends."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import Config
from sandbox.core.refusals import Reason
from tests.support.person import query

CALLBACK = "http://127.0.0.1:9999/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture
def config() -> Config:
    return Config(approval="always=alice")


def flows(sandbox: Any, **query: Any) -> list[dict[str, Any]]:
    return list(sandbox.get("/_sandbox/api/flows", query_string=query).json["flows"])


def follow(sandbox: Any, url: str) -> Any:
    """Open a URL of the sandbox, as a browser that follows redirects as far as they stay here."""
    parts = urlsplit(url)
    return sandbox.get(f"{parts.path}?{parts.query}")


def at_issuer(sandbox: Any, **asked: str) -> str:
    given = {"client_id": "oidc-client", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid email"}
    answer = sandbox.get("/oidc/main/authorize", query_string={**given, "state": "s", **asked})
    return str(answer.headers["Location"])


def swap(sandbox: Any, callback: str) -> Any:
    form = {"grant_type": "authorization_code", "code": query(callback)["code"], "redirect_uri": CALLBACK}
    return sandbox.post("/oidc/main/token", data=form, auth=("oidc-client", "sandbox-secret")).json


def gmi(sandbox: Any) -> None:
    page = sandbox.get("/login/oauth/authorize", query_string={"client_id": "gmi-console", "scope": "user:email"})
    body = {"provider": "github", "code": query(page.headers["Location"])["code"]}
    token = sandbox.post("/api/v1/oauth/token", json=body).json
    auth = sandbox.post("/api/v1/me/oauth/auth-tokens", json={"provider": "github", **token}).json
    assert sandbox.post("/api/v1/me/sessions", json=auth, headers={"CE-ClientId": "laptop1"}).status_code == 201


def jitsudo(sandbox: Any) -> None:
    landing = "http://localhost/v1/auth/callback"
    asked = {"domain": "contoso.test", "redirect_uri": landing}
    begun = sandbox.post("/_sandbox/jitsudo/login-url", json=asked).json
    back = query(follow(sandbox, begun["authorize_url"]).headers["Location"])
    body = {"code": back["code"], "redirect_uri": landing, "state": back["state"]}
    answer = sandbox.post("/v1/auth/callback", json=body)
    assert answer.status_code == 200, answer.text


def prisme(sandbox: Any) -> None:
    tokens = swap(sandbox, at_issuer(sandbox))
    body = {"provider": "custom", "subject_token": tokens["id_token"]}
    answer = sandbox.post("/v2/login/token-exchange", json=body)
    assert answer.status_code == 200, answer.text


def insforge(sandbox: Any) -> None:
    asked = {"redirect_uri": "http://localhost:3000/auth", "code_challenge": CHALLENGE}
    begun = sandbox.get("/api/auth/oauth/google", query_string=asked)
    there = follow(sandbox, begun.json["authUrl"])
    back = follow(sandbox, there.headers["Location"])
    code = dict(parse_qsl(urlsplit(back.headers["Location"]).query))["insforge_code"]
    body = {"code": code, "code_verifier": VERIFIER}
    session = sandbox.post("/api/auth/oauth/exchange", json=body)
    assert session.status_code == 200, session.text
    bearer = {"Authorization": f"Bearer {session.json['accessToken']}"}
    assert sandbox.get("/api/auth/sessions/current", headers=bearer).status_code == 200


def cloud(sandbox: Any) -> None:
    partner = {"X-Partnership-Secret": "sandbox-partner-secret"}
    code = sandbox.post("/partnership/v1/sandbox-partner/sandbox-project/authorization", headers=partner).json["code"]
    assert sandbox.post("/api/auth/admin/sessions/exchange", json={"code": code}).status_code == 200


LOGINS = {
    "gmi": (gmi, ["github", "gmi"], 4),
    "jitsudo": (jitsudo, ["jitsudo", "oidc"], 3),
    "prisme": (prisme, ["oidc", "prisme"], 3),
    "insforge": (insforge, ["insforge", "oidc"], 5),
    "insforge-cloud": (cloud, ["insforge-cloud", "insforge"], 2),
}


@pytest.mark.parametrize(("log_in", "services", "requests"), LOGINS.values(), ids=LOGINS)
def test_a_login_through_two_services_is_one_flow(sandbox, log_in, services, requests):
    log_in(sandbox)

    (flow,) = flows(sandbox)

    assert (flow["services"], flow["requests"], flow["outcome"]) == (services, requests, "succeeded")
    assert [entry.operation for entry in sandbox.journal() if entry.flow is None] == []


def test_an_api_call_and_a_refusal_belong_to_their_login(sandbox):
    callback = at_issuer(sandbox)
    tokens = swap(sandbox, callback)
    sandbox.get("/oidc/main/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    swap(sandbox, callback)

    (flow,) = flows(sandbox)
    whole = sandbox.get(f"/_sandbox/api/flows/{flow['id']}").json

    assert [entry["operation"] for entry in whole["entries"]] == ["authorize", "token", "userinfo", "token"]
    assert whole["entries"][-1]["reason"] == Reason.CODE_ALREADY_REDEEMED
    assert "code-replayed" in [finding["code"] for finding in whole["findings"]]
    assert whole["findings"][-1]["flow"] == whole["id"]


def test_the_outcome_tells_how_far_a_login_came(sandbox):
    at_issuer(sandbox)
    assert [flow["outcome"] for flow in flows(sandbox)] == ["pending"]

    callback = at_issuer(sandbox)
    sandbox.clock.advance(days=1)
    swap(sandbox, callback)

    assert [flow["outcome"] for flow in flows(sandbox)] == ["refused", "pending"]


def test_flows_are_listed_by_client_and_person_the_latest_first(sandbox):
    gmi(sandbox)
    prisme(sandbox)

    everything = flows(sandbox)

    assert [flow["client_id"] for flow in everything] == ["oidc-client", "gmi-console"]
    assert flows(sandbox, limit=1) == everything[:1]
    assert flows(sandbox, client_id="gmi-console") == everything[1:]
    assert flows(sandbox, login="alice") == everything
    assert flows(sandbox, login="octocat") == []


def test_a_flow_that_nobody_began_is_not_found(sandbox):
    answer = sandbox.get("/_sandbox/api/flows/nothing")

    assert (answer.status_code, answer.json["reason"]) == (404, "OBJECT_UNKNOWN")
