"""The signing keys of a world's issuers: listed, rotated, retired."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from flask import current_app

from sandbox.core import keysets, tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.fixture import current
from sandbox.web.control.shapes import NULLABLE, TEXT, list_of, schema

_KEY = schema(
    "Key",
    {
        "type": "object",
        "required": ["service", "kid", "algorithm", "state", "since", "retired_at", "jwks_uri", "jwk"],
        "additionalProperties": False,
        "properties": {
            "service": {**TEXT, "description": "A service, or a service, a slash and one of its issuers."},
            "kid": TEXT,
            "algorithm": TEXT,
            "state": {"enum": ["active", "retired"]},
            "since": {"type": ["integer", "null"], "description": "When it became that; null for from the first use."},
            "retired_at": {"type": ["integer", "null"]},
            "jwks_uri": {**NULLABLE, "description": "Where it is published, if it is by itself."},
            "jwk": {"type": "object", "description": "The public half (RFC 7517)."},
        },
    },
)
_ROTATION = {
    "type": "object",
    "required": ["service"],
    "additionalProperties": False,
    "properties": {
        "service": TEXT,
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
            "properties": {"keys": list_of(_KEY)},
        }
    },
)
def get_keys() -> dict[str, Any]:
    """The keys that verify today; a key is made when its issuer first signs or publishes."""
    rows = keysets.list_keys(current_world())
    return {"keys": [_render(row, rows) for row in rows]}


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
    rows = keysets.list_keys(world)
    return next(_render(row, rows) for row in rows if (row.service, row.kid) == (service, key.kid))


@operation(
    "DELETE",
    "/keys/<path:kid>",
    "Publish a retired key no longer",
    answers={204: None},
    query={"service": TEXT},
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


def _render(row: tables.SigningKey, rows: Sequence[tables.SigningKey]) -> dict[str, Any]:
    before = (
        one.retired_at or 0
        for one in rows
        if (one.service, one.algorithm) == (row.service, row.algorithm) and one.retired_at is not None
    )
    return {
        "service": row.service,
        "kid": row.kid,
        "algorithm": row.algorithm,
        "state": "active" if row.retired_at is None else "retired",
        "since": max(before, default=None) if row.retired_at is None else row.retired_at,
        "retired_at": row.retired_at,
        "jwks_uri": _find_jwks_uri(row.service),
        "jwk": dict(keysets.key_of(row).jwk),
    }


def _find_jwks_uri(owner: str) -> str | None:
    """Where the key set of this service, or of this issuer of one, is published; every room calls its endpoint so."""
    slug, _, issuer = owner.partition("/")
    house = current_house()
    ways = (rule for rule in current_app.url_map.iter_rules() if rule.endpoint == f"{slug}.keys")
    rule = min(ways, key=lambda rule: len(rule.rule), default=None)
    if rule is None or slug not in house.services:
        return None
    tenants = house.services[slug].lists.get("tenants")
    if rule.arguments and not issuer and tenants:
        # One key set for all: any of them tells it.
        listed = current()[slug]["tenants"]
        issuer = listed[0][tenants] if listed else ""
    if bool(rule.arguments) != bool(issuer):
        return None
    path = re.sub("<[^>]+>", quote(issuer), rule.rule.removeprefix(f"/{slug}"))
    mount = current_mount().at(slug)
    # Of two rooms that have a path at the root one has it there.
    scheme, _, host = mount.origin.partition("://")
    found, _ = house.mounts.resolve(scheme, host, f"{mount.world_prefix}{path}")
    return (mount if found.slug == slug else mount.at(slug, by_prefix=True)).url(path)
