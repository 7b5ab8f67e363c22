"""How JITSudo says no: one object, `code` and `message`, with `details` or `notices` where there are any.

What is unknown depends on what was looked for: each such operation has a dialect. Only the exchange of a code calls a
bad credential a bad code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.exchanges.jitsudo.models import SLUG
from sandbox.exchanges.jitsudo.policy import PolicyDenial
from sandbox.service import current_world


@dataclass(frozen=True)
class Words:
    """One of the vendor's errors."""

    status: int
    code: str
    message: str


_INVALID_CODE = Words(401, "invalid_code", "Invalid or expired authorization code.")
_INVALID_INPUT = Words(400, "invalid_input", "Invalid request body")
_UNAUTHENTICATED = Words(401, "unauthenticated", "Authentication required")

_COMMON = (
    (
        _INVALID_INPUT,
        [
            Reason.BODY_MISSING,
            Reason.BODY_MALFORMED,
            Reason.FIELD_MISSING,
            Reason.FIELD_INVALID,
            Reason.FIELD_REPEATED,
            Reason.HEADER_INVALID,
            Reason.OBJECT_ALREADY_EXISTS,
            Reason.OUTSIDE_ADDRESS_REFUSED,
            Reason.ISSUER_UNKNOWN,
            Reason.HTTPS_REQUIRED,
        ],
    ),
    (Words(401, "invalid_state", "Invalid or expired state"), [Reason.STATE_INVALID]),
    (Words(404, "not_found", "OIDC configuration not found"), [Reason.NOT_CONFIGURED]),
    (
        Words(403, "tenant_mismatch", "Credential and tenant do not match"),
        [Reason.IDENTITY_OF_ANOTHER_TENANT, Reason.PERMISSION_DENIED],
    ),
    (Words(403, "policy_denied", "Denied by policy"), [Reason.ACCESS_BLOCKED]),
    (Words(404, "not_found", "Not found"), [Reason.ROUTE_UNKNOWN]),
    (Words(405, "method_not_allowed", "Method not allowed"), [Reason.METHOD_NOT_ALLOWED]),
    (Words(413, "invalid_input", "Request body too large"), [Reason.BODY_TOO_LARGE]),
    (Words(415, "invalid_input", "Unsupported media type"), [Reason.MEDIA_TYPE_UNSUPPORTED]),
    (Words(421, "not_found", "Host not found"), [Reason.HOST_UNKNOWN]),
    (Words(500, "internal", "Internal server error"), [Reason.INTERNAL_ERROR, Reason.PROVIDER_FAILED]),
    (Words(503, "internal", "Service unavailable"), [Reason.DATABASE_UNAVAILABLE]),
)


def _dialect(otherwise: Words, unknown: str = "Not found") -> Mapping[Reason, Words]:
    unknown_object = (Words(404, "not_found", unknown), [Reason.OBJECT_UNKNOWN])
    return by_reason((*_COMMON, unknown_object), otherwise=otherwise)


# `api` is spoken wherever the next table names no other.
WORDS = {
    "callback": _dialect(_INVALID_CODE),
    "directory": _dialect(_UNAUTHENTICATED, "domain not registered"),
    "domains": _dialect(_UNAUTHENTICATED, "Domain not found"),
    "policies": _dialect(_UNAUTHENTICATED, "Policy not found"),
    "api": _dialect(_UNAUTHENTICATED),
}
_SPEAKS = {
    "exchange_code": "callback",
    "get_auth_providers": "directory",
    "create_login_url": "directory",
    "verify_domain": "domains",
    "list_policy_rules": "policies",
}


def render_refusal(refusal: Refusal) -> Response:
    """The object, in the words of the operation that refuses."""
    operation = (request.endpoint or "").rpartition(".")[2]
    words = WORDS[_SPEAKS.get(operation, "api")][refusal.reason]
    members: dict[str, object] = {"code": words.code, "message": words.message}
    if words == _INVALID_INPUT:
        members["details"] = {"fields": _fields(refusal)}
    if words.code == "policy_denied":
        members["notices"] = list(refusal.notices) if isinstance(refusal, PolicyDenial) else []
    response = jsonify(members)
    # A host that is not ours has no world to ask, but never this code either.
    is_code = words == _INVALID_CODE
    response.status_code = current_world().settings[SLUG]["invalid_code_status"] if is_code else words.status
    return response


def _fields(refusal: Refusal) -> list[str]:
    """The members at fault: of a list or object in one, the member itself."""
    named = [str(issue.path[0]) for issue in refusal.issues if issue.path]
    return list(dict.fromkeys(named or ([refusal.field] if refusal.field else [])))
