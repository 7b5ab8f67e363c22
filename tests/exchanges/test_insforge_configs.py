"""Which providers there are, the auth configuration, shared keys, and what the fixture says of all this."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.fixtures import FixtureError, parse_fixture
from sandbox.core.refusals import Reason
from sandbox.services import CHECKS
from tests.support.insforge import (
    APP,
    AUTH,
    api_key,
    begin_oauth,
    check_refused,
    configure,
    error,
    invalid,
    query,
    row,
    swap,
)

R = Reason
CONFIGS, CUSTOM = f"{AUTH}/oauth/configs", f"{AUTH}/oauth/custom/configs"
NEVER = "00000000-0000-0000-0000-000000000000"
MINE = {"key": "mine", "name": "Mine", "clientId": "oidc-public", "clientSecret": "s"}
DISCOVERY = "http://localhost/oidc/main/.well-known/openid-configuration"


@pytest.fixture
def config() -> Config:
    """Whoever is hinted at signs in without a page."""
    return Config(approval="hint")


# The auth configuration


def test_the_configuration_is_told_and_changed(sandbox):
    key = api_key(sandbox)

    before = sandbox.get(f"{AUTH}/config", headers=key).json
    changed = sandbox.put(f"{AUTH}/config", json={"passwordMinLength": 8, "disableSignup": True}, headers=key).json
    again = sandbox.put(f"{AUTH}/config", json={"allowedRedirectUrls": None, "unknown": 1}, headers=key).json

    assert {**before, "createdAt": "", "updatedAt": ""} == {
        "id": NEVER,
        "requireEmailVerification": False,
        "passwordMinLength": 6,
        "requireNumber": False,
        "requireLowercase": False,
        "requireUppercase": False,
        "requireSpecialChar": False,
        "verifyEmailMethod": "code",
        "resetPasswordMethod": "code",
        "allowedRedirectUrls": [],
        "disableSignup": False,
        "createdAt": "",
        "updatedAt": "",
    }
    assert changed["id"] != NEVER
    assert (changed["passwordMinLength"], changed["disableSignup"]) == (8, True)
    assert again == changed


def test_a_sign_in_page_is_told_what_it_needs(sandbox):
    told = sandbox.get(f"{AUTH}/public-config").json

    assert list(told) == [
        *("oAuthProviders", "customOAuthProviders", "requireEmailVerification", "passwordMinLength"),
        *("requireNumber", "requireLowercase", "requireUppercase", "requireSpecialChar"),
        *("verifyEmailMethod", "resetPasswordMethod", "disableSignup"),
    ]
    assert (told["oAuthProviders"], told["customOAuthProviders"]) == (["google", "github", "microsoft"], ["sandbox"])


CONFIG_ISSUES = {
    "passwordMinLength": [
        (3, "passwordMinLength: Number must be greater than or equal to 4"),
        (129, "passwordMinLength: Number must be less than or equal to 128"),
        ("6", "passwordMinLength: Expected number, received string"),
        (6.5, "passwordMinLength: Expected integer, received float"),
    ],
    "verifyEmailMethod": [
        ("sms", "verifyEmailMethod: Invalid enum value. Expected 'code' | 'link', received 'sms'"),
        (1, "verifyEmailMethod: Expected 'code' | 'link', received number"),
    ],
    "allowedRedirectUrls": [
        (["x"], "allowedRedirectUrls.0: Invalid URL or wildcard URL"),
        ("x", "allowedRedirectUrls: Expected array, received string"),
    ],
}


@pytest.mark.parametrize(
    ("name", "value", "message"), [(name, *case) for name, cases in CONFIG_ISSUES.items() for case in cases]
)
def test_a_bad_configuration_is_refused(sandbox, name, value, message):
    answer = sandbox.put(f"{AUTH}/config", json={name: value}, headers=api_key(sandbox))

    check_refused(sandbox, answer, R.FIELD_INVALID, invalid(message))


# Where users may be sent back to

ALLOWED = [
    ([], APP, True),
    (["http://app.example.test/callback/"], APP, True),
    (["http://app.example.test/*"], APP, True),
    (["http://app.example.test/*"], f"{APP}/below", False),
    (["http://app.example.test/**"], f"{APP}/below", True),
    (["http://*.example.test/callback"], APP, True),
    (["http://*.test/callback"], APP, False),
    (["http://app.example.test/callbac?"], APP, True),
    (["http://app.example.test/[a-c]allback"], APP, True),
    (["http://app.example.test/[!c]allback"], APP, False),
    (["https://app.example.test/callback"], APP, False),
    (["http://app.example.test/[z-a]"], APP, False),
    (["myapp://**"], "myapp://callback", True),
    (["**"], APP, False),
]


@pytest.mark.parametrize(("patterns", "uri", "taken"), ALLOWED)
def test_addresses_are_allowed_by_pattern(sandbox, patterns, uri, taken):
    with sandbox.world() as world:
        row = world.store.find(tables.Group, service="insforge", id="config")
        attributes = {**row.attributes, "values": {**row.attributes["values"], "allowed_redirect_urls": patterns}}
        world.store.change(tables.Group, {"attributes": attributes}, service="insforge", id="config")

    assert (begin_oauth(sandbox, "github", redirect_uri=uri).status_code == 200) == taken


# Built-in providers


def test_providers_are_listed_without_their_secrets(sandbox):
    told = sandbox.get(CONFIGS, headers=api_key(sandbox)).json

    assert list(told) == ["data", "count"]
    assert [config["provider"] for config in told["data"]] == ["google", "github", "microsoft"]
    assert told["count"] == 3
    assert list(told["data"][0]) == [
        *("id", "provider", "clientId", "nativeClientIds", "redirectUri", "scopes"),
        *("useSharedKey", "createdAt", "updatedAt"),
    ]


def test_a_provider_is_added_changed_and_taken_away(sandbox):
    key, path = api_key(sandbox), f"{AUTH}/oauth/discord/config"
    body = {"provider": "discord", "useSharedKey": False, "clientId": "c", "clientSecret": "s", "scopes": ["identify"]}

    added = sandbox.post(CONFIGS, json=body, headers=key).json
    changed = sandbox.put(path, json={"clientId": "d", "scopes": []}, headers=key).json
    seen = sandbox.get(path, headers=key).json
    started = begin_oauth(sandbox, "discord")
    gone = sandbox.delete(path, headers=key).json

    assert (added["clientId"], added["scopes"], added["redirectUri"]) == ("c", ["identify"], None)
    assert changed == {**added, "clientId": "d", "scopes": [], "updatedAt": changed["updatedAt"]}
    assert seen == {**changed, "clientSecret": "s"}
    no_room = error(501, "AUTH_UNSUPPORTED_PROVIDER", "OAuth provider 'discord' is not implemented yet.")
    assert started.json == no_room
    assert gone == {"success": True, "message": "OAuth configuration deleted successfully"}
    assert sandbox.get(path, headers=key).status_code == 404


def by_admin(method: str, path: str, **body: Any) -> Any:
    return lambda sandbox: sandbox.open(AUTH + path, method=method, json=body, headers=api_key(sandbox))


REFUSED = [
    row(
        "known",
        R.OBJECT_ALREADY_EXISTS,
        error(409, "AUTH_OAUTH_CONFIG_ALREADY_EXISTS", "OAuth configuration for github already exists"),
        by_admin("POST", "/oauth/configs", provider="github", useSharedKey=False),
    ),
    row(
        "shared off-cloud",
        R.NOT_CONFIGURED,
        error(400, "AUTH_OAUTH_CONFIG_ERROR", "Shared OAuth keys are not enabled in this environment"),
        by_admin("POST", "/oauth/configs", provider="discord", useSharedKey=True),
    ),
    row(
        "shared off-cloud, later",
        R.NOT_CONFIGURED,
        error(400, "AUTH_OAUTH_CONFIG_ERROR", "Shared OAuth keys are not enabled in this environment"),
        by_admin("PUT", "/oauth/github/config", useSharedKey=True),
    ),
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("provider: Required, useSharedKey: Required"),
        by_admin("POST", "/oauth/configs"),
    ),
    row(
        "not there",
        R.OBJECT_UNKNOWN,
        error(404, "AUTH_OAUTH_CONFIG_NOT_FOUND", "OAuth configuration for discord not found"),
        by_admin("DELETE", "/oauth/discord/config"),
    ),
    row(
        "no custom one",
        R.OBJECT_UNKNOWN,
        error(404, "AUTH_OAUTH_CONFIG_NOT_FOUND", "OAuth configuration for nope not found"),
        by_admin("GET", "/oauth/custom/nope/config"),
    ),
    row(
        "a bad key",
        R.FIELD_INVALID,
        invalid("key: Key must contain only lowercase letters, numbers, hyphens, and underscores"),
        by_admin("POST", "/oauth/custom/configs", discoveryEndpoint=DISCOVERY, **{**MINE, "key": "A b"}),
    ),
    row(
        "a bad address",
        R.FIELD_INVALID,
        invalid("discoveryEndpoint: Invalid url"),
        by_admin("POST", "/oauth/custom/configs", discoveryEndpoint="x", **MINE),
    ),
    row(
        "a long key",
        R.FIELD_INVALID,
        invalid("key: String must contain at most 64 character(s)"),
        by_admin("POST", "/oauth/custom/configs", discoveryEndpoint=DISCOVERY, **{**MINE, "key": "k" * 65}),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), REFUSED)
def test_a_bad_provider_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


# Custom providers


def test_a_custom_provider_is_any_issuer_of_the_sandbox(sandbox):
    key, path = api_key(sandbox), f"{AUTH}/oauth/custom/mine/config"
    discovery = "http://127.0.0.1:9400/oidc/fresh/.well-known/openid-configuration"

    added = sandbox.post(CUSTOM, json={**MINE, "discoveryEndpoint": discovery}, headers=key).json
    listed = sandbox.get(CUSTOM, headers=key).json
    sent_to = begin_oauth(sandbox, "custom/mine", login_hint="alice").json["authUrl"]
    back = sandbox.get(sandbox.get(sent_to).location).location
    changed = sandbox.put(path, json={"name": "Ours", "discoveryEndpoint": DISCOVERY}, headers=key).json
    seen = sandbox.get(path, headers=key).json

    assert list(added) == ["id", "key", "name", "discoveryEndpoint", "clientId", "createdAt", "updatedAt"]
    assert [config["key"] for config in listed["data"]] == ["sandbox", "mine"]
    assert listed["data"][0]["discoveryEndpoint"] == DISCOVERY
    assert sent_to.startswith("http://localhost/oidc/fresh/authorize?")
    assert swap(sandbox, query(back)["insforge_code"]).json["user"]["providers"] == ["mine"]
    assert changed == {**added, "name": "Ours", "discoveryEndpoint": DISCOVERY, "updatedAt": changed["updatedAt"]}
    assert seen == {**changed, "clientSecret": "s"}
    assert sandbox.delete(path, headers=key).status_code == 200
    assert sandbox.get(CUSTOM, headers=key).json["count"] == 1


# Shared keys


@pytest.fixture
def shared(sandbox) -> Any:
    """Begins a sign-in by shared keys, and returns the page of InsForge Cloud to which the browser goes."""
    configure(sandbox, shared_keys=True)

    def begin(provider: str) -> str:
        key = api_key(sandbox)
        sandbox.delete(f"{AUTH}/oauth/{provider}/config", headers=key)
        added = sandbox.post(CONFIGS, json={"provider": provider, "useSharedKey": True}, headers=key)
        assert added.status_code == 200, added.text
        return str(begin_oauth(sandbox, provider, login_hint="alice").json["authUrl"])

    return begin


@pytest.mark.parametrize("provider", ["github", "google", "microsoft", "discord", "linkedin", "facebook", "apple", "x"])
def test_shared_keys_sign_in_through_the_cloud(sandbox, shared, provider):
    callback = sandbox.get(shared(provider)).location

    back = sandbox.get(callback).location

    user = swap(sandbox, query(back)["insforge_code"]).json["user"]
    assert callback.startswith("http://localhost/api/auth/oauth/shared/callback/")
    assert user["providers"] == [provider]
    assert user["email"] == ("alice@users.noreply.x.local" if provider == "x" else "alice@contoso.test")


def payload(**members: Any) -> str:
    return base64.b64encode(json.dumps(members).encode()).decode()


OUTCOMES = {
    "refused": ({"success": "false", "error": "denied"}, "denied", R.ACCESS_DENIED),
    "refused without a word": ({"success": "false"}, "OAuth authentication failed", R.ACCESS_DENIED),
    "no payload": ({"success": "true"}, "No payload provided in callback", R.FIELD_MISSING),
    "no base64": ({"success": "true", "payload": "\xff"}, "OAuth authentication failed", R.FIELD_INVALID),
    "no object": ({"success": "true", "payload": "W10="}, "OAuth authentication failed", R.FIELD_INVALID),
    "no address": (
        {"success": "true", "payload": payload(providerId="1")},
        "OAuth authentication failed",
        R.FIELD_INVALID,
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_the_cloud_brings_back_is_told_to_the_application(sandbox, name):
    asked, text, reason = OUTCOMES[name]
    state = query(begin_oauth(sandbox, "google").json["authUrl"])["state"]

    answer = sandbox.get(f"{AUTH}/oauth/shared/callback/{quote(state)}", query_string=asked)

    assert answer.location == f"{APP}?error={text.replace(' ', '+')}"
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")


@pytest.mark.parametrize(
    ("provider", "members", "email"),
    [
        ("github", {"providerId": "1", "login": "l"}, "l@users.noreply.github.com"),
        ("google", {"providerId": "1", "email": "a@b.test"}, "a@b.test"),
    ],
)
def test_a_payload_makes_a_user(sandbox, provider, members, email):
    state = query(begin_oauth(sandbox, provider).json["authUrl"])["state"]
    asked = {"success": "true", "payload": payload(**members)}

    back = sandbox.get(f"{AUTH}/oauth/shared/callback/{state}", query_string=asked).location

    assert swap(sandbox, query(back)["insforge_code"]).json["user"]["email"] == email


# The fixture

BROKEN = {
    "oauth: [{provider: github, client: c}]": 'insforge.oauth[0].client: must be a client_id at github; found "c"',
    "custom_oauth: [{key: k, issuer: i, client: c}]": (
        'insforge.custom_oauth[0].client: must be a client_id at oidc/i; found "c"'
    ),
    "custom_oauth: [{key: k, issuer: i, client: c}, {key: k, issuer: i, client: c}]": (
        "insforge.custom_oauth[1].key: is already taken by insforge.custom_oauth[0].key"
    ),
    "api_key: ik_x": "insforge.api_key: must be ik_ and 64 hexadecimal digits in lower case",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_fixture_must_name_applications_that_are_there(text):
    with pytest.raises(FixtureError) as error:
        parse_fixture(f"version: 1\ninsforge:\n  {text}\n", "f.yaml", CHECKS)

    assert BROKEN[text] in str(error.value)
