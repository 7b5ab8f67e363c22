"""What Prisme.ai takes: the request bodies of its gateway, as JSON Schema.

Members that are not listed are accepted and ignored, and nothing is coerced.
"""

from __future__ import annotations

from typing import Any

from sandbox.core.schemas import Contract

# No bounds are documented for a number of seconds; these keep its end among the dates that can be written.
_SECONDS = {"type": "number", "minimum": -300_000_000_000, "maximum": 300_000_000_000}
_TEXT = {"type": "string"}


def _body(required: tuple[str, ...], **properties: Any) -> Contract:
    return Contract({"type": "object", "properties": properties, "required": list(required)})


TOKEN_EXCHANGE = _body(
    ("provider", "subject_token"),
    provider=_TEXT,
    subject_token=_TEXT,
    subject_token_type=_TEXT,
    grant_type=_TEXT,
    expiresAfter=_SECONDS,
)
ANONYMOUS = _body((), expiresAfter=_SECONDS, orgSlug=_TEXT)
ACTIVE_ORG = _body(("orgSlug",), orgSlug=_TEXT)
ACCESS_TOKEN = _body(("name", "expiresAt"), name=_TEXT, expiresAt=_TEXT)

# The file of a gateway of one's own; keys that are not listed are passed over.
_URL_OR_KEYS = {"type": ["string", "object"], "additionalProperties": _TEXT}
_FLAG = {"type": "boolean"}
_PROVIDER = {
    "type": "object",
    "required": ["type", "config"],
    "properties": {
        "type": {"enum": ["oidc", "saml"]},
        "name": _TEXT,
        "icon": _TEXT,
        "enabled": _FLAG,
        "meta": {"type": "object"},
        "domains": {"type": "array", "items": _TEXT},
        "orgSlug": _TEXT,
        "config": {
            "type": "object",
            "properties": {
                **dict.fromkeys(("client_id", "client_secret", "issuer"), _TEXT),
                **dict.fromkeys(("authorization_endpoint", "token_endpoint"), _TEXT),
                "jwks_uri": _URL_OR_KEYS,
                "scopes": {"type": ["string", "array"], "items": _TEXT},
                **dict.fromkeys(("allowTokenExchange", "state", "pkce"), _FLAG),
            },
        },
        "attributesMapping": {
            "type": "object",
            "properties": dict.fromkeys(("email", "firstName", "lastName"), _TEXT),
        },
    },
}
AUTH_PROVIDERS = _body(("providers",), providers={"type": "object", "additionalProperties": _PROVIDER})
