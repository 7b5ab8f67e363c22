"""What the tests of the shop share: the shop, registered in the world of each test, and people who sign in to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from shop import CALLBACK, Issuer, create_shop
from werkzeug.test import TestResponse

from sandbox import SandboxClient

SignIn = Callable[..., TestResponse]


@pytest.fixture
def shop(idp: SandboxClient) -> FlaskClient:
    """A browser at the shop."""
    idp.clients.add(
        {
            "client_id": "shop",
            "service": "oidc/main",
            "name": "Shop",
            "secret": "shop-secret",
            "redirect_uris": [CALLBACK],
            "settings": {"grant_types": ["authorization_code", "refresh_token"]},
        }
    )
    issuer = Issuer(f"{idp.url}/oidc/main", "shop", "shop-secret", patience=0.5)
    return create_shop(issuer).test_client()


@pytest.fixture
def sign_in(idp: SandboxClient, shop: FlaskClient) -> SignIn:
    """Sign somebody in to the shop: `sign_in("alice")` is what the shop says in the end."""

    def sign_in(login: str, **more: str) -> TestResponse:
        asked = shop.get("/login").location
        return shop.get(idp.login("oidc", login, url=asked, **more).callback_url)

    return sign_in
