"""Tokens without a login: any kind that a room issues, for anybody, and wrong in one way if that is wanted.

Issues nothing itself: what a room offers is in its mint.py, what can be wrong in core/tampers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app
from flask_sqlalchemy import SQLAlchemy

from sandbox.core import jwts, tables
from sandbox.core.explaining import LONGEST
from sandbox.core.forgery import TAMPERS, Forgery, check_tamper, forging
from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.headless import JWT, Mintable, MintRequest
from sandbox.service import Service, current_house, current_mount, current_world, reached_by
from sandbox.web.control.api import operation, schema
from sandbox.web.control.problems import refused
from sandbox.web.explained import explain_here

# Thirty years: what lives longer no date of a vendor can show.
_LONGEST = 946_080_000
_TEXT = {"type": "string", "maxLength": 2000}
_PARAMETERS = ("identity", "client", "scope", "audience", "issuer")
MINT = schema(
    "MintRequest",
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "service": {**_TEXT, "description": "The room that issues it."},
            "kind": {**_TEXT, "description": "One of those that GET /tokens lists."},
            **dict.fromkeys(_PARAMETERS, _TEXT),
            "claims": {"type": "object", "description": "Claims that a JWT is to have as well; null takes one away."},
            "ttl": {
                "type": "integer",
                "minimum": -_LONGEST,
                "maximum": _LONGEST,
                "description": "Seconds from now; negative: it has expired.",
            },
            "tamper": {**_TEXT, "description": "What is to be wrong with it."},
        },
        "required": ["service", "kind"],
    },
)
MINTED = schema(
    "Token",
    {
        "type": "object",
        "properties": {
            "token": {"type": "string"},
            "service": {"type": "string"},
            "kind": {"type": "string"},
            "expires_at": {"type": ["integer", "null"], "description": "Epoch seconds; null: it does not."},
            "claims": {"type": "object"},
            "header": {"type": "object"},
            "flow": {"type": "string"},
        },
    },
)
_NAMES = {"type": "array", "items": {"type": "string"}}
KINDS = schema(
    "TokenKinds",
    {
        "type": "object",
        "properties": {
            "kinds": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "service": {"type": "string"},
                        "kind": {"type": "string"},
                        "format": {"enum": ["jwt", "opaque"]},
                        "summary": {"type": "string"},
                        "parameters": _NAMES,
                    },
                },
            },
            "tampers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "summary": {"type": "string"}, "kinds": _NAMES},
                },
            },
        },
    },
)


_OPTIONAL = {"type": ["string", "null"]}
_MOMENT = {"type": ["integer", "null"]}
_MEMBERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "value": {},
            "meaning": _OPTIONAL,
            "spec": {**_OPTIONAL, "description": "Which specification gives it that meaning, or which service."},
            "reading": {**_OPTIONAL, "description": "What the value comes to, in words, by the clock of the world."},
        },
    },
}
EXPLANATION = schema(
    "Explanation",
    {
        "type": "object",
        "required": ["format", "header", "claims", "signature", "issued_by", "problems", "valid_now", "known"],
        "properties": {
            "format": {"enum": ["jwt", "opaque", "unknown"], "description": "Opaque: the sandbox has issued it."},
            "header": {"type": ["object", "null"]},
            "header_claims": _MEMBERS,
            "claims": _MEMBERS,
            "signature": {
                "type": "object",
                "properties": {
                    "status": {"enum": ["valid", "invalid", "unsigned", "key-unknown", "none"]},
                    "detail": {"type": "string"},
                    "key": {
                        "type": ["object", "null"],
                        "properties": {name: {"type": "string"} for name in ("service", "kid", "algorithm", "state")},
                    },
                },
            },
            "issued_by": {
                "type": ["object", "null"],
                "properties": {"service": {"type": "string"}, "kind": _OPTIONAL},
            },
            "problems": {"type": "array", "items": {"type": "string"}},
            "valid_now": {"type": "boolean", "description": "Whether a verifier should take it at the world's time."},
            "known": {
                "type": ["object", "null"],
                "description": "What the sandbox remembers of it.",
                "properties": {
                    **dict.fromkeys(("service", "kind", "login", "client_id", "scope"), _OPTIONAL),
                    **dict.fromkeys(("issued_at", "expires_at", "revoked_at"), _MOMENT),
                },
            },
        },
    },
)
_ANY_TOKEN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["token"],
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": LONGEST}},
}


@operation("GET", "/tokens", "List what can be minted, and what can be wrong with it", answers={200: KINDS})
def list_token_kinds() -> dict[str, Any]:
    """The kinds of all rooms, and all tampers."""
    return {
        "kinds": [
            {
                "service": service.slug,
                "kind": kind,
                "format": mintable.format,
                "summary": mintable.summary,
                "parameters": list(_allowed(mintable)),
            }
            for service in current_house().services.values()
            for kind, mintable in service.mints.items()
        ],
        "tampers": [
            {"name": tamper.name, "summary": tamper.summary, "kinds": list(tamper.kinds)} for tamper in TAMPERS.values()
        ],
    }


@operation(
    "POST",
    "/tokens",
    "Mint a token without a login",
    body=MINT,
    answers={201: MINTED},
    refuses=(Reason.FIELD_INVALID, Reason.FIELD_MISSING, Reason.IDENTITY_UNKNOWN, Reason.CLIENT_UNKNOWN),
    also=(404, 409),
)
def mint_token(body: dict[str, Any]) -> Any:
    """Issued by the room's own functions; what a room would not issue is answered with 409, and leaves nothing."""
    world = current_world()
    try:
        service, kind, mintable = _find_kind(body)
        forgery = _check_asked(world, body, kind, mintable)
        world.entry.note(flow=world.ids.text(16))
        mount = current_mount().at(service.slug, by_prefix=service.by_prefix)
        with reached_by(mount), forging(world, forgery):
            token = mintable.issue(world, _parse(world, body))
    except Refusal as refusal:
        cast(SQLAlchemy, current_app.extensions["sqlalchemy"]).session.rollback()
        return refused(refusal)
    answer = {"token": token, "service": service.slug, "kind": kind, "flow": world.entry.flow}
    known = _describe(world, token)
    if body.get("tamper") not in (None, "expired"):
        # A room that knows a token by its text alone would take it for a good one.
        _forget(world, token)
    return {**answer, **known}


