"""What every test of GMI Cloud needs: its login step by step, and its error envelope."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core.refusals import Reason
from tests.conftest import HouseClient, SignIn

API = "/api/v1"
DEVICE = "web1"
EMAIL = "octocat@octo-org.test"
PASSWORD = "sandbox-password"

# Does something that is refused, and returns the answer.
Cause = Callable[[HouseClient, SignIn], Any]


def error(group: str, code: int, message: str | None = None, **more: Any) -> dict[str, Any]:
    return {"group": group, "code": code, **({"message": message} if message else {}), **more}


def missing(*fields: str) -> dict[str, Any]:
    """The refusal of absent fields, as the vendor documents it."""
    return error(
        "request",
        0,
        validationDetail=[
            {"field": field, "expression": "required", "originalValue": "", "reason": "This field is required."}
            for field in fields
        ],
    )


def invalid(field: str, expression: str, argument: str | None, value: Any, reason: str) -> dict[str, Any]:
    """One entry of `validationDetail`."""
    named = {} if argument is None else {"argument": argument}
    return {"field": field, "expression": expression, **named, "originalValue": value, "reason": reason}


NO_BODY = error("request", 1, "The request body is required.")
BAD_PROVIDER = error("oauth", 0, "Unsupported OAuth provider.")
BAD_PROVIDER_TOKEN = error("oauth", 1, "Invalid access token.")
BAD_CODE = error("oauth", 2, "Invalid authorization code.")
UPSTREAM = error("oauth", 1200, "Exchange authorization code encountered error.", traces=["error occurred."])
BAD_PASSWORD = error("session", 0, "Invalid email or password.")
BAD_AUTH_TOKEN = error("session", 1, "Invalid authToken.")
BAD_OTP = error("session", 2, "Invalid OTP code.")
BAD_DEVICE = error("auth", 0, "Invalid CE-ClientId.")
BAD_REFRESH = error("auth", 1, "Invalid refreshToken.")
BAD_BEARER = error("auth", 2, "Invalid access token.")
EXPIRED_BEARER = error("auth", 3, "Expired access token.")
FORBIDDEN = error("auth", 4, "Permission denied.")


def row(name: str, reason: Reason, status: int, body: dict[str, Any], cause: Cause) -> Any:
    """A line of an error catalogue; its id shows what the vendor says to what."""
    words = f"[{body['group']},{body['code']}]"
    return pytest.param(reason, status, body, cause, id=f"{name}: {reason} -> {status} {words}")


def check_refused(sandbox: HouseClient, answer: Any, reason: Reason, status: int, body: dict[str, Any]) -> None:
    """The wire has the vendor's words; header and journal have the true cause."""
    assert (answer.status_code, answer.json) == (status, body)
    assert answer.content_type == "application/json"
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason


def swap_code(sandbox: HouseClient, code: Any, provider: Any = "github") -> Any:
    return sandbox.post(f"{API}/oauth/token", json={"provider": provider, "code": code})


def console_code(sign_in: SignIn, as_: str = "octocat", client: str = "gmi-console") -> str:
    return sign_in("github", as_=as_, client=client)


def provider_token(sandbox: HouseClient, sign_in: SignIn, as_: str = "octocat") -> str:
    return swap_code(sandbox, console_code(sign_in, as_)).json["accessToken"]


def present_token(sandbox: HouseClient, access_token: Any, provider: Any = "github") -> Any:
    return sandbox.post(f"{API}/me/oauth/auth-tokens", json={"provider": provider, "accessToken": access_token})


def log_in(sandbox: HouseClient, email: Any = EMAIL, password: Any = PASSWORD) -> Any:
    return sandbox.post(f"{API}/me/auth-tokens", json={"email": email, "password": password})


def auth_token(sandbox: HouseClient, email: str = EMAIL) -> str:
    return log_in(sandbox, email).json["authToken"]


def begin(sandbox: HouseClient, auth_token: Any, device: str | None = DEVICE, **more: Any) -> Any:
    headers = {} if device is None else {"CE-ClientId": device}
    return sandbox.post(f"{API}/me/sessions", json={"authToken": auth_token, **more}, headers=headers)


def session(sandbox: HouseClient, email: str = EMAIL) -> dict[str, str]:
    return begin(sandbox, auth_token(sandbox, email)).json


def refresh(sandbox: HouseClient, refresh_token: Any, device: str | None = DEVICE) -> Any:
    headers = {} if device is None else {"CE-ClientId": device}
    return sandbox.patch(f"{API}/me/sessions", json={"refreshToken": refresh_token}, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def profile(sandbox: HouseClient, token: str) -> Any:
    return sandbox.get(f"{API}/me/profile", headers=bearer(token))


def claims(token: str) -> dict[str, Any]:
    """What a JWT says, read without a look at its signature."""
    return _part(token, 1)


def header(token: str) -> dict[str, Any]:
    return _part(token, 0)


def _part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
