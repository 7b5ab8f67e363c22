"""Which claims a scope releases, and the claims parameter (OIDC Core sections 5.1, 5.4 and 5.5).

Knows no person: what the values are is the room's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.refusals import Reason, Refusal

SCOPE_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
# What a wanted value may hold within each other; no claim is as deep.
_DEEPEST = 20
STANDARD_CLAIMS = tuple(claim for claims in SCOPE_CLAIMS.values() for claim in claims)


def released(available: Mapping[str, Any], scopes: Iterable[str], asked: Iterable[str] = ()) -> dict[str, Any]:
    """The claims among `available` that `scopes` release, and those `asked` for one by one.

    Claims that are no standard ones go with the scope `profile`, or the scope of their own name. What is null or
    empty is left out (OIDC Core section 5.3.2).
    """
    names, granted = set(asked), set(scopes)
    for scope in granted:
        names.update(SCOPE_CLAIMS.get(scope, (scope,)))
    if "profile" in granted:
        names.update(name for name in available if name not in STANDARD_CLAIMS)
    return {name: value for name, value in available.items() if name in names and value not in (None, "", [], {})}


def parse_claims(text: str | None) -> dict[str, Any]:
    """The claims parameter: `{"userinfo": {name: null or {...}}, "id_token": {...}}`. Raises Refusal: FIELD_INVALID."""
    if text is None:
        return {}
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.FIELD_INVALID, f"claims is not JSON: {error}", "claims") from error
    members = parsed.values() if isinstance(parsed, dict) else ()
    if not isinstance(parsed, dict) or not all(isinstance(member, dict | None) for member in members):
        raise Refusal(Reason.FIELD_INVALID, "claims must be an object of objects", "claims")
    if not _is_plain(parsed, _DEEPEST):
        raise Refusal(Reason.FIELD_INVALID, f"claims is deeper than {_DEEPEST}, or has a number that is none", "claims")
    return parsed


def _is_plain(value: object, depth: int) -> bool:
    """Whether the value can be kept: not too deep, and without infinity and NaN, which no database takes for JSON."""
    if isinstance(value, float):
        return math.isfinite(value)
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth > 0 and all(_is_plain(member, depth - 1) for member in members)


def asked_claims(claims: Mapping[str, Any], where: str) -> list[str]:
    """The names of the claims asked for in `where`: `userinfo` or `id_token`."""
    return list(claims.get(where) or {})


def wanted_values(claims: Mapping[str, Any], where: str, name: str) -> list[Any]:
    """The values that a claim must have, if the request names any (`value` or `values`).

    Raises Refusal: FIELD_INVALID.
    """
    wanted = (claims.get(where) or {}).get(name)
    if not isinstance(wanted, dict):
        return []
    values = [wanted["value"]] if "value" in wanted else wanted.get("values") or []
    if not isinstance(values, list):
        raise Refusal(Reason.FIELD_INVALID, f"claims: the values of {name} must be a list", "claims")
    return values
