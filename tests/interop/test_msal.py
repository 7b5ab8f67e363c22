"""MSAL for Python, unmodified, over https: every grant, the cache, and what it makes of refusals.

Each test has application objects of its own: MSAL repeats the answer to an identical failing call for a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
from msal import ConfidentialClientApplication, PublicClientApplication

from sandbox.certificates import Certificates
from sandbox.core.fixtures import shipped
from sandbox.core.keysets import rotate_key
from sandbox.threads import ThreadServer
from tests.support.azure import ALICE, CONTOSO, GRAPH, PUBLIC, WEB
from tests.support.person import Person, query
from tests.support.snippets import load, snippet

pytestmark = pytest.mark.usefixtures("own_ca_only")

SECRET, CALLBACK = "sandbox-secret", "http://localhost:9999/callback"
OWN_API = f"api://{WEB}"
READ, OWN = ["User.Read"], [f"{OWN_API}/access_as_user"]

Application = Callable[..., Any]


@pytest.fixture
def application(live_tls: ThreadServer, ca: Certificates) -> Application:
    """A new application: `application()` of the web, `application(PUBLIC)` without a secret."""

    def make(client_id: str = WEB, credential: Any = SECRET, tenant: str = CONTOSO) -> Any:
        where = {
            "authority": f"{live_tls.origin}/{tenant}",
            "instance_discovery": False,
            "verify": str(ca.ca_file),
        }
        if client_id == PUBLIC:
            return PublicClientApplication(client_id, **where)
        return ConfidentialClientApplication(client_id, client_credential=credential, **where)

    return make


def begin(application: Any, scopes: list[str] | None = None) -> dict[str, Any]:
    flow: dict[str, Any] = application.initiate_auth_code_flow(
        READ if scopes is None else scopes, redirect_uri=CALLBACK, response_mode="form_post"
    )
    return flow


def log_in(application: Any, person: Person, scopes: list[str] | None = None) -> dict[str, Any]:
    flow = begin(application, scopes)
    result: dict[str, Any] = application.acquire_token_by_auth_code_flow(flow, person.sign_in_by_form(flow["auth_uri"]))
    assert "access_token" in result, result
    return result


def me(live_tls: ThreadServer, ca: Certificates, token: str) -> Any:
    """Who Microsoft Graph says that this is."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {token}"}
        return session.get(f"{live_tls.origin}/v1.0/me", headers=headers, verify=str(ca.ca_file)).json()


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_the_snippet_signs_in(live_tls, ca, alice):
    browser = load(snippet("msal-python", live_tls, ca))["app"].test_client()

    answer = alice.sign_in_by_form(browser.get("/login").location)
    person = browser.post(urlsplit(CALLBACK).path, data=answer).json

    assert (person["preferred_username"], person["tid"]) == ("alice@contoso.test", CONTOSO)
    assert person["iss"] == f"{live_tls.origin}/{CONTOSO}/v2.0"


# The authorization code


def test_a_person_signs_in_and_is_known_to_graph(live_tls, ca, application, alice):
    web = application()

    result = log_in(web, alice)

    assert result["id_token_claims"]["oid"] == ALICE
    assert me(live_tls, ca, result["access_token"])["userPrincipalName"] == "alice@contoso.test"
    (account,) = web.get_accounts()
    assert account["home_account_id"] == f"{ALICE}.{CONTOSO}"
    assert account["username"] == "alice@contoso.test"


@pytest.mark.parametrize("tenant", [CONTOSO, "contoso.test", "organizations", "common"])
def test_it_takes_every_name_of_a_tenant(application, alice, tenant):
    web = application("33333333-3333-4333-8333-333333333333", tenant=tenant)

    result = log_in(web, alice)

    assert result["id_token_claims"]["tid"] == CONTOSO


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_the_answer_may_come_in_the_query(application, alice):
    web = application()
    flow = web.initiate_auth_code_flow(READ, redirect_uri=CALLBACK)

    result = web.acquire_token_by_auth_code_flow(flow, query(alice.sign_in(flow["auth_uri"])))

    assert result["id_token_claims"]["name"] == "Alice Liddell"


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_a_desktop_application_needs_no_secret(application, alice):
    desktop = application(PUBLIC)
    flow = desktop.initiate_auth_code_flow(READ, redirect_uri="http://localhost:51515")

    callback = alice.sign_in(flow["auth_uri"])

    assert callback.startswith("http://localhost:51515/?")
    assert desktop.acquire_token_by_auth_code_flow(flow, query(callback))["id_token_claims"]["oid"] == ALICE


def test_a_person_who_cancels_is_access_denied(application, ca):
    web = application()
    flow = begin(web, ["User.Read", "Mail.Read"])
    with Person.at_a_browser("alice", ca_file=ca.ca_file) as alice:
        answer = alice.sign_in_by_form(flow["auth_uri"], "deny")

    result = web.acquire_token_by_auth_code_flow(flow, answer)

    assert result["error"] == "access_denied"
    assert result["error_description"].startswith("AADSTS65004: ")


def test_a_code_is_good_once(application, alice):
    web = application()
    flow = begin(web)
    answer = alice.sign_in_by_form(flow["auth_uri"])
    web.acquire_token_by_auth_code_flow(dict(flow), dict(answer))

    result = application().acquire_token_by_auth_code_flow(flow, answer)

    assert (result["error"], result["error_codes"]) == ("invalid_grant", [54005])


