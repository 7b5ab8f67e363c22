"""Reads the members of a token aloud: what each means, and what its value comes to here and now.

Judges none of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.core import tables
from sandbox.core.claim_words import CLAIMS, HEADER, METHODS, MOMENTS, Meaning
from sandbox.core.world import World

_UNITS = (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_OF_CLIENTS = frozenset(("aud", "azp", "client_id", "clientId", "appid"))
_TYPES = {
    "jwt": "a JWT of no particular kind",
    "at+jwt": "an access token (RFC 9068)",
    "logout+jwt": "a logout token",
    "dpop+jwt": "a DPoP proof (RFC 9449)",
    "oauth-authz-req+jwt": "an authorization request (RFC 9101)",
    "secevent+jwt": "a security event (RFC 8417)",
}


class Reader:
    """Reads tokens of one service, "" if nobody knows whose they are; `own` are the claims that are no standard's."""

    def __init__(self, world: World, service: str, own: Mapping[str, Meaning]) -> None:
        self._world = world
        self._service = service
        self._own = own

    def read_header(self, header: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every member of a header, as `explain` has them."""
        return [self._read(name, value, HEADER.get(name)) for name, value in header.items()]

    def read_claims(self, claims: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every claim, as `explain` has them."""
        return [self._read(name, value, self._own.get(name) or CLAIMS.get(name)) for name, value in claims.items()]

    def _read(self, name: str, value: Any, meaning: Meaning | None) -> dict[str, Any]:
        about = {"meaning": meaning.text, "spec": meaning.spec} if meaning else {"meaning": None, "spec": None}
        return {"name": name, "value": value, **about, "reading": self._reading(name, value)}

    def _reading(self, name: str, value: Any) -> str | None:
        if name in MOMENTS and is_moment(value):
            return f"{tell_date(value)}, {tell_distance(value - self._world.now())}"
        if name in _OF_CLIENTS:
            return self._tell_clients(value)
        if name == "amr" and isinstance(value, list):
            return ", ".join(METHODS.get(one, one) for one in value[:10] if isinstance(one, str)) or None
        if name == "typ" and isinstance(value, str):
            return _TYPES.get(value.lower().removeprefix("application/"))
        return None

    def _tell_clients(self, value: Any) -> str | None:
        named = [one for one in (value if isinstance(value, list) else [value])[:5] if isinstance(one, str)]
        found = [client for one in named for client in find_clients(self._world, one)]
        # Those of the issuer itself come first.
        found.sort(key=lambda client: client.service.partition("/")[0] != self._service)
        return f"the client “{found[0].name}” of {found[0].service}" if found else None


def find_clients(world: World, client_id: str) -> list[tables.Client]:
    """The applications that are registered anywhere under this id."""
    return world.store.list(tables.Client, order=("service",), client_id=client_id)


def is_moment(value: object) -> bool:
    """Whether this is a NumericDate (RFC 7519 section 2)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def tell_date(moment: float) -> str:
    """A moment in UTC: `2026-11-21 16:48:34 UTC`; for one that no calendar has, its number."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "a moment that no calendar has"


def tell_distance(seconds: float) -> str:
    """How far off that is, in its two largest units: `11 minutes ago`, `in 1 hour 5 minutes`, `now`."""
    whole = int(seconds)
    if whole == 0:
        return "now"
    return f"in {spell(whole)}" if whole > 0 else f"{spell(-whole)} ago"


def spell(seconds: int) -> str:
    """A duration in its two largest units: `1 day 2 hours`."""
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}" if count < 10**12 else f"countless {unit}s")
    return " ".join(parts[:2]) or "0 seconds"
