"""Hostile input with and without good credentials, at every endpoint of JITSudo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import Config
from tests.support.attacker import Attacker
from tests.support.databases import config_on, on_either_database
from tests.support.hostile import ODD_MEMBERS, complaints, hostile, in_turn, one_by_one, routes
from tests.support.jitsudo import CONTOSO, HERE, LOGIN_URL, MAIN, POLICY, come_back, key, person, sign_state


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return config_on(request, approval="hint")


CALLERS: dict[str, Callable[[Any], dict[str, str]]] = {"script": lambda _: key(), "person": person}


@on_either_database
@pytest.mark.parametrize("caller", CALLERS)
def test_no_route_breaks_on_hostile_values(app, caller):
    sandbox = Attacker(app)
    known = CALLERS[caller](sandbox)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in hostile(app).items():
            fields = ["code", "state", "error", "error_description", "domain", "limit", "cursor"]
            asked = urlencode([(field, value) for field in fields] + [(value, "x")], errors="surrogatepass")
            for method, path in routes(app, value, below=("/jitsudo/",)):
                yield f"{name}: {method}", path, sandbox.open(f"{path}?{asked}", method=method, headers=known)

    assert complaints(calls()) == []


GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "exchange": ("POST", "/v1/auth/callback", {"code": "x", "redirect_uri": HERE, "state": "x"}),
    "begin": ("POST", LOGIN_URL.removeprefix("/jitsudo"), {"slug": "contoso", "redirect_uri": HERE}),
    "begin by domain": ("POST", LOGIN_URL.removeprefix("/jitsudo"), {"domain": "contoso.test", "redirect_uri": HERE}),
    "look up": ("GET", "/v1/auth/providers", {"domain": "contoso.test", "slug": "contoso"}),
    "configure": ("PUT", "/v1/oidc-config", {**MAIN, "scopes": ["openid"]}),
    "make a tenant": (
        "POST",
        "/v1/tenants",
        {
            "name": "n",
            "slug": "acme",
            "owner_email": "a@b.test",
            "owner_name": "n",
            "locale": "en",
            "sso_start_url": "https://x.test",
            "sso_region": "r",
        },
    ),
    "list tenants": ("GET", "/v1/tenants", {"limit": "1", "cursor": CONTOSO}),
    "list rules": ("GET", f"/v1/policies/{POLICY}/rules", {"limit": "1"}),
    "make a domain": ("POST", "/v1/domains", {"domain": "acme.test"}),
    "make a key": ("POST", "/v1/api-keys", {"name": "n"}),
}


@one_by_one(GOOD)
def test_one_hostile_field_breaks_nothing(app, operations):
    sandbox = Attacker(app)

    def send(method: str, path: str, body: dict[str, Any], known: dict[str, str]) -> Any:
        if method == "GET":
            return sandbox.get(f"{path}?{urlencode(body, errors='surrogatepass')}", headers=known)
        return sandbox.open(path, method=method, json=body, headers=known)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, place, good in (GOOD[name] for name in in_turn(app, operations)):
            path = f"/jitsudo{place}"
            # A script's headers and a person's: each endpoint takes what it wants.
            known = {**person(sandbox), **key()}
            for name, value in hostile(app, {} if method == "GET" else ODD_MEMBERS).items():
                for field in good:
                    yield f"{name} as {field}:", path, send(method, path, {**good, field: value}, known)
                    # What a list holds is hostile too.
                    if method != "GET":
                        yield f"[{name}] as {field}:", path, send(method, path, {**good, field: [value]}, known)

    assert complaints(calls()) == []


@on_either_database
def test_hostile_members_of_a_genuine_state_break_nothing(app):
    sandbox = Attacker(app)
    body = come_back(sandbox, "alice")
    said = {"tenant_id": CONTOSO, "nonce": "n", "redirect_uri": HERE, "iat": 0, "exp": 253_402_300_799}

    def calls() -> Iterator[tuple[str, str, Any]]:
        for name, value in hostile(app, ODD_MEMBERS).items():
            for field in said:
                # One of them the whole, so that some get past the first look.
                state = sign_state({**said, field: value})[:8_000]
                path = "/jitsudo/v1/auth/callback"
                yield f"{name} as {field}:", path, sandbox.post(path, json={**body, "state": state})

    assert complaints(calls()) == []


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "X-Tenant-ID", "Origin"])
@pytest.mark.parametrize("value", ["", "Bearer", "Bearer " + "x" * 5_000, "Bearer a.b.c", "\xff\xfe", "a\tb", "[::"])
def test_a_hostile_header_breaks_nothing(sandbox, name, value):
    for method, path in (
        ("GET", "/jitsudo/v1/tenants"),
        ("GET", "/jitsudo/v1/domains"),
        ("POST", "/jitsudo/v1/domains"),
    ):
        answer = sandbox.open(path, method=method, headers={**key(), name: value})
        assert complaints(iter([(method, path, answer)])) == []
