"""azure-identity, unmodified, over https: its credentials get tokens, and say why they get none."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    OnBehalfOfCredential,
)

from sandbox.certificates import Certificates
from sandbox.core.fixtures import shipped
from sandbox.threads import ThreadServer
from tests.support.azure import ALICE, CONTOSO, PUBLIC, WEB
from tests.support.person import Person, query
from tests.support.snippets import load, snippet

pytestmark = pytest.mark.usefixtures("own_ca_only")

SECRET, CALLBACK = "sandbox-secret", "http://localhost:9999/callback"
GRAPH, OWN = "https://graph.microsoft.com/.default", f"api://{WEB}/.default"


@pytest.fixture
def options(live_tls: ThreadServer, ca: Certificates) -> dict[str, Any]:
    """What points a credential at the sandbox; a refusal is final, so that nothing is tried again."""
    return {
        "authority": live_tls.origin,
        "disable_instance_discovery": True,
        "connection_verify": str(ca.ca_file),
        "retry_total": 0,
    }


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def let_in(alice: Person) -> Callable[..., None]:
    """Someone who reads what a device shows, and does it at once."""

    def read(*words: object) -> None:
        if shown := re.search(r"open the page (\S+) and enter the code (\S+)", " ".join(map(str, words))):
            alice.let_device_in(shown[1], shown[2])

    return read


def authorization(live_tls: ThreadServer, alice: Person, scope: str) -> str:
    """A code, as an application gets it that builds the request by itself."""
    request = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": scope}
    return query(alice.sign_in(f"{live_tls.origin}/{CONTOSO}/oauth2/v2.0/authorize?{urlencode(request)}"))["code"]


def test_the_snippet_gets_tokens_for_the_application_and_for_a_person(live_tls, ca, alice, monkeypatch, capsys):
    show, read = builtins.print, let_in(alice)
    monkeypatch.setattr("builtins.print", lambda *words, **options: (read(*words), show(*words, **options)))

    load(snippet("azure-identity", live_tls, ca))

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("The application has a token until ")
    assert printed[-1] == "alice@contoso.test"


def test_an_application_has_a_token_of_its_own(options):
    with ClientSecretCredential(CONTOSO, WEB, SECRET, **options) as credential:
        token = claims(credential.get_token(GRAPH).token)

    assert (token["appid"], token["tid"]) == (WEB, CONTOSO)
    assert "User.Read.All" in token["roles"]


def test_it_takes_a_certificate(options):
    data = shipped("client-certificate.pem").read_bytes()

    with CertificateCredential(CONTOSO, WEB, certificate_data=data, **options) as credential:
        assert claims(credential.get_token(OWN).token)["roles"] == ["Reader"]


def test_it_keeps_a_token_until_it_ends(options, sandbox):
    with ClientSecretCredential(CONTOSO, WEB, SECRET, **options) as credential:
        first = credential.get_token(GRAPH)
        asked = len(sandbox.journal())

        assert credential.get_token(GRAPH).token == first.token
    assert len(sandbox.journal()) == asked


def test_an_authorization_code_is_redeemed(live_tls, options, alice):
    code = authorization(live_tls, alice, "openid offline_access User.Read")

    with AuthorizationCodeCredential(CONTOSO, WEB, code, CALLBACK, client_secret=SECRET, **options) as credential:
        token = claims(credential.get_token("User.Read").token)

    assert (token["oid"], token["unique_name"]) == (ALICE, "alice@contoso.test")


def test_a_device_signs_in(options, alice):
    with DeviceCodeCredential(
        PUBLIC, tenant_id=CONTOSO, prompt_callback=lambda uri, code, _: alice.let_device_in(uri, code), **options
    ) as credential:
        record = credential.authenticate(scopes=["User.Read"])

    assert (record.username, record.home_account_id) == ("alice@contoso.test", f"{ALICE}.{CONTOSO}")


def test_an_api_calls_another_on_behalf_of_a_person(live_tls, options, alice):
    authorization(live_tls, alice, "openid profile offline_access User.Read")
    code = authorization(live_tls, alice, f"api://{WEB}/access_as_user")
    with AuthorizationCodeCredential(CONTOSO, WEB, code, CALLBACK, client_secret=SECRET, **options) as credential:
        assertion = credential.get_token(f"api://{WEB}/access_as_user").token

    with OnBehalfOfCredential(
        CONTOSO, client_id=WEB, client_secret=SECRET, user_assertion=assertion, **options
    ) as credential:
        token = claims(credential.get_token("https://graph.microsoft.com/User.Read").token)

    assert token["oid"] == ALICE
    assert "User.Read" in token["scp"].split()


def test_a_wrong_secret_is_told_in_the_vendor_s_words(options):
    with (
        ClientSecretCredential(CONTOSO, WEB, "guessed", **options) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215: Invalid client secret provided"),
    ):
        credential.get_token(GRAPH)


def test_a_code_is_good_once(live_tls, options, alice):
    code = authorization(live_tls, alice, "User.Read")

    def redeem() -> str:
        with AuthorizationCodeCredential(CONTOSO, WEB, code, CALLBACK, client_secret=SECRET, **options) as credential:
            return credential.get_token("User.Read").token

    assert redeem()
    with pytest.raises(ClientAuthenticationError, match="AADSTS54005"):
        redeem()
