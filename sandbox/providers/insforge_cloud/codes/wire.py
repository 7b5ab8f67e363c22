"""The shapes of codes: their claims, the answer that carries one, and what a test asks the mint for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.providers.insforge_cloud.codes.models import MINTABLE, Mint, ProjectCode

_EPOCH = {"type": "integer", "minimum": 0, "maximum": 253_402_300_799}
# PostgreSQL keeps no NUL.
_TEXT = {"type": "string", "maxLength": 200, "pattern": r"^[^\x00]*$"}
CLAIMS = ("projectId", "userId", "type", "sub", "email", "iat", "exp", "nbf")
MINT = Contract(
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "projectId": _TEXT,
            "userId": _TEXT,
            "email": _TEXT,
            "ttl": {"type": "integer", "minimum": -315_360_000, "maximum": 315_360_000},
            "alg": {"enum": list(MINTABLE)},
            "kid": {"type": ["string", "null"], "maxLength": 200},
            "nbf": _EPOCH,
            "omit": {"type": "array", "items": {"enum": list(CLAIMS)}},
            "rogueKey": {"type": "boolean"},
            "opaque": {"type": "boolean"},
        },
        "required": ["projectId", "userId"],
    }
)


def code_claims(mint: Mint, now: int) -> dict[str, Any]:
    """What a code says. Consumers need the first three; `sub` and `email` are for those before 2.2.0."""
    claims = {
        "projectId": mint.project_id,
        "userId": mint.user_id,
        "type": "project_authorization",
        "sub": mint.user_id,
        "email": mint.email,
        "iat": now,
        "exp": now + mint.ttl,
        "nbf": mint.nbf,
    }
    return {name: value for name, value in claims.items() if value is not None}


def parse_mint(body: object) -> dict[str, Any]:
    """The fields of a `Mint`; a `kid` of null leaves it out of the header.

    Raises Refusal: FIELD_MISSING, FIELD_INVALID.
    """
    issues = MINT.issues(body)
    if issues:
        missing = all(issue.keyword == "required" for issue in issues)
        told = "; ".join(f"{issue.field or 'the body'} fails {issue.keyword}" for issue in issues)
        raise Refusal(Reason.FIELD_MISSING if missing else Reason.FIELD_INVALID, told, issues[0].field, issues=issues)
    given: dict[str, Any] = body if isinstance(body, dict) else {}
    names = {"projectId": "project_id", "userId": "user_id", "alg": "algorithm", "rogueKey": "rogue_key"}
    fields = {names.get(name, name): value for name, value in given.items()}
    if "kid" in fields:
        fields["kid"] = fields["kid"] or ""
    # A whole number may be written with a fraction of zero.
    fields |= {name: int(fields[name]) for name in ("ttl", "nbf") if name in fields}
    if "omit" in fields:
        fields["omit"] = tuple(fields["omit"])
    return fields


def render_code(code: ProjectCode) -> Response:
    """The answer that carries a code."""
    return jsonify(code=code.code, expires_in=code.expires_in, type="Bearer")


def render_keys(keys: Sequence[Any]) -> Response:
    """The key set (RFC 7517 section 5)."""
    order = ("kty", "n", "e", "crv", "x", "y", "alg", "use", "kid")
    return jsonify(keys=[{name: key[name] for name in order if name in key} for key in keys])
