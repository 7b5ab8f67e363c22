"""MSAL for Node.js, unmodified: web applications, devices, daemons, and the classes of its exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from sandbox.certificates import Certificates
from sandbox.core.faults import arm_fault
from sandbox.core.fixtures import shipped
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.support.conversation import Conversation, converse
from tests.support.person import Person

TENANT, ALICE = "aaaabbbb-0000-4ccc-8ddd-eeeeffff0001", "a11ce000-0000-4000-8000-000000000001"
WEB, NATIVE = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CALLBACK = "http://localhost:9999/callback"
SCOPES = ["User.Read"]

OpenApplication = Callable[..., None]


@pytest.fixture(scope="module")
def msal(node: object, ca: Certificates) -> Iterator[Conversation]:
    """The library itself."""
    with converse("msal-node.mjs", ca.ca_file) as msal:
        yield msal


@pytest.fixture
def open_application(msal: Conversation, live_tls: ThreadServer) -> OpenApplication:
    """Start an application: `open_application(WEB, clientSecret="sandbox-secret")`."""

    def open_application(client_id: str, tenant: str = TENANT, **auth: Any) -> None:
        authority, host = f"{live_tls.origin}/{tenant}", urlsplit(live_tls.origin).netloc
        msal.ask("open", clientId=client_id, authority=authority, knownAuthorities=[host], **auth)

    return open_application


@pytest.fixture
def web(open_application: OpenApplication) -> None:
    """The web application runs."""
    open_application(WEB, clientSecret="sandbox-secret")


@pytest.fixture
def native(open_application: OpenApplication) -> None:
    """The application of a device runs."""
    open_application(NATIVE)


def log_in(msal: Conversation, person: Person, *scopes: str) -> Any:
    url = msal.ask("authorize", scopes=scopes or SCOPES, redirectUri=CALLBACK)
    return msal.ask("redeem", callback=person.sign_in(url))


def test_a_person_logs_in(msal, web, alice):
    result = log_in(msal, alice)

    account = result["account"]
    assert account["homeAccountId"] == f"{ALICE}.{TENANT}"
    assert (account["username"], account["name"]) == ("alice@contoso.test", "Alice Liddell")
    assert (result["tenantId"], result["uniqueId"]) == (TENANT, ALICE)
    assert "User.Read" in result["scopes"]


@pytest.mark.parametrize("tenant", ["contoso.test", "Contoso.TEST"])
def test_the_tenant_may_be_named_by_its_domain(msal, open_application, alice, tenant):
    open_application(WEB, tenant, clientSecret="sandbox-secret")

    assert log_in(msal, alice)["tenantId"] == TENANT


@pytest.mark.parametrize("tenant", ["common", "organizations"])
def test_the_person_s_account_decides_of_the_tenant(msal, open_application, alice, tenant):
    open_application("33333333-3333-4333-8333-333333333333", tenant, clientSecret="sandbox-secret")

    assert log_in(msal, alice)["account"]["tenantId"] == TENANT


def test_the_cache_answers_and_then_the_refresh_token(msal, web, alice, sandbox):
    first = log_in(msal, alice)

    kept = msal.ask("silent", scopes=SCOPES)
    fresh = msal.ask("silent", scopes=SCOPES, forceRefresh=True)

    assert (kept["fromCache"], kept["accessToken"]) == (True, first["accessToken"])
    assert (fresh["fromCache"], fresh["account"]["homeAccountId"]) == (False, first["account"]["homeAccountId"])
    assert fresh["accessToken"] != first["accessToken"]
    assert sandbox.journal()[-1].operation == "token"


def test_a_refresh_token_is_good_for_another_api(msal, web, alice):
    """Once the person has allowed that, at any sign-in."""
    own = f"api://{WEB}/access_as_user"
    log_in(msal, alice, own)
    log_in(msal, alice)

    assert msal.ask("silent", scopes=[own], forceRefresh=True)["scopes"][:1] == [own]


def test_a_daemon_logs_in_with_its_secret(msal, web):
    result = msal.ask("credentials", scopes=["https://graph.microsoft.com/.default"])

    assert (result["account"], result["tokenType"], result["fromCache"]) == (None, "Bearer", False)
    assert msal.ask("credentials", scopes=["https://graph.microsoft.com/.default"])["fromCache"] is True


def test_a_daemon_logs_in_with_its_certificate(msal, open_application):
    pem = shipped("client-certificate.pem").read_text(encoding="ascii")
    certificate = load_pem_x509_certificate(pem.encode())
    open_application(
        WEB,
        clientCertificate={
            "thumbprintSha256": certificate.fingerprint(SHA256()).hex(),
            "privateKey": pem.partition("-----BEGIN CERTIFICATE-----")[0],
        },
    )

    result = msal.ask("credentials", scopes=["https://graph.microsoft.com/.default"])

    assert (result["tokenType"], result["fromCache"]) == ("Bearer", False)


def test_a_device_signs_in(msal, native, alice, sandbox):
    device = msal.ask("device", scopes=SCOPES)
    assert device["message"].startswith("To sign in, use a web browser to open the page ")
    alice.let_device_in(device["verificationUri"], device["userCode"])

    assert msal.ask("signedIn")["account"]["homeAccountId"] == f"{ALICE}.{TENANT}"

    polls = [entry.reason for entry in sandbox.journal() if entry.operation == "token"]
    assert set(polls[:-1]) <= {"AUTHORIZATION_PENDING"}
    assert msal.ask("silent", scopes=SCOPES, forceRefresh=True)["account"]["username"] == "alice@contoso.test"


def test_a_device_is_told_that_the_person_refused(msal, native, alice):
    device = msal.ask("device", scopes=SCOPES)
    alice.let_device_in(device["verificationUri"], device["userCode"], "deny")

    refused = msal.ask("signedIn")
    assert (refused["errorCode"], refused["errorMessage"]) == ("post_request_failed", "authorization_declined")


def test_it_logs_in_to_an_issuer_that_is_not_azure(msal, live_tls, alice):
    host, authority = urlsplit(live_tls.origin).netloc, f"{live_tls.origin}/oidc/main"
    auth = {"clientId": "oidc-client", "clientSecret": "sandbox-secret", "authority": authority}
    msal.ask("open", **auth, knownAuthorities=[host], system={"protocolMode": "OIDC"})

    url = msal.ask("authorize", scopes=["email"], redirectUri="http://127.0.0.1:9999/callback")
    result = msal.ask("redeem", callback=alice.sign_in(url))

    assert result["idTokenClaims"]["email"] == "alice@contoso.test"
    assert msal.ask("silent", scopes=["email"], forceRefresh=True)["idTokenClaims"]["sid"]


# Refusals


def test_a_second_factor_that_is_asked_for_later_needs_the_person(msal, web, alice, sandbox):
    log_in(msal, alice)
    with sandbox.world() as world:
        arm_fault(world, "azure", "token", Reason.MFA_REQUIRED)

    refused = msal.ask("silent", scopes=SCOPES, forceRefresh=True)

    assert refused["exception"] == "InteractionRequiredAuthError"
    assert (refused["errorCode"], refused["errorNo"]) == ("interaction_required", 50076)
    assert refused["subError"] == "basic_action"


def test_a_scope_that_was_never_allowed_needs_the_person(msal, web, alice):
    log_in(msal, alice)

    refused = msal.ask("silent", scopes=[f"api://{WEB}/access_as_user"])

    assert (refused["exception"], refused["errorNo"]) == ("InteractionRequiredAuthError", 65001)
    assert refused["subError"] == "consent_required"


def test_an_api_behind_conditional_access_names_its_claims(msal, web, alice):
    own = log_in(msal, alice, f"api://{WEB}/access_as_user")

    refused = msal.ask(
        "onBehalf",
        oboAssertion=own["accessToken"],
        scopes=["api://44444444-4444-4444-8444-444444444444/Files.Read"],
    )

    assert refused["exception"] == "InteractionRequiredAuthError"
    assert "polids" in refused["claims"]


def test_a_code_is_redeemed_once(msal, web, alice):
    callback = alice.sign_in(msal.ask("authorize", scopes=SCOPES, redirectUri=CALLBACK))
    msal.ask("redeem", callback=callback)

    refused = msal.ask("redeem", callback=callback)

    assert (refused["exception"], refused["errorCode"], refused["errorNo"]) == ("ServerError", "invalid_grant", 54005)


def test_a_wrong_verifier_is_refused(msal, web, alice):
    callback = alice.sign_in(msal.ask("authorize", scopes=SCOPES, redirectUri=CALLBACK))

    refused = msal.ask("redeem", callback=callback, codeVerifier="a" * 43)

    assert (refused["errorCode"], refused["errorNo"]) == ("invalid_grant", 501481)


def test_a_wrong_secret_is_refused(msal, open_application):
    open_application(WEB, clientSecret="guessed")

    refused = msal.ask("credentials", scopes=["https://graph.microsoft.com/.default"])

    assert (refused["exception"], refused["errorCode"], refused["errorNo"]) == (
        "ServerError",
        "invalid_client",
        7000215,
    )
    assert "Invalid client secret provided." in refused["errorMessage"]


def test_an_unknown_tenant_is_refused(msal, open_application):
    open_application(WEB, "nowhere.test", clientSecret="sandbox-secret")

    assert msal.ask("credentials", scopes=["https://graph.microsoft.com/.default"])["errorCode"] == (
        "endpoints_resolution_error"
    )
