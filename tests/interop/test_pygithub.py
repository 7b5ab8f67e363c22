"""PyGithub, unmodified: web flow, expiring tokens, and the exceptions it draws from GitHub's refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from github import Auth, BadCredentialsException, Github, GithubException, UnknownObjectException
from github.AccessToken import AccessToken
from github.ApplicationOAuth import ApplicationOAuth

from sandbox.threads import ThreadServer
from tests.support.person import Person, query

CLIENT, APP, SECRET = "Iv1.sandboxclient", "Iv23.sandboxghapp", "sandbox-secret"
CALLBACK = "http://127.0.0.1:9999/callback"

Connect = Callable[..., Github]


@pytest.fixture
def connect(live: ThreadServer) -> Iterator[Connect]:
    """A `Github` of the sandbox; its pauses between requests are kept out of the test run."""
    opened: list[Github] = []

    def connect(auth: Auth.Auth | None = None) -> Github:
        github = Github(
            base_url=f"{live.origin}/api/v3",
            auth=auth,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        opened.append(github)
        return github

    yield connect
    for github in opened:
        github.close()


@pytest.fixture
def application(connect: Connect) -> ApplicationOAuth:
    return connect().get_oauth_application(CLIENT, SECRET)


@pytest.fixture
def github_app(connect: Connect) -> ApplicationOAuth:
    return connect().get_oauth_application(APP, SECRET)


def log_in(person: Person, application: ApplicationOAuth, scope: str = "") -> AccessToken:
    url = application.get_login_url(redirect_uri=CALLBACK, state="xyz", login="octocat")
    callback = person.sign_in(f"{url}&scope={scope}" if scope else url)
    assert query(callback)["state"] == "xyz"
    return application.get_access_token(query(callback)["code"])


def test_the_web_flow_ends_at_the_user(live, connect, application, octocat):
    token = log_in(octocat, application, "user read:org")

    github = connect(Auth.Token(token.token))
    user = github.get_user()

    assert (token.type, token.scope, token.expires_in) == ("bearer", "user,read:org", None)
    assert (user.login, user.id, user.name) == ("octocat", 583231, "The Octocat")
    assert user.url == f"{live.origin}/api/v3/users/octocat"
    assert [(email.email, email.primary, email.verified) for email in user.get_emails()] == [
        ("octocat@octo-org.test", True, True)
    ]
    assert [organization.login for organization in user.get_orgs()] == ["octo-org"]
    assert [(team.name, team.organization.login) for team in user.get_teams()] == [("Justice League", "octo-org")]
    assert github.oauth_scopes == ["user", "read:org"]


def test_it_reads_its_budget(connect, application, octocat):
    github = connect(Auth.Token(log_in(octocat, application).token))

    assert github.get_user().login == "octocat"

    remaining, limit = github.rate_limiting
    assert (remaining, limit) == (4999, 5000)
    assert github.get_rate_limit().rate.limit == 5000


def test_it_pages_through_all_teams(connect, application):
    with Person.at_a_browser("joiner") as joiner:
        token = log_in(joiner, application, "read:org")

    user = connect(Auth.Token(token.token)).get_user()

    assert len({team.id for team in user.get_teams()}) == 120
    assert sorted(organization.login for organization in user.get_orgs()) == ["contoso", "many-teams", "octo-org"]


def test_a_replayed_code_is_bad_credentials(application, octocat):
    code = query(octocat.sign_in(application.get_login_url()))["code"]
    application.get_access_token(code)

    with pytest.raises(BadCredentialsException) as refused:
        application.get_access_token(code)

    assert refused.value.status == 200
    assert refused.value.data["error_description"] == "The code passed is incorrect or expired."


def test_a_wrong_secret_is_told_and_the_code_survives(connect, application, octocat):
    code = query(octocat.sign_in(application.get_login_url()))["code"]
    impostor = connect().get_oauth_application(CLIENT, "guessed")

    with pytest.raises(GithubException) as refused:
        impostor.get_access_token(code)

    assert refused.value.data["error"] == "incorrect_client_credentials"
    assert application.get_access_token(code).token


def test_a_revoked_token_is_bad_credentials(live, connect, application, octocat):
    token = log_in(octocat, application)
    octocat.revoke(f"{live.origin}/settings/connections/applications/{CLIENT}")

    with pytest.raises(BadCredentialsException) as refused:
        assert connect(Auth.Token(token.token)).get_user().login

    assert refused.value.status == 401


def test_addresses_need_their_scope(connect, application, octocat):
    user = connect(Auth.Token(log_in(octocat, application).token)).get_user()

    with pytest.raises(UnknownObjectException):
        user.get_emails()


def test_a_github_app_token_lasts_eight_hours_and_is_refreshed(connect, github_app, octocat):
    token = log_in(octocat, github_app)
    auth = github_app.get_app_user_auth(token)

    assert (token.expires_in, token.scope) == (28800, "")
    assert token.token.startswith("ghu_")
    assert connect(auth).get_user().login == "octocat"

    # PyGithub asks for a new pair as soon as its own clock says that the token is over.
    stale = Auth.AppUserAuth(
        APP,
        SECRET,
        token=token.token,
        expires_at=datetime.now(UTC) - timedelta(seconds=1),
        refresh_token=token.refresh_token,
    )
    assert connect(stale).get_user().login == "octocat"
    assert stale.token != token.token
    assert stale.expires_at > datetime.now(UTC) + timedelta(hours=7)

    with pytest.raises(BadCredentialsException):
        assert connect(Auth.Token(token.token)).get_user().login


def test_a_refresh_token_is_good_once(github_app, octocat):
    token = log_in(octocat, github_app)
    renewed = github_app.refresh_access_token(token.refresh_token)

    with pytest.raises(GithubException) as refused:
        github_app.refresh_access_token(token.refresh_token)

    assert refused.value.data["error"] == "bad_refresh_token"
    assert github_app.refresh_access_token(renewed.refresh_token).token


def test_an_expired_token_is_bad_credentials(sandbox, connect, github_app, octocat):
    token = log_in(octocat, github_app)

    sandbox.clock.advance(hours=8)

    with pytest.raises(BadCredentialsException):
        assert connect(Auth.Token(token.token)).get_user().login
