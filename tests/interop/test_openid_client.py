"""openid-client, unmodified: every flow of a generic issuer, over https by a private CA and over plain http."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.certificates import Certificates
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.support.conversation import Conversation, converse
from tests.support.person import Person, query

CALLBACK = "http://127.0.0.1:9999/callback"
WEB = {"client_id": "oidc-client", "client_secret": "sandbox-secret"}
NATIVE = {"client_id": "oidc-public", "auth": "none"}
SCOPE = "openid profile email offline_access"

RelyingParty = Callable[..., Any]


@pytest.fixture
def transport() -> str:
    """How the sandbox is served; a test of both asks for more."""
    return "https"


@pytest.fixture
def issuer(request: pytest.FixtureRequest, transport: str) -> str:
    """The issuer's identifier."""
    server = request.getfixturevalue("live_tls" if transport == "https" else "live")
    return f"{server.origin}/oidc/main"


@pytest.fixture(scope="module")
def library(node: object, ca: Certificates) -> Iterator[Conversation]:
    """openid-client itself."""
    with converse("openid-client.mjs", ca.ca_file) as library:
        yield library


@pytest.fixture
def relying_party(library: Conversation, issuer: str) -> RelyingParty:
    """Go one step: `relying_party("refresh", WEB, refresh_token="...")`."""
    return lambda step, application, **given: library.ask(step, issuer=issuer, application=application, **given)


def begin(relying_party: RelyingParty, application: dict[str, Any], person: Person, **asked: Any) -> Any:
    """Sign the person in; the callback, and what the application has kept to check it."""
    asked = {"redirect_uri": CALLBACK, "scope": SCOPE, **asked}
    begun = relying_party("authorize", application, **asked)
    return {"callback": person.sign_in(begun["url"]), "checks": begun["checks"]}


def log_in(relying_party: RelyingParty, application: dict[str, Any], person: Person, **asked: Any) -> Any:
    return relying_party("redeem", application, **begin(relying_party, application, person, **asked))


@pytest.mark.parametrize(
    ("transport", "application"),
    [
        ("http", WEB),
        ("https", WEB),
        ("https", {**WEB, "auth": "client_secret_basic"}),
        ("https", {**WEB, "auth": "client_secret_jwt"}),
        ("https", NATIVE),
    ],
    ids=lambda value: value if isinstance(value, str) else value.get("auth", "client_secret_post"),
)
def test_a_person_logs_in_with_pkce_state_and_nonce(relying_party, issuer, alice, application):
    tokens = log_in(relying_party, application, alice)

    claims = tokens["claims"]
    assert (claims["iss"], claims["aud"]) == (issuer, application["client_id"])
    assert (claims["email"], claims["name"]) == ("alice@contoso.test", "Alice Liddell")
    assert tokens["scope"] == SCOPE


def test_userinfo_tells_of_the_same_person(relying_party, alice):
    tokens = log_in(relying_party, WEB, alice)

    told = relying_party("userinfo", WEB, access_token=tokens["access_token"], sub=tokens["claims"]["sub"])

    assert (told["email"], told["nickname"]) == ("alice@contoso.test", "Al")


def test_a_refresh_token_brings_new_tokens_of_the_same_login(relying_party, alice):
    first = log_in(relying_party, WEB, alice)

    second = relying_party("refresh", WEB, refresh_token=first["refresh_token"])

    assert second["access_token"] != first["access_token"]
    assert {name: second["claims"][name] for name in ("iss", "sub", "aud", "auth_time")} == {
        name: first["claims"][name] for name in ("iss", "sub", "aud", "auth_time")
    }


def test_an_application_gets_a_token_for_itself(relying_party):
    tokens = relying_party("credentials", WEB, scope="orders")

    assert (tokens["token_type"], tokens["scope"]) == ("bearer", "orders")
    assert "refresh_token" not in tokens


