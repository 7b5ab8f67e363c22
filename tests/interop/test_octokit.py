"""Octokit, unmodified: every method of @octokit/oauth-methods, at the root of the origin and under the prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.certificates import Certificates
from tests.support.conversation import Conversation, converse
from tests.support.person import query

OAUTH_APP = {"clientType": "oauth-app", "clientId": "Iv1.sandboxclient", "clientSecret": "sandbox-secret"}
GITHUB_APP = {"clientType": "github-app", "clientId": "Iv23.sandboxghapp", "clientSecret": "sandbox-secret"}
DOCS = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/"

Octokit = Callable[..., Any]


@pytest.fixture(params=["", "/github"], ids=["root", "prefix"])
def base(request: pytest.FixtureRequest, live) -> str:
    """Where the sandbox GitHub is."""
    return live.origin + request.param


@pytest.fixture(scope="module")
def script(node: object, ca: Certificates) -> Iterator[Conversation]:
    """One Node.js for the tests of this module."""
    with converse("octokit.mjs", ca.ca_file) as script:
        yield script


@pytest.fixture
def octokit(script: Conversation, base: str) -> Octokit:
    """Call a method: `octokit("checkToken", OAUTH_APP, token="gho_...")`."""

    def call(method: str, application: dict[str, str], **options: Any) -> Any:
        return script.ask("call", baseUrl=f"{base}/api/v3", method=method, options={**application, **options})

    return call


def log_in(octokit: Octokit, person: Any, application: dict[str, str], **options: Any) -> dict[str, Any]:
    url = octokit("getWebFlowAuthorizationUrl", application, state="xyz", **options)["url"]
    callback = person.sign_in(url)
    assert query(callback)["state"] == "xyz"
    authentication: dict[str, Any] = octokit("exchangeWebFlowCode", application, code=query(callback)["code"])[
        "authentication"
    ]
    return authentication


def test_the_web_flow_and_the_life_of_a_token(octokit, base, octocat):
    token = log_in(octokit, octocat, OAUTH_APP, scopes=["user", "gist"])
    assert token["token"].startswith("gho_")
    assert token["scopes"] == ["user,gist"]

    user = octokit("user", {}, token=token["token"])
    assert user["data"]["login"] == "octocat"
    assert user["data"]["url"] == f"{base}/api/v3/users/octocat"
    assert user["headers"]["x-oauth-scopes"] == "user, gist"

    checked = octokit("checkToken", OAUTH_APP, token=token["token"])
    assert checked["authentication"]["scopes"] == ["user", "gist"]
    assert checked["data"]["user"]["login"] == "octocat"
    assert checked["data"]["app"]["client_id"] == OAUTH_APP["clientId"]

    fresh = octokit("resetToken", OAUTH_APP, token=token["token"])["authentication"]["token"]
    assert fresh != token["token"]
    assert octokit("user", {}, token=token["token"])["status"] == 401
    assert octokit("user", {}, token=fresh)["status"] == 200

    assert octokit("deleteToken", OAUTH_APP, token=fresh)["status"] == 204
    assert octokit("user", {}, token=fresh)["error"].startswith("Bad credentials")
    assert octokit("checkToken", OAUTH_APP, token=fresh)["status"] == 404


def test_deleting_the_authorization_ends_every_token(octokit, octocat):
    first, second = (log_in(octokit, octocat, OAUTH_APP)["token"] for _ in range(2))

    assert octokit("deleteAuthorization", OAUTH_APP, token=first)["status"] == 204

    assert octokit("user", {}, token=second)["status"] == 401


def test_a_replayed_code_is_told_in_full(octokit, octocat):
    url = octokit("getWebFlowAuthorizationUrl", OAUTH_APP)["url"]
    code = query(octocat.sign_in(url))["code"]
    octokit("exchangeWebFlowCode", OAUTH_APP, code=code)

    assert octokit("exchangeWebFlowCode", OAUTH_APP, code=code) == {
        "error": f"The code passed is incorrect or expired. (bad_verification_code, {DOCS}#bad-verification-code)",
        "status": 400,
    }


def test_a_github_app_token_is_refreshed(octokit, octocat):
    token = log_in(octokit, octocat, GITHUB_APP)
    hours_left = datetime.fromisoformat(token["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=7) < hours_left <= timedelta(hours=8)

    fresh = octokit("refreshToken", GITHUB_APP, refreshToken=token["refreshToken"])["authentication"]

    assert octokit("user", {}, token=fresh["token"])["data"]["login"] == "octocat"
    assert octokit("user", {}, token=token["token"])["status"] == 401
    again = octokit("refreshToken", GITHUB_APP, refreshToken=token["refreshToken"])
    assert again["error"].startswith("The refresh token passed is incorrect or expired. (bad_refresh_token, https://")


@pytest.mark.parametrize("application", [OAUTH_APP, GITHUB_APP], ids=lambda app: app["clientType"])
def test_a_device_signs_in(octokit, sandbox, base, octocat, application):
    sandbox.clock.freeze()
    device = octokit("createDeviceCode", application, scopes=["gist"])["data"]
    assert device["verification_uri"] == f"{base}/login/device"

    def poll() -> Any:
        return octokit("exchangeDeviceCode", application, code=device["device_code"])

    assert "(authorization_pending, https://" in poll()["error"]
    assert "(slow_down, https://" in poll()["error"]
    octocat.let_device_in(device["verification_uri"], device["user_code"])
    sandbox.clock.advance(seconds=10)

    token = poll()["authentication"]
    assert octokit("user", {}, token=token["token"])["data"]["login"] == "octocat"
    assert "(incorrect_device_code, https://" in poll()["error"]


def test_a_device_is_told_that_the_person_cancelled(octokit, octocat):
    device = octokit("createDeviceCode", OAUTH_APP)["data"]
    octocat.let_device_in(device["verification_uri"], device["user_code"], "deny")

    refused = octokit("exchangeDeviceCode", OAUTH_APP, code=device["device_code"])

    assert refused["error"].startswith("The authorization request was denied. (access_denied, https://")
