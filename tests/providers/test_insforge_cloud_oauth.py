"""The OAuth server of the cloud: the code flow with PKCE, refresh, the device flow, and what its tokens open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.protocol.pkce import s256
from sandbox.service import Redemption
from sandbox.services import SERVICES
from tests.conftest import HouseClient
from tests.support.forms import submit
from tests.support.insforge_cloud import AT, CALLBACK, CLI, CLI_CALLBACK, CLIENT, CLIENT_SECRET, sign_in
from tests.support.person import query

SLUG = "insforge-cloud"
AUTHORIZE, TOKEN = "/api/oauth/v1/authorize", "/api/oauth/v1/token"
DEVICE, DEVICE_AUTHORIZATION = "/api/oauth/v1/device", "/api/oauth/v1/device_authorization"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
VERIFIER = "v" * 43
SCOPE = "user:read organizations:read projects:read"
ASKED = {
    "client_id": CLI,
    "redirect_uri": CLI_CALLBACK,
    "response_type": "code",
    "scope": SCOPE,
    "state": "xyz",
    "code_challenge": s256(VERIFIER),
    "code_challenge_method": "S256",
}
CONFIDENTIAL = {"client_id": CLIENT, "redirect_uri": CALLBACK}
SWAP = {
    "grant_type": "authorization_code",
    "redirect_uri": CLI_CALLBACK,
    "client_id": CLI,
    "code_verifier": VERIFIER,
}


def authorize(sandbox: HouseClient, login: str = "alice", **asked: str) -> str:
    """Sign in and agree; where the browser comes back to."""
    page = sandbox.get(AUTHORIZE, query_string={**ASKED, **asked})
    for button in (f"as-{login}", "allow"):
        if page.status_code == 200 and f'id="{button}"' in page.text:
            page = submit(sandbox, page, button)
    assert page.status_code == 302, page.text
    return str(page.location)


def swap(sandbox: HouseClient, **given: str | None) -> Any:
    if "code" not in given and "grant_type" not in given:
        given["code"] = query(authorize(sandbox))["code"]
    body = {**SWAP, **given} if "grant_type" not in given else given
    return sandbox.post(TOKEN, json={name: value for name, value in body.items() if value is not None})


def get(sandbox: HouseClient, path: str, token: str) -> Any:
    return sandbox.get(f"{AT}{path}", headers={"Authorization": f"Bearer {token}"})


# The code flow


def test_a_code_becomes_tokens(sandbox):
    sandbox.clock.freeze()
    location = authorize(sandbox)
    assert location.startswith(f"{CLI_CALLBACK}?code=")
    assert query(location)["state"] == "xyz"

    answer = swap(sandbox, code=query(location)["code"])

    assert answer.status_code == 200
    assert list(answer.json) == ["access_token", "refresh_token", "token_type", "expires_in", "scope"]
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("Bearer", 3600, SCOPE)
    token = answer.json["access_token"]
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, options={"verify_signature": False})
    now = sandbox.clock.now()
    own = {"sub": claims["sub"], "jti": claims["jti"]}
    assert claims == own | {
        "email": "alice@contoso.test",
        "role": "authenticated",
        "client_id": CLI,
        "scope": SCOPE,
        "iat": now,
        "exp": now + 3600,
        "iss": "insforge",
        "aud": "insforge-api",
    }


def test_a_form_is_taken_as_well_and_a_secret_by_basic(sandbox):
    code = query(authorize(sandbox, **CONFIDENTIAL))["code"]
    form = {**SWAP, **CONFIDENTIAL, "code": code}

    assert sandbox.post(TOKEN, data=form, auth=(CLIENT, CLIENT_SECRET)).status_code == 200


def test_a_person_grants_less_and_is_asked_for_the_rest_the_next_time(sandbox):
    page = submit(sandbox, sandbox.get(AUTHORIZE, query_string=ASKED), "as-alice")
    answer = submit(sandbox, page, "allow", scope=["user:read"])
    assert swap(sandbox, code=query(answer.location)["code"]).json["scope"] == "user:read"

    again = sandbox.get(AUTHORIZE, query_string=ASKED)

    assert "Granted earlier" in again.text
    submit(sandbox, again, "allow")
    assert sandbox.get(AUTHORIZE, query_string=ASKED).status_code == 302


def test_whoever_is_signed_in_to_the_console_is_not_asked_who_it_is(sandbox):
    sign_in(sandbox, "admin")
    page = sandbox.get(AUTHORIZE, query_string=ASKED)
    assert "wants to access the InsForge Cloud account" in page.text

    token = swap(sandbox, code=query(submit(sandbox, page, "allow").location)["code"]).json["access_token"]

    assert get(sandbox, "/auth/v1/profile", token).json["email"] == "admin@octo-org.test"


def test_a_hint_at_somebody_else_shows_the_sign_in_page(sandbox):
    sign_in(sandbox, "admin")

    assert "Continue as" in sandbox.get(AUTHORIZE, query_string={**ASKED, "login_hint": "alice"}).text


@pytest.mark.parametrize("approval", ["hint", "always=alice"])
def test_the_sandbox_may_approve_by_itself(make_sandbox, approval):
    sandbox = make_sandbox(Config(approval=approval))
    answer = sandbox.get(AUTHORIZE, query_string={**ASKED, "login_hint": "alice"})

    assert swap(sandbox, code=query(answer.location)["code"]).status_code == 200


def test_another_account_may_be_chosen(sandbox):
    page = submit(sandbox, sandbox.get(AUTHORIZE, query_string=ASKED), "as-alice")
    page = submit(sandbox, page, "switch")
    page = submit(sandbox, page, "as-admin")

    assert "admin" in page.text
    token = swap(sandbox, code=query(submit(sandbox, page, "allow").location)["code"]).json["access_token"]
    assert get(sandbox, "/auth/v1/profile", token).json["email"] == "admin@octo-org.test"


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:1/callback", "http://127.0.0.1/callback", "http://localhost:65000/callback"]
)
def test_the_port_of_a_loopback_redirect_does_not_matter(sandbox, uri):
    assert authorize(sandbox, redirect_uri=uri).startswith(f"{uri}?code=")


LOCAL = {
    "no client": ({"client_id": ""}, "FIELD_MISSING", "The request cannot be answered."),
    "unknown client": ({"client_id": "clf_x"}, "CLIENT_UNKNOWN", "Unknown application."),
    "no redirect URI": ({"redirect_uri": ""}, "FIELD_MISSING", "The request cannot be answered."),
    **{
        f"redirect to {uri}": (
            {"redirect_uri": uri},
            "REDIRECT_URI_MISMATCH",
            "The redirect URI is not registered for this application.",
        )
        for uri in (
            "https://evil.test/callback",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1@evil.test/callback",
            "https://127.0.0.1:1/callback",
            "http://[::1]:1/callback",
            "http://127.0.0.1:1/callback?a=b",
            "http://127.0.0.1.evil.test/callback",
        )
    },
    "a parameter twice": ({"state": ["a", "b"]}, "FIELD_REPEATED", "The request cannot be answered."),
}


@pytest.mark.parametrize("case", LOCAL)
def test_a_request_is_refused_on_a_page(sandbox, case):
    wrong, reason, message = LOCAL[case]
    answer = sandbox.get(AUTHORIZE, query_string={**ASKED, **wrong})

    assert (answer.status_code, answer.mimetype, sandbox.journal()[-1].reason) == (400, "text/html", reason)
    assert message in answer.text


MALFORMED = "The request is missing a parameter or is otherwise malformed"
PKCE = "PKCE with S256 is required"
REDIRECTED = {
    "no response type": ({"response_type": ""}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "token": (
        {"response_type": "token"},
        "invalid_request",
        "response_type must be code",
        "RESPONSE_TYPE_UNSUPPORTED",
    ),
    "no scope": ({"scope": ""}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "unknown scope": ({"scope": "user:read x"}, "invalid_scope", "The requested scope is invalid", "SCOPE_INVALID"),
    "no state": ({"state": ""}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "no challenge": ({"code_challenge": ""}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "no method": ({"code_challenge_method": ""}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "plain": ({"code_challenge_method": "plain"}, "invalid_request", PKCE, "CHALLENGE_INVALID"),
    "a short challenge": ({"code_challenge": "x"}, "invalid_request", PKCE, "CHALLENGE_INVALID"),
}


@pytest.mark.parametrize("case", REDIRECTED)
def test_a_client_is_told_at_its_redirect_uri(sandbox, case):
    wrong, error, description, reason = REDIRECTED[case]
    answer = sandbox.get(AUTHORIZE, query_string={**ASKED, **wrong})

    assert answer.location.startswith(f"{CLI_CALLBACK}?error={error}&")
    told = query(answer.location)
    assert told["error_description"] == description
    assert told.get("state") == (None if case == "no state" else "xyz")
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize("moment", ["at once", "after signing in"])
def test_a_person_refuses(sandbox, moment):
    page = sandbox.get(AUTHORIZE, query_string=ASKED)
    if moment == "after signing in":
        page = submit(sandbox, page, "as-alice")

    told = query(submit(sandbox, page, "deny").location)

    assert (told["error"], told["error_description"]) == ("access_denied", "The user denied the request")
    assert sandbox.journal()[-1].reason == "ACCESS_DENIED"


def test_a_refused_sign_in_is_explained(sandbox):
    page = submit(sandbox, sandbox.get(AUTHORIZE, query_string=ASKED), "as-deactivated")

    assert (page.status_code, sandbox.journal()[-1].reason) == (422, "IDENTITY_DEACTIVATED")
    assert submit(sandbox, page, "as-alice").status_code == 200


def test_a_form_of_the_console_decides_nothing_here(sandbox):
    transaction = sandbox.get("/console").text.split('name="transaction" value="')[1].split('"')[0]
    answer = sandbox.post(AUTHORIZE, data={"transaction": transaction, "identity": "alice"})

    assert (answer.status_code, sandbox.journal()[-1].reason) == (400, "TRANSACTION_UNKNOWN")


# The token endpoint

GRANT = {
    "unknown code": ({"code": "x"}, "invalid_grant", "Authorization code is invalid", "CODE_UNKNOWN"),
    "wrong verifier": (
        {"code_verifier": "w" * 43},
        "invalid_grant",
        "Code verifier does not match",
        "VERIFIER_MISMATCH",
    ),
    "another redirect URI": (
        {"redirect_uri": "http://127.0.0.1:2/callback"},
        "invalid_grant",
        "Redirect URI does not match",
        "REDIRECT_URI_MISMATCH",
    ),
    "no verifier": ({"code_verifier": None}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "no redirect URI": ({"redirect_uri": None}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "no client": ({"client_id": None}, "invalid_client", "Client authentication failed", "CLIENT_UNKNOWN"),
    "unknown client": ({"client_id": "x"}, "invalid_client", "Client authentication failed", "CLIENT_UNKNOWN"),
    "a secret of a public client": (
        {"client_secret": "x"},
        "invalid_client",
        "Client authentication failed",
        "CLIENT_SECRET_WRONG",
    ),
    "another client": (
        {"client_id": CLIENT, "client_secret": CLIENT_SECRET},
        "invalid_grant",
        "Authorization code is invalid",
        "CODE_OF_ANOTHER_CLIENT",
    ),
}


@pytest.mark.parametrize("case", GRANT)
def test_a_code_is_not_swapped(sandbox, case):
    """And is still good afterwards."""
    wrong, error, description, reason = GRANT[case]
    code = query(authorize(sandbox))["code"]
    answer = swap(sandbox, **{"code": code, **wrong})

    assert answer.json == {"error": error, "error_description": description}
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert sandbox.journal()[-1].reason == reason
    assert swap(sandbox, code=code).status_code == 200


def test_a_code_is_good_once_and_for_ten_minutes(sandbox):
    code, late = (query(authorize(sandbox))["code"] for _ in range(2))
    swap(sandbox, code=code)

    again = swap(sandbox, code=code)
    sandbox.clock.advance(minutes=10)
    expired = swap(sandbox, code=late)

    assert again.json == {"error": "invalid_grant", "error_description": "Authorization code has already been used"}
    assert expired.json == {"error": "invalid_grant", "error_description": "Authorization code has expired"}
    assert [entry.reason for entry in sandbox.journal()[-2:]] == ["CODE_ALREADY_REDEEMED", "CODE_EXPIRED"]


@pytest.mark.parametrize(
    ("secret", "reason"), [(None, "CLIENT_SECRET_MISSING"), ("x", "CLIENT_SECRET_WRONG"), (CLIENT_SECRET, None)]
)
def test_a_client_that_has_a_secret_proves_it(sandbox, secret, reason):
    code = query(authorize(sandbox, **CONFIDENTIAL))["code"]
    answer = swap(sandbox, code=code, client_secret=secret, **CONFIDENTIAL)

    assert answer.status_code == (401 if reason else 200)
    assert sandbox.journal()[-1].reason == reason


BODIES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "nothing": ({}, "invalid_request", MALFORMED, "BODY_MISSING"),
    "no JSON": ({"data": "{"}, "invalid_request", MALFORMED, "BODY_MALFORMED"),
    "no object": ({"json": []}, "invalid_request", MALFORMED, "BODY_MALFORMED"),
    "a number": ({"json": {"grant_type": 1}}, "invalid_request", MALFORMED, "FIELD_INVALID"),
    "no grant": ({"json": {"client_id": CLI}}, "invalid_request", MALFORMED, "FIELD_MISSING"),
    "an unknown grant": (
        {"json": {"grant_type": "password", "client_id": CLI}},
        "unsupported_grant_type",
        "The grant type is not supported",
        "GRANT_TYPE_UNSUPPORTED",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_the_token_endpoint_refuses_a_body(sandbox, case):
    sent, error, description, reason = BODIES[case]
    answer = sandbox.post(TOKEN, **sent)

    assert (answer.status_code, answer.json) == (400, {"error": error, "error_description": description})
    assert sandbox.journal()[-1].reason == reason


def test_a_refresh_token_is_good_once(sandbox):
    tokens = swap(sandbox).json
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": CLI}

    first, again = swap(sandbox, **asked), swap(sandbox, **asked)
    other = swap(sandbox, **{**asked, "refresh_token": "x"})

    assert (first.json["scope"], first.json["expires_in"]) == (SCOPE, 3600)
    assert first.json["access_token"] != tokens["access_token"]
    refused = {"error": "invalid_grant", "error_description": "Refresh token is invalid or has expired"}
    assert (again.json, other.json) == (refused, refused)
    reasons = [entry.reason for entry in sandbox.journal()[-2:]]
    assert reasons == ["REFRESH_TOKEN_ALREADY_USED", "REFRESH_TOKEN_UNKNOWN"]


def test_whoever_is_deactivated_gets_no_new_tokens(sandbox):
    tokens = swap(sandbox).json
    with sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="alice")

    answer = swap(sandbox, grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_id=CLI)

    assert answer.json == {"error": "invalid_grant", "error_description": "The user cannot sign in"}


def test_the_routing_of_the_server_speaks_its_words(sandbox):
    assert sandbox.get(TOKEN).json == {"error": "invalid_request", "error_description": "Method not allowed"}
    answer = sandbox.get("/api/oauth/v1/nothing")
    assert (answer.status_code, answer.json) == (404, {"error": "not_found", "error_description": "Not found"})


# The device flow


def begin(sandbox: HouseClient, **given: str) -> Any:
    return sandbox.post(DEVICE_AUTHORIZATION, json={"client_id": CLI, "scope": "user:read", **given})


def poll(sandbox: HouseClient, device_code: str, client_id: str = CLI) -> Any:
    return swap(sandbox, grant_type=DEVICE_GRANT, device_code=device_code, client_id=client_id)


def let_in(sandbox: HouseClient, user_code: str, decision: str = "allow") -> Any:
    page = submit(sandbox, sandbox.get(DEVICE), "continue", user_code=user_code.lower())
    page = submit(sandbox, page, "as-alice")
    return submit(sandbox, page, decision)


def test_a_device_is_let_in(sandbox):
    device = begin(sandbox).json
    assert list(device) == [
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    ]
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert urlsplit(device["verification_uri"]).path == DEVICE
    assert device["user_code"] in sandbox.get(device["verification_uri_complete"]).text

    pending, too_fast = poll(sandbox, device["device_code"]), poll(sandbox, device["device_code"])
    assert "Your device is connected" in let_in(sandbox, device["user_code"]).text
    sandbox.clock.advance(seconds=11)
    done, again = poll(sandbox, device["device_code"]), poll(sandbox, device["device_code"])

    assert pending.json["error"] == "authorization_pending"
    assert (too_fast.json["error"], too_fast.json["interval"]) == ("slow_down", 10)
    assert (done.status_code, done.json["scope"]) == (200, "user:read")
    assert again.json == {"error": "invalid_grant", "error_description": "Device code is invalid"}


def test_a_device_is_refused(sandbox):
    device = begin(sandbox).json
    assert "The request was cancelled" in let_in(sandbox, device["user_code"], "deny").text

    answer = poll(sandbox, device["device_code"])

    assert (answer.status_code, answer.json["error"]) == (400, "access_denied")


def test_a_device_waits_for_a_quarter_of_an_hour(sandbox):
    device = begin(sandbox).json
    sandbox.clock.advance(minutes=15)

    assert poll(sandbox, device["device_code"]).json["error"] == "expired_token"
    page = submit(sandbox, sandbox.get(DEVICE), "continue", user_code=device["user_code"])
    assert (page.status_code, sandbox.journal()[-1].reason) == (422, "USER_CODE_UNKNOWN")


DEVICES = {
    "unknown client": ({"client_id": "x"}, 401, "invalid_client", "CLIENT_UNKNOWN"),
    "no client": ({"client_id": ""}, 400, "invalid_request", "FIELD_MISSING"),
    "a client without the device flow": ({"client_id": CLIENT}, 400, "unauthorized_client", "DEVICE_FLOW_DISABLED"),
    "unknown scope": ({"scope": "x"}, 400, "invalid_scope", "SCOPE_INVALID"),
}


@pytest.mark.parametrize("case", DEVICES)
def test_a_device_login_is_not_begun(sandbox, case):
    wrong, status, error, reason = DEVICES[case]
    answer = begin(sandbox, **wrong)

    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert sandbox.journal()[-1].reason == reason


def test_a_device_code_is_for_its_own_client(sandbox):
    with sandbox.world() as world:
        world.store.change(
            tables.Client, {"settings": {"device_flow": True}, "secret": None}, service=SLUG, client_id=CLIENT
        )

    answer = poll(sandbox, begin(sandbox).json["device_code"], CLIENT)

    assert (answer.json["error"], sandbox.journal()[-1].reason) == ("invalid_grant", "DEVICE_CODE_UNKNOWN")


# As an upstream


def test_an_exchange_may_swap_a_code_of_its_own_client(sandbox):
    code = query(authorize(sandbox))["code"]
    given = {"client_id": CLI, "redirect_uri": CLI_CALLBACK, "code_verifier": VERIFIER}

    with sandbox.world() as world:
        upstream = SERVICES[SLUG].upstream
        user = upstream.look_up(world, upstream.redeem(world, Redemption(code, **given)).access_token)

    assert (user.login, user.client_id) == ("alice", CLI)


def test_an_exchange_may_ask_whose_token_it_is(sandbox):
    token = swap(sandbox).json["access_token"]

    with sandbox.world() as world:
        user = SERVICES[SLUG].upstream.look_up(world, token)

    assert (user.login, user.email, user.client_id) == ("alice", "alice@contoso.test", CLI)