@pytest.mark.parametrize("application", [WEB, NATIVE], ids=["web", "native"])
def test_a_device_signs_in(relying_party, alice, application):
    device = relying_party("device", application, scope="openid email")
    alice.let_device_in(device["verification_uri_complete"], device["user_code"])

    assert relying_party("poll", application, **device)["claims"]["email"] == "alice@contoso.test"


def test_a_device_that_waits_is_told_so(relying_party):
    device = relying_party("device", NATIVE, scope="openid")
    device_code = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": device["device_code"],
    }

    assert relying_party("grant", NATIVE, **device_code)["error"] == "authorization_pending"
    assert relying_party("grant", NATIVE, **device_code)["error"] == "slow_down"


def test_a_device_is_told_that_the_person_refused(relying_party, alice):
    device = relying_party("device", NATIVE, scope="openid")
    alice.let_device_in(device["verification_uri"], device["user_code"], "deny")

    assert relying_party("poll", NATIVE, **device)["error"] == "access_denied"


def test_a_revoked_token_is_not_active_any_more(relying_party, alice):
    tokens = log_in(relying_party, WEB, alice)
    before = relying_party("introspect", WEB, token=tokens["access_token"])

    assert relying_party("revoke", WEB, token=tokens["refresh_token"]) == "revoked"

    after = relying_party("introspect", WEB, token=tokens["access_token"])
    assert (before["active"], before["username"], before["client_id"]) == (True, "alice", "oidc-client")
    assert after == {"active": False}


def test_a_pushed_request_logs_in(relying_party, alice):
    begun = begin(relying_party, WEB, alice, push=True)

    assert relying_party("redeem", WEB, **begun)["claims"]["email"] == "alice@contoso.test"


def test_a_pushed_request_is_all_that_the_browser_carries(relying_party):
    begun = relying_party("authorize", WEB, redirect_uri=CALLBACK, scope=SCOPE, push=True)

    assert sorted(query(begun["url"])) == ["client_id", "request_uri"]


@pytest.mark.parametrize("application", [WEB, NATIVE], ids=["web", "native"])
def test_tokens_are_bound_to_a_key(relying_party, alice, application):
    begun = begin(relying_party, application, alice)

    tokens = relying_party("possess", application, **begun)

    assert tokens["token_type"] == tokens["refreshed"]["token_type"] == "dpop"
    assert tokens["userinfo"]["email"] == "alice@contoso.test"
    assert tokens["stolen"]["challenges"][0]["scheme"] == "dpop"


def test_an_application_registers_itself_and_signs_its_assertions(library, relying_party, issuer, alice):
    registered = library.ask(
        "register",
        issuer=issuer,
        alg="ES256",
        client_name="Self-made",
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="private_key_jwt",
    )
    itself = {"client_id": registered["client_id"], "jwk": registered["jwk"], "auth": "private_key_jwt"}

    tokens = log_in(relying_party, itself, alice)

    assert tokens["claims"]["aud"] == registered["client_id"]
    assert (
        relying_party("refresh", itself, refresh_token=tokens["refresh_token"])["claims"]["aud"] == itself["client_id"]
    )


def test_a_person_logs_out_and_comes_back_to_the_application(relying_party, alice):
    tokens = log_in(relying_party, WEB, alice)

    url = relying_party(
        "logout",
        WEB,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri="http://127.0.0.1:9999/signed-out",
        state="xyz",
    )

    assert alice.follow(url) == "http://127.0.0.1:9999/signed-out?state=xyz"
    asked = relying_party("authorize", WEB, redirect_uri=CALLBACK, scope="openid", prompt="none")
    assert query(alice.follow(asked["url"]))["error"] == "login_required"


# Azure, whose issuer is an application's tenant


AZURE = {"client_id": "11111111-1111-4111-8111-111111111111", "client_secret": "sandbox-secret"}


@pytest.fixture
def tenant(live_tls: ThreadServer) -> str:
    """The issuer's identifier of the tenant Contoso."""
    return f"{live_tls.origin}/aaaabbbb-0000-4ccc-8ddd-eeeeffff0001/v2.0"