# The cache


def test_a_silent_sign_in_is_answered_from_the_cache_and_then_by_refresh(application, alice, sandbox):
    web = application()
    first = log_in(web, alice)
    (account,) = web.get_accounts()
    asked = len(sandbox.journal())

    cached = web.acquire_token_silent(READ, account)
    assert cached["access_token"] == first["access_token"]
    assert len(sandbox.journal()) == asked

    fresh = web.acquire_token_silent(READ, account, force_refresh=True)
    assert fresh["access_token"] != first["access_token"]
    assert claims(fresh["access_token"])["oid"] == ALICE


def test_a_silent_sign_in_gets_a_token_for_another_api(application, alice):
    web = application()
    log_in(web, alice, READ)
    log_in(web, alice, OWN)
    (account,) = web.get_accounts()

    token = claims(web.acquire_token_silent(OWN, account, force_refresh=True)["access_token"])

    assert (token["aud"], token["scp"], token["ver"]) == (WEB, "access_as_user", "2.0")


def test_a_silent_sign_in_ends_with_the_refresh_token(application, alice, sandbox):
    web = application()
    log_in(web, alice)
    (account,) = web.get_accounts()

    sandbox.clock.advance(days=91)
    result = web.acquire_token_silent_with_error(READ, account, force_refresh=True)

    assert (result["error"], result["error_codes"]) == ("invalid_grant", [700082])


def test_a_signed_in_person_stays_so_when_the_keys_change(application, alice, sandbox):
    web = application()
    before = jwt.get_unverified_header(log_in(web, alice)["access_token"])["kid"]
    (account,) = web.get_accounts()
    with sandbox.world() as world:
        rotate_key(world, "azure", "RS256")

    result = web.acquire_token_silent(READ, account, force_refresh=True)

    assert jwt.get_unverified_header(result["access_token"])["kid"] != before


# Other grants


def test_a_device_signs_in(application, alice, sandbox):
    device = application(PUBLIC)
    flow = device.initiate_device_flow(READ)
    assert flow["user_code"] in flow["message"]

    assert pending(device, flow)["error"] == "authorization_pending"
    alice.let_device_in(flow["verification_uri"], flow["user_code"])

    assert pending(device, flow)["id_token_claims"]["oid"] == ALICE


def test_a_device_is_told_that_the_person_cancelled(application, alice):
    device = application(PUBLIC)
    flow = device.initiate_device_flow(READ)
    alice.let_device_in(flow["verification_uri"], flow["user_code"], "deny")

    assert pending(device, flow)["error"] == "authorization_declined"


def pending(device: Any, flow: dict[str, Any]) -> Any:
    """Ask once for the tokens of a device flow; the copy knows nothing of an earlier time, so there is no wait."""
    return device.acquire_token_by_device_flow({**flow}, exit_condition=lambda _: True)


def test_an_application_has_tokens_of_its_own(application):
    result = application().acquire_token_for_client(["https://graph.microsoft.com/.default"])

    token = claims(result["access_token"])
    assert token["appid"] == WEB
    assert sorted(token["roles"]) == ["GroupMember.Read.All", "User.Read.All"]
    assert set(result) - {"token_source"} == {"access_token", "expires_in", "ext_expires_in", "token_type"}


def test_a_certificate_is_as_good_as_a_secret(application):
    pem = shipped("client-certificate.pem").read_text()
    certificate = {"private_key": pem, "public_certificate": pem}

    result = application(WEB, certificate).acquire_token_for_client([f"{OWN_API}/.default"])

    token = claims(result["access_token"])
    assert (token["aud"], token["roles"]) == (WEB, ["Reader"])


def test_an_api_calls_another_on_behalf_of_a_person(live_tls, ca, application, alice):
    log_in(application(), alice, READ)
    token = log_in(application(), alice, OWN)["access_token"]

    result = application().acquire_token_on_behalf_of(token, READ)

    assert claims(result["access_token"])["oid"] == ALICE
    assert me(live_tls, ca, result["access_token"])["displayName"] == "Alice Liddell"


def test_an_api_cannot_do_what_the_person_has_not_allowed(application, alice):
    token = log_in(application(), alice, OWN)["access_token"]

    result = application().acquire_token_on_behalf_of(token, ["Mail.Read"])

    assert (result["error"], result["error_codes"]) == ("invalid_grant", [65001])


def test_a_token_for_graph_is_nobodys_to_act_on(application, alice):
    token = log_in(application(), alice, READ)["access_token"]

    result = application().acquire_token_on_behalf_of(token, OWN)

    assert result["error"] == "invalid_grant"
    assert result["error_codes"] == [500131]


# Refusals


def test_a_wrong_secret_is_7000215(application):
    result = application(WEB, "guessed").acquire_token_for_client(["https://graph.microsoft.com/.default"])

    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])
    assert result["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")
    assert result["correlation_id"]


def test_an_unknown_application_is_700016(application):
    result = application("99999999-9999-4999-8999-999999999999").acquire_token_for_client([f"{GRAPH}/.default"])

    assert (result["error"], result["error_codes"]) == ("unauthorized_client", [700016])


def test_an_unknown_tenant_is_told_at_once(application):
    with pytest.raises(ValueError, match=r"Unable to get authority configuration for https:.*nowhere\.test"):
        application(tenant="nowhere.test").acquire_token_for_client([f"{GRAPH}/.default"])
