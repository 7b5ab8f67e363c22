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


# What sounds the same everywhere. Every other reason means that the credential is no good.
_COMMON = (
    (Words(400, "request", 0), [Reason.FIELD_MISSING, Reason.FIELD_INVALID]),
    (Words(400, "request", 1, "The request body is required."), [Reason.BODY_MISSING, Reason.BODY_MALFORMED]),
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
    (Words(503, "internal", 503, "Service unavailable."), [Reason.DATABASE_UNAVAILABLE]),
)
_EXPIRED_BEARER = (Words(401, "auth", 3, "Expired access token."), [Reason.TOKEN_EXPIRED])
_BAD_AUTH_TOKEN = Words(400, "session", 1, "Invalid authToken.")


def _dialect(bad_credential: Words, *more: tuple[Words, list[Reason]]) -> Mapping[Reason, Words]:
    return by_reason((*_COMMON, *more), otherwise=bad_credential)


# By the operation that speaks it, which is the name of its view; `bearer` is spoken by all others.
WORDS = {
    "bearer": _dialect(Words(401, "auth", 2, "Invalid access token."), _EXPIRED_BEARER),
    "exchange_authorization_code": _dialect(Words(400, "oauth", 2, "Invalid authorization code.")),
    "create_auth_token_oauth": _dialect(Words(400, "oauth", 1, "Invalid access token.")),
    "create_auth_token": _dialect(Words(400, "session", 0, "Invalid email or password.")),
    "send_2fa_verification_code": _dialect(_BAD_AUTH_TOKEN),
    "create_session": _dialect(_BAD_AUTH_TOKEN),
    "refresh_session": _dialect(Words(400, "auth", 1, "Invalid refreshToken.")),
}


def render_refusal(refusal: Refusal) -> Response:
    """The envelope, in the words of the operation that refuses."""
    operation = (request.endpoint or "").rpartition(".")[2]
    words = WORDS.get(operation, WORDS["bearer"])[refusal.reason]
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