def test_a_person_logs_in_to_azure(library, tenant, alice):
    asked = {"redirect_uri": "http://localhost:9999/callback", "scope": SCOPE}
    begun = library.ask("authorize", issuer=tenant, application=AZURE, **asked)
    callback = alice.sign_in(begun["url"])

    tokens = library.ask("redeem", issuer=tenant, application=AZURE, callback=callback, checks=begun["checks"])

    assert (tokens["claims"]["iss"], tokens["claims"]["preferred_username"]) == (tenant, "alice@contoso.test")


def test_a_wrong_secret_is_told_in_full_by_azure(library, tenant):
    impostor = {**AZURE, "client_secret": "guessed"}

    refused = library.ask(
        "credentials", issuer=tenant, application=impostor, scope="https://graph.microsoft.com/.default"
    )

    assert (refused["exception"], refused["error"], refused["status"]) == ("ResponseBodyError", "invalid_client", 401)
    assert refused["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


# Refusals


def test_a_refused_grant_is_told_in_full(relying_party, alice):
    begun = begin(relying_party, WEB, alice)
    relying_party("redeem", WEB, **begun)

    refused = relying_party("redeem", WEB, **begun)

    assert (refused["exception"], refused["status"]) == ("ResponseBodyError", 400)
    assert refused["error"] == "invalid_grant"
    assert "redeemed" in refused["error_description"]


def test_a_wrong_verifier_is_told_in_full(relying_party, alice):
    begun = begin(relying_party, WEB, alice)
    begun["checks"]["pkceCodeVerifier"] = "a" * 43

    refused = relying_party("redeem", WEB, **begun)

    assert (refused["error"], refused["status"]) == ("invalid_grant", 400)
    assert "verifier" in refused["error_description"]


@pytest.mark.parametrize("auth", ["client_secret_basic", "client_secret_post"])
def test_a_wrong_secret_can_be_read_beside_the_challenge(relying_party, auth):
    impostor = {**WEB, "client_secret": "guessed", "auth": auth}

    refused = relying_party("credentials", impostor, scope="orders")

    assert (refused["exception"], refused["status"]) == ("WWWAuthenticateChallengeError", 401)
    assert refused["challenges"][0]["scheme"] == "basic"
    assert json.loads(refused["body"])["error"] == "invalid_client"
    assert "secret" in json.loads(refused["body"])["error_description"]


def test_a_person_who_refuses_is_told_with_state_and_issuer(relying_party, alice):
    begun = relying_party("authorize", WEB, redirect_uri=CALLBACK, scope="openid")
    callback = alice.sign_in(begun["url"], "deny")

    refused = relying_party("redeem", WEB, callback=callback, checks=begun["checks"])

    assert (refused["exception"], refused["error"]) == ("AuthorizationResponseError", "access_denied")


def test_the_answer_of_another_issuer_is_refused_by_the_library(relying_party, issuer, alice):
    begun = begin(relying_party, WEB, alice)
    begun["callback"] = begun["callback"].replace("main", "another")

    refused = relying_party("redeem", WEB, **begun)

    assert refused["exception"] == "ClientError"
    assert "iss" in refused["reason"]


def test_a_provoked_fault_reaches_the_application(relying_party, sandbox, alice):
    tokens = log_in(relying_party, WEB, alice)
    with sandbox.world() as world:
        arm_fault(world, "oidc", "token", Reason.REFRESH_TOKEN_REVOKED)

    refused = relying_party("refresh", WEB, refresh_token=tokens["refresh_token"])

    assert (refused["error"], refused["status"]) == ("invalid_grant", 400)
    assert "claims" in relying_party("refresh", WEB, refresh_token=tokens["refresh_token"])


def test_the_signature_is_checked_with_the_published_keys(relying_party, sandbox, alice):
    """As enableNonRepudiationChecks asks for."""
    log_in(relying_party, WEB, alice)

    assert [entry.operation for entry in sandbox.journal()][-2:] == ["token", "keys"]
