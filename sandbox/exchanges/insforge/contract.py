"""What InsForge takes: the requests of `@insforge/shared-schemas` 1.2.1, as JSON Schema, and its words for each issue.

Members that are not listed are ignored, as the vendor does.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.schemas import Contract
from sandbox.exchanges.insforge.models import PROVIDERS

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
# The vendor's own expression for e-mail addresses (zod 3), as far as it matters. No mailbox has a longer one (RFC 5321
# section 4.5.3.1.3), and PostgreSQL could not index it.
LONGEST_EMAIL = 254
_EMAIL = {
    "type": "string",
    "pattern": rf"^(?!.{{{LONGEST_EMAIL + 1}}})"
    r"(?!\.)(?!.*\.\.)[A-Za-z0-9_'+\-.]*[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,}$(?!\n)",
}
_NAME = {"type": "string", "minLength": 1, "maxLength": 100}
_URL = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$(?!\n)"}
_OTP = {"type": "string", "pattern": r"^[0-9]{6}$(?!\n)"}
_UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$(?!\n)"}
_PKCE = {"type": "string", "minLength": 43, "maxLength": 128, "pattern": r"^[A-Za-z0-9._~-]+$(?!\n)"}
_METHOD = {"enum": ["code", "link"]}


def _request(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Contract:
    return Contract({"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)})


EXCHANGE_ADMIN_SESSION = _request({"code": _TEXT})
CREATE_ADMIN_SESSION = _request({"username": _NAME, "password": _TEXT})
CREATE_USER = _request({"email": _EMAIL, "password": _TEXT}, {"name": _NAME, "redirectTo": _URL, "autoConfirm": _FLAG})
CREATE_SESSION = _request({"email": _EMAIL, "password": _TEXT})
CREATE_OTP_SESSION = _request({"email": _EMAIL, "otp": _OTP}, {"name": _NAME})
SESSION_METHOD = _request({}, {"method": {"enum": ["password", "otp"]}})
REFRESH_SESSION = _request({"refreshToken": {"type": "string", "minLength": 1}})
DELETE_USERS = _request({"userIds": {"type": "array", "minItems": 1, "items": _UUID}})
UPDATE_PROFILE = _request({"profile": {"type": "object"}})
SEND_EMAIL = _request({"email": _EMAIL}, {"redirectTo": _URL})
VERIFY_EMAIL = _request({"email": _EMAIL, "otp": _OTP})
EXCHANGE_RESET_TOKEN = _request({"email": _EMAIL, "code": _OTP})
RESET_PASSWORD = _request({"newPassword": _TEXT, "otp": {"type": "string", "minLength": 1}})
BEGIN_OAUTH = Contract(
    {
        "type": "object",
        "properties": {"redirect_uri": _URL, "code_challenge": _PKCE},
        "required": ["redirect_uri", "code_challenge"],
        "additionalProperties": _TEXT,
    }
)
EXCHANGE_OAUTH = _request({"code": {"type": "string", "minLength": 1}, "code_verifier": _PKCE})
UPDATE_CONFIG = _request(
    {},
    {
        "requireEmailVerification": _FLAG,
        "passwordMinLength": {"type": "integer", "minimum": 4, "maximum": 128},
        "requireNumber": _FLAG,
        "requireLowercase": _FLAG,
        "requireUppercase": _FLAG,
        "requireSpecialChar": _FLAG,
        "verifyEmailMethod": _METHOD,
        "resetPasswordMethod": _METHOD,
        "allowedRedirectUrls": {"type": ["array", "null"], "maxItems": 100, "items": {**_URL, "maxLength": 2000}},
        "disableSignup": _FLAG,
    },
)
_OAUTH_CONFIG = {
    "clientId": _TEXT,
    "clientSecret": _TEXT,
    "scopes": {"type": "array", "items": _TEXT},
    "redirectUri": {"type": ["string", "null"]},
}
CREATE_OAUTH_CONFIG = _request({"provider": {"enum": list(PROVIDERS)}, "useSharedKey": _FLAG}, _OAUTH_CONFIG)
UPDATE_OAUTH_CONFIG = _request({}, {**_OAUTH_CONFIG, "useSharedKey": _FLAG})
_FILLED = {"type": "string", "minLength": 1}
_CUSTOM_CONFIG = {"name": _FILLED, "discoveryEndpoint": _URL, "clientId": _FILLED, "clientSecret": _FILLED}
CREATE_CUSTOM_CONFIG = _request(
    {"key": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[a-z0-9_-]+$(?!\n)"}, **_CUSTOM_CONFIG}
)
UPDATE_CUSTOM_CONFIG = _request({}, _CUSTOM_CONFIG)
_PORTS = [25, 465, 587, 2525]
UPSERT_SMTP_CONFIG = Contract(
    {
        "type": "object",
        "properties": {
            "enabled": _FLAG,
            "host": _TEXT,
            "port": {"enum": _PORTS},
            "username": _TEXT,
            "password": _FILLED,
            "senderEmail": _TEXT,
            "senderName": _TEXT,
            "minIntervalSeconds": {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
        },
        "required": ["enabled", "port"],
    }
)
_SMTP_USERNAME = {"type": "string", "pattern": r"[\s\S]"}
ENABLED_SMTP_CONFIG = _request(
    {"host": _FILLED, "username": _SMTP_USERNAME, "senderEmail": _EMAIL, "senderName": _FILLED}
)
UPDATE_EMAIL_TEMPLATE = _request({"subject": _FILLED, "bodyHtml": _FILLED})
_BAD_PORT = f"Port must be one of: {', '.join(map(str, _PORTS))}"
# {(the last step of the path, the keyword): the vendor's text}; `userIds[]` is an entry of a list. The rest are zod's.
TEXTS = {
    ("username", "minLength"): "Username is required",
    ("username", "maxLength"): "Username must be at most 100 characters",
    ("name", "minLength"): "Name is required",
    ("name", "maxLength"): "Name must be less than 100 characters",
    ("email", "pattern"): "Invalid email format",
    ("otp", "pattern"): "OTP code must be a 6-digit numeric code",
    ("otp", "minLength"): "OTP/token is required",
    ("code", "pattern"): "Reset password code must be a 6-digit numeric code",
    ("code", "minLength"): "Exchange code is required",
    ("refreshToken", "minLength"): "refreshToken is required",
    ("userIds", "minItems"): "At least one user ID is required",
    ("userIds[]", "pattern"): "Invalid user ID format",
    ("allowedRedirectUrls[]", "pattern"): "Invalid URL or wildcard URL",
    ("redirect_uri", "required"): "Redirect URI is required",
    ("code_challenge", "minLength"): "Code challenge must be at least 43 characters",
    ("code_challenge", "maxLength"): "Code challenge must be at most 128 characters",
    ("code_challenge", "pattern"): "Code challenge must be base64url encoded",
    ("code_verifier", "minLength"): "Code verifier must be at least 43 characters",
    ("code_verifier", "maxLength"): "Code verifier must be at most 128 characters",
    ("code_verifier", "pattern"): "Code verifier must be base64url encoded",
    ("key", "pattern"): "Key must contain only lowercase letters, numbers, hyphens, and underscores",
    ("host", "minLength"): "SMTP host is required",
    ("port", "required"): _BAD_PORT,
    ("port", "enum"): _BAD_PORT,
    ("username", "pattern"): "SMTP username is required",
    ("password", "minLength"): "SMTP password is required",
    ("senderEmail", "pattern"): "Invalid sender email",
    ("senderName", "minLength"): "Sender name is required",
    ("subject", "minLength"): "Subject is required",
    ("bodyHtml", "minLength"): "Template body is required",
    ("method", "enum"): "Invalid discriminator value. Expected 'password' | 'otp'",
}
