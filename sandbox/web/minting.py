"""Tokens without a login, issued by the rooms' own functions, and wrong in one way if that is wanted.

What a room offers is in its mint.py, what can be wrong in core/tampers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.forgery import Forgery, check_tamper, forging
from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.headless import JWT, Mintable, MintRequest
from sandbox.service import Service, current_house, current_mount, reached_by

# What a request for a token may say of whom and what it is for.
PARAMETERS = ("identity", "client", "scope", "audience", "issuer")


def mint(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """The token, as POST /tokens answers with it; `body` is what that takes.

    Raises Refusal: FIELD_INVALID, IDENTITY_UNKNOWN, and as the room. What was written until then is the caller's to
    roll back.
    """
    service, kind, mintable = _find_kind(body)
    forgery = _check_asked(world, body, kind, mintable)
    world.entry.note(flow=world.ids.text(16))
    mount = current_mount().at(service.slug, by_prefix=service.by_prefix)
    with reached_by(mount), forging(world, forgery):
        token = mintable.issue(world, _parse(world, body))
    known = _describe(world, token)
    if body.get("tamper") not in (None, "expired"):
        # A room that knows a token by its text alone would take it for a good one.
        _forget(world, token)
    return {"token": token, "service": service.slug, "kind": kind, "flow": world.entry.flow, **known}


def allowed_members(mintable: Mintable) -> tuple[str, ...]:
    """The members of a request that mean something to this kind."""
    more = ("ttl", "tamper") if not mintable.lasts else ()
    return (*mintable.parameters, *(("claims",) if mintable.format == JWT else ()), *more)


def _find_kind(body: Mapping[str, Any]) -> tuple[Service, str, Mintable]:
    """Raises Refusal: FIELD_INVALID."""
    services, kind = current_house().services, body["kind"]
    service = services.get(body["service"])
    if service is None:
        known = ", ".join(services)
        raise Refusal(Reason.FIELD_INVALID, f"no service is called {body['service']!r}; there are {known}", "service")
    if kind not in service.mints:
        known = ", ".join(service.mints)
        raise Refusal(Reason.FIELD_INVALID, f"{service.slug} issues no {kind!r}, but {known}", "kind")
    return service, kind, service.mints[kind]


def _check_asked(world: World, body: Mapping[str, Any], kind: str, mintable: Mintable) -> Forgery | None:
    """What is to be otherwise about the token, None if nothing is. Raises Refusal: FIELD_INVALID."""
    allowed = allowed_members(mintable)
    if strange := sorted(body.keys() - {"service", "kind", *allowed}):
        name = strange[0]
        what = "an opaque token has no claims" if name == "claims" else f"{name} means nothing to this kind of token"
        raise Refusal(Reason.FIELD_INVALID, f"{what}; it takes {', '.join(allowed) or 'nothing'}", name)
    tamper, ttl, claims = body.get("tamper"), body.get("ttl"), body.get("claims", {})
    if ttl is not None and world.now() + ttl < 0:
        raise Refusal(Reason.FIELD_INVALID, f"{ttl} s from now is before 1970", "ttl")
    signed_as = mintable.signed_as or kind
    if tamper is not None:
        check_tamper(tamper, signed_as, mintable.format)
    if tamper is None and ttl is None and not claims:
        return None
    return Forgery(tamper, frozenset({signed_as}), claims, None if ttl is None else int(ttl))


def _parse(world: World, body: Mapping[str, Any]) -> MintRequest:
    """Raises Refusal: IDENTITY_UNKNOWN."""
    named = body.get("identity")
    identity = get_identity(world, named) if named is not None else None
    return MintRequest(identity, **{name: body.get(name) for name in PARAMETERS if name != "identity"})


def _describe(world: World, token: str) -> dict[str, Any]:
    """Until when a token is good, and what it says if it is a JWT; what cannot be read any more is left out."""
    row = world.store.find(tables.Token, digest=digest(token)) or world.store.find(tables.Code, digest=digest(token))
    expires_at = row.expires_at if row else None
    told: dict[str, Any] = {}
    for name, read in (("claims", jwts.read_claims), ("header", jwts.read_header)):
        try:
            told[name] = read(token)
        except Refusal:
            continue
    end = told.get("claims", {}).get("exp")
    return {"expires_at": int(end) if isinstance(end, int | float) else expires_at, **told}


def _forget(world: World, token: str) -> None:
    for table in (tables.Token, tables.Code):
        world.store.remove(table, digest=digest(token))
