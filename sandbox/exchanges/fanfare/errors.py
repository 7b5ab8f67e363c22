"""How Fanfare says no: a short JSON object with `error`, and `message`, `issues` or `retryAfter` where there are any.

Each kind of credential has words of its own for a bad one: a dialect. All other refusals sound the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.exchanges.fanfare.issues import render_issue
from sandbox.service import read_json

R = Reason
RETRY_AFTER = 60


@dataclass(frozen=True)
class Words:
    """One of the vendor's errors."""

    status: int
    error: str
    message: str | None = None


# What sounds the same everywhere. Every other reason means that the credential is no good.
_COMMON = (
    (Words(400, "validation_error"), [R.FIELD_MISSING, R.FIELD_INVALID]),
    (Words(400, "bad_request", "Invalid JSON in request body"), [R.BODY_MALFORMED, R.BODY_MISSING]),
    (Words(403, "forbidden"), [R.CLIENT_OF_ANOTHER_TENANT, R.PERMISSION_DENIED, R.ACCESS_DENIED]),
    (Words(404, "Consumer not found"), [R.OBJECT_UNKNOWN, R.IDENTITY_OF_ANOTHER_TENANT]),
    (Words(404, "not_found"), [R.ROUTE_UNKNOWN]),
    (Words(405, "method_not_allowed"), [R.METHOD_NOT_ALLOWED]),
    (Words(409, "consumer_conflict"), [R.OBJECT_ALREADY_EXISTS]),
    (Words(413, "payload_too_large"), [R.BODY_TOO_LARGE]),
    (Words(415, "unsupported_media_type"), [R.MEDIA_TYPE_UNSUPPORTED]),
    (Words(421, "misdirected_request"), [R.HOST_UNKNOWN]),
    (Words(429, "Rate limit exceeded"), [R.RATE_LIMITED, R.POLLING_TOO_FAST]),
    (Words(500, "Internal server error"), [R.INTERNAL_ERROR, R.PROVIDER_FAILED]),
    (Words(503, "Service unavailable"), [R.DATABASE_UNAVAILABLE]),
)
_NO_CODE = Words(401, "invalid_exchange_code")
_WRONG_OTP = Words(401, "otp_invalid", "Invalid verification code. Please try again.")
_OLD_OTP = Words(401, "otp_expired", "Your verification code has expired. Please request a new one.")
_NO_SECRET = "Secret key required"
_CODE_REASONS = [R.CODE_UNKNOWN, R.CODE_ALREADY_REDEEMED, R.CODE_OF_ANOTHER_CLIENT]


def _dialect(bad_credential: Words, *more: tuple[Words, list[Reason]]) -> Mapping[Reason, Words]:
    return by_reason((*_COMMON, *more), otherwise=bad_credential)


WORDS = {
    "secret": _dialect(
        Words(401, _NO_SECRET), (Words(403, _NO_SECRET), [R.CLIENT_CREDENTIALS_UNEXPECTED, R.TOKEN_TYPE_WRONG])
    ),
    "exchange": _dialect(
        Words(401, "Authentication required"),
        (Words(401, "exchange_code_expired"), [R.CODE_EXPIRED]),
        (_NO_CODE, _CODE_REASONS),
    ),
    "otp": _dialect(
        Words(401, "Authentication required"),
        (_OLD_OTP, [R.CODE_EXPIRED]),
        (_WRONG_OTP, [R.OTP_WRONG, R.OTP_MISSING, R.LIMIT_REACHED, *_CODE_REASONS]),
    ),
    "refresh": _dialect(
        Words(401, "invalid refresh token"),
        (Words(401, "Authentication required"), [R.CLIENT_UNKNOWN]),
    ),
    "session": _dialect(Words(401, "Authentication required")),
}
# By operation, which is the name of its view; `session` is spoken by all others.
_DIALECTS = {
    "authorize": "secret",
    "get_consumer": "secret",
    "exchange": "exchange",
    "verify_otp": "otp",
    "refresh": "refresh",
}


def render_refusal(refusal: Refusal) -> Response:
    """The error, in the words of the operation that refuses."""
    operation = (request.endpoint or "").rpartition(".")[2]
    words = WORDS[_DIALECTS.get(operation, "session")][refusal.reason]
    body: dict[str, object] = {"error": words.error}
    if words.message:
        body["message"] = words.message
    if words.error == "validation_error":
        body["issues"] = [render_issue(issue, _sent()) for issue in refusal.issues]
    response = jsonify(body)
    if words.status == 429:
        seconds = refusal.retry_after or RETRY_AFTER
        response = jsonify({**body, "retryAfter": seconds})
        response.headers["Retry-After"] = str(seconds)
    response.status_code = words.status
    return response


def _sent() -> object:
    """The request's body: of every issue the paths show where in it they lie."""
    try:
        return read_json()
    except Refusal:
        return {}
