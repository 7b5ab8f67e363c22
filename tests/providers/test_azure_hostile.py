"""Azure under attack: one hostile value in a request that is good otherwise breaks nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.support.attacker import Attacker
from tests.support.azure_login import CALLBACK, CONTOSO, PKCE, PUBLIC, SCOPE, SECRET, VERIFIER, WEB, path, tokens
from tests.support.hostile import complaints, hostile, in_turn, one_by_one

FORM = "application/x-www-form-urlencoded"
APP = {"client_id": WEB, "client_secret": SECRET}
CODE = {"grant_type": "authorization_code", "code": "1.A", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
ASSERTED = {
    "client_assertion": "eyJhbGciOiJSUzI1NiJ9.e30.eA",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
}
ON_BEHALF = {
    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "requested_token_use": "on_behalf_of",
    "assertion": "",
    "scope": "User.Read",
}
GOOD: dict[str, tuple[str, str, dict[str, str]]] = {
    "authorize": (
        "GET",
        path("authorize"),
        {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": SCOPE, "state": "s", **PKCE}
        | {"nonce": "n", "prompt": "login", "login_hint": "alice", "domain_hint": "contoso.test", "sid": "x"}
        | {"response_mode": "fragment", "claims": "{}", "max_age": "1", "client_info": "1"},
    ),
    "authorize, version 1": ("GET", f"/{CONTOSO}/oauth2/authorize", {"client_id": WEB, "resource": "x"}),
    "decide": ("POST", path("authorize"), {"transaction": "x", "decision": "allow", "identity": "alice", "login": "a"}),
    "swap a code": ("POST", path("token"), {**APP, **CODE, "scope": SCOPE, "client-request-id": "c"}),
    "refresh": ("POST", path("token"), {**APP, "grant_type": "refresh_token", "refresh_token": "1", "scope": SCOPE}),
    "be an application": ("POST", path("token"), {**APP, "grant_type": "client_credentials", "scope": "x/.default"}),
    "present an assertion": ("POST", path("token"), {"client_id": WEB, "grant_type": "client_credentials", **ASSERTED}),
    "use a password": (
        "POST",
        path("token"),
        {**APP, "grant_type": "password", "username": "alice", "password": "x", "scope": "User.Read"},
    ),
    "act on behalf": ("POST", path("token"), {**APP, **ON_BEHALF}),
    "poll": ("POST", path("token"), {"client_id": PUBLIC, "grant_type": "device_code", "device_code": "1.A"}),
    "begin a device login": ("POST", path("devicecode"), {"client_id": PUBLIC, "scope": "User.Read"}),
    "enter a user code": ("POST", "/common/oauth2/deviceauth", {"user_code": "BCDFGHJKL"}),
    "log out": (
        "GET",
        path("logout"),
        {"post_logout_redirect_uri": CALLBACK, "state": "s", "logout_hint": "alice", "id_token_hint": "x"},
    ),
    "ask an administrator": (
        "GET",
        f"/{CONTOSO}/adminconsent",
        {"client_id": WEB, "redirect_uri": CALLBACK, "state": "s", "scope": "User.Read"},
    ),
    "discover an instance": (
        "GET",
        "/common/discovery/instance",
        {"api-version": "1.1", "authorization_endpoint": "https://localhost/common/oauth2/v2.0/authorize"},
    ),
    "explain": ("GET", "/error", {"code": "50058"}),
}


@one_by_one(GOOD)
def test_one_hostile_field_breaks_nothing(app, sandbox, operations):
    client = Attacker(app)

    def send(method: str, where: str, fields: dict[str, str]) -> Any:
        encoded = urlencode(fields, errors="surrogatepass")
        if method == "GET":
            return client.get(f"{where}?{encoded}")
        return client.post(where, data=encoded, content_type=FORM)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, where, fields in (GOOD[name] for name in in_turn(app, operations)):
            good = dict(fields)
            if "assertion" in good:
                good["assertion"] = tokens(sandbox, scope=f"api://{WEB}/access_as_user")["access_token"]
            for name, value in hostile(app).items():
                for field in good:
                    yield f"{name} as {field}:", f"/azure{where}", send(method, where, {**good, field: value})

    assert complaints(calls()) == []


def test_a_session_cookie_that_is_hostile_is_no_session(sandbox):
    for value in ("x" * 4000, "a%00b", "' OR 1=1;--"):
        sandbox.set_cookie("azure_session", value)
        page = sandbox.get(
            path("authorize"),
            query_string={"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": SCOPE},
        )

        assert page.status_code == 200
