"""Azure's catalogue of errors: each number, how it is caused, and how it is told - as JSON, by redirect, on a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.azure_login import (
    API,
    CALLBACK,
    CONTOSO,
    EVERYONE,
    FABRIKAM_APP,
    GUARDED,
    ORIGIN,
    PKCE,
    PUBLIC,
    SPA,
    VERIFIER,
    WEB,
    answer,
    authorize,
    change_application,
    change_person,
    new_code,
    path,
    post_token,
    redeem,
    sign_in,
)
from tests.support.forms import find_form, submit

Cause = Callable[[Any], Any]
UNKNOWN = "99999999-9999-4999-8999-999999999999"
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NOT_HERE = (
    "Application with identifier '{}' was not found in the directory '{}'. This can happen if the application has not "
    "been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent "
    "your authentication request to the wrong tenant."
)


def spa_code(sandbox) -> str:
    return new_code(sandbox, client=PUBLIC, redirect_uri=SPA, **PKCE)


def spa(sandbox, **form: str) -> Any:
    given = {"client_id": PUBLIC, "client_secret": "", "redirect_uri": SPA, "code_verifier": VERIFIER, **form}
    return redeem(sandbox, spa_code(sandbox), **given)


def redeem_twice(sandbox) -> Any:
    code = new_code(sandbox)
    redeem(sandbox, code)
    return redeem(sandbox, code)


def redeem_late(sandbox) -> Any:
    code = new_code(sandbox)
    sandbox.clock.advance(minutes=10)
    return redeem(sandbox, code)


def with_expired_secret(sandbox) -> Any:
    change_application(sandbox, secret_expires_at="2020-01-01T00:00:00Z")
    return redeem(sandbox, "1.Ax")


# {number and case: (how it is caused, status, error, text, reason)}
AT_TOKEN: dict[str, tuple[Cause, int, str, str, str]] = {
    "54005": (
        redeem_twice,
        400,
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh "
        "token.",
        "CODE_ALREADY_REDEEMED",
    ),
    "70008": (
        redeem_late,
        400,
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
        "CODE_EXPIRED",
    ),
    "70000 code": (
        lambda sandbox: redeem(sandbox, "1.Aunknown"),
        400,
        "invalid_grant",
        "The provided value for the input parameter 'code' is not valid.",
        "CODE_UNKNOWN",
    ),
    "70000 code of another": (
        lambda sandbox: redeem(sandbox, new_code(sandbox), client_id=GUARDED),
        400,
        "invalid_grant",
        "The provided value for the input parameter 'code' is not valid.",
        "CODE_OF_ANOTHER_CLIENT",
    ),
    "70000 refresh token": (
        lambda sandbox: post_token(sandbox, grant_type="refresh_token", refresh_token="1.Ax"),
        400,
        "invalid_grant",
        "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid.",
        "REFRESH_TOKEN_UNKNOWN",
    ),
    "9002313 code": (
        lambda sandbox: redeem(sandbox, "a code"),
        400,
        "invalid_grant",
        "Invalid request. Request is malformed or invalid.",
        "TOKEN_MALFORMED",
    ),
    "9002313 twice": (
        lambda sandbox: sandbox.post(path("token"), data={"client_id": [WEB, WEB]}),
        400,
        "invalid_request",
        "Invalid request. Request is malformed or invalid.",
        "FIELD_REPEATED",
    ),
    "501481": (
        lambda sandbox: redeem(sandbox, new_code(sandbox, **PKCE), code_verifier="w" * 43),
        400,
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        "VERIFIER_MISMATCH",
    ),
    "50148": (
        lambda sandbox: redeem(sandbox, new_code(sandbox, **PKCE)),
        400,
        "invalid_grant",
        "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.",
        "VERIFIER_MISSING",
    ),
    "700005": (
        lambda sandbox: redeem(sandbox, new_code(sandbox, client=EVERYONE), "fabrikam.test", client_id=EVERYONE),
        400,
        "invalid_grant",
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
        "CODE_OF_ANOTHER_TENANT",
    ),
    "50011": (
        lambda sandbox: redeem(sandbox, new_code(sandbox), redirect_uri=f"{CALLBACK}/x"),
        400,
        "invalid_grant",
        f"The redirect URI '{CALLBACK}/x' specified in the request does not match the redirect URIs configured for the "
        f"application '{WEB}'. Make sure the redirect URI sent in the request matches one added to your application in "
        "the Azure portal.",
        "REDIRECT_URI_MISMATCH",
    ),
    "700016 unknown": (
        lambda sandbox: redeem(sandbox, "1.Ax", client_id=UNKNOWN),
        400,
        "unauthorized_client",
        NOT_HERE.format(UNKNOWN, CONTOSO),
        "CLIENT_UNKNOWN",
    ),
    "700016 of another tenant": (
        lambda sandbox: redeem(sandbox, "1.Ax", client_id=FABRIKAM_APP),
        400,
        "unauthorized_client",
        NOT_HERE.format(FABRIKAM_APP, CONTOSO),
        "CLIENT_OF_ANOTHER_TENANT",
    ),
    "7000215": (
        lambda sandbox: redeem(sandbox, "1.Ax", client_secret="wrong"),
        401,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{WEB}'.",
        "CLIENT_SECRET_WRONG",
    ),
    "7000218": (
        lambda sandbox: redeem(sandbox, "1.Ax", client_secret=""),
        401,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "CLIENT_SECRET_MISSING",
    ),
    "7000222": (
        with_expired_secret,
        401,
        "invalid_client",
        f"The provided client secret keys for app '{WEB}' are expired. Visit the Azure portal to create new keys for "
        "your app, or consider using certificate credentials for added security.",
        "CLIENT_SECRET_EXPIRED",
    ),
    "700025": (
        lambda sandbox: redeem(sandbox, "1.Ax", client_id=PUBLIC),
        401,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        "CLIENT_CREDENTIALS_UNEXPECTED",
    ),
    "90002": (
        lambda sandbox: redeem(sandbox, "1.Ax", "nope"),
        400,
        "invalid_request",
        "Tenant 'nope' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for "
        "the tenant.",
        "ISSUER_UNKNOWN",
    ),
    "900144 grant_type": (
        post_token,
        400,
        "invalid_request",
        "The request body must contain the following parameter: 'grant_type'.",
        "FIELD_MISSING",
    ),
    "900144 client_id": (
        lambda sandbox: post_token(sandbox, grant_type="refresh_token", client_id=""),
        400,
        "invalid_request",
        "The request body must contain the following parameter: 'client_id'.",
        "FIELD_MISSING",
    ),
    "900144 code": (
        lambda sandbox: redeem(sandbox, ""),
        400,
        "invalid_request",
        "The request body must contain the following parameter: 'code'.",
        "FIELD_MISSING",
    ),
    "900144 redirect_uri": (
        lambda sandbox: redeem(sandbox, new_code(sandbox), redirect_uri=""),
        400,
        "invalid_request",
        "The request body must contain the following parameter: 'redirect_uri'.",
        "FIELD_MISSING",
    ),
    "900144 a body of JSON": (
        lambda sandbox: sandbox.post(path("token"), json={"grant_type": "refresh_token"}),
        400,
        "invalid_request",
        "The request body must contain the following parameter: 'grant_type'.",
        "FIELD_MISSING",
    ),
    "70003": (
        lambda sandbox: post_token(sandbox, grant_type="implicit"),
        400,
        "unsupported_grant_type",
        "The app requested an unsupported grant type 'implicit'.",
        "GRANT_TYPE_UNSUPPORTED",
    ),
    "70011": (
        lambda sandbox: redeem(sandbox, new_code(sandbox), scope=f"{API}/nonsense"),
        400,
        "invalid_scope",
        f"The provided value for the input parameter 'scope' is not valid. The scope {API}/nonsense is not valid.",
        "SCOPE_INVALID",
    ),
    "9002326": (
        lambda sandbox: redeem(sandbox, new_code(sandbox), headers=ORIGIN),
        400,
        "invalid_request",
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request "
        "origin: 'http://localhost:9998'.",
        "ORIGIN_UNEXPECTED",
    ),
    "9002327": (
        spa,
        400,
        "invalid_request",
        "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        "ORIGIN_MISSING",
    ),
    "50194": (
        lambda sandbox: redeem(sandbox, "1.Ax", "common"),
        400,
        "invalid_request",
        f"Application '{WEB}'(Sandbox web application) is not configured as a multi-tenant application. Usage of the "
        "/common endpoint is not supported for such applications created after '10/15/2018'. Use a tenant-specific "
        "endpoint or configure the application to be multi-tenant.",
        "CLIENT_SINGLE_TENANT",
    ),
    "9002332": (
        lambda sandbox: redeem(sandbox, "1.Ax", "consumers"),
        400,
        "invalid_request",
        f"Application '{WEB}'(Sandbox web application) is configured for use by Azure Active Directory users only. "
        "Please do not use the /consumers endpoint to serve this request.",
        "CLIENT_FOR_WORK_ONLY",
    ),
}


@pytest.mark.parametrize("case", AT_TOKEN, ids=str)
def test_the_token_endpoint_says(sandbox, case):
    cause, status, error, text, reason = AT_TOKEN[case]
    number = int(case.split()[0])

    told = cause(sandbox)
    body = told.json

    assert (told.status_code, body["error"], body["error_codes"]) == (status, error, [number]), told.text
    assert body["error_description"] == (
        f"AADSTS{number}: {text} Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} "
        f"Timestamp: {body['timestamp']}"
    )
    assert body["error_uri"] == f"http://localhost/error?code={number}"
    assert re.fullmatch(STAMP, body["timestamp"])
    assert re.fullmatch(GUID, body["trace_id"])
    assert body["trace_id"] == told.headers["x-ms-request-id"]
    assert body["correlation_id"] == told.headers["client-request-id"]
    assert "WWW-Authenticate" not in told.headers
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    assert told.headers["Cache-Control"] == "no-store, no-cache"
    assert sandbox.journal()[-1].reason == reason


# {number and case: (the query, error, reason)}
AT_CALLBACK: dict[str, tuple[dict[str, str], str, str]] = {
    "50058": ({"prompt": "none"}, "login_required", "LOGIN_REQUIRED"),
    "700054 id_token": ({"response_type": "id_token"}, "unsupported_response_type", "RESPONSE_TYPE_NOT_ALLOWED"),
    "700054 token": ({"response_type": "token"}, "unsupported_response_type", "RESPONSE_TYPE_NOT_ALLOWED"),
    "70005": ({"response_type": "code token"}, "unsupported_response_type", "RESPONSE_TYPE_UNSUPPORTED"),
    "70005 unknown": ({"response_type": "x"}, "unsupported_response_type", "RESPONSE_TYPE_UNSUPPORTED"),
    "900144": ({"response_type": ""}, "invalid_request", "FIELD_MISSING"),
    "900144 scope": ({"scope": ""}, "invalid_request", "FIELD_MISSING"),
    "70007": ({"response_mode": "web_message"}, "invalid_request", "RESPONSE_MODE_UNSUPPORTED"),
    "70011": ({"scope": "openid nonsense"}, "invalid_scope", "SCOPE_INVALID"),
    "70011 default": (
        {"scope": "User.Read https://graph.microsoft.com/.default"},
        "invalid_scope",
        "SCOPE_INVALID",
    ),
    "500011": ({"scope": "api://nowhere/x"}, "invalid_resource", "TARGET_INVALID"),
    "501491": ({"code_challenge": "x", "code_challenge_method": "S256"}, "invalid_request", "CHALLENGE_INVALID"),
    "501491 method": ({"code_challenge_method": "S256"}, "invalid_request", "CHALLENGE_INVALID"),
    "50147": ({"code_challenge": "v" * 43, "code_challenge_method": "S512"}, "invalid_request", "CHALLENGE_INVALID"),
    "90023": ({"prompt": "sometimes"}, "invalid_request", "FIELD_INVALID"),
    "9002313 max_age": ({"max_age": "old"}, "invalid_request", "FIELD_INVALID"),
    "9002313 claims": ({"claims": "{"}, "invalid_request", "FIELD_INVALID"),
}


@pytest.mark.parametrize("case", AT_CALLBACK, ids=str)
def test_the_client_is_told_at_its_redirect_uri(sandbox, case):
    query, error, reason = AT_CALLBACK[case]
    number = case.split()[0]

    back = authorize(sandbox, **query)
    told = answer(back)

    assert back.status_code == 302, back.text
    assert back.headers["Location"].startswith(CALLBACK)
    assert list(told) == ["error", "error_description", "error_uri", "state"]
    assert (told["error"], told["state"]) == (error, "s|1")
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert told["error_uri"].endswith(f"/error?code={number}")
    assert sandbox.journal()[-1].reason == reason


def test_some_front_channel_requests_need_more(sandbox):
    change_application(sandbox, implicit_id_tokens=True)

    no_nonce = answer(authorize(sandbox, response_type="id_token"))
    in_query = answer(authorize(sandbox, response_type="id_token", nonce="n", response_mode="query"))
    no_openid = answer(authorize(sandbox, response_type="id_token", nonce="n", scope="profile"))
    no_pkce = answer(authorize(sandbox, client=PUBLIC, redirect_uri=SPA))

    assert "following parameter: 'nonce'." in no_nonce["error_description"]
    assert "'query' is not a supported value of 'response_mode'" in in_query["error_description"]
    assert no_openid["error"] == "invalid_scope"
    assert no_pkce["error_uri"].endswith("code=9002325")


def test_silence_is_refused_where_a_page_is_due(sandbox):
    sign_in(sandbox, scope="openid")
    consent = answer(authorize(sandbox, prompt="none", scope="openid Mail.Read"))
    change_person(sandbox, "alice", conditions=["conditional_access_blocked"])
    blocked = answer(authorize(sandbox, prompt="none", scope="openid"))

    assert (consent["error"], consent["error_uri"][-5:]) == ("consent_required", "65001")
    assert (blocked["error"], blocked["error_uri"][-5:]) == ("access_denied", "53003")


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("page", ["sign-in", "consent"])
def test_a_person_refuses(sandbox, mode, page):
    shown = authorize(sandbox, response_mode=mode)
    shown = submit(sandbox, shown, "as-alice") if page == "consent" else shown
    back = submit(sandbox, shown, "deny")
    if mode == "form_post":
        form, fields = find_form(back.text, "continue")
        told = dict(fields)
        assert form.action == CALLBACK
    else:
        told = answer(back)
        assert ("#" in back.headers["Location"]) == (mode == "fragment")

    assert (told["error"], told["state"]) == ("access_denied", "s|1")
    assert told["error_description"].startswith("AADSTS65004: User declined to consent to access the app.")
    assert told.get("error_subcode") == ("cancel" if page == "sign-in" else None)


STRANGER = "User account 'personal@outlook.test' from identity provider 'http://localhost/9188040d-6c67-4c5b-b112-"


# {number and case: (tenant, the query, what is typed, a part of the text, reason)}
ON_A_PAGE: dict[str, tuple[str, dict[str, str], str | None, str, str]] = {
    "90002": ("nope", {}, None, "Tenant 'nope' not found.", "ISSUER_UNKNOWN"),
    "900144": (CONTOSO, {"client": ""}, None, "following parameter: 'client_id'.", "FIELD_MISSING"),
    "700016": (CONTOSO, {"client": UNKNOWN}, None, f"Application with identifier '{UNKNOWN}'", "CLIENT_UNKNOWN"),
    "700016 other": (CONTOSO, {"client": FABRIKAM_APP}, None, "was not found", "CLIENT_OF_ANOTHER_TENANT"),
    "50194": ("common", {}, None, "not configured as a multi-tenant", "CLIENT_SINGLE_TENANT"),
    "50194 organizations": ("organizations", {}, None, "not configured as a multi-tenant", "CLIENT_SINGLE_TENANT"),
    "9002332": ("consumers", {}, None, "Azure Active Directory users only", "CLIENT_FOR_WORK_ONLY"),
    "50011": (CONTOSO, {"redirect_uri": "https://evil.test/"}, None, "'https://evil.test/'", "REDIRECT_URI_MISMATCH"),
    "50011 case": (CONTOSO, {"redirect_uri": CALLBACK.title()}, None, "does not match", "REDIRECT_URI_MISMATCH"),
    "50011 query": (CONTOSO, {"redirect_uri": f"{CALLBACK}?a=1"}, None, "not match", "REDIRECT_URI_MISMATCH"),
    "900971": (CONTOSO, {"redirect_uri": ""}, None, "No reply address provided.", "FIELD_MISSING"),
    "50020": (CONTOSO, {}, "personal@outlook.test", STRANGER, "IDENTITY_OF_ANOTHER_TENANT"),
    "50020 organizations": (
        "organizations",
        {"client": EVERYONE},
        "personal",
        "User account 'personal@outlook.test'",
        "IDENTITY_OF_ANOTHER_TENANT",
    ),
    "50057": (CONTOSO, {}, "deactivated", "The user account is disabled.", "IDENTITY_DEACTIVATED"),
    "53003": (CONTOSO, {}, "blocked", "blocked by Conditional Access policies", "ACCESS_BLOCKED"),
    "90130": ("common", {"client": EVERYONE}, None, "not supported over the /common", "CLIENT_NEEDS_TENANT"),
}


@pytest.mark.parametrize("case", ON_A_PAGE, ids=str)
def test_a_person_reads(sandbox, case):
    tenant, query, typed, text, reason = ON_A_PAGE[case]
    change_application(sandbox, EVERYONE, v1_only=True)
    page = authorize(sandbox, tenant, **query)
    if typed:
        page = submit(sandbox, page, "continue", login=typed)

    assert page.status_code == 400
    assert "Location" not in page.headers
    assert f"AADSTS{case.split()[0]}: " in page.text
    assert text in page.text.replace("&#39;", "'")
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize(
    ("condition", "number", "reason"),
    [
        ("not_assigned", 50105, "ASSIGNMENT_REQUIRED"),
        ("locked", 50053, "ACCOUNT_LOCKED"),
        ("password_expired", 50055, "PASSWORD_EXPIRED"),
    ],
)
def test_a_condition_keeps_a_person_out(sandbox, condition, number, reason):
    change_person(sandbox, "alice", conditions=[condition])
    page = submit(sandbox, authorize(sandbox), "as-alice")

    assert f"AADSTS{number}: " in page.text
    assert sandbox.journal()[-1].reason == reason


def test_an_application_may_want_everybody_assigned(sandbox):
    change_application(sandbox, assignment_required=True)

    assert "AADSTS50105: The signed in user" in submit(sandbox, authorize(sandbox), "as-alice").text
    assert submit(sandbox, authorize(sandbox), "as-admin").status_code == 200
