"""What every test of JITSudo needs: sign-ins of its tenants, system JWTs, administrators, and its refusals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.core import jwts, tables
from sandbox.core.keys import secret_key
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient
from tests.support.forms import submit
from tests.support.person import query

CALLBACK = "/v1/auth/callback"
LOGIN_URL = "/_sandbox/jitsudo/login-url"
HERE = "http://localhost/v1/auth/callback"
CONTOSO, FABRIKAM = "7e4a47c0-0000-4000-8000-000000000001", "7e4a47c0-0000-4000-8000-000000000002"
CONTOSO_KEY = "jsk_0123456789abcdef0123456789abcdef01234567"
FABRIKAM_KEY = "jsk_89abcdef0123456789abcdef0123456789abcdef"
POLICY = "90110000-0000-4000-8000-000000000001"
JWT_SECRET = "sandbox-jitsudo-jwt-secret-0123456789"
STATE_SECRET = "sandbox-jitsudo-state-secret-0123456789"
NOWHERE = "00000000-0000-4000-8000-000000000000"
# The issuer main, as an administrator would write it.
MAIN = {
    "issuer_url": "http://localhost/oidc/main",
    "client_id": "jitsudo-contoso",
    "client_secret": "sandbox-contoso-secret",
}

INVALID_CODE = {"code": "invalid_code", "message": "Invalid or expired authorization code."}
INVALID_STATE = {"code": "invalid_state", "message": "Invalid or expired state"}
NO_CONFIG = {"code": "not_found", "message": "OIDC configuration not found"}
NOT_REGISTERED = {"code": "not_found", "message": "domain not registered"}
MISMATCH = {"code": "tenant_mismatch", "message": "Credential and tenant do not match"}
UNAUTHENTICATED = {"code": "unauthenticated", "message": "Authentication required"}
NOT_FOUND = {"code": "not_found", "message": "Not found"}
INTERNAL = {"code": "internal", "message": "Internal server error"}

Cause = Callable[[HouseClient], Any]


def invalid(*fields: str) -> dict[str, Any]:
    return {"code": "invalid_input", "message": "Invalid request body", "details": {"fields": list(fields)}}


def denied(*notices: str) -> dict[str, Any]:
    return {"code": "policy_denied", "message": "Denied by policy", "notices": list(notices)}


def row(name: str, reason: Reason, status: int, body: dict[str, Any], cause: Cause) -> Any:
    """A line of an error catalogue; its id shows what the vendor says to what."""
    return pytest.param(reason, status, body, cause, id=f"{name}: {reason} -> {status} {body['code']}")


def check_refused(sandbox: HouseClient, answer: Any, reason: Reason, status: int, body: dict[str, Any]) -> None:
    """The wire has the vendor's words, in its order; header and journal have the true cause."""
    assert answer.status_code == status, answer.text
    assert list(answer.json.items()) == list(body.items()), answer.headers["X-Sandbox-Reason"]
    assert answer.content_type == "application/json"
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason


def configure(sandbox: HouseClient, **changed: Any) -> None:
    """Let the world have other settings of JITSudo, as if the fixture had them."""
    with sandbox.world() as world:
        ours = {**world.settings["jitsudo"], **changed}
        world.store.change(tables.World, {"settings": {**world.settings, "jitsudo": ours}})


def describe(sandbox: HouseClient, login: str, **claims: Any) -> None:
    """Let the issuers know other claims of a person; None takes one away."""
    with sandbox.world() as world:
        (person,) = world.store.list(tables.Identity, order=("login",), login=login)
        known = {**person.attributes["oidc"]["claims"], **claims}
        oidc = {**person.attributes["oidc"], "claims": {name: it for name, it in known.items() if it is not None}}
        world.store.change(tables.Identity, {"attributes": {**person.attributes, "oidc": oidc}}, login=login)


def begin(sandbox: HouseClient, redirect_uri: str = HERE, **whose: str) -> dict[str, Any]:
    """Where a sign-in begins, and its state."""
    answer = sandbox.post(LOGIN_URL, json={"redirect_uri": redirect_uri, **(whose or {"slug": "contoso"})})
    assert answer.status_code == 200, answer.text
    started: dict[str, Any] = answer.json
    return started


def come_back(sandbox: HouseClient, login: str, **whose: str) -> dict[str, Any]:
    """What a browser brings back of a tenant's sign-in, as a body of the exchange (approval `hint`)."""
    started = begin(sandbox, **whose)
    back = sandbox.get(f"{started['authorize_url']}&{urlencode({'login_hint': login})}")
    if back.status_code == 200:
        # A browser that is signed in already is asked for its consent to another application.
        back = submit(sandbox, back, "allow")
    assert back.status_code == 302, back.text
    brought = query(back.location)
    body = {"code": brought["code"], "redirect_uri": HERE}
    return {**body, "state": started["state"]} if started["state"] else body


def globally(sandbox: HouseClient, login: str) -> dict[str, Any]:
    """The same at the global provider."""
    return come_back(sandbox, login, slug="fabrikam")


def exchange(sandbox: HouseClient, body: Any, **options: Any) -> Any:
    return sandbox.post(CALLBACK, json=body, **options)


def log_in(sandbox: HouseClient, login: str, **whose: str) -> Mapping[str, Any]:
    """The answer of a whole login that goes well."""
    answer = exchange(sandbox, come_back(sandbox, login, **whose))
    assert answer.status_code == 200, answer.text
    told: Mapping[str, Any] = answer.json
    return told


def claims(token: str) -> dict[str, Any]:
    """What a system JWT says, its signature looked at."""
    return jwts.verify_signature(token, secret_key(JWT_SECRET))


def key(value: str = CONTOSO_KEY, tenant_id: str | None = CONTOSO) -> dict[str, str]:
    """The headers of a script."""
    return {"X-API-Key": value, **({"X-Tenant-ID": tenant_id} if tenant_id is not None else {})}


def bearer(token: str, tenant_id: str | None = None) -> dict[str, str]:
    """The headers of a person."""
    named = {"X-Tenant-ID": tenant_id} if tenant_id is not None else {}
    return {"Authorization": f"Bearer {token}", **named}


def person(sandbox: HouseClient, login: str = "alice", tenant_id: str | None = CONTOSO) -> dict[str, str]:
    """The headers of somebody who has logged in."""
    return bearer(log_in(sandbox, login)["token"], tenant_id)


def put_config(sandbox: HouseClient, headers: dict[str, str] | None = None, **changed: Any) -> Any:
    given = {name: value for name, value in {**MAIN, **changed}.items() if value is not None}
    return sandbox.put("/v1/oidc-config", json=given, headers=headers or key())


def sign_state(said: Any, secret: str = STATE_SECRET) -> str:
    """A state by the letter of the contract, written here and not by the room."""
    first = _encode(json.dumps(said).encode() if not isinstance(said, bytes) else said)
    return f"{first}.{_encode(hmac.new(secret.encode(), first.encode(), hashlib.sha256).digest())}"


def read_state(text: str) -> dict[str, Any]:
    first = text.partition(".")[0]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return said


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
