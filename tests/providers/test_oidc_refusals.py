"""The generic issuer's catalogue of refusals: each cause, the standard's answer to it, and the cause beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core import tables
from sandbox.protocol.pkce import s256
from tests.support.forms import submit
from tests.support.github import basic
from tests.support.oidc import CALLBACK, LOOPBACK, PUBLIC, SECRET, RelyingParty
from tests.support.person import query

VERIFIER = "v" * 43
PKCE = {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

Cause = Callable[[RelyingParty], Any]


@pytest.fixture
def party(sandbox) -> RelyingParty:
    return RelyingParty(sandbox)


def reason(answer: Any) -> str:
    return str(answer.headers["X-Sandbox-Reason"].partition(";")[0])


def second(party: RelyingParty, path: str = "/token", **form: str) -> Any:
    return party.post(path, form)


def late(party: RelyingParty, code: str, **time: int) -> Any:
    party.sandbox.clock.advance(**time)
    return party.redeem(code)


def twice(party: RelyingParty) -> Any:
    code = party.code()
    party.redeem(code)
    return party.redeem(code)


def refreshed(party: RelyingParty, **form: str) -> Any:
    value = party.tokens(scope="openid offline_access")["refresh_token"]
    return second(party, grant_type="refresh_token", refresh_token=value, **form)


def refreshed_twice(party: RelyingParty) -> Any:
    value = party.tokens(scope="openid offline_access")["refresh_token"]
    second(party, grant_type="refresh_token", refresh_token=value)
    return second(party, grant_type="refresh_token", refresh_token=value)


def refreshed_late(party: RelyingParty) -> Any:
    value = party.tokens(scope="openid offline_access")["refresh_token"]
    party.sandbox.clock.advance(days=15)
    return second(party, grant_type="refresh_token", refresh_token=value)


def refreshed_after_revocation(party: RelyingParty) -> Any:
    value = party.tokens(scope="openid offline_access")["refresh_token"]
    second(party, "/revoke", token=value)
    return second(party, grant_type="refresh_token", refresh_token=value)


def foreign(party: RelyingParty, kind: str) -> Any:
    """The other client of the issuer presents what was issued to this one."""
    tokens = party.tokens(scope="openid offline_access") if kind != "code" else {"code": party.code()}
    other = {"client_id": PUBLIC}
    if kind == "code":
        return party.post("/token", {**other, "grant_type": "authorization_code", "code": tokens["code"]}, {})
    if kind == "refresh_token":
        form = {**other, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        return party.post("/token", form, {})
    return party.post("/revoke", {**other, "token": tokens["access_token"]}, {})


def device(party: RelyingParty, *, then: str) -> Any:
    started = second(party, "/device_authorization", scope="openid").json
    poll = {"grant_type": DEVICE, "device_code": started["device_code"]}
    if then in ("denied", "redeemed"):
        page = submit(
            party.sandbox, party.sandbox.get(f"{party.issuer}/device"), "continue", user_code=started["user_code"]
        )
        page = submit(party.sandbox, page, "deny" if then == "denied" else "as-alice")
        if then == "redeemed":
            submit(party.sandbox, page, "allow")
            assert second(party, **poll).status_code == 200
    if then == "expired":
        party.sandbox.clock.advance(seconds=900)
    if then == "too fast":
        second(party, **poll)
    return second(party, **poll)


def with_deactivated(party: RelyingParty) -> Any:
    code = party.code()
    with party.sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="alice")
    return party.redeem(code)


def raw(party: RelyingParty, body: str, content_type: str) -> Any:
    return party.sandbox.post(f"{party.issuer}/token", data=body, content_type=content_type)


CATALOGUE: list[tuple[str, Cause, int, str]] = [
    ("CLIENT_UNKNOWN", lambda p: p.post("/token", {"grant_type": "x"}, basic("nobody", "x")), 401, "invalid_client"),
    ("CLIENT_UNKNOWN", lambda p: p.post("/token", {"grant_type": "x"}, {}), 401, "invalid_client"),
    ("CLIENT_SECRET_WRONG", lambda p: p.post("/token", {}, basic(p.client_id, "wrong")), 401, "invalid_client"),
    ("CLIENT_SECRET_MISSING", lambda p: p.post("/token", {"client_id": p.client_id}, {}), 401, "invalid_client"),
    (
        "CLIENT_CREDENTIALS_AMBIGUOUS",
        lambda p: p.post("/token", {"client_id": p.client_id, "client_secret": "other"}),
        400,
        "invalid_request",
    ),
    ("FIELD_MISSING", second, 400, "invalid_request"),
    ("FIELD_MISSING", lambda p: second(p, grant_type="authorization_code"), 400, "invalid_request"),
    ("GRANT_TYPE_UNSUPPORTED", lambda p: second(p, grant_type="magic"), 400, "unsupported_grant_type"),
    (
        "GRANT_TYPE_NOT_ALLOWED",
        lambda p: p.post("/token", {"client_id": PUBLIC, "grant_type": "password"}, {}),
        400,
        "unauthorized_client",
    ),
    ("BODY_MALFORMED", lambda p: raw(p, json.dumps({"code": "x"}), "application/json"), 400, "invalid_request"),
    (
        "FIELD_REPEATED",
        lambda p: raw(p, "client_id=a&client_id=b", "application/x-www-form-urlencoded"),
        400,
        "invalid_request",
    ),
    ("CODE_UNKNOWN", lambda p: p.redeem("nothing"), 400, "invalid_grant"),
    ("CODE_EXPIRED", lambda p: late(p, p.code(), minutes=10), 400, "invalid_grant"),
    ("CODE_ALREADY_REDEEMED", twice, 400, "invalid_grant"),
    ("CODE_OF_ANOTHER_CLIENT", lambda p: foreign(p, "code"), 400, "invalid_grant"),
    ("REDIRECT_URI_MISMATCH", lambda p: p.redeem(p.code(), redirect_uri=f"{CALLBACK}/"), 400, "invalid_grant"),
    ("REDIRECT_URI_MISMATCH", lambda p: p.redeem(p.code(), redirect_uri=""), 400, "invalid_grant"),
    ("VERIFIER_MISSING", lambda p: p.redeem(p.code(**PKCE)), 400, "invalid_grant"),
    ("VERIFIER_MISMATCH", lambda p: p.redeem(p.code(**PKCE), code_verifier="w" * 43), 400, "invalid_grant"),
    ("VERIFIER_UNEXPECTED", lambda p: p.redeem(p.code(), code_verifier=VERIFIER), 400, "invalid_grant"),
    ("IDENTITY_DEACTIVATED", with_deactivated, 400, "invalid_grant"),
    (
        "REFRESH_TOKEN_UNKNOWN",
        lambda p: second(p, grant_type="refresh_token", refresh_token="nothing"),
        400,
        "invalid_grant",
    ),
    ("REFRESH_TOKEN_EXPIRED", refreshed_late, 400, "invalid_grant"),
    ("REFRESH_TOKEN_REVOKED", refreshed_after_revocation, 400, "invalid_grant"),
    ("REFRESH_TOKEN_ALREADY_USED", refreshed_twice, 400, "invalid_grant"),
    ("REFRESH_TOKEN_OF_ANOTHER_CLIENT", lambda p: foreign(p, "refresh_token"), 400, "invalid_grant"),
    ("SCOPE_INVALID", lambda p: refreshed(p, scope="openid email"), 400, "invalid_scope"),
    ("TARGET_INVALID", lambda p: refreshed(p, resource="not a URI"), 400, "invalid_target"),
    (
        "PASSWORD_WRONG",
        lambda p: second(p, grant_type="password", username="alice", password="x"),
        400,
        "invalid_grant",
    ),
    ("TOKEN_OF_ANOTHER_CLIENT", lambda p: foreign(p, "access_token"), 400, "invalid_grant"),
    (
        "SUBJECT_TOKEN_INVALID",
        lambda p: second(p, grant_type=EXCHANGE, subject_token="x", subject_token_type=ACCESS_TOKEN),
        400,
        "invalid_request",
    ),
    ("AUTHORIZATION_PENDING", lambda p: device(p, then="wait"), 400, "authorization_pending"),
    ("POLLING_TOO_FAST", lambda p: device(p, then="too fast"), 400, "slow_down"),
    ("ACCESS_DENIED", lambda p: device(p, then="denied"), 400, "access_denied"),
    ("DEVICE_CODE_EXPIRED", lambda p: device(p, then="expired"), 400, "expired_token"),
    ("DEVICE_CODE_ALREADY_REDEEMED", lambda p: device(p, then="redeemed"), 400, "invalid_grant"),
    ("DEVICE_CODE_UNKNOWN", lambda p: second(p, grant_type=DEVICE, device_code="x"), 400, "invalid_grant"),
]


@pytest.mark.parametrize(
    ("cause", "provoke", "status", "error"),
    CATALOGUE,
    ids=[f"{number} {row[0]} {row[3]}" for number, row in enumerate(CATALOGUE, 1)],
)
def test_the_token_endpoint_refuses(party, cause, provoke, status, error):
    answer = provoke(party)

    assert (answer.status_code, answer.json["error"], reason(answer)) == (status, error, cause)
    assert answer.json["error_description"]
    assert answer.headers["Cache-Control"] == "no-store"
    # Clients that find a challenge on a 400 look no further (openid-client).
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"client_id": ""}, "CLIENT_UNKNOWN"),
        ({"client_id": "nobody"}, "CLIENT_UNKNOWN"),
        ({"redirect_uri": ""}, "REDIRECT_URI_MISMATCH"),
        ({"redirect_uri": f"{CALLBACK}?more=1"}, "REDIRECT_URI_MISMATCH"),
        ({"redirect_uri": "javascript:alert(1)"}, "REDIRECT_URI_MISMATCH"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:unknown"}, "REQUEST_URI_INVALID"),
    ],
    ids=str,
)
def test_a_person_is_told_what_no_client_may_be_told(party, asked, cause):
    answer = party.authorize(**asked)

    assert (answer.status_code, reason(answer), answer.mimetype) == (400, cause, "text/html")
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "cause", "error"),
    [
        ({"response_type": ""}, "FIELD_MISSING", "invalid_request"),
        ({"response_type": "magic"}, "RESPONSE_TYPE_UNSUPPORTED", "unsupported_response_type"),
        ({"response_mode": "magic"}, "RESPONSE_MODE_UNSUPPORTED", "invalid_request"),
        (
            {"response_type": "id_token", "response_mode": "query", "nonce": "n"},
            "RESPONSE_MODE_UNSUPPORTED",
            "invalid_request",
        ),
        ({"response_type": "id_token", "response_mode": "fragment"}, "NONCE_MISSING", "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "CHALLENGE_INVALID", "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "CHALLENGE_INVALID", "invalid_request"),
        ({"prompt": "none login"}, "FIELD_INVALID", "invalid_request"),
        ({"prompt": "none"}, "LOGIN_REQUIRED", "login_required"),
        ({"max_age": "soon"}, "FIELD_INVALID", "invalid_request"),
        ({"claims": "{"}, "FIELD_INVALID", "invalid_request"),
        ({"claims": '{"userinfo": 7}'}, "FIELD_INVALID", "invalid_request"),
        ({"id_token_hint": "x.y.z"}, "FIELD_INVALID", "invalid_request"),
        ({"request": "x.y.z"}, "REQUEST_OBJECT_UNSUPPORTED", "request_not_supported"),
        ({"request_uri": "https://rp.test/r"}, "REQUEST_URI_UNSUPPORTED", "request_uri_not_supported"),
        ({"registration": "{}"}, "REGISTRATION_PARAMETER_UNSUPPORTED", "registration_not_supported"),
        ({"resource": "relative"}, "TARGET_INVALID", "invalid_target"),
    ],
    ids=str,
)
def test_the_client_is_told_by_redirect(party, asked, cause, error):
    answer = party.authorize(**asked)
    told = query(answer.location.replace("#", "?"))

    assert (answer.status_code, reason(answer)) == (302, cause)
    assert answer.location.startswith(CALLBACK)
    assert (told.pop("error"), told.pop("state")) == (error, "xyz")
    assert told.pop("iss").endswith("/oidc/main")
    assert set(told) == {"error_description"}


def test_a_public_client_needs_pkce(sandbox):
    party = RelyingParty(sandbox, client_id=PUBLIC, redirect_uri=LOOPBACK, secret="")

    answer = party.authorize()

    assert (reason(answer), query(answer.location)["error"]) == ("CHALLENGE_MISSING", "invalid_request")
    assert party.redeem(party.code(**PKCE), code_verifier=VERIFIER).status_code == 200


def test_a_client_may_be_refused_a_response_type(sandbox):
    party = RelyingParty(sandbox, client_id=PUBLIC, redirect_uri=LOOPBACK)

    answer = party.authorize(response_type="token")

    assert reason(answer) == "RESPONSE_TYPE_NOT_ALLOWED"
    assert query(answer.location.replace("#", "?"))["error"] == "unauthorized_client"


def test_consent_is_not_asked_for_silently(party):
    page = submit(party.sandbox, party.authorize(), "as-alice")
    assert page.status_code == 200

    answer = party.authorize(prompt="none")

    assert (reason(answer), query(answer.location)["error"]) == ("CONSENT_REQUIRED", "consent_required")


@pytest.mark.parametrize(
    ("header", "status", "cause", "challenge"),
    [
        ({}, 401, "TOKEN_MISSING", "Bearer"),
        ({"Authorization": "Bearer nothing"}, 401, "TOKEN_UNKNOWN", 'Bearer error="invalid_token"'),
        ({"Authorization": "DPoP nothing"}, 401, "TOKEN_UNKNOWN", 'Bearer error="invalid_token"'),
    ],
    ids=["none", "unknown", "by DPoP"],
)
def test_userinfo_refuses_a_bad_bearer(party, header, status, cause, challenge):
    answer = party.sandbox.get(f"{party.issuer}/userinfo", headers=header)

    assert (answer.status_code, reason(answer)) == (status, cause)
    assert answer.headers["WWW-Authenticate"].startswith(challenge)


@pytest.mark.parametrize(
    ("time", "revoke", "cause"), [({"hours": 1}, False, "TOKEN_EXPIRED"), ({}, True, "TOKEN_REVOKED")]
)
def test_userinfo_refuses_a_token_that_has_had_its_day(party, time, revoke, cause):
    token = party.tokens()["access_token"]
    assert party.userinfo(token).json == {"sub": "alice"}

    party.sandbox.clock.advance(**time)
    if revoke:
        assert second(party, "/revoke", token=token).status_code == 200

    assert (party.userinfo(token).status_code, reason(party.userinfo(token))) == (401, cause)
    assert second(party, "/introspect", token=token).json == {"active": False}


def test_userinfo_wants_the_scope_openid(party):
    token = party.tokens(scope="email")["access_token"]

    answer = party.userinfo(token)

    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://rp.test/cb"}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://rp.test/cb#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["/relative"]}, "invalid_redirect_uri"),
        ({"subject_type": "pairwise"}, "invalid_client_metadata"),
        ({"grant_types": ["magic"]}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"initiate_login_uri": "http://rp.test/start"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "jwks_uri": "https://rp.test/keys"}, "invalid_client_metadata"),
        ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"default_max_age": -1}, "invalid_client_metadata"),
    ],
    ids=str,
)
def test_registration_refuses(sandbox, document, error):
    fine = {} if "redirect_uris" in document or not document else {"redirect_uris": ["https://rp.test/cb"]}

    answer = sandbox.post("/oidc/main/register", json={**fine, **document})

    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_a_client_manages_its_registration_with_its_own_token_only(sandbox):
    made = sandbox.post("/oidc/main/register", json={"redirect_uris": ["https://rp.test/cb"]}).json
    where, own = made["registration_client_uri"], {"Authorization": f"Bearer {made['registration_access_token']}"}

    assert sandbox.get(where).status_code == 401
    assert sandbox.get(where, headers={"Authorization": "Bearer other"}).json["error"] == "invalid_token"
    assert sandbox.get("/oidc/main/register/oidc-client", headers=own).status_code == 401
    assert sandbox.get(where, headers=own).json["client_secret"] == made["client_secret"]
    assert sandbox.delete(where, headers=own).status_code == 204
    assert sandbox.get(where, headers=own).status_code == 401
    assert SECRET not in made.values()
