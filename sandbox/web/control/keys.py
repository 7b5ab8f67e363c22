"""The signing keys of a world's issuers: listed, rotated, retired."""

from __future__ import annotations

from typing import Any

from sandbox.core import keysets, tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_world
from sandbox.web.control.api import operation, schema

_KEY = schema(
    "Key",
    {
        "type": "object",
        "required": ["service", "kid", "algorithm", "state", "retired_at", "jwk"],
        "additionalProperties": False,
        "properties": {
            "service": {"type": "string", "description": "A service, or a service, a slash and one of its issuers."},
            "kid": {"type": "string"},
            "algorithm": {"type": "string"},
            "state": {"enum": ["active", "retired"]},
            "retired_at": {"type": ["integer", "null"]},
            "jwk": {"type": "object", "description": "The public half (RFC 7517)."},
        },
    },
)
_ROTATION = {
    "type": "object",
    "required": ["service"],
    "additionalProperties": False,
    "properties": {
        "service": {"type": "string"},
        "algorithm": {"type": "string", "description": "The one that the service signs by now, if it is but one."},
    },
}


@operation(
    "GET",
    "/keys",
    "List the signing keys",
    answers={
        200: {
            "type": "object",
            "required": ["keys"],
            "properties": {"keys": {"type": "array", "items": _KEY}},
        }
    },
)
def get_keys() -> dict[str, Any]:
    """The keys that verify today; a key is made when its issuer first signs or publishes."""
    return {"keys": [_render(row) for row in keysets.list_keys(current_world())]}


@operation(
    "POST",
    "/keys/rotate",
    "Sign with a new key from now on",
    body=_ROTATION,
    answers={201: _KEY},
    refuses=(Reason.FIELD_INVALID, Reason.OBJECT_UNKNOWN),
)
def rotate_key(body: dict[str, Any]) -> dict[str, Any]:
    """The old key is retired: it is still published and verifies. Raises Refusal: OBJECT_UNKNOWN, FIELD_INVALID."""
    world, service = current_world(), body["service"]
    active = {row.algorithm for row in keysets.list_keys(world) if row.service == service and row.retired_at is None}
    if not active:
        detail = f"{service!r} has no key yet; an issuer has one when it first signs or publishes"
        raise Refusal(Reason.OBJECT_UNKNOWN, detail, "service")
    algorithm = body.get("algorithm") or (active.pop() if len(active) == 1 else None)
    if algorithm is None or (active and algorithm not in active):
        detail = f"algorithm must be one of {', '.join(sorted(active))}, by which {service} signs"
        raise Refusal(Reason.FIELD_INVALID, detail, "algorithm")
    key = keysets.rotate_key(world, service, algorithm)
    return next(_render(row) for row in keysets.list_keys(world) if (row.service, row.kid) == (service, key.kid))


@operation(
    "DELETE",
    "/keys/<path:kid>",
    "Publish a retired key no longer",
    answers={204: None},
    query={"service": {"type": "string"}},
    refuses=(Reason.OBJECT_UNKNOWN, Reason.FIELD_INVALID),
)
def drop_key(kid: str, service: str | None = None) -> None:
    """What it has signed is worth nothing from now on. Raises Refusal: OBJECT_UNKNOWN, FIELD_INVALID."""
    world = current_world()
    rows = [row for row in keysets.list_keys(world) if row.kid == kid and service in (None, row.service)]
    if not rows:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no key has the id {kid!r}", "kid")
    if len(rows) > 1:
        owners = ", ".join(row.service for row in rows)
        raise Refusal(Reason.FIELD_INVALID, f"{owners} have a key of this id; name the service", "service")
    if not keysets.drop_key(world, rows[0].service, kid):
        raise Refusal(Reason.FIELD_INVALID, f"{kid} signs for {rows[0].service} today; rotate it first", "kid")


def _render(row: tables.SigningKey) -> dict[str, Any]:
    return {
        "service": row.service,
        "kid": row.kid,
        "algorithm": row.algorithm,
        "state": "active" if row.retired_at is None else "retired",
        "retired_at": row.retired_at,
        "jwk": dict(keysets.key_of(row).jwk),
    }
