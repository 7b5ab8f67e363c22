"""What every test of Fanfare needs: its two organizations, identities, sessions, guests and codes, and its errors."""

from __future__ import annotations

import base64
import json
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient

EXTERNAL = "/api/auth/external"
AUTH = "/auth"
SK, PK = "sk_test_sandbox000000", "pk_test_sandbox000000"
OTHER_SK, OTHER_PK = "sk_test_second000000", "pk_test_second000000"
IDENTITY = {"provider": "okta", "issuer": "https://brand.example.test", "subject": "user-1"}
ADDRESS = "fan@example.test"
OTP = "123456"
HEADER = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9"

INVALID_CODE = (401, {"error": "invalid_exchange_code"})
NO_SECRET = (401, {"error": "Secret key required"})
WRONG_KEY = (403, {"error": "Secret key required"})
NOBODY = (401, {"error": "Authentication required"})
NO_REFRESH = (401, {"error": "invalid refresh token"})
NO_CONSUMER = (404, {"error": "Consumer not found"})
BAD_JSON = (400, {"error": "bad_request", "message": "Invalid JSON in request body"})
WRONG_OTP = (401, {"error": "otp_invalid", "message": "Invalid verification code. Please try again."})
OLD_OTP = (
    401,
    {"error": "otp_expired", "message": "Your verification code has expired. Please request a new one."},
)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def page(token: str | None = None, key: str = PK) -> dict[str, str]:
    """The headers of a browser, with a token if it has one."""
    return {"X-Publishable-Key": key, **(bearer(token) if token else {})}


def authorize(sandbox: HouseClient, *, key: str = SK, **more: Any) -> Any:
    """Ask for a code for an identity; None takes a member away."""
    body = {name: value for name, value in {**IDENTITY, **more}.items() if value is not None}
    return sandbox.post(f"{EXTERNAL}/authorize", json=body, headers=bearer(key))


def code(sandbox: HouseClient, **more: Any) -> str:
    answer = authorize(sandbox, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json["exchangeCode"])


def exchange(sandbox: HouseClient, value: str, token: str | None = None, key: str = PK) -> Any:
    return sandbox.post(f"{EXTERNAL}/exchange", json={"exchangeCode": value}, headers=page(token, key))


def sign_in(sandbox: HouseClient, token: str | None = None, **more: Any) -> dict[str, Any]:
    """A whole login: a code for an identity, and its session."""
    return _good(exchange(sandbox, code(sandbox, **more), token))


def guest(sandbox: HouseClient) -> dict[str, Any]:
    return _good(sandbox.post("/api/auth/guest", headers=page()))


def request_otp(sandbox: HouseClient, key: str = PK, **body: Any) -> Any:
    return sandbox.post("/api/auth/otp/request", json=body or {"email": ADDRESS}, headers=page(key=key))


def verify_otp(sandbox: HouseClient, otp: str = OTP, token: str | None = None, **body: Any) -> Any:
    sent = {"code": otp, **(body or {"email": ADDRESS})}
    return sandbox.post("/api/auth/otp/verify", json=sent, headers=page(token))


def refresh(sandbox: HouseClient, token: str | None, key: str = PK) -> Any:
    body = {} if token is None else {"refreshToken": token}
    return sandbox.post(f"{AUTH}/refresh", json=body, headers=page(key=key))


def log_out(sandbox: HouseClient, token: str | None) -> Any:
    return sandbox.post(f"{AUTH}/logout", headers=bearer(token) if token else {})


def me(sandbox: HouseClient, token: str) -> Any:
    return sandbox.get("/consumers/me", headers=page(token))


def consumer_id(session: dict[str, Any]) -> str:
    return str(session["session"]["consumerId"])


def read_consumer(sandbox: HouseClient, session: dict[str, Any]) -> Any:
    return _good(sandbox.get(f"/fanfare/consumers/{consumer_id(session)}", headers=bearer(SK)))


def configure(sandbox: HouseClient, **changed: Any) -> None:
    """Let the world have other settings of Fanfare, as if the fixture had them."""
    with sandbox.world() as world:
        ours = {**world.settings["fanfare"], **changed}
        world.store.change(tables.World, {"settings": {**world.settings, "fanfare": ours}})


def check_refused(sandbox: HouseClient, answer: Any, reason: Reason, said: tuple[int, dict[str, Any]]) -> None:
    """The wire has the vendor's words, in their order; header and journal have the true cause."""
    assert (answer.status_code, list(answer.json.items())) == (said[0], list(said[1].items())), answer.text
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason


def part(token: str, number: int = 1) -> dict[str, Any]:
    """A part of a JWT, read without a look at its signature: 0 the header, 1 the claims."""
    text = token.split(".")[number]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


def _good(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body
