"""GitHub's token endpoint: who gets which token, in which format, and for how long."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlsplit

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.providers.github.formats import has_valid_checksum
from tests.conftest import SignIn
from tests.support.forms import submit
from tests.support.github import (
    APP,
    BAD_CODE,
    BAD_REFRESH,
    CALLBACK,
    CHALLENGE,
    CLIENT,
    JSON,
    SECRET,
    TOKEN,
    VERIFIER,
    basic,
    bearer,
    redeem,
    refresh,
)


def test_a_code_becomes_a_token_once(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT, scope="user,gist user:email")

    first = redeem(sandbox, code)
    again = redeem(sandbox, code)

    assert first.status_code == 200
    assert list(first.json) == ["access_token", "scope", "token_type"]
    assert re.fullmatch(r"gho_[A-Za-z0-9]{36}", first.json["access_token"])
    assert has_valid_checksum(first.json["access_token"])
    assert (first.json["scope"], first.json["token_type"]) == ("user,gist", "bearer")
    assert again.json == BAD_CODE
    assert again.headers["X-Sandbox-Reason"].startswith("CODE_ALREADY_REDEEMED; ")


@pytest.mark.parametrize(
    ("accept", "content_type", "form"),
    [
        (None, "application/x-www-form-urlencoded; charset=utf-8", "form"),
        ("*/*", "application/x-www-form-urlencoded; charset=utf-8", "form"),
        ("text/html", "application/x-www-form-urlencoded; charset=utf-8", "form"),
        ("application/json", "application/json; charset=utf-8", "json"),
        ("application/vnd.github+json", "application/json; charset=utf-8", "json"),
        ("application/xml", "application/xml; charset=utf-8", "xml"),
    ],
)
def test_the_answer_has_the_format_that_accept_asks_for(sandbox, sign_in, accept, content_type, form):
    code = sign_in("github", as_="octocat", client=CLIENT, scope="repo gist")
    headers = {"Accept": accept} if accept else {}
    body = {"client_id": CLIENT, "client_secret": SECRET, "code": code}

    good = sandbox.post(TOKEN, data=body, headers=headers)
    bad = sandbox.post(TOKEN, data=body, headers=headers)

    assert good.headers["Content-Type"] == bad.headers["Content-Type"] == content_type
    assert bad.status_code == 200
    if form == "form":
        assert re.fullmatch(r"access_token=gho_\w{36}&scope=repo%2Cgist&token_type=bearer", good.text)
        assert dict(parse_qsl(bad.text)) == BAD_CODE
    elif form == "json":
        assert good.json["scope"] == "repo,gist"
        assert bad.json == BAD_CODE
    else:
        assert re.fullmatch(
            r"<OAuth><token_type>bearer</token_type><scope>repo,gist</scope>"
            r"<access_token>gho_\w{36}</access_token></OAuth>",
            good.text,
        )
        assert bad.text == (
            "<OAuth><error>bad_verification_code</error>"
            f"<error_description>{BAD_CODE['error_description']}</error_description>"
            f"<error_uri>{BAD_CODE['error_uri']}</error_uri></OAuth>"
        )


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda code: {"data": {"code": code}, "headers": basic(CLIENT, SECRET)}, id="Basic"),
        pytest.param(lambda code: {"data": {"code": code}, "headers": basic(CLIENT, SECRET, "basic")}, id="basic"),
        pytest.param(lambda code: {"data": {"client_id": CLIENT, "client_secret": SECRET, "code": code}}, id="form"),
        pytest.param(lambda code: {"json": {"client_id": CLIENT, "client_secret": SECRET, "code": code}}, id="JSON"),
        pytest.param(
            lambda code: {"query_string": {"client_id": CLIENT, "client_secret": SECRET, "code": code}},
            id="query",
        ),
        pytest.param(
            lambda code: {
                "data": {"client_id": CLIENT, "client_secret": "wrong", "code": code},
                "headers": basic(CLIENT, SECRET),
            },
            id="Basic-wins-over-the-body",
        ),
    ],
)
def test_a_client_may_authenticate_in_each_way(sandbox, sign_in, send):
    request = send(sign_in("github", as_="octocat", client=CLIENT))
    answer = sandbox.post(TOKEN, **{**request, "headers": {**request.get("headers", {}), **JSON}})

    assert "access_token" in answer.json


@pytest.mark.parametrize("encode", [lambda text: text, quote_plus], ids=["raw", "percent-encoded"])
@pytest.mark.parametrize("secret", ["a+b", "100%25", "a:b:c", "a b", "ü€"])
def test_basic_takes_special_characters_raw_and_encoded(sandbox, sign_in, encode, secret):
    with sandbox.world() as world:
        world.store.change(tables.Client, {"secret": secret}, client_id=CLIENT)
    code = sign_in("github", as_="octocat", client=CLIENT)

    answer = sandbox.post(TOKEN, data={"code": code}, headers={**basic(CLIENT, encode(secret)), **JSON})

    assert "access_token" in answer.json


@pytest.mark.parametrize(
    ("asked", "redeemed"),
    [
        ({}, {}),
        ({"redirect_uri": CALLBACK}, {"redirect_uri": CALLBACK}),
        ({}, {"redirect_uri": f"{CALLBACK}/below"}),
        ({"redirect_uri": CALLBACK}, {}),
    ],
)
def test_a_redirect_uri_is_only_compared_where_it_was_sent(sandbox, sign_in, asked, redeemed):
    code = sign_in("github", as_="octocat", client=CLIENT, **asked)

    assert "access_token" in redeem(sandbox, code, **redeemed).json


def test_members_that_mean_nothing_here_are_ignored(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT)
    body = {"client_id": CLIENT, "client_secret": SECRET, "code": code, "grant_type": "authorization_code"}

    answer = sandbox.post(TOKEN, json={**body, "state": "x", "repository_id": 7, "more": [1]}, headers=JSON)

    assert "access_token" in answer.json


def test_pkce_the_right_verifier_works(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT, code_challenge=CHALLENGE, code_challenge_method="S256")

    assert "access_token" in redeem(sandbox, code, code_verifier=VERIFIER).json


def test_a_verifier_without_challenge_is_ignored(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT)

    assert "access_token" in redeem(sandbox, code, code_verifier=VERIFIER).json


def test_an_oauth_app_gets_an_expiring_token_for_offline_access(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT, scope="gist offline_access")
    answer = redeem(sandbox, code).json

    assert list(answer) == [
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "scope",
        "token_type",
    ]
    assert (answer["scope"], answer["expires_in"], answer["refresh_token_expires_in"]) == (
        "gist",
        28800,
        15897600,
    )


def test_a_github_app_gets_an_expiring_token_and_its_refresh_rotates_both(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=APP, scope="repo")
    first = redeem(sandbox, code, client_id=APP).json
    second = refresh(sandbox, first["refresh_token"]).json

    for answer in (first, second):
        assert re.fullmatch(r"ghu_[A-Za-z0-9]{36}", answer["access_token"])
        assert re.fullmatch(r"ghr_[A-Za-z0-9]{36}", answer["refresh_token"])
        assert (answer["expires_in"], answer["scope"]) == (28800, "")
    assert first["access_token"] != second["access_token"]
    assert sandbox.get("/api/v3/user", headers=bearer(first["access_token"])).status_code == 401
    assert sandbox.get("/api/v3/user", headers=bearer(second["access_token"])).status_code == 200
    assert refresh(sandbox, first["refresh_token"]).json == BAD_REFRESH


def test_an_expiring_token_dies_after_eight_hours(sandbox, sign_in):
    token = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json["access_token"]
    sandbox.clock.advance(seconds=28_799)
    before = sandbox.get("/api/v3/user", headers=bearer(token)).status_code
    sandbox.clock.advance(seconds=2)

    assert (before, sandbox.get("/api/v3/user", headers=bearer(token)).status_code) == (200, 401)


def test_a_token_that_nobody_uses_for_a_year_is_revoked(sandbox, sign_in):
    used, unused = (
        redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json["access_token"] for _ in range(2)
    )
    sandbox.clock.advance(days=200)
    assert sandbox.get("/api/v3/user", headers=bearer(used)).status_code == 200
    sandbox.clock.advance(days=165)

    assert sandbox.get("/api/v3/user", headers=bearer(used)).status_code == 200
    assert sandbox.get("/api/v3/user", headers=bearer(unused)).status_code == 401
    assert sandbox.journal()[-1].reason == "TOKEN_REVOKED"


def test_the_date_follows_the_clock(sandbox):
    sandbox.clock.advance(days=400)
    date = redeem(sandbox, "unknown").headers["Date"]

    assert abs(parsedate_to_datetime(date).timestamp() - sandbox.clock.now()) <= 2


def test_the_eleventh_token_revokes_the_oldest(sandbox, sign_in):
    tokens = [redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json["access_token"] for _ in range(11)]
    alive = [sandbox.get("/api/v3/user", headers=bearer(token)).status_code for token in tokens]

    assert alive == [401] + [200] * 10


def test_the_hourly_limit_can_be_switched_on(make_sandbox, tmp_path):
    fixture = tmp_path / "strict.yaml"
    fixture.write_text(
        "version: 1\n"
        "identities: [{login: octocat, emails: [{email: o@octo.test, primary: true}]}]\n"
        "clients: [{client_id: Iv1.sandboxclient, service: github, name: x, secret: sandbox-secret,"
        " redirect_uris: [http://127.0.0.1:9999/callback], settings: {type: oauth-app}}]\n"
        "github: {settings: {hourly_token_limit: true}}\n"
    )
    sandbox = make_sandbox(Config(fixtures=fixture, approval="always=octocat"))

    def code() -> str:
        back = sandbox.get("/login/oauth/authorize", query_string={"client_id": CLIENT})
        return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]

    answers = [redeem(sandbox, code()).json for _ in range(10)]
    sandbox.clock.advance(minutes=55)
    eleventh = code()
    refused = redeem(sandbox, eleventh).json
    sandbox.clock.advance(minutes=5)

    assert all("access_token" in answer for answer in answers)
    assert refused["error"] == "slow_down"
    assert "access_token" in redeem(sandbox, eleventh).json


@pytest.mark.parametrize(
    "fail",
    [
        {"client_secret": "wrong"},
        {"client_id": "gmi-console"},
        {"redirect_uri": "http://evil.test/"},
        {"code_verifier": "x" * 43},
    ],
)
def test_a_failed_attempt_does_not_burn_the_code(sandbox, sign_in, fail):
    code = octocat_code(sign_in, code_challenge=CHALLENGE, code_challenge_method="S256")
    refused = redeem(sandbox, code, **{"code_verifier": VERIFIER, **fail})

    assert "error" in refused.json
    assert "access_token" in redeem(sandbox, code, code_verifier=VERIFIER).json


def test_a_client_suspended_meanwhile_gets_no_token(sandbox, sign_in):
    code = octocat_code(sign_in)
    with sandbox.world() as world:
        client = world.store.find(tables.Client, client_id=CLIENT)
        world.store.change(tables.Client, {"settings": {**client.settings, "suspended": True}}, client_id=CLIENT)

    assert redeem(sandbox, code).json["error"] == "application_suspended"


def test_the_token_endpoint_has_no_cors_unless_it_is_switched_on(sandbox, app):
    def answer() -> Any:
        return sandbox.post(TOKEN, headers={"Origin": "http://localhost:3000"})

    off = answer()
    with sandbox.world() as world:
        settings = {**world.settings, "github": {**world.settings["github"], "token_endpoint_cors": True}}
        world.store.change(tables.World, {"settings": settings})
    on = answer()

    assert "Access-Control-Allow-Origin" not in off.headers
    assert on.headers["Access-Control-Allow-Origin"] == "*"


def test_the_clock_gives_codes_ten_minutes(sandbox, sign_in):
    code = octocat_code(sign_in)
    sandbox.clock.advance(minutes=9, seconds=58)

    assert "access_token" in redeem(sandbox, code).json


def test_revoking_on_the_connections_page_kills_the_tokens(sandbox, sign_in):
    token = redeem(sandbox, octocat_code(sign_in, scope="gist")).json["access_token"]
    page = sandbox.get(f"/settings/connections/applications/{CLIENT}")
    done = submit(sandbox, page, "revoke-octocat")

    assert "octocat" in page.text
    assert done.status_code == 200
    assert sandbox.get("/api/v3/user", headers=bearer(token)).status_code == 401
    assert sandbox.get("/settings/connections/applications/nobody").status_code == 404


def octocat_code(sign_in: SignIn, **query: str) -> str:
    return sign_in("github", as_="octocat", client=CLIENT, **query)
