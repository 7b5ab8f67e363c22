"""@insforge/sdk, unmodified, on Node.js: all that a server does with a project, each body held to its schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from sandbox import Config
from sandbox.core.faults import arm_fault
from sandbox.core.keysets import rotate_key
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.support.conversation import Conversation, converse
from tests.support.insforge import NEW, claims, cloud_code, query, setting
from tests.support.person import Person

APP = "http://localhost:3000/callback"
Step = Callable[..., Any]


@pytest.fixture
def config() -> Config:
    """Whoever is hinted at signs in without a page."""
    return Config(approval="hint")


@pytest.fixture(scope="module")
def script(node: object, ca: Any) -> Iterator[Conversation]:
    """One Node.js for the tests of this module."""
    with converse("insforge.mjs", Path(ca.ca_file)) as conversation:
        yield conversation


@pytest.fixture
def server(request: pytest.FixtureRequest, live: ThreadServer) -> str:
    """Where the sandbox is."""
    return live.origin


@pytest.fixture
def sdk(script: Conversation, server: str, sandbox: Any) -> Step:
    """Go a step: `sdk("signUp", email=...)`; an access token may come second."""
    anon = setting(sandbox, "anon_key")

    def step(name: str, as_: str | None = None, /, **given: Any) -> Any:
        at = {"baseUrl": server, "anonKey": anon, **({"accessToken": as_} if as_ else {})}
        return script.ask(name, server=at, **given)

    return step


def test_a_sign_in_page_is_configured(sdk):
    told = sdk("config")

    assert (told["oAuthProviders"], told["customOAuthProviders"]) == (["google", "github", "microsoft"], ["sandbox"])


def test_a_user_signs_up_signs_in_and_goes_on(sdk):
    new = sdk("signUp", **NEW)
    again = sdk("signIn", email=NEW["email"], password=NEW["password"])
    fresh = sdk("refresh", refreshToken=again["refreshToken"])

    assert new["requireEmailVerification"] is False
    assert again["user"] == new["user"] == fresh["user"]
    assert sdk("user", fresh["accessToken"]) == new["user"]
    assert sdk("user") is None
    assert sdk("signOut", fresh["accessToken"]) == "signed out"


def test_a_profile_is_read_and_changed(sdk):
    new = sdk("signUp", **NEW)

    changed = sdk("setProfile", new["accessToken"], profile={"bio": "hi"})

    assert changed == {"id": new["user"]["id"], "profile": {"name": NEW["name"], "bio": "hi"}}
    assert sdk("getProfile", id=new["user"]["id"]) == changed


def test_a_code_by_mail_signs_in(sdk):
    sdk("sendCode", email=NEW["email"])

    assert sdk("signInByCode", email=NEW["email"], otp="246810")["user"]["emailVerified"] is True


@pytest.mark.parametrize("provider", ["github", "microsoft", "google", "sandbox"])
def test_a_user_signs_in_elsewhere(sdk, octocat: Person, provider):
    hint = {"login" if provider == "github" else "login_hint": "octocat"}
    begun = sdk("start", provider=provider, redirectTo=APP, additionalParams=hint)
    back = octocat.follow(octocat.follow(begun["url"]))

    session = sdk("exchange", code=query(back)["insforge_code"], verifier=begun["codeVerifier"])

    assert back.startswith(f"{APP}?insforge_code=")
    assert (session["user"]["email"], session["user"]["providers"]) == ("octocat@octo-org.test", [provider])
    again = sdk("exchange", code=query(back)["insforge_code"], verifier=begun["codeVerifier"])
    assert (again["statusCode"], again["message"]) == (401, "Invalid or expired code")


def test_a_person_signs_in_on_the_pages(sdk, octocat: Person):
    begun = sdk("start", provider="github", redirectTo=APP)

    back = octocat.follow(octocat.sign_in(begun["url"]))

    assert sdk("exchange", code=query(back)["insforge_code"], verifier=begun["codeVerifier"])["user"]["emailVerified"]


def test_a_code_of_the_cloud_becomes_an_admins_session(sdk, sandbox):
    session = sdk("exchangeAdminSession", code=cloud_code(sandbox))

    assert session["admin"] == {"sub": "cloud:user_123"}
    assert sdk("adminSession", session["accessToken"])["admin"] == session["admin"]


def test_an_admin_client_uses_the_api_key(script, server, sandbox, sdk):
    sdk("signUp", **NEW)
    key = setting(sandbox, "api_key")

    def read(path: str, schema: str) -> Any:
        return script.ask("asAdmin", baseUrl=server, apiKey=key, path=f"/api/auth/{path}", schema=schema)

    users, config = read("users", "listUsersResponseSchema"), read("config", "getAuthConfigResponseSchema")
    custom = read("oauth/custom/configs", "listCustomOAuthConfigsResponseSchema")

    assert (users["pagination"]["total"], users["data"][0]["email"]) == (1, NEW["email"])
    assert config["disableSignup"] is False
    smtp = read("smtp-config", "getSmtpConfigResponseSchema")
    mails = read("email-templates", "listEmailTemplatesResponseSchema")

    assert [one["key"] for one in custom["data"]] == ["sandbox"]
    assert (smtp["enabled"], len(mails["data"])) == (False, 5)


def refused(status: int, error: str, message: str, next_actions: str | None = None) -> dict[str, Any]:
    told = {"exception": "InsForgeError", "message": message, "statusCode": status, "error": error}
    return told if next_actions is None else {**told, "nextActions": next_actions}


LOGIN = "Check the token is valid or login to get a new token."
BAD_CODE = "Invalid cloud authorization code: Invalid Compact JWS"


def test_refusals_are_the_sdks_own_errors(sdk):
    sdk("signUp", **NEW)

    assert sdk("signUp", **NEW) == refused(409, "AUTH_EMAIL_EXISTS", "User already exists")
    wrong = sdk("signIn", email=NEW["email"], password="x")
    assert wrong == refused(401, "AUTH_UNAUTHORIZED", "Invalid credentials")
    assert sdk("refresh", refreshToken="x") == refused(401, "AUTH_UNAUTHORIZED", "Invalid or expired refresh token")
    assert sdk("user", "x") == refused(401, "AUTH_UNAUTHORIZED", "Invalid token")
    bad = sdk("exchangeAdminSession", code="x")
    assert bad == refused(400, "AUTH_INVALID_CREDENTIALS", BAD_CODE, LOGIN)
    unknown = sdk("start", provider="nope", redirectTo=APP)
    assert unknown == refused(404, "INTERNAL_ERROR", "Custom OAuth provider nope is not configured.")


@pytest.mark.parametrize("where", ["/insforge-cloud", "", "/insforge/api"])
def test_the_keys_verify_what_they_signed(script, server, sandbox, sdk, where):
    """By the library that the backend itself uses, and by PyJWT."""
    code, keys = cloud_code(sandbox), f"{server}{where}/.well-known/jwks.json"
    token = code if where == "/insforge-cloud" else sdk("exchangeAdminSession", code=code)["accessToken"]

    said = script.ask("verify", keys=keys, token=token)
    key = jwt.PyJWKSet.from_dict(requests.get(keys, timeout=20).json()).keys[0]

    assert said == claims(token)
    assert jwt.decode(token, key, algorithms=["RS256"]) == said


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"ttl": 0},
    "too early": {"nbf": 9_999_999_999},
    "HS256": {"alg": "HS256"},
    "none": {"alg": "none"},
    "unknown key": {"kid": "nobody's"},
    "forged": {"rogueKey": True},
    "another algorithm": {"alg": "RS384"},
}


@pytest.mark.parametrize("name", WRONG)
def test_the_exchange_speaks_as_the_library_of_the_backend(script, server, sandbox, sdk, name):
    """A real backend that has the sandbox as its cloud refuses in the same words."""
    code, keys = cloud_code(sandbox, **WRONG[name]), f"{server}/insforge-cloud/.well-known/jwks.json"

    (told,) = script.ask("verifyAll", keys=keys, tokens=[code], cooldownDuration=0)

    # The library's own refusal of HS256 comes before the backend's list of algorithms does.
    told = '"alg" (Algorithm) Header Parameter value not allowed' if name in ("HS256", "none") else told
    assert sdk("exchangeAdminSession", code=code)["message"] == f"Invalid cloud authorization code: {told}"


def test_a_kept_key_set_verifies_old_and_new_codes_after_a_rotation(script, server, sandbox):
    keys, old = f"{server}/insforge-cloud/.well-known/jwks.json", cloud_code(sandbox)
    before = script.ask("verifyAll", keys=f"{keys}?patient", tokens=[old])
    script.ask("verifyAll", keys=f"{keys}?eager", tokens=[old], cooldownDuration=0)
    with sandbox.world() as world:
        rotate_key(world, "insforge-cloud", "RS256")
    new = cloud_code(sandbox)

    patient = script.ask("verifyAll", keys=f"{keys}?patient", tokens=[old, new])
    eager = script.ask("verifyAll", keys=f"{keys}?eager", tokens=[new, old], cooldownDuration=0)

    assert before == ["good"]
    # Half a minute must pass before the library looks again for a key that it does not know.
    assert patient == ["good", "no applicable key found in the JSON Web Key Set"]
    assert eager == ["good", "good"]


def test_a_key_set_that_is_away_is_told_in_the_same_words(script, server, sandbox, sdk):
    code, told = cloud_code(sandbox), "Expected 200 OK from the JSON Web Key Set HTTP response"
    with sandbox.world() as world:
        arm_fault(world, "insforge-cloud", "keys", Reason.PROVIDER_FAILED, detail=told, sticky=True)

    by_library = script.ask("verifyAll", keys=f"{server}/insforge-cloud/.well-known/jwks.json?away", tokens=[code])

    assert by_library == [told]
    assert sdk("exchangeAdminSession", code=code)["message"] == f"Invalid cloud authorization code: {told}"
