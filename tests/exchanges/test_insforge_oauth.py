"""End users who sign in elsewhere: where they are sent, who they become, and what the application is told."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.refusals import Reason
from sandbox.exchanges.insforge.tokens import sign_by_secret
from tests.support.insforge import (
    APP,
    AUTH,
    CHALLENGE,
    USER_COOKIE,
    api_key,
    begin_oauth,
    check_refused,
    claims,
    come_back,
    configure,
    cookies,
    error,
    invalid,
    query,
    row,
    sign_up,
    swap,
)

R = Reason
PROVIDERS = "google, github, discord, linkedin, facebook, instagram, tiktok, apple, x, spotify, microsoft"
NOT_CONFIGURED = "{} OAuth is not properly configured. Please check your oauth configurations."
ALLOW = "Please add this URL to the allowed redirect URLs in the authentication configuration."
# {provider: what the backend sends it}
ASKED = {
    "github": (
        "/login/oauth/authorize",
        {"client_id": "insforge-github", "scope": "user:email"},
    ),
    "microsoft": (
        "/common/oauth2/v2.0/authorize",
        {
            "client_id": "66666666-6666-4666-8666-666666666666",
            "response_type": "code",
            "scope": "openid email profile offline_access User.Read",
        },
    ),
    "google": (
        "/oidc/google/authorize",
        {
            "client_id": "insforge-google",
            "response_type": "code",
            "access_type": "offline",
            "scope": "openid profile email",
        },
    ),
    "custom/sandbox": (
        "/oidc/main/authorize",
        {
            "client_id": "oidc-client",
            "response_type": "code",
            "scope": "openid profile email",
            "code_challenge_method": "S256",
        },
    ),
}


@pytest.fixture
def config() -> Config:
    """Whoever is hinted at signs in without a page."""
    return Config(approval="hint")


def change_config(sandbox: Any, **changed: Any) -> None:
    assert sandbox.put(f"{AUTH}/config", json=changed, headers=api_key(sandbox)).status_code == 200


# The way there


@pytest.mark.parametrize("provider", ASKED)
def test_the_browser_is_sent_to_the_room_that_plays_the_provider(sandbox, provider):
    answer = begin_oauth(sandbox, provider)

    path, asked = ASKED[provider]
    (url,) = answer.json.values()
    sent = query(url)
    state, challenge = sent.pop("state"), sent.pop("code_challenge", None)
    assert url.startswith(f"http://localhost{path}?")
    assert sent == {**asked, "redirect_uri": f"http://localhost/api/auth/oauth/{provider}/callback"}
    assert (challenge is not None) == provider.startswith("custom/")
    assert challenge != CHALLENGE
    said = claims(state)
    assert said["exp"] - said["iat"] == 3600
    assert said["createdAt"] == said["iat"] * 1000
    assert (said["provider"], said["redirectUri"], said["codeChallenge"]) == (
        provider.removeprefix("custom/"),
        APP,
        CHALLENGE,
    )


@pytest.mark.parametrize("provider", ASKED)
def test_other_parameters_are_passed_on_unless_they_collide(sandbox, provider):
    sent = query(begin_oauth(sandbox, provider, login_hint="alice", client_id="evil", state="evil").json["authUrl"])

    assert sent["login_hint"] == "alice"
    assert sent["client_id"] == ASKED[provider][1]["client_id"]
    assert sent["state"] != "evil"


@pytest.mark.parametrize(
    ("origin", "prefix", "callback"),
    [
        ("http://127.0.0.1:9400", "", "http://localhost:9400"),
        ("http://insforge.localhost:9400", "", "http://localhost:9400"),
        ("http://localhost:9400", "/insforge", "http://localhost:9400"),
    ],
)
def test_providers_send_back_to_one_address_whatever_the_way_in(sandbox, origin, prefix, callback):
    asked = {"redirect_uri": APP, "code_challenge": CHALLENGE}

    answer = sandbox.get(f"{prefix}{AUTH}/oauth/github", query_string=asked, base_url=origin)

    assert query(answer.json["authUrl"])["redirect_uri"] == f"{callback}/api/auth/oauth/github/callback"


def test_the_backend_may_have_an_address_of_its_own(sandbox):
    configure(sandbox, api_base_url="https://api.example.test/base/")

    sent = query(begin_oauth(sandbox, "google").json["authUrl"])

    assert sent["redirect_uri"] == "https://api.example.test/base/api/auth/oauth/google/callback"


def starting(provider: str, **asked: Any) -> Any:
    return lambda sandbox: begin_oauth(sandbox, provider, **asked)


def allowing(*urls: str, redirect_uri: str) -> Any:
    def cause(sandbox: Any) -> Any:
        change_config(sandbox, allowedRedirectUrls=list(urls))
        return begin_oauth(sandbox, "github", redirect_uri=redirect_uri)

    return cause


def outside(sandbox: Any) -> Any:
    known = {"name": "Out", "clientId": "c", "clientSecret": "s"}
    endpoint = "https://idp.example.test/.well-known/openid-configuration"
    body = {"key": "out", "discoveryEndpoint": endpoint, **known}
    sandbox.post(f"{AUTH}/oauth/custom/configs", json=body, headers=api_key(sandbox))
    return begin_oauth(sandbox, "custom/out")


START = [
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("redirect_uri: Redirect URI is required, code_challenge: Required"),
        starting("github", redirect_uri=None, code_challenge=None),
    ),
    row(
        "no challenge",
        R.FIELD_MISSING,
        invalid("code_challenge: Required"),
        starting("github", code_challenge=None),
    ),
    row(
        "short challenge",
        R.FIELD_INVALID,
        invalid("code_challenge: Code challenge must be at least 43 characters"),
        starting("github", code_challenge="x"),
    ),
    row("bad URL", R.FIELD_INVALID, invalid("redirect_uri: Invalid url"), starting("github", redirect_uri="x")),
    row(
        "a script",
        R.REDIRECT_URI_INVALID,
        invalid("redirect_uri: Invalid url"),
        starting("github", redirect_uri="javascript:alert(1)"),
    ),
    row(
        "unknown provider",
        R.PROVIDER_UNSUPPORTED,
        invalid(f"Unsupported OAuth provider: gitlab. Supported providers: {PROVIDERS}"),
        starting("gitlab"),
    ),
    row(
        "not allowed",
        R.REDIRECT_URI_MISMATCH,
        error(400, "INVALID_INPUT", f"{APP} is not in the allowed redirect URLs", ALLOW),
        allowing("https://other.example.test", redirect_uri=APP),
    ),
    row(
        "not configured",
        R.NOT_CONFIGURED,
        error(500, "AUTH_OAUTH_CONFIG_ERROR", NOT_CONFIGURED.format("discord")),
        starting("discord"),
    ),
    row(
        "spotify",
        R.PROVIDER_NOT_IMPLEMENTED,
        error(501, "AUTH_UNSUPPORTED_PROVIDER", "OAuth provider 'spotify' is not implemented yet."),
        starting("spotify"),
    ),
    row(
        "unknown key",
        R.NOT_CONFIGURED,
        error(404, "INTERNAL_ERROR", "Custom OAuth provider nope is not configured."),
        starting("custom/nope"),
    ),
    row(
        "another's issuer",
        R.OUTSIDE_ADDRESS_REFUSED,
        error(
            400,
            "AUTH_OAUTH_CONFIG_ERROR",
            "Failed to fetch the discovery document of https://idp.example.test/.well-known/openid-configuration",
        ),
        outside,
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), START)
def test_a_bad_start_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def test_the_backend_as_shipped_fails_at_an_unknown_key(sandbox):
    configure(sandbox, profile="shipped")

    body = error(500, "INTERNAL_ERROR", "Custom OAuth provider nope is not configured.")
    check_refused(sandbox, begin_oauth(sandbox, "custom/nope"), R.NOT_CONFIGURED, body)


# The way back


@pytest.mark.parametrize("provider", ASKED)
def test_a_whole_sign_in_ends_in_a_session(sandbox, provider):
    location = come_back(sandbox, provider)
    code = query(location)["insforge_code"]

    answer = swap(sandbox, code)

    assert location == f"{APP}?insforge_code={code}"
    assert len(code) == 64
    assert list(answer.json) == ["accessToken", "user", "csrfToken"]
    user = answer.json["user"]
    assert (user["email"], user["emailVerified"]) == ("alice@contoso.test", True)
    assert user["providers"] == [provider.removeprefix("custom/")]
    assert user["profile"]["name"] == "Alice Liddell"
    assert set(cookies(answer)) == {USER_COOKIE}


def test_other_clients_get_a_refresh_token(sandbox):
    code = query(come_back(sandbox, "github"))["insforge_code"]

    answer = swap(sandbox, code, query_string={"client_type": "server"})

    assert list(answer.json) == ["accessToken", "user", "refreshToken"]


def test_a_redirect_is_as_the_vendors_framework_sends_it(sandbox):
    started = begin_oauth(sandbox, "github", redirect_uri="http://localhost:3000?a=b#c", login="alice")
    callback = sandbox.get(started.json["authUrl"]).location

    answer = sandbox.get(callback)

    code = answer.location.partition("insforge_code=")[2].removesuffix("#c")
    assert answer.location == f"http://localhost:3000/?a=b&insforge_code={code}#c"
    assert (answer.status_code, answer.text) == (302, f"Found. Redirecting to {answer.location}")


def test_github_without_public_address_and_without_any(sandbox):
    private, none = (come_back(sandbox, "github", login) for login in ("octocat", "no-email"))

    emails = [swap(sandbox, query(url)["insforge_code"]).json["user"]["email"] for url in (private, none)]

    assert emails == ["octocat@octo-org.test", "no-email@users.noreply.github.com"]


def test_microsoft_falls_back_to_the_name_people_sign_in_with(sandbox):
    location = come_back(sandbox, "microsoft", "no-email")

    assert swap(sandbox, query(location)["insforge_code"]).json["user"]["email"] == "no-email@contoso.test"


def test_a_custom_provider_must_tell_an_address_verified_or_not(sandbox):
    told, untold = (come_back(sandbox, "custom/sandbox", login) for login in ("unverified", "no-email"))

    assert swap(sandbox, query(told)["insforge_code"]).json["user"]["email"] == "unverified@contoso.test"
    assert untold == f"{APP}?error=Authentication+failed"
    assert sandbox.journal()[-2].reason == R.FIELD_INVALID


# Whom they become


def test_one_address_is_one_user_however_it_signs_in(sandbox):
    first = sign_up(sandbox, email="Alice@Contoso.test").json["user"]

    ids = []
    for provider in ASKED:
        user = swap(sandbox, query(come_back(sandbox, provider))["insforge_code"]).json["user"]
        ids.append(user["id"])

    assert set(ids) == {first["id"]}
    assert (user["emailVerified"], user["providers"]) == (True, ["email", "github", "microsoft", "google", "sandbox"])


def test_a_person_is_known_again_after_the_address_has_changed(sandbox):
    before = swap(sandbox, query(come_back(sandbox, "github"))["insforge_code"]).json["user"]
    with sandbox.world() as world:
        emails = [{"email": "new@contoso.test", "primary": True, "verified": True, "visibility": "public"}]
        world.store.change(tables.Identity, {"emails": emails}, login="alice")

    after = swap(sandbox, query(come_back(sandbox, "github"))["insforge_code"]).json["user"]

    assert after == before


def test_where_nobody_may_sign_up_only_known_people_come_in(sandbox):
    come_back(sandbox, "github", "alice")
    change_config(sandbox, disableSignup=True)

    assert "insforge_code" in query(come_back(sandbox, "github", "alice"))
    stranger = come_back(sandbox, "github", "octocat")
    assert stranger == f"{APP}?error=User+signups+are+disabled+for+this+project."
    assert sandbox.journal()[-1].reason == R.PERMISSION_DENIED


# What goes wrong on the way back


def state(sandbox: Any, provider: str = "github", **more: Any) -> str:
    return query(begin_oauth(sandbox, provider, **more).json["authUrl"])["state"]


def callback(path: str, **asked: Any) -> Any:
    def cause(sandbox: Any) -> Any:
        given = {name: value(sandbox) if callable(value) else value for name, value in asked.items()}
        return sandbox.get(f"{AUTH}/oauth/{path}/callback", query_string=given)

    return cause


def genuine(**said: Any) -> Any:
    def make(sandbox: Any) -> str:
        with sandbox.world() as world:
            return sign_by_secret(world, "state", said, 60)

    return make


def old_state(sandbox: Any) -> str:
    text = state(sandbox)
    sandbox.clock.advance(hours=1)
    return text


NO_STATE = invalid("Invalid state parameter")
BAD_CALLBACKS = [
    row("no state", R.FIELD_MISSING, invalid("State parameter is required"), callback("github", code="x")),
    row("bad state", R.STATE_INVALID, NO_STATE, callback("github", code="x", state="x")),
    row("old state", R.STATE_INVALID, NO_STATE, callback("github", code="x", state=old_state)),
    row("another's state", R.STATE_INVALID, NO_STATE, callback("google", code="x", state=state)),
    row("another token", R.STATE_INVALID, NO_STATE, callback("github", code="x", state=genuine(type="refresh"))),
    row(
        "unknown provider",
        R.PROVIDER_UNSUPPORTED,
        invalid(f"Unsupported OAuth provider: gitlab. Supported providers: {PROVIDERS}"),
        callback("gitlab"),
    ),
    row(
        "custom, no state",
        R.FIELD_MISSING,
        invalid("code and state are required"),
        callback("custom/sandbox", code="x"),
    ),
    row(
        "custom, no code",
        R.FIELD_MISSING,
        invalid("code and state are required"),
        callback("custom/sandbox", state="x"),
    ),
    row("custom, bad state", R.STATE_INVALID, NO_STATE, callback("custom/sandbox", code="x", state="x")),
]


@pytest.mark.parametrize(("reason", "body", "cause"), BAD_CALLBACKS)
def test_without_a_good_state_nobody_is_sent_anywhere(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def secret_changed(sandbox: Any) -> str:
    text = state(sandbox)
    change = {"clientSecret": "wrong"}
    sandbox.put(f"{AUTH}/oauth/github/config", json=change, headers=api_key(sandbox))
    return text


TOLD = [
    ("no code", R.FIELD_MISSING, "No authorization code provided", callback("github", state=state)),
    (
        "the provider's error",
        R.FIELD_MISSING,
        "No authorization code provided",
        callback("github", state=state, error="access_denied"),
    ),
    ("a bad code", R.CODE_UNKNOWN, "OAuth authentication failed", callback("github", state=state, code="x")),
    (
        "a wrong secret",
        R.CLIENT_SECRET_WRONG,
        "OAuth authentication failed",
        callback("github", state=secret_changed, code="x"),
    ),
    (
        "a bad code of a custom one",
        R.CODE_UNKNOWN,
        "Authentication failed",
        callback("custom/sandbox", code="x", state=lambda sandbox: state(sandbox, "custom/sandbox")),
    ),
]


@pytest.mark.parametrize(("reason", "text", "cause"), [pytest.param(*case[1:], id=case[0]) for case in TOLD])
def test_what_goes_wrong_later_the_application_is_told(sandbox, reason, text, cause):
    answer = cause(sandbox)

    assert answer.status_code == 302
    assert answer.location == f"{APP}?error={text.replace(' ', '+')}"
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")


@pytest.mark.parametrize("provider", ["github", "custom/sandbox"])
def test_a_callback_is_good_once(sandbox, provider):
    hint = {"login" if provider == "github" else "login_hint": "alice"}
    arrived = sandbox.get(begin_oauth(sandbox, provider, **hint).json["authUrl"]).location

    first, again = sandbox.get(arrived), sandbox.get(arrived)

    text = "OAuth+authentication+failed" if provider == "github" else "Authentication+failed"
    assert "insforge_code" in first.location
    assert again.location == f"{APP}?error={text}"


# The one-time code

GONE = error(401, "INVALID_INPUT", "Invalid or expired code")
WRONG = error(401, "AUTH_UNAUTHORIZED", "PKCE verification failed")


@pytest.mark.parametrize(("profile", "status"), [("documented", 401), ("shipped", 400)])
def test_a_code_is_good_once_for_its_verifier_and_five_minutes(sandbox, profile, status):
    configure(sandbox, profile=profile)
    first, second, third = (query(come_back(sandbox, "github"))["insforge_code"] for _ in range(3))
    gone, wrong = {**GONE, "statusCode": status}, {**WRONG, "statusCode": status}

    assert swap(sandbox, first).status_code == 200
    check_refused(sandbox, swap(sandbox, first), R.CODE_ALREADY_REDEEMED, gone)
    check_refused(sandbox, swap(sandbox, second, "w" * 43), R.VERIFIER_MISMATCH, wrong)
    check_refused(sandbox, swap(sandbox, second), R.CODE_ALREADY_REDEEMED, gone)
    check_refused(sandbox, swap(sandbox, "x"), R.CODE_UNKNOWN, gone)
    sandbox.clock.advance(minutes=5)
    check_refused(sandbox, swap(sandbox, third), R.CODE_EXPIRED, gone)


def test_a_bad_exchange_is_refused(sandbox):
    nothing = sandbox.post(f"{AUTH}/oauth/exchange", json={})
    check_refused(sandbox, nothing, R.FIELD_MISSING, invalid("code: Required, code_verifier: Required"))

    message = "code_verifier: Code verifier must be at least 43 characters"
    check_refused(sandbox, swap(sandbox, "x", "x"), R.FIELD_INVALID, invalid(message))


def test_a_code_of_a_user_who_is_gone_is_worth_nothing(sandbox):
    code = query(come_back(sandbox, "github"))["insforge_code"]
    (user,) = sandbox.get(f"{AUTH}/users", headers=api_key(sandbox)).json["data"]
    sandbox.delete(f"{AUTH}/users", json={"userIds": [user["id"]]}, headers=api_key(sandbox))

    gone = error(404, "AUTH_USER_NOT_FOUND", "User not found")
    check_refused(sandbox, swap(sandbox, code), R.IDENTITY_UNKNOWN, gone)