@operation("POST", "/tokens/explain", "Explain any token", body=_ANY_TOKEN, answers={200: EXPLANATION})
def explain_token(body: dict[str, Any]) -> dict[str, Any]:
    """What it says and means, who has signed it, and what is wrong with it; nothing of it is taken for true."""
    return explain_here(current_world(), body["token"])


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
    strange = body.keys() - {"service", "kind", *_allowed(mintable)}
    if strange:
        name = sorted(strange)[0]
        what = "an opaque token has no claims" if name == "claims" else f"{name} means nothing to this kind of token"
        raise Refusal(Reason.FIELD_INVALID, f"{what}; it takes {', '.join(_allowed(mintable)) or 'nothing'}", name)
    tamper, ttl, claims = body.get("tamper"), body.get("ttl"), body.get("claims", {})
    if ttl is not None and world.now() + ttl < 0:
        raise Refusal(Reason.FIELD_INVALID, f"{ttl} s from now is before 1970", "ttl")
    signed_as = mintable.signed_as or kind
    if tamper is not None:
        check_tamper(tamper, signed_as, mintable.format)
    if tamper is None and ttl is None and not claims:
        return None
    return Forgery(tamper, frozenset({signed_as}), claims, None if ttl is None else int(ttl))


def _allowed(mintable: Mintable) -> tuple[str, ...]:
    """The members of a request that mean something to this kind."""
    more = ("ttl", "tamper") if not mintable.lasts else ()
    return (*mintable.parameters, *(("claims",) if mintable.format == JWT else ()), *more)


def _parse(world: World, body: Mapping[str, Any]) -> MintRequest:
    """Raises Refusal: IDENTITY_UNKNOWN."""
    named = body.get("identity")
    identity = get_identity(world, named) if named is not None else None
    return MintRequest(identity, **{name: body.get(name) for name in _PARAMETERS if name != "identity"})


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
