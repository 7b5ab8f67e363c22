"""What GMI Cloud takes: the request bodies of its IAM Service API 2.4.0, as JSON Schema.

Members that are not listed are ignored, as the vendor does.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.schemas import Contract

# The vendor's validator counts an empty text as absent; the official client sends null for what it leaves out.
_TEXT = {"type": "string", "minLength": 1}
_OPTIONAL_TEXT = {"type": ["string", "null"]}
_EMAIL = {"type": "string", "minLength": 1, "pattern": r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$(?!\n)"}
_SCOPE = {"type": ["string", "null"], "enum": ["ie_model", "", None]}
_EPOCH = {"type": ["integer", "null"], "minimum": 0, "maximum": 253_402_300_799}


def _request(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Contract:
    return Contract({"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)})


EXCHANGE_AUTHORIZATION_CODE = _request({"provider": {**_TEXT, "enum": ["github"]}, "code": _TEXT})
CREATE_AUTH_TOKEN_OAUTH = _request(
    {"provider": {**_TEXT, "enum": ["google", "github", "hugging_face"]}, "accessToken": _TEXT}
)
CREATE_AUTH_TOKEN = _request({"email": _EMAIL, "password": _TEXT})
SEND_2FA_VERIFICATION_CODE = _request({"authToken": _TEXT})
# Declared as text, and shown as a number in the vendor's own sample.
CREATE_SESSION = _request({"authToken": _TEXT}, {"otpCode": {"type": ["string", "integer", "null"]}})
REFRESH_SESSION = _request({"refreshToken": _TEXT})
CREATE_ORGANIZATION = _request({"name": _TEXT})
CREATE_API_KEY = _request({"name": _TEXT}, {"type": _OPTIONAL_TEXT, "scope": _SCOPE, "expiresAt": _EPOCH})
