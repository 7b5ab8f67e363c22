"""Azure's grants without a browser: client credentials, passwords, on behalf of someone, and client assertions."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from sandbox.core import tables
from sandbox.core.fixtures import shipped
from sandbox.core.keysets import signing_key
from tests.support.azure_login import (
    API,
    CONTOSO,
    EVERYONE,
    GRAPH,
    GUARDED,
    PUBLIC,
    WEB,
    authorize,
    change_application,
    change_person,
    change_settings,
    claims,
    path,
    post_token,
    sign_in,
    tokens,
)
from tests.support.forms import submit

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
OBO = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
PASSWORD = "sandbox-password"


def client_credentials(sandbox, tenant: str = CONTOSO, **form: str) -> Any:
    return post_token(sandbox, tenant, grant_type="client_credentials", **{"scope": GRAPH_DEFAULT, **form})


# Client credentials


def test_an_application_gets_a_token_of_its_own(sandbox):
    issued = client_credentials(sandbox).json
    token = claims(issued["access_token"])

    assert list(issued) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
    assert (token["aud"], token["ver"], token["idtyp"], token["tid"]) == (GRAPH, "1.0", "app", CONTOSO)
    assert token["roles"] == ["User.Read.All", "GroupMember.Read.All"]
    assert token["sub"] == token["oid"] != WEB
    assert not {"scp", "name", "preferred_username", "upn"} & set(token)
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    assert sandbox.get("/v1.0/users/alice@contoso.test", headers=bearer).status_code == 200


def test_an_application_gets_a_token_for_an_own_api(sandbox):
    token = claims(client_credentials(sandbox, scope=f"{API}/.default").json["access_token"])

    assert (token["aud"], token["ver"], token["azp"], token["azpacr"]) == (WEB, "2.0", WEB, "1")
    assert token["roles"] == ["Reader"]
    assert token["idp"] == token["iss"]


@pytest.mark.parametrize("scope", ["User.Read", f"{GRAPH_DEFAULT} openid", f"{API}/access_as_user", "openid"])
@pytest.mark.parametrize("number", [70011, 1002012])
def test_its_scope_is_one_resource_by_default(sandbox, scope, number):
    change_settings(sandbox, client_credentials_scope_error=number)
    answer = client_credentials(sandbox, scope=scope)

    assert (answer.status_code, answer.json["error"], answer.json["error_codes"]) == (400, "invalid_scope", [number])
    assert f"cope {scope} is not valid." in answer.json["error_description"]


@pytest.mark.parametrize(
    ("tenant", "form", "number"),
    [
        (CONTOSO, {"client_secret": ""}, 7000218),
        (CONTOSO, {"scope": ""}, 900144),
        (CONTOSO, {"scope": "api://nowhere/.default"}, 500011),
        (CONTOSO, {"client_id": PUBLIC, "client_secret": ""}, 7000218),
        (CONTOSO, {"client_id": PUBLIC}, 700025),
        ("common", {}, 50194),
        ("common", {"client_id": EVERYONE}, 9001023),
        ("consumers", {"client_id": EVERYONE}, 9001023),
    ],
)
def test_an_application_is_refused(sandbox, tenant, form, number):
    assert client_credentials(sandbox, tenant, **form).json["error_codes"] == [number]


def test_an_application_that_must_be_assigned_needs_an_app_role(sandbox):
    change_application(sandbox, GUARDED, assignment_required=True)

    refused = client_credentials(sandbox, scope=f"api://{GUARDED}/.default")

    assert refused.json["error_codes"] == [50105]


# Assertions


def key() -> str:
    pem = shipped("client-certificate.pem").read_text()
    end = "-----END PRIVATE KEY-----"
    return pem[pem.index("-----BEGIN PRIVATE KEY") : pem.index(end)] + end


def assertion(sandbox, algorithm: str = "RS256", signer: str | None = None, **changed: Any) -> str:
    now = sandbox.clock.now()
    given = {
        "iss": WEB,
        "sub": WEB,
        "aud": f"http://localhost{path('token')}",
        "jti": str(len(sandbox.journal())),
        "nbf": now,
        "iat": now,
        "exp": now + 600,
    }
    return jwt.encode(given | changed, signer or key(), algorithm=algorithm)


def by_certificate(sandbox, value: str) -> Any:
    return client_credentials(sandbox, client_secret="", client_assertion=value, client_assertion_type=ASSERTION_TYPE)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_certificate_proves_an_application(sandbox, algorithm):
    answer = by_certificate(sandbox, assertion(sandbox, algorithm))

    assert answer.status_code == 200
    assert claims(answer.json["access_token"])["appidacr"] == "2"


@pytest.mark.parametrize(
    "audience",
    [f"/{CONTOSO}/oauth2/v2.0/token", "/contoso.test/oauth2/token", "/common/oauth2/v2.0/token", f"/{CONTOSO}/v2.0"],
)
def test_an_assertion_may_name_any_form_of_the_tenant(sandbox, audience):
    assert by_certificate(sandbox, assertion(sandbox, aud=f"http://localhost{audience}")).status_code == 200


@pytest.mark.parametrize(
    ("changed", "number", "reason"),
    [
        ({"iss": PUBLIC}, 700021, "CLIENT_ASSERTION_SUBJECT_WRONG"),
        ({"sub": PUBLIC}, 700021, "CLIENT_ASSERTION_SUBJECT_WRONG"),
        ({"aud": "https://login.example/token"}, 700023, "CLIENT_ASSERTION_AUDIENCE_WRONG"),
        ({"exp": 1}, 700024, "CLIENT_ASSERTION_INVALID"),
        ({"nbf": 9_999_999_999}, 700024, "CLIENT_ASSERTION_INVALID"),
        ({"jti": ""}, 700024, "CLIENT_ASSERTION_INVALID"),
    ],
)
def test_an_assertion_is_refused(sandbox, changed, number, reason):
    answer = by_certificate(sandbox, assertion(sandbox, **changed))

    assert (answer.status_code, answer.json["error"], answer.json["error_codes"]) == (401, "invalid_client", [number])
    assert sandbox.journal()[-1].reason == reason


def test_an_assertion_of_another_key_is_refused(sandbox):
    stranger = shipped("development-keys.pem").read_text().partition("-----END PRIVATE KEY-----")
    answer = by_certificate(sandbox, assertion(sandbox, signer="".join(stranger[:2])))

    assert answer.json["error_codes"] == [700027]
    assert by_certificate(sandbox, "no.jwt.here").status_code == 401


def test_an_assertion_is_good_once(sandbox):
    value = assertion(sandbox)

    assert by_certificate(sandbox, value).status_code == 200
    assert by_certificate(sandbox, value).json["error_codes"] == [700024]


# Passwords


def by_password(sandbox, tenant: str = CONTOSO, **form: str) -> Any:
    given = {"username": "alice@contoso.test", "password": PASSWORD, "scope": "User.Read openid offline_access"}
    return post_token(sandbox, tenant, grant_type="password", **{**given, **form})


def set_password(sandbox, login: str = "alice") -> None:

    with sandbox.world() as world:
        world.store.change(tables.Identity, {"password": PASSWORD}, login=login)


def test_a_password_becomes_tokens_once_there_is_consent(sandbox):
    set_password(sandbox)

    assert by_password(sandbox).json["suberror"] == "consent_required"
    sign_in(sandbox)
    issued = by_password(sandbox)
    public = by_password(sandbox, client_id=PUBLIC, client_secret="")

    assert claims(issued.json["id_token"])["oid"] == "a11ce000-0000-4000-8000-000000000001"
    assert public.json["error_codes"] == [65001]


@pytest.mark.parametrize(
    ("form", "person", "error", "number", "reason"),
    [
        ({"password": "wrong"}, {}, "invalid_grant", 50126, "PASSWORD_WRONG"),
        ({"username": "nobody@contoso.test"}, {}, "invalid_grant", 50034, "IDENTITY_UNKNOWN"),
        ({}, {"deactivated": True}, "invalid_grant", 50057, "IDENTITY_DEACTIVATED"),
        ({}, {"conditions": ["mfa_required"]}, "interaction_required", 50076, "MFA_REQUIRED"),
        ({}, {"conditions": ["mfa_enrolment_required"]}, "interaction_required", 50079, "MFA_ENROLMENT_REQUIRED"),
        ({}, {"conditions": ["password_expired"]}, "invalid_grant", 50055, "PASSWORD_EXPIRED"),
        ({}, {"conditions": ["locked"]}, "invalid_grant", 50053, "ACCOUNT_LOCKED"),
        ({}, {"conditions": ["conditional_access_blocked"]}, "interaction_required", 53003, "ACCESS_BLOCKED"),
        ({}, {"conditions": ["consent_required"]}, "invalid_grant", 65001, "CONSENT_REQUIRED"),
        ({}, {"conditions": ["not_assigned"]}, "invalid_grant", 50105, "ASSIGNMENT_REQUIRED"),
        ({"username": ""}, {}, "invalid_request", 900144, "FIELD_MISSING"),
        ({"password": ""}, {}, "invalid_request", 900144, "FIELD_MISSING"),
        ({"client_secret": ""}, {}, "invalid_client", 7000218, "CLIENT_SECRET_MISSING"),
    ],
)
def test_a_password_is_refused(sandbox, form, person, error, number, reason):
    set_password(sandbox)
    sign_in(sandbox)
    change_person(sandbox, "alice", **person)

    answer = by_password(sandbox, **form)

    assert (answer.json["error"], answer.json["error_codes"]) == (error, [number])
    assert ("claims" in answer.json) == (number in (50076, 50079))
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize("tenant", ["common", "consumers"])
def test_passwords_need_a_tenant(sandbox, tenant):
    assert by_password(sandbox, tenant, client_id=EVERYONE).json["error_codes"] == [9001023]


# On behalf of someone


def user_token(sandbox, as_: str = "alice", scope: str = f"{API}/access_as_user openid", **query: str) -> str:
    return str(tokens(sandbox, as_, scope=scope, **query)["access_token"])


def on_behalf_of(sandbox, token: str, **form: str) -> Any:
    given = {"requested_token_use": "on_behalf_of", "scope": "User.Read offline_access", "assertion": token}
    return post_token(sandbox, grant_type=OBO, **{**given, **form})


def test_an_api_acts_on_behalf_of_its_caller(sandbox):
    token = user_token(sandbox)
    assert on_behalf_of(sandbox, token).json["suberror"] == "consent_required"
    sign_in(sandbox)

    issued = on_behalf_of(sandbox, token).json
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}

    assert set(issued) == {*("token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token")}
    assert sandbox.get("/v1.0/me", headers=bearer).json["userPrincipalName"] == "alice@contoso.test"
    assert "refresh_token" not in on_behalf_of(sandbox, token, scope="User.Read").json


def test_an_administrator_consents_for_everyone(sandbox):
    token = user_token(sandbox)
    page = sandbox.get(
        f"/{CONTOSO}/v2.0/adminconsent",
        query_string={"client_id": WEB, "redirect_uri": "http://localhost:9999/callback", "scope": GRAPH_DEFAULT},
    )
    submit(sandbox, submit(sandbox, page, "as-admin"), "allow")

    issued = on_behalf_of(sandbox, token, scope=GRAPH_DEFAULT).json

    assert issued["scope"] == f"{GRAPH_DEFAULT} https://graph.microsoft.com/User.Read"


@pytest.mark.parametrize(
    ("form", "number", "reason"),
    [
        ({"assertion": ""}, 900144, "FIELD_MISSING"),
        ({"requested_token_use": ""}, 900144, "FIELD_MISSING"),
        ({"requested_token_use": "other"}, 9002313, "FIELD_INVALID"),
        ({"scope": ""}, 900144, "FIELD_MISSING"),
        ({"client_secret": ""}, 7000218, "CLIENT_SECRET_MISSING"),
        ({"assertion": "garbage"}, 50013, "ASSERTION_INVALID"),
        ({"client_id": GUARDED}, 500131, "ASSERTION_AUDIENCE_WRONG"),
        ({"scope": f"api://{GUARDED}/Files.Read"}, 50076, "MFA_REQUIRED"),
    ],
)
def test_acting_on_behalf_is_refused(sandbox, form, number, reason):
    answer = on_behalf_of(sandbox, user_token(sandbox), **form)

    assert answer.json["error_codes"] == [number], answer.text
    assert sandbox.journal()[-1].reason == reason


def test_tokens_that_speak_for_nobody_here_are_refused(sandbox):
    graph = user_token(sandbox, scope="User.Read")
    app_only = client_credentials(sandbox, scope=f"{API}/.default").json["access_token"]
    id_token = tokens(sandbox)["id_token"]
    late = user_token(sandbox)
    sandbox.clock.advance(hours=1)
    fresh = claims(user_token(sandbox))
    with sandbox.world() as world:
        minted = jwt.encode(fresh | {"uti": "x"}, signing_key(world, "azure", "RS256").signing, "RS256")
    tampered = late[:-4] + ("AAAA" if late[-4:] != "AAAA" else "BBBB")

    numbers = [
        on_behalf_of(sandbox, token).json["error_codes"]
        for token in (graph, app_only, id_token, late, minted, tampered)
    ]

    assert numbers == [[500133], [500133], [500133], [500133], [50013], [50013]]
    assert on_behalf_of(sandbox, user_token(sandbox, scope="User.Read")).json["error_codes"] == [500131]
    fresh_app = client_credentials(sandbox, scope=f"{API}/.default").json["access_token"]
    assert on_behalf_of(sandbox, fresh_app).json["error_codes"] == [7000114]
    assert on_behalf_of(sandbox, tokens(sandbox)["id_token"]).json["error_codes"] == [50013]


def test_a_step_up_satisfies_the_guarded_api(sandbox):
    first = on_behalf_of(sandbox, user_token(sandbox), scope=f"api://{GUARDED}/Files.Read").json
    stepped_up = user_token(sandbox, claims=first["claims"])
    # The API's own consent comes first.
    change_application(sandbox, trusted=True)

    issued = on_behalf_of(sandbox, stepped_up, scope=f"api://{GUARDED}/Files.Read")

    assert claims(issued.json["access_token"])["aud"] == f"api://{GUARDED}"
    assert authorize(sandbox).status_code == 302
