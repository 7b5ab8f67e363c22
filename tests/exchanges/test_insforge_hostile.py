"""Hostile input with good credentials, and whose credential is good where: at every endpoint of InsForge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import Config
from tests.support.attacker import Attacker
from tests.support.databases import config_on, on_either_database
from tests.support.hostile import ODD_MEMBERS, complaints, hostile, in_turn, one_by_one, routes
from tests.support.insforge import (
    ADMIN_COOKIE,
    APP,
    AUTH,
    CHALLENGE,
    EXCHANGE,
    NEW,
    VERIFIER,
    admin,
    anon,
    api_key,
    bearer,
    begin_oauth,
    cloud_code,
    come_back,
    query,
    setting,
    sign_up,
)


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return config_on(request, approval="hint")


CALLERS: dict[str, Callable[[Any], dict[str, str]]] = {
    "admin": lambda sandbox: {"X-API-Key": setting(sandbox, "api_key")},
    "user": lambda sandbox: bearer(sign_up(sandbox).json["accessToken"]),
    "application": anon,
}


@on_either_database
@pytest.mark.parametrize("caller", CALLERS)
def test_no_route_breaks_on_hostile_values(app, caller):
    sandbox = Attacker(app)
    known = CALLERS[caller](sandbox)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in hostile(app).items():
            asked = urlencode([("state", value), ("code", value), (value, "x")], errors="surrogatepass")
            for method, path in routes(app, value, below=("/insforge/",)):
                yield f"{name}: {method}", path, sandbox.open(f"{path}?{asked}", method=method, headers=known)

    assert complaints(calls()) == []


def state(sandbox: Any) -> str:
    return query(begin_oauth(sandbox, "google").json["authUrl"])["state"]


ALLOWED = ["http://app.example.test/**"]
CUSTOM = {"key": "k", "name": "n", "clientId": "c", "clientSecret": "s", "discoveryEndpoint": "https://idp.test/x"}
START = {"redirect_uri": APP, "code_challenge": CHALLENGE, "login_hint": "alice"}
GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "exchange a code": ("POST", EXCHANGE, {"code": "x"}),
    "sign an admin in": ("POST", f"{AUTH}/admin/sessions", {"username": "admin", "password": "x"}),
    "configure": ("PUT", f"{AUTH}/config", {"passwordMinLength": 6, "allowedRedirectUrls": ALLOWED}),
    "sign up": ("POST", f"{AUTH}/users", {**NEW, "redirectTo": APP}),
    "sign in": ("POST", f"{AUTH}/sessions", {"email": NEW["email"], "password": "x", "method": "password"}),
    "sign in by code": (
        "POST",
        f"{AUTH}/sessions",
        {"email": NEW["email"], "otp": "246810", "method": "otp", "name": "n"},
    ),
    "refresh": ("POST", f"{AUTH}/refresh?client_type=server", {"refreshToken": "x"}),
    "delete": ("DELETE", f"{AUTH}/users", {"userIds": ["00000000-0000-4000-8000-000000000000"]}),
    "describe oneself": ("PATCH", f"{AUTH}/profiles/current", {"profile": {"name": "n"}}),
    "send a code": ("POST", f"{AUTH}/email/send-otp", {"email": NEW["email"]}),
    "verify": ("POST", f"{AUTH}/email/verify", {"email": NEW["email"], "otp": "246810"}),
    "forget a password": (
        "POST",
        f"{AUTH}/email/exchange-reset-password-token",
        {"email": NEW["email"], "code": "246810"},
    ),
    "replace it": ("POST", f"{AUTH}/email/reset-password", {"newPassword": "secret-2", "otp": "x"}),
    "swap a code": ("POST", f"{AUTH}/oauth/exchange", {"code": "x", "code_verifier": VERIFIER}),
    "add a provider": (
        "POST",
        f"{AUTH}/oauth/configs",
        {"provider": "discord", "useSharedKey": False, "clientId": "c", "scopes": ["s"]},
    ),
    "add a custom one": ("POST", f"{AUTH}/oauth/custom/configs", CUSTOM),
    "name a mail server": (
        "PUT",
        f"{AUTH}/smtp-config",
        {"enabled": False, "port": 25, "host": "h", "password": "p", "minIntervalSeconds": 1},
    ),
    "write a template": ("PUT", f"{AUTH}/email-templates/request-otp", {"subject": "s", "bodyHtml": "b"}),
    "change one": ("PUT", f"{AUTH}/oauth/custom/sandbox/config", {"name": "n", "discoveryEndpoint": "https://x.test/"}),
    "list": ("GET", f"{AUTH}/users", {"limit": "1", "offset": "0", "search": "x"}),
    "begin": ("GET", f"{AUTH}/oauth/github", START),
    "begin elsewhere": ("GET", f"{AUTH}/oauth/custom/sandbox", START),
    "come back": ("GET", f"{AUTH}/oauth/google/callback", {"code": "x", "state": state}),
    "come back from the cloud": (
        "GET",
        f"{AUTH}/oauth/shared/callback/STATE",
        {"success": "true", "payload": "e30=", "error": "x"},
    ),
}


@one_by_one(GOOD)
@pytest.mark.parametrize("caller", ["admin", "user"])
def test_one_hostile_field_breaks_nothing(app, operations, caller):
    sandbox = Attacker(app)

    def send(method: str, path: str, body: dict[str, Any], known: dict[str, str]) -> Any:
        if method == "GET":
            asked = urlencode(body, errors="surrogatepass")
            return sandbox.get(f"{path}?{asked}", headers=known)
        return sandbox.open(path, method=method, json=body, headers=known)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, place, fields in (GOOD[name] for name in in_turn(app, operations)):
            known = CALLERS[caller](sandbox)
            good = {name: value(sandbox) if callable(value) else value for name, value in fields.items()}
            path = place.replace("STATE", state(sandbox))
            for name, value in hostile(app, {} if method == "GET" else ODD_MEMBERS).items():
                for field in good:
                    # The room's words are looked for below its prefix.
                    answer = send(method, path, {**good, field: value}, known)
                    yield f"{name} as {field}:", f"/insforge{path}", answer

    assert complaints(calls()) == []


# Whose credential is good where


def refresh_cookie(sandbox: Any) -> str:
    admin(sandbox)
    return str(sandbox.get_cookie(ADMIN_COOKIE, path="/api/auth/admin").value)


MINTS: dict[str, Callable[[Any], str]] = {
    "code of the cloud": cloud_code,
    "opaque code of the cloud": lambda sandbox: cloud_code(sandbox, opaque=True),
    "API key": lambda sandbox: api_key(sandbox)["X-API-Key"],
    "anon key": lambda sandbox: str(setting(sandbox, "anon_key")),
    "admin's token": lambda sandbox: str(admin(sandbox)["accessToken"]),
    "admin's refresh token": refresh_cookie,
    "user's token": lambda sandbox: str(sign_up(sandbox, email="a@example.test").json["accessToken"]),
    "user's refresh token": lambda sandbox: str(
        sign_up(sandbox, email="b@example.test", client_type="server").json["refreshToken"]
    ),
    "application's code": lambda sandbox: query(come_back(sandbox, "github"))["insforge_code"],
    "state": state,
}


def posting(path: str, member: str, **more: str) -> Callable[[str], tuple[str, str, dict[str, Any]]]:
    return lambda secret: ("POST", path, {"json": {member: secret, **more}})


def bearing(path: str) -> Callable[[str], tuple[str, str, dict[str, Any]]]:
    return lambda secret: ("GET", path, {"headers": bearer(secret)})


def signing_up(secret: str) -> tuple[str, str, dict[str, Any]]:
    """Each credential signs somebody else up."""
    return "POST", f"{AUTH}/users", {"json": {**NEW, "email": f"{secret[-8:]}@x.test"}, "headers": bearer(secret)}


PLACES = {
    "the exchange": (posting(EXCHANGE, "code"), {"code of the cloud", "opaque code of the cloud"}),
    "an admin's endpoint": (bearing(f"{AUTH}/users"), {"code of the cloud", "API key", "admin's token"}),
    "an admin's session": (bearing(f"{AUTH}/admin/sessions/current"), {"admin's token"}),
    "a user's session": (bearing(f"{AUTH}/sessions/current"), {"user's token"}),
    "sign-up": (signing_up, {"code of the cloud", "API key", "anon key", "admin's token", "user's token"}),
    "refresh": (posting(f"{AUTH}/refresh?client_type=server", "refreshToken"), {"user's refresh token"}),
    "the application's exchange": (
        posting(f"{AUTH}/oauth/exchange", "code", code_verifier=VERIFIER),
        {"application's code"},
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_good_in_its_own_place_only(sandbox, place):
    """And none is written down, or told in a header."""
    present, taken = PLACES[place]
    secrets = {name: mint(sandbox) for name, mint in MINTS.items()}
    answers = {}
    for name, secret in secrets.items():
        method, path, more = present(secret)
        answers[name] = sandbox.open(path, method=method, **more)

    assert {name for name, answer in answers.items() if answer.status_code == 200} == taken
    told = [answer.headers.get("X-Sandbox-Reason", "") for answer in answers.values()]
    written = "".join(
        json.dumps([row.path, row.detail, row.request, row.response], ensure_ascii=False) for row in sandbox.journal()
    )
    assert [name for name, secret in secrets.items() if secret in written + "".join(told)] == []
