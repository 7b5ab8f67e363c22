"""Authlib's Flask client, unmodified, over https: signing in with an issuer of OpenID Connect and a tenant of Azure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, jsonify
from joserfc.errors import JoseError

from sandbox.certificates import Certificates
from sandbox.core.keysets import rotate_key
from sandbox.threads import ThreadServer
from tests.support.azure import CONTOSO, WEB
from tests.support.person import query

pytestmark = pytest.mark.usefixtures("own_ca_only")

SECRET = "sandbox-secret"


@dataclass(frozen=True)
class Provider:
    """Where a shop sends its customers, and as whom it is known there."""

    keys: str
    issuer: str
    client_id: str
    callback: str


PROVIDERS = {
    "oidc": Provider("oidc/main", "/oidc/main", "oidc-client", "http://127.0.0.1:9999/callback"),
    "azure": Provider("azure", f"/{CONTOSO}/v2.0", WEB, "http://localhost:9999/callback"),
}


@pytest.fixture(params=PROVIDERS.values(), ids=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return request.param


@pytest.fixture
def shop(live_tls: ThreadServer, ca: Certificates, provider: Provider) -> Flask:
    """A web shop in which one signs in; it knows the provider by its discovery document alone."""
    shop = Flask("shop")
    shop.secret_key = "only for this test"
    shop.testing = True
    client = OAuth(shop).register(
        "provider",
        server_metadata_url=f"{live_tls.origin}{provider.issuer}/.well-known/openid-configuration",
        client_id=provider.client_id,
        client_secret=SECRET,
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "verify": str(ca.ca_file),
        },
    )

    @shop.get("/login")
    def login() -> Response:
        return client.authorize_redirect(provider.callback)

    @shop.get("/callback")
    def callback() -> Response:
        try:
            token = client.authorize_access_token()
        except OAuthError as error:
            return jsonify(error=error.error, description=error.description)
        return jsonify(id_token=token["userinfo"], userinfo=client.userinfo(token=token))

    return shop


def log_in(shop: Flask, person: Any, decision: str = "allow") -> Any:
    browser = shop.test_client()
    callback = person.sign_in(browser.get("/login").location, decision)
    return browser.get(f"/callback?{urlsplit(callback).query}").json


def test_a_customer_signs_in(live_tls, provider, shop, alice):
    customer = log_in(shop, alice)

    assert customer["id_token"]["iss"] == f"{live_tls.origin}{provider.issuer}"
    assert (customer["id_token"]["aud"], customer["id_token"]["name"]) == (provider.client_id, "Alice Liddell")
    assert customer["userinfo"]["sub"] == customer["id_token"]["sub"]
    assert customer["userinfo"]["email"] == "alice@contoso.test"


def test_a_customer_who_cancels_comes_back_with_the_state(shop, alice):
    # Without the state, the library would say mismatching_state.
    assert log_in(shop, alice, "deny")["error"] == "access_denied"


def test_the_nonce_of_another_request_is_noticed(shop, alice):
    browser = shop.test_client()
    url = urlsplit(browser.get("/login").location)
    changed = url._replace(query=urlencode({**query(url.geturl()), "nonce": "of-another-request"}))
    callback = alice.sign_in(changed.geturl())

    with pytest.raises(JoseError, match="nonce"):
        browser.get(f"/callback?{urlsplit(callback).query}")


def test_the_callback_of_another_customer_is_noticed(shop, alice):
    callback = alice.sign_in(shop.test_client().get("/login").location)

    assert shop.test_client().get(f"/callback?{urlsplit(callback).query}").json["error"] == "mismatching_state"


def test_the_shop_goes_on_when_the_keys_change(provider, shop, alice, sandbox):
    assert "id_token" in log_in(shop, alice)
    with sandbox.world() as world:
        rotate_key(world, provider.keys, "RS256")

    assert log_in(shop, alice)["id_token"]["name"] == "Alice Liddell"


@pytest.mark.parametrize(
    ("provider", "scope"), [(PROVIDERS["oidc"], ""), (PROVIDERS["azure"], f"api://{WEB}/.default")], ids=PROVIDERS
)
def test_the_shop_has_a_token_of_its_own(live_tls, ca, provider, scope):
    with OAuth2Session(provider.client_id, SECRET, scope=scope) as session:
        session.verify = str(ca.ca_file)
        document = session.get(
            f"{live_tls.origin}{provider.issuer}/.well-known/openid-configuration", withhold_token=True
        ).json()

        token = session.fetch_token(document["token_endpoint"], grant_type="client_credentials")

    assert token["token_type"] == "Bearer"
    assert "refresh_token" not in token
    assert "id_token" not in token
