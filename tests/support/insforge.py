"""What every test of InsForge needs: codes of its cloud, sessions of admins and users, and its error envelope."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.core import tables
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient

AUTH = "/api/auth"
EXCHANGE = f"{AUTH}/admin/sessions/exchange"
PROJECT = "sandbox-project"
SECRET = "sandbox-jwt-secret-0123456789abcdef"
ADMIN_COOKIE, USER_COOKIE = "insforge_admin_refresh_token", "insforge_refresh_token"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
APP = "http://app.example.test/callback"
NEW = {"email": "new@example.test", "password": "secret-1", "name": "New User"}

LOGIN_AGAIN = "Check the token is valid or login to get a new token."
AS_ADMIN = "Check the admin token is valid or login as admin to get a new token."
NEW_KEY = "Check the API key is valid or generate a new API key."
VALID_JSON = "Please ensure your request body contains valid JSON"
SEE_DOCS = "Please check the API documentation for available endpoints"

Cause = Callable[[HouseClient], Any]


def error(status: int, name: str, message: str, next_actions: str | None = None) -> dict[str, Any]:
    """The envelope; its order matters too."""
    more = {} if next_actions is None else {"nextActions": next_actions}
    return {"error": name, "message": message, "statusCode": status, **more}


def invalid(message: str) -> dict[str, Any]:
    return error(400, "INVALID_INPUT", message)


def row(name: str, reason: Reason, body: dict[str, Any], cause: Cause) -> Any:
    """A line of an error catalogue; its id shows what the vendor says to what."""
    return pytest.param(reason, body, cause, id=f"{name}: {reason} -> {body['statusCode']} {body['error']}")


def check_refused(sandbox: HouseClient, answer: Any, reason: Reason, body: dict[str, Any]) -> None:
    """The wire has the vendor's words, in its order; header and journal have the true cause."""
    assert answer.status_code == body["statusCode"], answer.text
    assert list(answer.json.items()) == list(body.items())
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason


def configure(sandbox: HouseClient, **changed: Any) -> None:
    """Let the world have other settings of InsForge, as if the fixture had them."""
    with sandbox.world() as world:
        ours = {**world.settings["insforge"], **changed}
        world.store.change(tables.World, {"settings": {**world.settings, "insforge": ours}})


def setting(sandbox: HouseClient, name: str) -> Any:
    with sandbox.world() as world:
        return world.settings["insforge"][name]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def anon(sandbox: HouseClient) -> dict[str, str]:
    return bearer(setting(sandbox, "anon_key"))


def api_key(sandbox: HouseClient) -> dict[str, str]:
    return {"X-API-Key": setting(sandbox, "api_key")}


def cloud_code(sandbox: HouseClient, **mint: Any) -> str:
    """A code of InsForge Cloud, as the test likes it."""
    body = {"projectId": PROJECT, "userId": "user_123", **mint}
    answer = sandbox.post("/insforge-cloud/_sandbox/codes", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json["code"])


def exchange(sandbox: HouseClient, code: Any, **options: Any) -> Any:
    return sandbox.post(EXCHANGE, json={"code": code}, **options)


def admin(sandbox: HouseClient) -> dict[str, Any]:
    """A session of the project's own admin."""
    answer = sandbox.post(f"{AUTH}/admin/sessions", json={"username": "admin", "password": "sandbox-password"})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json
    return session


def sign_up(sandbox: HouseClient, **more: Any) -> Any:
    """A new user; `client_type` says what kind of client that is."""
    kind = more.pop("client_type", None)
    query = {"client_type": kind} if kind else {}
    return sandbox.post(f"{AUTH}/users", json={**NEW, **more}, headers=anon(sandbox), query_string=query)


def cookies(answer: Any) -> dict[str, str]:
    """What the answer sets, by name, as it stands in the header."""
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def without_cookies(sandbox: HouseClient) -> HouseClient:
    """Another client of the same sandbox, which keeps no cookies."""
    client: Any = sandbox.application.test_client(use_cookies=False)
    return client


def begin_oauth(sandbox: HouseClient, provider: str, **more: Any) -> Any:
    query = {"redirect_uri": APP, "code_challenge": CHALLENGE, **more}
    given = {name: value for name, value in query.items() if value is not None}
    return sandbox.get(f"{AUTH}/oauth/{provider}", query_string=given)


def come_back(sandbox: HouseClient, provider: str, login: str = "alice", **more: Any) -> str:
    """Where the application's user ends up, who signs in at a provider without a page (approval `hint`)."""
    hint = {"login" if provider == "github" else "login_hint": login}
    started = begin_oauth(sandbox, provider, **hint, **more)
    assert started.status_code == 200, started.text
    location = str(started.json["authUrl"])
    for _ in range(3):
        location = str(sandbox.get(location).location)
        if location.startswith(APP):
            return location
    raise AssertionError(f"went to {location}")


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def swap(sandbox: HouseClient, code: str, verifier: str = VERIFIER, **more: Any) -> Any:
    return sandbox.post(f"{AUTH}/oauth/exchange", json={"code": code, "code_verifier": verifier}, **more)


def claims(token: str) -> Mapping[str, Any]:
    """What a JWT says, read without a look at its signature."""
    return _part(token, 1)


def header(token: str) -> Mapping[str, Any]:
    return _part(token, 0)


def _part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read
