"""What JITSudo takes: the request bodies of its API pages, as JSON Schema.

Members that are not listed are ignored.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.schemas import Contract

# Nothing the product takes is longer; a state holds a redirect URI.
_TEXT = {"type": "string", "minLength": 1, "maxLength": 8_000}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_OPTIONAL = {"type": ["string", "null"], "maxLength": 2_000}
_EMAIL = {"type": "string", "maxLength": 320, "pattern": r"^[^@\s]+@[^@\s]+$(?!\n)"}
_SLUG = {"type": "string", "pattern": r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)"}
# ASCII alone, to the letter: without regard to case the Kelvin sign would be a k.
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = {"type": "string", "maxLength": 253, "pattern": rf"^{_LABEL}(\.{_LABEL})+$(?!\n)"}
_ISSUER = {"type": "string", "maxLength": 2_000, "pattern": r"^https?://[^/\s?#@\\]+(/[^\s?#\\]*)?$(?!\n)"}
_SCOPE = {"type": "string", "pattern": r"^[!#-\[\]-~]{1,200}$(?!\n)"}
# What no URI holds would not come back from a provider as it was sent (RFC 3986 section 2).
_URI = {"type": "string", "maxLength": 2_000, "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$(?!\n)"}


def _request(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Contract:
    return Contract({"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)})


EXCHANGE_CODE = _request({"code": _TEXT, "redirect_uri": _TEXT}, {"state": {"type": "string", "maxLength": 8_000}})
CREATE_LOGIN_URL = _request({"redirect_uri": _URI}, {"domain": _NAME, "slug": _NAME})
UPSERT_OIDC_CONFIG = _request(
    {"issuer_url": _ISSUER, "client_id": _NAME, "client_secret": _NAME},
    {"scopes": {"type": "array", "minItems": 1, "maxItems": 50, "items": _SCOPE}},
)
CREATE_TENANT = _request(
    {"name": _NAME, "slug": _SLUG, "owner_email": _EMAIL},
    {"owner_name": _OPTIONAL, "locale": _OPTIONAL, "sso_start_url": _OPTIONAL, "sso_region": _OPTIONAL},
)
CREATE_DOMAIN = _request({"domain": DOMAIN})
CREATE_API_KEY = _request({"name": _NAME})
