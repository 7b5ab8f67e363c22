"""What InsForge says to each reason, and with which status, by what the request is about.

The texts are those of its backend 2.3.1. Where its documentation has another status, `shipped` keeps the backend's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.core.refusals import Reason, by_reason
from sandbox.exchanges.insforge.models import PROVIDERS

R = Reason


@dataclass(frozen=True)
class Words:
    """One of the vendor's errors. `shipped` is the status of the other profile, where that is another one.

    `{field}` in a message stands for the refusal's field, `{path}` for the path of the request.
    """

    status: int
    error: str
    message: str
    next_actions: str | None = None
    shipped: int | None = None


_LOGIN_AGAIN = "Check the token is valid or login to get a new token."
_LOGIN_AS_ADMIN = "Check the admin token is valid or login as admin to get a new token."
_NEW_API_KEY = "Check the API key is valid or generate a new API key."
_VALID_JSON = "Please ensure your request body contains valid JSON"
_SEE_DOCS = "Please check the API documentation for available endpoints"
_VERIFY_FIRST = "Please verify your email address before logging in"
_ALLOW_URL = "Please add this URL to the allowed redirect URLs in the authentication configuration."

_INVALID, _UNAUTHORIZED, _CREDENTIALS = "INVALID_INPUT", "AUTH_UNAUTHORIZED", "AUTH_INVALID_CREDENTIALS"
_MISMATCH = Words(403, _UNAUTHORIZED, "Project ID mismatch", _LOGIN_AGAIN)
_BAD_TOKEN = Words(401, _UNAUTHORIZED, "Invalid token")
_NOT_ADMIN = Words(403, _UNAUTHORIZED, "Admin access required", _LOGIN_AS_ADMIN)
_BAD_API_KEY = Words(401, "AUTH_INVALID_API_KEY", "Invalid API key", _NEW_API_KEY)
_NO_USER = Words(404, "AUTH_USER_NOT_FOUND", "User not found")

Row = tuple[Words, list[Reason]]

_FIELDS = [R.FIELD_MISSING, R.FIELD_INVALID, R.FIELD_REPEATED, R.HEADER_INVALID, R.REDIRECT_URI_INVALID]
# What has nothing to do with who asks.
_EDGE: list[Row] = [
    (Words(404, "NOT_FOUND", "Endpoint {path} not found", _SEE_DOCS), [R.ROUTE_UNKNOWN, R.METHOD_NOT_ALLOWED]),
    (Words(400, _INVALID, "Invalid input"), _FIELDS),
    (Words(400, _INVALID, "Unexpected end of JSON input", _VALID_JSON), [R.BODY_MALFORMED, R.BODY_MISSING]),
    (Words(413, _INVALID, "request entity too large"), [R.BODY_TOO_LARGE]),
    (Words(415, _INVALID, "unsupported charset"), [R.MEDIA_TYPE_UNSUPPORTED]),
    (Words(421, "FORBIDDEN", "Misdirected request"), [R.HOST_UNKNOWN]),
    (Words(429, "TOO_MANY_REQUESTS", "Too many requests"), [R.RATE_LIMITED, R.POLLING_TOO_FAST, R.LIMIT_REACHED]),
    (Words(500, "INTERNAL_ERROR", "Internal server error"), [R.INTERNAL_ERROR]),
    (Words(503, "INTERNAL_ERROR", "Service unavailable"), [R.DATABASE_UNAVAILABLE]),
    (Words(500, "INTERNAL_ERROR", "Provider request failed"), [R.PROVIDER_FAILED]),
]
# What sounds the same everywhere, but where an application is told at its redirect URI.
_COMMON: list[Row] = [
    *_EDGE,
    (Words(403, "FORBIDDEN", "Invalid CSRF token"), [R.CSRF_TOKEN_WRONG]),
    (Words(401, _CREDENTIALS, "No token provided", _LOGIN_AGAIN), [R.TOKEN_MISSING]),
    (_NOT_ADMIN, [R.PERMISSION_DENIED]),
    (_NO_USER, [R.OBJECT_UNKNOWN]),
    (_BAD_API_KEY, [R.TOKEN_UNKNOWN]),
]


def _dialect(*rows: Row, otherwise: Words = _BAD_TOKEN, common: Sequence[Row] = _COMMON) -> Mapping[Reason, Words]:
    own = {reason for _, reasons in rows for reason in reasons}
    rest = [(words, [reason for reason in reasons if reason not in own]) for words, reasons in common]
    return by_reason([*rows, *rest], otherwise=otherwise)


def _code(complaint: str) -> Words:
    """Words for a bad code of the cloud."""
    return Words(400, _CREDENTIALS, f"Invalid cloud authorization code: {complaint}", _LOGIN_AGAIN, shipped=401)


# How the JOSE library of the backend tells of a key set that it cannot get; a fault names one of them.
KEY_SET_FAULTS = (
    "fetch failed",
    "Expected 200 OK from the JSON Web Key Set HTTP response",
    "request timed out",
    "Failed to parse the JSON Web Key Set HTTP response as JSON",
)
_NO_CODE = _code("Invalid Compact JWS")
# The same reason, told apart by the part of the token that is at fault.
CODE_PARTS = {
    "header": _code("JWS Protected Header is invalid"),
    "payload": _code("JWT Claims Set must be a top-level JSON object"),
    "exp": _code('"exp" claim must be a number'),
    "nbf": _code('"nbf" claim must be a number'),
    "iat": _code('"iat" claim must be a number'),
}
_EXPIRED = _code('"exp" claim timestamp check failed')
_NO_REFRESH = Words(401, _UNAUTHORIZED, "Invalid or expired refresh token")
_NO_ADMIN = Words(401, _UNAUTHORIZED, "Invalid admin credentials")
_NO_SIGN_IN = Words(401, _UNAUTHORIZED, "Invalid credentials")
_NO_OTP = Words(400, _INVALID, "Invalid or expired verification code")
_NOT_SIGNED_IN = Words(400, _INVALID, "OAuth authentication failed")
_NOT_AUTHENTICATED = Words(400, _INVALID, "Authentication failed")
_NO_STATE = Words(400, _INVALID, "Invalid state parameter")
_NO_EXCHANGE = Words(401, _INVALID, "Invalid or expired code", shipped=400)
_NO_KEYS = Words(
    500,
    "AUTH_OAUTH_CONFIG_ERROR",
    "{field} OAuth is not properly configured. Please check your oauth configurations.",
)
_UNSUPPORTED = Words(
    400, _INVALID, f"Unsupported OAuth provider: {{field}}. Supported providers: {', '.join(PROVIDERS)}"
)
_NO_ROOM = Words(501, "AUTH_UNSUPPORTED_PROVIDER", "OAuth provider '{field}' is not implemented yet.")
_NOT_ALLOWED = Words(400, _INVALID, "{field} is not in the allowed redirect URLs", _ALLOW_URL)
_NO_DISCOVERY = Words(400, "AUTH_OAUTH_CONFIG_ERROR", "Failed to fetch the discovery document of {field}")
_NO_SIGN_UP = Words(403, "AUTH_SIGNUP_DISABLED", "User signups are disabled for this project.")
_NO_SHARED_KEYS = Words(400, "AUTH_OAUTH_CONFIG_ERROR", "Shared OAuth keys are not enabled in this environment")

WORDS: dict[str, Mapping[Reason, Words]] = {
    # Whoever needs an admin; also what is said where nothing else is.
    "admin": _dialect(
        (Words(401, _CREDENTIALS, "No admin token provided", _LOGIN_AGAIN), [R.TOKEN_MISSING]),
        (_MISMATCH, [R.TOKEN_AUDIENCE_WRONG]),
        (Words(404, "SECRET_NOT_FOUND", "Anon key not initialized"), [R.NOT_CONFIGURED]),
    ),
    "exchange": _dialect(
        (Words(500, "INTERNAL_ERROR", "PROJECT_ID not found in environment variables"), [R.NOT_CONFIGURED]),
        (Words(500, "INTERNAL_ERROR", "Failed to exchange admin session"), [R.INTERNAL_ERROR]),
        (_code('"alg" (Algorithm) Header Parameter value not allowed'), [R.TOKEN_ALGORITHM_NOT_ALLOWED]),
        (_EXPIRED, [R.TOKEN_EXPIRED, R.CODE_EXPIRED]),
        (_code('"nbf" claim timestamp check failed'), [R.TOKEN_NOT_YET_VALID]),
        (_code("no applicable key found in the JSON Web Key Set"), [R.TOKEN_KEY_UNKNOWN]),
        (_code("multiple matching keys found in the JSON Web Key Set"), [R.TOKEN_KEY_AMBIGUOUS]),
        (_code("signature verification failed"), [R.TOKEN_SIGNATURE_BAD]),
        (_code(KEY_SET_FAULTS[0]), [R.PROVIDER_FAILED]),
        (
            Words(400, _UNAUTHORIZED, "Project ID mismatch", _LOGIN_AGAIN, shipped=403),
            [R.TOKEN_AUDIENCE_WRONG, R.CODE_OF_ANOTHER_CLIENT],
        ),
        (
            Words(400, _CREDENTIALS, "Invalid cloud project authorization token", _LOGIN_AGAIN, shipped=401),
            [R.TOKEN_TYPE_WRONG, R.ASSERTION_WITHOUT_USER],
        ),
        otherwise=_NO_CODE,
    ),
    "admin_sign_in": _dialect(otherwise=_NO_ADMIN),
    "admin_current": _dialect((Words(403, _UNAUTHORIZED, "Admin access required"), [R.PERMISSION_DENIED])),
    "admin_refresh": _dialect(
        (Words(401, _UNAUTHORIZED, "No admin refresh token provided"), [R.TOKEN_MISSING]),
        (Words(401, _UNAUTHORIZED, "Invalid refresh token type"), [R.TOKEN_TYPE_WRONG]),
        (Words(401, _UNAUTHORIZED, "Invalid admin refresh session type"), [R.TOKEN_AUDIENCE_WRONG]),
        otherwise=_NO_REFRESH,
    ),
    "sign_up": _dialect(
        (Words(409, "AUTH_EMAIL_EXISTS", "User already exists"), [R.OBJECT_ALREADY_EXISTS]),
        (_NO_SIGN_UP, [R.PERMISSION_DENIED]),
    ),
    "sign_in": _dialect(
        (_NO_OTP, [R.OTP_WRONG, R.OTP_MISSING, R.CODE_UNKNOWN, R.CODE_EXPIRED, R.CODE_ALREADY_REDEEMED]),
        (Words(403, "FORBIDDEN", "Email verification required", _VERIFY_FIRST), [R.EMAIL_UNVERIFIED]),
        (_NO_SIGN_UP, [R.PERMISSION_DENIED]),
        (
            Words(
                429,
                "TOO_MANY_REQUESTS",
                "Too many verification attempts from this IP. Please try again in 15 minutes.",
            ),
            [R.RATE_LIMITED],
        ),
        otherwise=_NO_SIGN_IN,
    ),
    "mail": _dialect(
        (_NO_OTP, [R.OTP_WRONG, R.OTP_MISSING, R.CODE_UNKNOWN, R.CODE_EXPIRED, R.CODE_ALREADY_REDEEMED]),
        (
            Words(
                429,
                "TOO_MANY_REQUESTS",
                "Too many send email verification requests from this IP. Please try again in 15 minutes.",
            ),
            [R.RATE_LIMITED],
        ),
    ),
    "user_current": _dialect(
        (Words(401, _CREDENTIALS, "User not authenticated"), [R.PERMISSION_DENIED]),
        (Words(401, _CREDENTIALS, "User not found"), [R.IDENTITY_UNKNOWN]),
    ),
    "user_refresh": _dialect(
        (Words(401, _UNAUTHORIZED, "No refresh token provided"), [R.TOKEN_MISSING]),
        (Words(401, _UNAUTHORIZED, "Invalid refresh token type"), [R.TOKEN_TYPE_WRONG]),
        (Words(401, _UNAUTHORIZED, "Invalid refresh session type"), [R.TOKEN_AUDIENCE_WRONG]),
        (Words(401, _UNAUTHORIZED, "User not found"), [R.IDENTITY_UNKNOWN]),
        otherwise=_NO_REFRESH,
    ),
    "users": _dialect(
        (Words(401, _CREDENTIALS, "No admin token provided", _LOGIN_AGAIN), [R.TOKEN_MISSING]),
        (_MISMATCH, [R.TOKEN_AUDIENCE_WRONG]),
        (Words(404, "AUTH_USER_NOT_FOUND", "User does not exist"), [R.OBJECT_UNKNOWN]),
    ),
    "oauth": _dialect(
        (_NOT_ALLOWED, [R.REDIRECT_URI_MISMATCH]),
        (_NO_KEYS, [R.NOT_CONFIGURED]),
        (_UNSUPPORTED, [R.PROVIDER_UNSUPPORTED]),
        (_NO_ROOM, [R.PROVIDER_NOT_IMPLEMENTED]),
    ),
    "oauth_custom": _dialect(
        (
            Words(404, "INTERNAL_ERROR", "Custom OAuth provider {field} is not configured.", shipped=500),
            [R.NOT_CONFIGURED],
        ),
        (_NOT_ALLOWED, [R.REDIRECT_URI_MISMATCH]),
        (_NO_DISCOVERY, [R.OUTSIDE_ADDRESS_REFUSED, R.ISSUER_UNKNOWN]),
    ),
    # What an application is told at its redirect URI, but for the state, without which there is none.
    "oauth_callback": _dialect(
        (_NO_STATE, [R.STATE_INVALID]),
        (Words(400, _INVALID, "No authorization code provided"), [R.FIELD_MISSING]),
        (_UNSUPPORTED, [R.PROVIDER_UNSUPPORTED]),
        (_NO_KEYS, [R.NOT_CONFIGURED]),
        (_NO_SIGN_UP, [R.PERMISSION_DENIED]),
        (_NOT_SIGNED_IN, [R.FIELD_INVALID]),
        otherwise=_NOT_SIGNED_IN,
        common=_EDGE,
    ),
    "oauth_custom_callback": _dialect(
        (Words(400, _INVALID, "code and state are required"), [R.FIELD_MISSING]),
        (_NO_STATE, [R.STATE_INVALID]),
        (_NOT_AUTHENTICATED, [R.FIELD_INVALID]),
        otherwise=_NOT_AUTHENTICATED,
        common=_EDGE,
    ),
    "oauth_exchange": _dialect(
        (_NO_EXCHANGE, [R.CODE_UNKNOWN, R.CODE_EXPIRED, R.CODE_ALREADY_REDEEMED]),
        (Words(401, _UNAUTHORIZED, "PKCE verification failed", shipped=400), [R.VERIFIER_MISMATCH]),
        (_NO_USER, [R.IDENTITY_UNKNOWN, R.OBJECT_UNKNOWN]),
    ),
    "oauth_configs": _dialect(
        (Words(401, _CREDENTIALS, "No admin token provided", _LOGIN_AGAIN), [R.TOKEN_MISSING]),
        (_MISMATCH, [R.TOKEN_AUDIENCE_WRONG]),
        (_UNSUPPORTED, [R.PROVIDER_UNSUPPORTED]),
        (
            Words(409, "AUTH_OAUTH_CONFIG_ALREADY_EXISTS", "OAuth configuration for {field} already exists"),
            [R.OBJECT_ALREADY_EXISTS],
        ),
        (Words(404, "AUTH_OAUTH_CONFIG_NOT_FOUND", "OAuth configuration for {field} not found"), [R.OBJECT_UNKNOWN]),
        (_NO_SHARED_KEYS, [R.NOT_CONFIGURED]),
    ),
}
