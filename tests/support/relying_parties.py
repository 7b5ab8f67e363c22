"""A whole login by each of several Python libraries, as far as it gets: sign-in, tokens, userinfo, and a refresh.

Nobody is asked anything at the issuer. Whatever a library raises is its refusal.
"""

from __future__ import annotations

import json
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import jwt
import requests
from authlib.integrations.flask_client import OAuth
from flask import Flask, session
from msal import ConfidentialClientApplication

from tests.interop.test_social_core import OpenIdConnectAuth, Site
from tests.support.person import query

CALLBACK = "http://127.0.0.1:9999/callback"
CLIENT_ID, SECRET = "relying-party", "any-secret"


class RefusedError(Exception):
    """What a library says without raising anything."""


def callback(url: str, ca_file: str) -> str:
    """Where an issuer that asks nobody sends the browser."""
    with requests.Session() as browser:
        browser.trust_env = False
        return str(browser.get(url, allow_redirects=False, verify=ca_file).headers["Location"])


def access_token(issuer: str, ca_file: str) -> str:
    """The access token of a client that looks at nothing."""
    asked = f"client_id={CLIENT_ID}&response_type=code&scope=openid&redirect_uri={CALLBACK}"
    # Without a secret the client is a public one, which needs PKCE (RFC 7636 appendix B).
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    back = callback(f"{issuer}/authorize?{asked}&code_challenge={challenge}&code_challenge_method=S256", ca_file)
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "code": query(back)["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    with requests.Session() as client:
        client.trust_env = False
        return str(client.post(f"{issuer}/token", data=form, verify=ca_file).json()["access_token"])


def authlib(issuer: str, ca_file: str, max_age: int | None = None) -> None:
    """Authlib's Flask client; it looks at no refreshed id_token."""
    shop = Flask("shop")
    shop.secret_key = "only for this test"
    kwargs = {"scope": "openid profile offline_access", "code_challenge_method": "S256", "verify": ca_file}
    client = OAuth(shop).register(
        "provider",
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_id=CLIENT_ID,
        client_secret=SECRET,
        client_kwargs=kwargs,
    )
    with shop.test_request_context("/login"):
        url = client.authorize_redirect(CALLBACK, **({"max_age": max_age} if max_age else {})).location
        kept = dict(session)
    with shop.test_request_context(f"/callback?{urlsplit(callback(url, ca_file)).query}"):
        session.update(kept)
        token = client.authorize_access_token()
        if not token.get("userinfo"):
            raise RefusedError("nobody has signed in")
        client.userinfo(token=token)


def social_core(issuer: str, ca_file: str, _max_age: int | None = None) -> None:
    """social-auth-core, which asks userinfo by itself; it knows no max_age and looks at no refreshed id_token."""
    own = {"OIDC_ENDPOINT": issuer, "KEY": CLIENT_ID, "SECRET": SECRET, "VERIFY_SSL": ca_file}
    site = Site(**{f"SOCIAL_AUTH_{name}": value for name, value in own.items()})
    site.data = query(callback(OpenIdConnectAuth(site, redirect_uri=CALLBACK).auth_url(), ca_file))
    user = OpenIdConnectAuth(site, redirect_uri=CALLBACK).auth_complete()
    if not user["uid"]:
        raise RefusedError("nobody has signed in")


def msal(issuer: str, ca_file: str, max_age: int | None = None) -> None:
    """MSAL for Python, pointed at any issuer; it never asks userinfo."""
    with requests.Session() as calls:
        calls.verify = ca_file
        application = ConfidentialClientApplication(
            CLIENT_ID, client_credential=SECRET, oidc_authority=issuer, http_client=calls
        )
        flow = application.initiate_auth_code_flow(["email"], redirect_uri=CALLBACK, max_age=max_age)
        _told(application.acquire_token_by_auth_code_flow(flow, query(callback(flow["auth_uri"], ca_file))))
        accounts = application.get_accounts()
        if not accounts:
            raise RefusedError("nobody has signed in")
        _told(application.acquire_token_silent_with_error(["email"], account=accounts[0], force_refresh=True))


def pyjwt(issuer: str, ca_file: str, _max_age: int | None = None) -> None:
    """An API that checks the access token of somebody with PyJWT."""
    token = access_token(issuer, ca_file)
    trusted = ssl.create_default_context(cafile=ca_file)
    with urlopen(f"{issuer}/.well-known/openid-configuration", context=trusted) as answer:
        keys = jwt.PyJWKClient(json.load(answer)["jwks_uri"], ssl_context=trusted)
    jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        issuer=issuer,
        audience=issuer,
        options={"require": ["exp", "iss", "aud", "sub", "iat"]},
    )


def _told(result: Any) -> None:
    if not result or "error" in result:
        raise RefusedError(str(result))
