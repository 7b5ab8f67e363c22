"""What each action does to an answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import HouseClient
from tests.support import azure_login, github
from tests.support.recipes import CALLS, CONTROL, approve

DISCOVERY = "/oidc/main/.well-known/openid-configuration"
GITHUB = {"service": "github", "operation": "access_token"}


def arm(sandbox: HouseClient, **rule: Any) -> None:
    answer = sandbox.post(f"{CONTROL}/faults", json=rule)
    assert answer.status_code == 201, answer.json


def test_a_refusal_has_its_field_and_its_time(sandbox):
    arm(sandbox, service="gmi", refuse={"reason": "RATE_LIMITED", "detail": "slowly", "retry_after": 7})
    answer = sandbox.get("/api/v1/me/profile")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["X-Sandbox-Reason"] == "RATE_LIMITED; slowly"


def test_an_answer_may_come_after_the_work(sandbox):
    redeem = CALLS["github", "access_token"](sandbox)
    arm(sandbox, **GITHUB, answer={"status": 502}, after=True)

    assert redeem().status_code == 502
    assert redeem().json["error"] == "bad_verification_code"


def test_an_answer_may_come_instead(sandbox):
    redeem = CALLS["github", "access_token"](sandbox)
    arm(sandbox, **GITHUB, answer={"status": 502, "body": {"a": [1]}, "headers": {"Retry-After": "3"}})
    first = redeem()

    assert (first.status_code, first.json, first.headers["Retry-After"]) == (502, {"a": [1]}, "3")
    assert "access_token" in redeem().json


def test_a_browser_may_read_what_it_could_read_before(sandbox):
    arm(sandbox, service="oidc", operation="discovery", answer={"status": 503, "body": "down"})
    broken = sandbox.get(DISCOVERY, headers={"Origin": "http://spa.test"})
    whole = sandbox.get(DISCOVERY, headers={"Origin": "http://spa.test"})

    assert broken.status_code == 503
    assert broken.headers["Access-Control-Allow-Origin"] == whole.headers["Access-Control-Allow-Origin"]


def test_members_are_changed_by_their_pointers(sandbox):
    new = {
        "/issuer": "https://issuer.invalid",
        "/made/new": 1,
        "/scopes_supported/0": "first",
        "/claims_supported/-": "x",
    }
    arm(
        sandbox,
        service="oidc",
        operation="discovery",
        change={"set": new, "remove": ["/jwks_uri", "/response_types_supported/0"]},
    )
    changed, whole = sandbox.get(DISCOVERY).json, sandbox.get(DISCOVERY).json

    assert (changed["issuer"], changed["made"]) == ("https://issuer.invalid", {"new": 1})
    assert changed["scopes_supported"] == ["first", *whole["scopes_supported"][1:]]
    assert changed["claims_supported"] == [*whole["claims_supported"], "x"]
    assert changed["response_types_supported"] == whole["response_types_supported"][1:]
    assert "jwks_uri" not in changed


def test_what_leads_nowhere_is_passed_over(sandbox):
    new = {"/issuer/deep": 1, "/scopes_supported/99": 1, "/scopes_supported/x/y": 1}
    arm(
        sandbox,
        service="oidc",
        operation="discovery",
        change={"set": new, "remove": ["/no/such", "/scopes_supported/99"]},
    )

    assert sandbox.get(DISCOVERY).json == sandbox.get(DISCOVERY).json


def test_a_form_is_changed_and_repeated_as_one(sandbox):
    asked = {"client_id": github.CLIENT, "client_secret": github.SECRET, "code": "x"}
    arm(sandbox, **GITHUB, change={"set": {"/error": "other"}, "remove": ["/error_uri"]})
    arm(sandbox, **GITHUB, repeat={"fields": ["error"]})
    form = parse_qs(sandbox.post(github.TOKEN, data=asked).text)

    assert form["error"] == ["other", "other"]
    assert "error_uri" not in form


def test_a_member_is_there_twice(sandbox):
    arm(sandbox, service="oidc", operation="discovery", repeat={"fields": ["issuer"]})
    pairs = json.loads(sandbox.get(DISCOVERY).text, object_pairs_hook=list)

    assert [name for name, _ in pairs].count("issuer") == 2
    assert [name for name, _ in pairs].count("jwks_uri") == 1


def test_what_has_no_such_member_is_left_for_one_that_has(sandbox):
    arm(sandbox, service="oidc", repeat={"fields": ["keys"]})
    first, second = sandbox.get(DISCOVERY), sandbox.get("/oidc/main/jwks")

    assert json.loads(first.text)
    assert [name for name, _ in json.loads(second.text, object_pairs_hook=list)] == ["keys", "keys"]


def test_a_page_on_the_way_is_no_callback(sandbox):
    asked = {"client_id": github.CLIENT, "redirect_uri": f"{github.CALLBACK}?own=1", "state": "xyz"}
    arm(sandbox, service="github", callback={"set": {"state": "é&=\r\n", "more": "1"}, "remove": ["iss"]})
    page = sandbox.get("/login/oauth/authorize", query_string=asked)
    back = approve(sandbox, "/login/oauth/authorize", "octocat", **asked)
    query = parse_qs(urlsplit(back.headers["Location"]).query)

    assert page.status_code == 200
    assert query.pop("code")
    assert query == {"own": ["1"], "state": ["é&=\r\n"], "more": ["1"]}


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_a_callback_is_changed_in_every_response_mode(sandbox, mode):
    asked = {"client_id": azure_login.WEB, "redirect_uri": azure_login.CALLBACK, "scope": "openid", "state": "xyz"}
    asked |= {"response_type": "code", "response_mode": mode}
    arm(sandbox, service="azure", callback={"set": {"error": '"><b>'}, "remove": ["code"]})
    back = approve(sandbox, azure_login.path("authorize"), "alice", **asked)

    if mode == "fragment":
        told = parse_qs(urlsplit(back.headers["Location"]).fragment)
        assert (told["error"], told["state"], "code" in told) == (['"><b>'], ["xyz"], False)
    else:
        assert 'name="error" value="&#34;&gt;&lt;b&gt;"' in back.text.replace("&quot;", "&#34;")
        assert 'name="state" value="xyz"' in back.text
        assert 'name="code"' not in back.text


def test_what_leads_to_a_provider_is_no_callback(sandbox):
    arm(sandbox, callback={"set": {"state": "other"}})
    away = sandbox.get("/v2/login?provider=oidc")

    assert "state=other" not in away.headers.get("Location", "")


def test_a_loop_leads_back_with_its_query_and_no_further(sandbox):
    arm(sandbox, redirect_loop={})
    for path in ("/oidc/main/jwks?a=%C3%A9&b=%0D%0AX:1", "//issuer.invalid/%0d%0aoidc", "/github//issuer.invalid"):
        location = sandbox.get(path).headers.get("Location", "http://localhost/")
        assert location.startswith("http://localhost/")
        assert not {"\r", "\n"} & set(location)


def test_the_tokens_of_the_call_come_out_wrong_and_the_next_ones_right(sandbox):
    first, second = (CALLS["oidc", "token"](sandbox) for _ in range(2))
    arm(sandbox, service="oidc", operation="token", forge={"tamper": "wrong-aud"})
    wrong, right = (azure_login.claims(call().json["id_token"])["aud"] for call in (first, second))

    assert (wrong, right) == ("somebody else", "oidc-client")


def test_a_call_that_issues_nothing_forges_nothing(sandbox):
    call = CALLS["oidc", "token"](sandbox)
    arm(sandbox, service="oidc", operation="token", forge={"tamper": "expired", "kinds": ["id_token"]}, login="alice")
    sandbox.post("/oidc/main/token", data={"grant_type": "authorization_code", "code": "x"})

    assert sandbox.get(f"{CONTROL}/faults").json["faults"][0]["hits"] == 0
    assert azure_login.claims(call().json["id_token"])["exp"] < sandbox.clock.now()
