"""Authlib, unmodified: its requests session and its Flask client, with PKCE and Basic client authentication."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, Response, jsonify

from sandbox.threads import ThreadServer
from tests.support.person import query

CLIENT, SECRET = "Iv1.sandboxclient", "sandbox-secret"
CALLBACK = "http://127.0.0.1:9999/callback"


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
def session(request: pytest.FixtureRequest) -> Iterator[OAuth2Session]:
    with OAuth2Session(
        CLIENT,
        SECRET,
        scope="read:user user:email",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method=request.param,
    ) as session:
        yield session


@pytest.mark.parametrize("mount", ["", "/github"])
def test_the_web_flow_ends_at_the_user(live, session, octocat, mount):
    base = live.origin + mount
    verifier = generate_token(48)
    url, state = session.create_authorization_url(f"{base}/login/oauth/authorize", code_verifier=verifier)
    callback = octocat.sign_in(url)

    token = session.fetch_token(
        f"{base}/login/oauth/access_token",
        authorization_response=callback,
        state=state,
        code_verifier=verifier,
    )

    assert query(callback)["iss"] == f"{base}/login/oauth"
    assert (token["token_type"], token["scope"]) == ("bearer", "read:user,user:email")
    assert session.get(f"{base}/api/v3/user").json()["login"] == "octocat"


def test_a_replayed_code_is_refused(live, session, octocat):
    verifier = generate_token(48)
    url, _ = session.create_authorization_url(f"{live.origin}/login/oauth/authorize", code_verifier=verifier)
    callback = octocat.sign_in(url)

    def redeem(code_verifier: str) -> object:
        return session.fetch_token(
            f"{live.origin}/login/oauth/access_token",
            authorization_response=callback,
            code_verifier=code_verifier,
        )

    with pytest.raises(OAuthError, match="bad_verification_code"):
        redeem(generate_token(48))
    assert redeem(verifier)
    with pytest.raises(OAuthError, match="bad_verification_code: The code passed is incorrect or expired"):
        redeem(verifier)


# The Flask client, in a web shop that offers to sign in with GitHub


@pytest.fixture
def shop(live: ThreadServer) -> Flask:
    shop = Flask("shop")
    shop.secret_key = "only for this test"
    oauth = OAuth(shop)
    github = oauth.register(
        "github",
        client_id=CLIENT,
        client_secret=SECRET,
        authorize_url=f"{live.origin}/login/oauth/authorize",
        access_token_url=f"{live.origin}/login/oauth/access_token",
        api_base_url=f"{live.origin}/api/v3/",
        userinfo_endpoint=f"{live.origin}/api/v3/user",
        client_kwargs={"scope": "user:email", "code_challenge_method": "S256"},
    )

    @shop.get("/login")
    def login() -> Response:
        return github.authorize_redirect(CALLBACK)

    @shop.get("/callback")
    def callback() -> Response:
        try:
            token = github.authorize_access_token()
        except OAuthError as error:
            return jsonify(error=error.error, description=error.description)
        return jsonify(
            login=github.userinfo(token=token)["login"], emails=github.get("user/emails", token=token).json()
        )

    return shop


def test_a_flask_application_signs_its_user_in_once(shop, octocat):
    browser = shop.test_client()
    callback = octocat.sign_in(browser.get("/login").headers["Location"])
    address = f"/callback?{urlsplit(callback).query}"

    assert browser.get(address).json == {
        "login": "octocat",
        "emails": [{"email": "octocat@octo-org.test", "primary": True, "verified": True, "visibility": "private"}],
    }
    # The library has ended its session with the first answer, so the same callback is nobody's.
    assert browser.get(address).json["error"] == "mismatching_state"


def test_a_flask_application_is_told_that_the_user_cancelled(shop, octocat):
    browser = shop.test_client()
    callback = octocat.sign_in(browser.get("/login").headers["Location"], "deny")

    assert browser.get(f"/callback?{urlsplit(callback).query}").json == {
        "error": "access_denied",
        "description": "The user has denied your application access.",
    }
