"""InsForge Cloud under attack: one hostile value in a request that is good otherwise breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.jwts import sign
from sandbox.core.keysets import signing_key
from tests.support.attacker import Attacker
from tests.support.databases import config_on, on_either_database
from tests.support.hostile import HOSTILE, ODD_MEMBERS, complaints, hostile, in_turn, one_by_one
from tests.support.insforge_cloud import AT, CLI, CLI_CALLBACK, PARTNER, PROJECT, SECRET
from tests.support.person import query

FORM = "application/x-www-form-urlencoded"
CALLBACK = "http://localhost/api/auth/oauth/shared/callback/x"
PKCE = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
CLIENT = {"client_id": CLI, "redirect_uri": CLI_CALLBACK}
GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "mint a code": (
        "json",
        f"{AT}/_sandbox/codes",
        {"projectId": PROJECT, "userId": "u", "email": "e", "ttl": 1, "alg": "RS256", "kid": "k", "nbf": 1}
        | {"omit": ["sub"], "rogueKey": False, "opaque": False},
    ),
    "mint an opaque code": ("json", f"{AT}/_sandbox/codes", {"projectId": PROJECT, "userId": "u", "opaque": True}),
    "open the console": ("query", f"{AT}/console", {"login_hint": "alice"}),
    "open a project": ("query", f"{AT}/console/{PROJECT}", {"login_hint": "alice"}),
    "sign in": (
        "form",
        f"{AT}/console",
        {"transaction": "x", "identity": "alice", "login": "a", "decision": "continue"},
    ),
    "begin a shared login": ("query", f"{AT}/auth/v1/shared/github", {"redirect_uri": CALLBACK}),
    "begin one at X": ("query", f"{AT}/oauth/twitter", {"redirect_uri": CALLBACK}),
    "open a shared login": ("query", f"{AT}/auth/v1/shared/github/login", {"transaction": "x", "login_hint": "alice"}),
    "answer it": ("form", f"{AT}/auth/v1/shared/github/login", {"transaction": "x", "identity": "alice"}),
    "authorize": (
        "query",
        f"{AT}/api/oauth/v1/authorize",
        {**CLIENT, **PKCE, "response_type": "code", "scope": "user:read", "state": "s", "login_hint": "alice"},
    ),
    "decide": (
        "form",
        f"{AT}/api/oauth/v1/authorize",
        {"transaction": "x", "decision": "allow", "identity": "alice", "scope": "user:read"},
    ),
    "swap a code": (
        "json",
        f"{AT}/api/oauth/v1/token",
        {**CLIENT, "grant_type": "authorization_code", "code": "x", "code_verifier": "v" * 43, "client_secret": "x"},
    ),
    "refresh": (
        "form",
        f"{AT}/api/oauth/v1/token",
        {"client_id": CLI, "grant_type": "refresh_token", "refresh_token": "x"},
    ),
    "poll": (
        "json",
        f"{AT}/api/oauth/v1/token",
        {"client_id": CLI, "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
    ),
    "begin a device login": ("json", f"{AT}/api/oauth/v1/device_authorization", {"client_id": CLI, "scope": ""}),
    "open the device page": ("query", f"{AT}/api/oauth/v1/device", {"user_code": "ABCD-EFGH"}),
    "enter a user code": ("form", f"{AT}/api/oauth/v1/device", {"user_code": "ABCD-EFGH"}),
    "log in": ("json", f"{AT}/auth/v1/login", {"email": "alice@contoso.test", "password": "sandbox-password"}),
}


@pytest.fixture
def config(request: pytest.FixtureRequest, approval: str) -> Config:
    """The shipped cast on either database."""
    return config_on(request, approval=approval)


@pytest.fixture
def approval() -> str:
    """A person decides, where a test does not say otherwise."""
    return "ask"


whoever_decides = pytest.mark.parametrize("approval", ["ask", "always=alice"])


@one_by_one(GOOD)
@whoever_decides
def test_one_hostile_field_breaks_nothing(app, operations):
    sandbox = Attacker(app)

    def send(media: str, path: str, fields: dict[str, Any]) -> Any:
        if media == "json":
            return sandbox.post(path, json=fields)
        encoded = urlencode(fields, errors="surrogatepass")
        if media == "query":
            return sandbox.get(f"{path}?{encoded}")
        return sandbox.post(path, data=encoded, content_type=FORM)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for media, path, good in (GOOD[name] for name in in_turn(app, operations)):
            for name, value in hostile(app, ODD_MEMBERS if media == "json" else {}).items():
                for field in good:
                    yield f"{name} as {field}:", path, send(media, path, {**good, field: value})

    assert complaints(calls()) == []


@on_either_database
def test_no_code_is_minted_with_a_nul(sandbox):
    for name in ("projectId", "userId", "email"):
        fields = {"projectId": PROJECT, "userId": "u", "opaque": True, name: "a\0b"}

        assert sandbox.post(f"{AT}/_sandbox/codes", json=fields).status_code == 400, name


def test_a_lifetime_with_a_fraction_of_zero_is_a_whole_number(sandbox):
    fields = {"projectId": PROJECT, "userId": "u", "ttl": 60.0, "nbf": 1.0, "opaque": True}

    assert '"expires_in":60,' in sandbox.post(f"{AT}/_sandbox/codes", json=fields).text.replace(" ", "")


@on_either_database
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_a_code_that_is_good_for_ever_is_none(sandbox, claim):
    for moment in (float("inf"), float("-inf"), float("nan")):
        claims = {"projectId": PROJECT, "userId": "u", "type": "project_authorization", claim: moment}
        with sandbox.world() as world:
            code = sign(claims, signing_key(world, "insforge-cloud", "RS256"))

        answer = sandbox.post("/api/auth/admin/sessions/exchange", json={"code": code})

        assert answer.json["message"] == f'Invalid cloud authorization code: "{claim}" claim must be a number'


@on_either_database
def test_a_hostile_partner_gets_nothing(app):
    sandbox, path = Attacker(app), f"{AT}/partnership/v1/{PARTNER}/{PROJECT}/authorization"
    for name, text in hostile(app).items():
        value = text.encode("latin-1", "replace").decode("latin-1").translate({10: None, 13: None})

        answer = sandbox.post(path, headers={"X-Partnership-Secret": value})

        assert complaints(iter([(name, path, answer)])) == []
        assert answer.status_code == 401


@whoever_decides
def test_a_hostile_name_is_shown_harmlessly(sandbox):
    name = "</script><script>alert(1)</script>\"'>{{7*7}}"
    with sandbox.world() as world:
        settings = dict(world.settings)
        section = settings["insforge-cloud"]
        projects = [{**section["projects"][0], "name": name, "region": name}]
        settings["insforge-cloud"] = {**section, "projects": projects}
        world.store.change(tables.World, {"settings": settings})
        world.store.change(tables.Identity, {"name": name}, login="alice")
    pages = [sandbox.get(f"{path}?login_hint=alice") for path in ("/console", f"/console/{PROJECT}")]

    assert complaints(("a name", AT, page) for page in pages) == []
    assert all("alert(1)</script>" not in page.text for page in pages)


@on_either_database
@whoever_decides
def test_a_good_redirect_carries_a_hostile_state_unharmed(sandbox):
    asked = {**CLIENT, **PKCE, "response_type": "code", "scope": "user:read"}
    for value in HOSTILE.values():
        state = value.replace("\ud800", "\ufffd")
        answer = sandbox.get("/api/oauth/v1/authorize", query_string={**asked, "state": state or "-"})

        if answer.status_code == 302:
            assert query(answer.location)["state"] == (state or "-")


def test_the_secret_of_a_partner_is_never_written_down(sandbox):
    sandbox.post(f"/partnership/v1/{PARTNER}/{PROJECT}/authorization", headers=SECRET)

    (entry,) = sandbox.journal()
    assert SECRET["X-Partnership-Secret"] not in f"{entry.path}{entry.detail}{entry.request}{entry.response}"
