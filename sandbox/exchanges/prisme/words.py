"""The vendor's words for each reason, by what the request is about: its dialects.

Renders nothing: that is errors.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.core.refusals import Reason, by_reason

R = Reason


@dataclass(frozen=True)
class Words:
    """One of the vendor's errors; `shipped` is what the open-source gateway says instead, where it differs.

    `{field}` in a message stands for the refusal's field, `{method}` for that of the request.
    """

    status: int
    error: str
    message: str
    shipped: tuple[int, str, str] | None = None


_SHIPPED_INVALID = "RequestValidationError"
_UNAUTHENTICATED, _FORBIDDEN, _CONFIGURATION = "AuthenticationError", "ForbiddenError", "ConfigurationError"


def _invalid(message: str) -> Words:
    """The vendor's validation error, which has two names."""
    return Words(400, "BadParameters", message, (400, _SHIPPED_INVALID, message))


def _refused(message: str) -> Words:
    return Words(401, _UNAUTHENTICATED, message)


Row = tuple[Words, list[Reason]]

_INTERNAL = "Internal server error"
# What sounds the same everywhere.
_COMMON: list[Row] = [
    (_invalid("request.body should have required property '{field}'"), [R.FIELD_MISSING]),
    (_invalid("request.body.{field} is invalid"), [R.FIELD_INVALID]),
    (_invalid("unsupported media type {field}"), [R.MEDIA_TYPE_UNSUPPORTED]),
    (_invalid("{method} method not allowed"), [R.METHOD_NOT_ALLOWED]),
    (
        Words(400, "BadParameters", "Malformed JSON", (500, "Internal", _INTERNAL)),
        [R.BODY_MALFORMED, R.BODY_MISSING],
    ),
    (Words(413, "PayloadTooLarge", "request too large"), [R.BODY_TOO_LARGE]),
    (Words(404, "NotFoundError", "Route not found"), [R.ROUTE_UNKNOWN]),
    (Words(421, "NotFoundError", "Misdirected request"), [R.HOST_UNKNOWN]),
    (Words(429, "TooManyRequests", "Too many requests"), [R.RATE_LIMITED]),
    (Words(500, "Internal", _INTERNAL), [R.INTERNAL_ERROR]),
    (Words(503, "ServiceUnavailable", "Service unavailable"), [R.DATABASE_UNAVAILABLE]),
    (_refused("Invalid CSRF token found."), [R.CSRF_TOKEN_WRONG]),
    (_refused("Calling this API with an access token is forbidden."), [R.TOKEN_TYPE_WRONG]),
    (Words(403, _FORBIDDEN, "Forbidden"), [R.PERMISSION_DENIED]),
]


def _dialect(*rows: Row, otherwise: Words, common: Sequence[Row] = _COMMON) -> Mapping[Reason, Words]:
    own = {reason for _, reasons in rows for reason in reasons}
    rest = [(words, [reason for reason in reasons if reason not in own]) for words, reasons in common]
    return by_reason([*rows, *rest], otherwise=otherwise)


_NO_PROVIDER = Words(500, _CONFIGURATION, "Unknown or missing auth provider '{field}'")
_SIGNED_OUT = Words(302, "sign-out", "the browser is sent to sign out")

WORDS: dict[str, Mapping[Reason, Words]] = {
    # A cookie or a Bearer token that holds a session.
    "session": _dialect(
        (_refused("No authentication token found"), [R.TOKEN_MISSING]),
        (_refused("Malformed authentication token"), [R.TOKEN_MALFORMED]),
        (_refused("Authentication token signed with an unknown key"), [R.TOKEN_KEY_UNKNOWN]),
        (_refused("jwt expired"), [R.TOKEN_EXPIRED]),
        (_refused("invalid signature"), [R.TOKEN_SIGNATURE_BAD]),
        (Words(404, "NotFoundError", "Access token not found"), [R.OBJECT_UNKNOWN]),
        otherwise=_refused("Invalid access token"),
    ),
    # A token that begins with `at:`.
    "access_token": _dialect(
        (_refused("Expired access token"), [R.TOKEN_EXPIRED]),
        otherwise=_refused("Invalid access token"),
    ),
    "token_exchange": _dialect(
        (_invalid("Unsupported grant_type"), [R.GRANT_TYPE_UNSUPPORTED]),
        (_invalid("Unsupported subject_token_type"), [R.SUBJECT_TOKEN_INVALID]),
        (
            Words(403, _FORBIDDEN, "Token exchange is not enabled for the requested provider"),
            [R.PROVIDER_UNSUPPORTED, R.GRANT_TYPE_NOT_ALLOWED],
        ),
        (_refused("Missing user id from external provider"), [R.ASSERTION_WITHOUT_USER]),
        (
            Words(401, "ValidateEmailError", "Please verify your email"),
            [R.IDENTITY_DEACTIVATED, R.EMAIL_UNVERIFIED],
        ),
        otherwise=_refused("Invalid JWT"),
    ),
    "anonymous_login": _dialect(
        (Words(403, _FORBIDDEN, "Anonymous sessions are disabled"), [R.PERMISSION_DENIED]),
        (Words(404, "ObjectNotFoundError", "Could not find organization '{field}'"), [R.OBJECT_UNKNOWN]),
        otherwise=_refused("Invalid access token"),
    ),
    "begin_login": _dialect(otherwise=_NO_PROVIDER),
    # Whatever is wrong, the browser is sent to sign out; but not at a host or in a world that is not there.
    "finish_login": _dialect(
        otherwise=_SIGNED_OUT,
        common=[row for row in _COMMON if row[1] in ([R.ROUTE_UNKNOWN], [R.HOST_UNKNOWN], [R.DATABASE_UNAVAILABLE])],
    ),
}
