"""The client metadata this server understands (RFC 7591 section 2, OIDC Registration section 2), as JSON Schema."""

from __future__ import annotations

from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.schemas import Contract

# No database takes NUL for text.
_TEXT = {"type": "string", "maxLength": 2000, "pattern": "^[^\0]*$"}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": 100}
_SWITCH = {"type": "boolean"}
_PROPERTIES: dict[str, Any] = {
    "redirect_uris": _TEXTS,
    "response_types": _TEXTS,
    "grant_types": _TEXTS,
    "application_type": {"enum": ["web", "native"]},
    "contacts": _TEXTS,
    "client_name": {**_TEXT, "minLength": 1, "maxLength": 200},
    "client_uri": _TEXT,
    "logo_uri": _TEXT,
    "policy_uri": _TEXT,
    "tos_uri": _TEXT,
    "scope": _TEXT,
    "jwks_uri": _TEXT,
    "jwks": {"type": "object"},
    "subject_type": _TEXT,
    "sector_identifier_uri": _TEXT,
    "id_token_signed_response_alg": _TEXT,
    "userinfo_signed_response_alg": _TEXT,
    "request_object_signing_alg": _TEXT,
    "request_uris": _TEXTS,
    "token_endpoint_auth_method": {
        "enum": ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]
    },
    "token_endpoint_auth_signing_alg": _TEXT,
    "default_max_age": {"type": "integer", "minimum": 0, "maximum": 315_360_000},
    "require_auth_time": _SWITCH,
    "default_acr_values": _TEXTS,
    "initiate_login_uri": _TEXT,
    "post_logout_redirect_uris": _TEXTS,
    "frontchannel_logout_uri": _TEXT,
    "frontchannel_logout_session_required": _SWITCH,
    "backchannel_logout_uri": _TEXT,
    "backchannel_logout_session_required": _SWITCH,
    "require_signed_request_object": _SWITCH,
    "require_pushed_authorization_requests": _SWITCH,
    "dpop_bound_access_tokens": _SWITCH,
    "software_id": _TEXT,
    "software_version": _TEXT,
}


class _ClientMetadata:
    """The schema of a registration request."""

    names = frozenset(_PROPERTIES)

    def __init__(self) -> None:
        self._contract = Contract({"type": "object", "properties": _PROPERTIES})

    def check(self, document: object) -> None:
        """Raises Refusal: METADATA_INVALID, REDIRECT_URI_INVALID."""
        for issue in self._contract.issues(document):
            wrong_uris = issue.path[:1] == ("redirect_uris",)
            raise Refusal(
                Reason.REDIRECT_URI_INVALID if wrong_uris else Reason.METADATA_INVALID,
                f"{issue.field or 'the document'} does not meet {issue.keyword} {issue.expected!r}",
                issue.field or None,
            )


CONTRACT = _ClientMetadata()
