"""requests-oauthlib, unmodified: web flow with state, and the errors it raises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oauthlib.oauth2 import AccessDeniedError, MismatchingStateError
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error
from requests_oauthlib import OAuth2Session

from sandbox.threads import ThreadServer
from tests.support.person import Person

CLIENT, SECRET = "Iv1.sandboxclient", "sandbox-secret"
CALLBACK = "http://127.0.0.1:9999/callback"


@pytest.fixture(autouse=True)
def relaxed_oauthlib(monkeypatch):
    """http instead of https, and scopes that come back comma-separated: github.com asks for the second as well."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")


@pytest.fixture
def session() -> Iterator[OAuth2Session]:
    with OAuth2Session(CLIENT, redirect_uri=CALLBACK, scope=["read:user", "user:email"]) as session:
        yield session


def begin(live: ThreadServer, session: OAuth2Session) -> str:
    url, _state = session.authorization_url(f"{live.origin}/login/oauth/authorize")
    return str(url)


def redeem(live: ThreadServer, session: OAuth2Session, callback: str) -> dict[str, object]:
    token: dict[str, object] = session.fetch_token(
        f"{live.origin}/login/oauth/access_token", authorization_response=callback, client_secret=SECRET
    )
    return token


def test_the_web_flow_ends_at_the_user(live, session, octocat):
    callback = octocat.sign_in(begin(live, session))

    token = redeem(live, session, callback)

    assert (token["token_type"], token["scope"]) == ("bearer", ["read:user,user:email"])
    assert session.get(f"{live.origin}/api/v3/user").json()["login"] == "octocat"
    assert session.get(f"{live.origin}/api/v3/user/emails").json()[0]["email"] == "octocat@octo-org.test"


def test_a_replayed_code_is_refused(live, session, octocat):
    callback = octocat.sign_in(begin(live, session))
    redeem(live, session, callback)

    with pytest.raises(CustomOAuth2Error, match="The code passed is incorrect or expired"):
        redeem(live, session, callback)


def test_a_cancelled_sign_in_is_access_denied(live, session, octocat):
    callback = octocat.sign_in(begin(live, session), "deny")

    with pytest.raises(AccessDeniedError, match="The user has denied your application access"):
        redeem(live, session, callback)


def test_another_sessions_callback_has_the_wrong_state(live, session, octocat):
    begin(live, session)
    with OAuth2Session(CLIENT, redirect_uri=CALLBACK) as other:
        callback = octocat.sign_in(begin(live, other))

    with pytest.raises(MismatchingStateError):
        redeem(live, session, callback)


def test_pkce_is_honoured(live, octocat: Person):
    with OAuth2Session("Iv1.pkceclient", redirect_uri=CALLBACK, pkce="S256") as session:
        callback = octocat.sign_in(begin(live, session))

        assert str(redeem(live, session, callback)["access_token"]).startswith("gho_")
