"""What Fanfare takes and gives: the bodies of its Consumer API 1.0.0, as JSON Schema.

Members that are not listed are accepted and dropped, as the vendor does; the claims are the exception, a free object.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.schemas import Contract

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
# The e-mail expression of the vendor's validation library, whose `\w` is ASCII's.
EMAIL: Schema = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*\.[A-Za-z]{2,}$(?!\n)",
}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


CLAIMS = _object({}, {"email": TEXT, "fullName": TEXT, "name": TEXT})
_ADDRESS: Schema = {"email": EMAIL, "phone": TEXT, "defaultCountry": TEXT}

AUTHORIZE = Contract(
    _object({"provider": TEXT, "issuer": TEXT, "subject": TEXT}, {"canonicalSubject": TEXT, "claims": CLAIMS})
)
EXCHANGE = Contract(_object({"exchangeCode": TEXT}))
OTP_REQUEST = Contract(_object({}, {**_ADDRESS, "name": TEXT}))
OTP_VERIFY = Contract(_object({"code": TEXT}, _ADDRESS))
REFRESH = Contract(_object({}, {"refreshToken": TEXT}))

_CODE = _object({"exchangeCode": TEXT, "expiresAt": TEXT, "resolution": {"enum": ["existing", "linked", "created"]}})
_TOKENS: Schema = {
    "accessToken": TEXT,
    "refreshToken": TEXT,
    "refreshTokenTtlSeconds": {"type": "number"},
    "beaconToken": TEXT,
}
_SESSION = _object(
    {
        "session": _object(
            {"type": {"enum": ["guest", "authenticated"]}, "consumerId": TEXT, "expiresAt": TEXT},
            {"email": TEXT, "phone": TEXT, "guestId": TEXT},
        ),
        **_TOKENS,
    }
)
_REFRESHED = _object({**_TOKENS, "accessTokenExpiresAt": TEXT})
_NULLABLE: Schema = {"type": ["string", "null"]}
_CONSUMER = _object(
    {"id": {"type": "string", "format": "uuid"}},
    {
        "email": _NULLABLE,
        "fullName": _NULLABLE,
        "phone": _NULLABLE,
        "primaryExternalId": _NULLABLE,
        "primarySourceVendor": _NULLABLE,
        "createdAt": TEXT,
    },
)
_ACTIVE = _object({"journeys": {"type": "array", "items": {}}})
_ME = _object(
    {"active": _ACTIVE},
    {"id": TEXT, "email": _NULLABLE, "phone": _NULLABLE, "fullName": _NULLABLE, "createdAt": TEXT},
)
_ERROR = _object({"error": TEXT})
_STEP = _object({"type": TEXT, "origin": TEXT, "input": {}, "key": {"type": ["string", "number"]}})
_ISSUE = _object(
    {
        "kind": {"enum": ["schema", "validation"]},
        "type": TEXT,
        "expected": TEXT,
        "received": TEXT,
        "message": TEXT,
        "path": {"type": "array", "items": _STEP},
    }
)
INVALID = _object({"error": {"const": "validation_error"}, "issues": {"type": "array", "items": _ISSUE}})

# By path: the method, the operation, its purpose, what it takes, and the status, description and body of its answer.
Operation = tuple[str, str, str, Contract | None, int, str, Schema | None]
OPERATIONS: dict[str, Operation] = {
    "/auth/external/authorize": (
        "post",
        "postAuthExternalAuthorize",
        "Create a one-time exchange code for an external identity (server-to-server)",
        AUTHORIZE,
        200,
        "Exchange code created",
        _CODE,
    ),
    "/auth/external/exchange": (
        "post",
        "postAuthExternalExchange",
        "Exchange a one-time code for a session",
        EXCHANGE,
        200,
        "Session created",
        _SESSION,
    ),
    "/auth/guest": ("post", "postAuthGuest", "Begin a guest session", None, 200, "Guest session created", _SESSION),
    "/auth/otp/request": (
        "post",
        "postAuthOtpRequest",
        "Send a one-time password",
        OTP_REQUEST,
        200,
        "OTP sent",
        _object({"ok": {"type": "boolean"}}),
    ),
    "/auth/otp/verify": (
        "post",
        "postAuthOtpVerify",
        "Verify a one-time password",
        OTP_VERIFY,
        200,
        "Authenticated",
        _SESSION,
    ),
    "/auth/refresh": ("post", "postAuthRefresh", "Refresh the tokens", REFRESH, 200, "Token refreshed", _REFRESHED),
    "/auth/logout": ("post", "postAuthLogout", "End the session", None, 204, "Logged out", None),
    "/consumers/me": ("get", "getConsumersMe", "The consumer of this session", None, 200, "The consumer", _ME),
    "/consumers/{id}": ("get", "getConsumersById", "A consumer", None, 200, "The consumer", _CONSUMER),
}
REFUSALS: dict[str, tuple[str, Schema]] = {
    "400": ("Bad Request - Invalid input schema", INVALID),
    "401": ("Unauthorized - Authentication required", _ERROR),
    "403": ("Forbidden - User must be authenticated", _ERROR),
    "500": ("Internal server error", _ERROR),
}
