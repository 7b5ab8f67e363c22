"""How GMI Cloud says no: one envelope, `group` and `code`, for everything.

Each operation takes one credential and has words of its own for a bad one: a dialect. All other refusals sound the
same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.exchanges.gmi import wire

# The vendor's own sample of a Retry-After.
_RETRY_AFTER = 300


@dataclass(frozen=True)
class Words:
    """One of the vendor's errors. Validation errors have details and no message."""

    status: int
    group: str
    code: int
    message: str | None = None
    traces: tuple[str, ...] = ()


_BAD_CODE = Words(400, "oauth", 2, "Invalid authorization code.")
_BAD_PROVIDER_TOKEN = Words(400, "oauth", 1, "Invalid access token.")
_BAD_PASSWORD = Words(400, "session", 0, "Invalid email or password.")
_BAD_AUTH_TOKEN = Words(400, "session", 1, "Invalid authToken.")
_BAD_REFRESH_TOKEN = Words(400, "auth", 1, "Invalid refreshToken.")
_BAD_BEARER = Words(401, "auth", 2, "Invalid access token.")
_EXPIRED_BEARER = Words(401, "auth", 3, "Expired access token.")

_BAD_CREDENTIALS = (
    Reason.CLIENT_UNKNOWN,
    Reason.CLIENT_SECRET_MISSING,
    Reason.CLIENT_SECRET_WRONG,
    Reason.CLIENT_SUSPENDED,
    Reason.REDIRECT_URI_MISMATCH,
    Reason.CODE_UNKNOWN,
    Reason.CODE_EXPIRED,
    Reason.CODE_ALREADY_REDEEMED,
    Reason.CODE_OF_ANOTHER_CLIENT,
    Reason.CHALLENGE_INVALID,
    Reason.VERIFIER_MISSING,
    Reason.VERIFIER_MISMATCH,
    Reason.GRANT_TYPE_UNSUPPORTED,
    Reason.REFRESH_TOKEN_UNKNOWN,
    Reason.REFRESH_TOKEN_EXPIRED,
    Reason.REFRESH_TOKEN_REVOKED,
    Reason.REFRESH_TOKEN_ALREADY_USED,
    Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT,
    Reason.TOKEN_MISSING,
    Reason.TOKEN_UNKNOWN,
    Reason.TOKEN_REVOKED,
    Reason.TOKEN_OF_ANOTHER_CLIENT,
    Reason.TOKEN_MALFORMED,
    Reason.TOKEN_SIGNATURE_BAD,
    Reason.TOKEN_TYPE_WRONG,
    Reason.AUTHORIZATION_PENDING,
    Reason.ACCESS_DENIED,
    Reason.DEVICE_CODE_UNKNOWN,
    Reason.DEVICE_CODE_EXPIRED,
    Reason.DEVICE_CODE_ALREADY_REDEEMED,
    Reason.DEVICE_FLOW_DISABLED,
    Reason.USER_CODE_UNKNOWN,
    Reason.TRANSACTION_UNKNOWN,
    Reason.TRANSACTION_EXPIRED,
    Reason.TRANSACTION_ALREADY_DECIDED,
    Reason.IDENTITY_UNKNOWN,
    Reason.IDENTITY_DEACTIVATED,
    Reason.EMAIL_UNVERIFIED,
    Reason.PASSWORD_WRONG,
)

_BEARER = by_reason(
    [
        (_BAD_BEARER, _BAD_CREDENTIALS),
        (_EXPIRED_BEARER, [Reason.TOKEN_EXPIRED]),
        (Words(400, "request", 1, "The request body is required."), [Reason.BODY_MISSING, Reason.BODY_MALFORMED]),
        (Words(400, "request", 0), [Reason.FIELD_MISSING, Reason.FIELD_INVALID]),
        (Words(400, "oauth", 0, "Unsupported OAuth provider."), [Reason.PROVIDER_UNSUPPORTED]),
        (
            Words(500, "oauth", 1200, "Exchange authorization code encountered error.", ("error occurred.",)),
            [Reason.PROVIDER_FAILED],
        ),
        (Words(400, "session", 2, "Invalid OTP code."), [Reason.OTP_MISSING, Reason.OTP_WRONG]),
        (Words(400, "auth", 0, "Invalid CE-ClientId."), [Reason.HEADER_INVALID]),
        (
            Words(403, "auth", 4, "Permission denied."),
            [Reason.PERMISSION_DENIED, Reason.SCOPE_INSUFFICIENT, Reason.SSO_REQUIRED],
        ),
        (
            Words(400, "api-key", 0, "The organization has reached the maximum number of API keys."),
            [Reason.LIMIT_REACHED],
        ),
        (Words(429, "user", 400, "Too many requests."), [Reason.RATE_LIMITED, Reason.POLLING_TOO_FAST]),
        (Words(404, "request", 404, "Not found."), [Reason.ROUTE_UNKNOWN, Reason.OBJECT_UNKNOWN]),
        (Words(405, "request", 405, "Method not allowed."), [Reason.METHOD_NOT_ALLOWED]),
        (Words(413, "request", 413, "Request body too large."), [Reason.BODY_TOO_LARGE]),
        (Words(415, "request", 415, "Unsupported media type."), [Reason.MEDIA_TYPE_UNSUPPORTED]),
        (Words(421, "request", 421, "Misdirected request."), [Reason.HOST_UNKNOWN]),
        (Words(500, "internal", 500, "Internal server error."), [Reason.INTERNAL_ERROR]),
    ]
)


def _dialect(bad_credential: Words) -> Mapping[Reason, Words]:
    return {**_BEARER, **dict.fromkeys((*_BAD_CREDENTIALS, Reason.TOKEN_EXPIRED), bad_credential)}


# By the operation that speaks it, which is the name of its view; `bearer` is everyone else's.
WORDS = {
    "bearer": _BEARER,
    "exchange_authorization_code": _dialect(_BAD_CODE),
    "create_auth_token_oauth": _dialect(_BAD_PROVIDER_TOKEN),
    "create_auth_token": _dialect(_BAD_PASSWORD),
    "send_2fa_verification_code": _dialect(_BAD_AUTH_TOKEN),
    "create_session": _dialect(_BAD_AUTH_TOKEN),
    "refresh_session": _dialect(_BAD_REFRESH_TOKEN),
}


def render_refusal(refusal: Refusal) -> Response:
    """The envelope, in the words of the operation that refuses."""
    operation = (request.endpoint or "").rpartition(".")[2]
    words = WORDS.get(operation, _BEARER)[refusal.reason]
    members = {
        "group": words.group,
        "code": words.code,
        "message": words.message,
        "traces": list(words.traces) or None,
        "validationDetail": [wire.render_issue(issue) for issue in refusal.issues] or None,
    }
    response = jsonify({name: value for name, value in members.items() if value is not None})
    response.status_code = words.status
    if words.status == 429:
        response.headers["Retry-After"] = str(refusal.retry_after or _RETRY_AFTER)
    return response
