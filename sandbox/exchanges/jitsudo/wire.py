"""What all of JITSudo's shapes share: bodies, credentials, moments, and the claims of the system JWT."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.exchanges.jitsudo.models import Credentials, Person, Tenant
from sandbox.service import read_json

Json = dict[str, Any]
ISSUER = "jitsudo"
_ABSENT = ("required", "minLength")


def parse_body(schema: Contract) -> Json:
    """The request's body, if it meets the contract.

    Of a body that is none, every required member counts as absent. Raises Refusal: BODY_MISSING, BODY_MALFORMED,
    FIELD_MISSING, FIELD_INVALID.
    """
    try:
        body = read_json()
    except Refusal as refusal:
        raise Refusal(refusal.reason, refusal.detail, issues=schema.issues({})) from refusal
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON, but not an object", issues=schema.issues({}))
    if issues := schema.issues(body):
        absent = all(issue.keyword in _ABSENT for issue in issues)
        raise Refusal(
            Reason.FIELD_MISSING if absent else Reason.FIELD_INVALID,
            "; ".join(f"{issue.field or 'the body'} fails {issue.keyword}" for issue in issues),
            issues[0].field,
            issues=issues,
        )
    return body


def parse_query(name: str) -> str | None:
    """A parameter of the query, None if it is absent or empty. Raises Refusal: FIELD_REPEATED."""
    values = request.args.getlist(name)
    if len(values) > 1:
        raise Refusal(Reason.FIELD_REPEATED, f"{name} is there {len(values)} times", name)
    return values[0] if values and values[0] else None


def parse_limit(default: int, most: int) -> int:
    """How many objects are wanted. Raises Refusal: FIELD_REPEATED, FIELD_INVALID."""
    text = parse_query("limit")
    if text is None:
        return default
    # Digits of other scripts count as such to Python, and long ones are no number that it converts.
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= most:
        raise Refusal(Reason.FIELD_INVALID, f"limit is {text!r}, not 1 to {most}", "limit")
    return limit


def parse_credentials() -> Credentials:
    """The headers by which a caller proves itself."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return Credentials(
        request.headers.get("X-API-Key") or None, bearer or None, request.headers.get("X-Tenant-ID") or None
    )


def moment(epoch: int) -> str:
    """An RFC 3339 date-time in UTC, in whole seconds."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def system_claims(tenant: Tenant, user_id: str, person: Person) -> Json:
    """What a system JWT says, but for its life."""
    return {
        "iss": ISSUER,
        "sub": user_id,
        "email": person.email,
        "name": person.name,
        "groups": list(person.groups),
        "tenant_id": tenant.id,
    }


def render(body: Json, status: int = 200) -> Response:
    """An answer."""
    response = jsonify(body)
    response.status_code = status
    return response
