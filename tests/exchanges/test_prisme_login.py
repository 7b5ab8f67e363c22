"""The login in a browser at Prisme.ai: to a provider and back, and the sign-out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox import Config
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.support.person import query
from tests.support.prisme import ME, check_refused, configure, configure_provider

R = Reason
LOGIN, CALLBACK, END = "/v2/login", "/v2/login/callback", "/oidc/session/end"


@pytest.fixture
def config() -> Config:
    """Whoever is hinted at signs in without a page."""
    return Config(approval="always=alice")


def begin(sandbox: Any, provider: str = "custom", prefix: str = "") -> Any:
    return sandbox.get(f"{prefix}{LOGIN}?provider={provider}")


def come_back(sandbox: Any, provider: str = "custom", prefix: str = "") -> Any:
    there = sandbox.get(begin(sandbox, provider, prefix).location)
    assert there.status_code == 302, there.text
    return sandbox.get(there.location)


def check_signed_out(sandbox: Any, answer: Any, reason: Reason) -> None:
    assert answer.status_code == 302
    assert urlsplit(answer.location).path == END
    assert query(answer.location) == {
        "client_id": "local-client-id",
        "post_logout_redirect_uri": "http://localhost/",
    }
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/oauth"])
def test_the_browser_is_sent_to_the_provider(sandbox, path):
    away = sandbox.get(f"{path}?provider=custom")

    page, _, asked = away.location.partition("?")
    assert (away.status_code, page) == (302, "http://localhost/oidc/main/authorize")
    pairs = parse_qsl(asked)
    assert [name for name, _ in pairs] == ["response_type", "redirect_uri", "scope", "state", "client_id"]
    given = dict(pairs)
    assert len(given.pop("state")) == 24
    assert given == {
        "response_type": "code",
        "redirect_uri": "http://localhost/v2/login/callback",
        "scope": "openid email profile",
        "client_id": "oidc-client",
    }
    assert away.headers["Set-Cookie"].startswith("connect.sid=s%3A")


@pytest.mark.parametrize("provider", ["custom", "azure", "closed"])
def test_the_browser_comes_back_with_a_session(sandbox, provider):
    home = come_back(sandbox, provider)

    assert (home.status_code, home.location) == (302, "http://localhost/")
    profile = sandbox.get(ME).json
    assert (profile["email"], set(profile["authData"])) == ("alice@contoso.test", {provider})


def test_it_works_with_pkce_and_without_state(sandbox):
    configure_provider(sandbox, "custom", pkce=True, state=False)

    asked = query(begin(sandbox).location)

    assert "state" not in asked
    assert asked["code_challenge_method"] == "S256"
    assert come_back(sandbox).location == "http://localhost/"


def test_a_provider_that_is_described_by_addresses_works_too(sandbox):
    at = "http://localhost/oidc/main"
    configure_provider(
        sandbox,
        "file",
        client_secret="sandbox-secret",
        authorization_endpoint=f"{at}/authorize",
        token_endpoint=f"{at}/token",
        jwks=f"{at}/jwks",
        issuer=at,
    )

    assert come_back(sandbox, "file").location == "http://localhost/"
    assert "file" in sandbox.get(ME).json["authData"]


def test_a_domain_finds_its_provider(sandbox):
    assert "/oauth2/v2.0/authorize" in sandbox.get(f"{LOGIN}?domain=Contoso.test").location
    assert sandbox.get(f"{LOGIN}?domain=acme.com").json == {"provider": "local"}


@pytest.mark.parametrize(
    ("asked", "named", "details"),
    [("?provider=zzz", "zzz", {"provider": "zzz"}), ("", "undefined", {}), ("?provider=", "", {"provider": ""})],
)
def test_an_unknown_provider_is_a_mistake_in_the_configuration(sandbox, asked, named, details):
    told = {"error": "ConfigurationError", "message": f"Unknown or missing auth provider '{named}'", "details": details}

    check_refused(sandbox, sandbox.get(LOGIN + asked), R.PROVIDER_UNSUPPORTED, (500, told))


def test_saml_is_not_there(sandbox):
    configure_provider(sandbox, "saml", type="saml")

    answer = begin(sandbox, "saml")

    assert (answer.status_code, answer.headers["X-Sandbox-Reason"][:24]) == (500, "PROVIDER_NOT_IMPLEMENTED")


def test_a_foreign_state_signs_out(sandbox):
    there = sandbox.get(begin(sandbox).location)

    check_signed_out(sandbox, sandbox.get(f"{CALLBACK}?code=x&state=wrong"), R.STATE_INVALID)
    assert sandbox.get(there.location).location == "http://localhost/"


def test_another_browser_cannot_finish_a_login(sandbox, app):
    there = sandbox.get(begin(sandbox).location)
    other: Any = app.test_client()

    check_signed_out(sandbox, other.get(there.location), R.CODE_UNKNOWN)


def test_a_login_is_finished_once(sandbox):
    there = sandbox.get(begin(sandbox).location)
    held = sandbox.get_cookie("connect.sid").value
    assert sandbox.get(there.location).location == "http://localhost/"
    sandbox.set_cookie("connect.sid", held)

    check_signed_out(sandbox, sandbox.get(there.location), R.CODE_ALREADY_REDEEMED)


@pytest.mark.parametrize(
    ("back", "reason"), [("error=access_denied", R.ACCESS_DENIED), ("", R.CODE_UNKNOWN), ("code=zzz", R.CODE_UNKNOWN)]
)
def test_a_failure_at_the_provider_signs_out(sandbox, back, reason):
    state = query(begin(sandbox).location)["state"]

    check_signed_out(sandbox, sandbox.get(f"{CALLBACK}?state={state}&{back}"), reason)


def test_a_login_that_took_too_long_signs_out(sandbox):
    there = sandbox.get(begin(sandbox).location)
    sandbox.clock.advance(minutes=10)

    check_signed_out(sandbox, sandbox.get(there.location), R.CODE_EXPIRED)


def test_whatever_goes_wrong_the_browser_is_never_told_in_json(sandbox):
    # At a host or in a world that is not there, and without a database, nobody is sent anywhere.
    for reason in set(Reason) - {R.HOST_UNKNOWN, R.ROUTE_UNKNOWN, R.DATABASE_UNAVAILABLE}:
        with sandbox.world() as world:
            arm_fault(world, "prisme", "finish_login", reason)
        check_signed_out(sandbox, sandbox.get(CALLBACK), reason)


def test_without_an_id_token_there_is_no_login(sandbox):
    configure_provider(sandbox, "custom", scopes="email")

    check_signed_out(sandbox, come_back(sandbox), R.PROVIDER_FAILED)


def test_signing_out_takes_the_cookies_and_leads_on(sandbox):
    come_back(sandbox)

    out = sandbox.get(f"{END}?client_id=app&post_logout_redirect_uri=http://localhost:3000/bye")

    assert (out.status_code, out.location) == (302, "http://localhost:3000/bye")
    assert sandbox.get_cookie("access-token") is None
    assert sandbox.get(ME).status_code == 401


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test", "javascript:alert(1)", "http://localhost@evil.test/", "http://[", "/x", ""],
)
def test_signing_out_leads_nowhere_else(sandbox, target):
    out = sandbox.get(END, query_string={"post_logout_redirect_uri": target})

    assert out.location == "http://localhost/"


def test_the_console_is_where_the_fixture_says(sandbox):
    configure(sandbox, console_url="https://console.example.test/home")

    assert come_back(sandbox).location == "https://console.example.test/home"
    assert sandbox.get(END).location == "https://console.example.test/home"
    target = {"post_logout_redirect_uri": "https://console.example.test/bye"}
    assert sandbox.get(END, query_string=target).location == "https://console.example.test/bye"


def test_a_login_screen_is_told_of_the_providers(sandbox):
    configure_provider(sandbox, "off", enabled=False)

    told = sandbox.get(f"{LOGIN}/providers").json

    assert told == {
        "localSignin": False,
        "localSignup": False,
        "providers": [
            {"slug": "azure", "type": "oidc", "name": "Microsoft"},
            {"slug": "custom", "type": "oidc", "name": "Sandbox issuer"},
            {"slug": "closed", "type": "oidc", "name": "Without token exchange"},
        ],
        "oidc": {
            "apiUrl": "http://localhost/v2",
            "providerUrl": "http://localhost",
            "consoleUrl": "http://localhost/",
            "externalClientIds": [],
            "scopes": ["openid", "offline_access", "profile", "email", "settings"],
        },
    }
