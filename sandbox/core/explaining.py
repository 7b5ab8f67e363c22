"""Explains any token: what it says, who has signed it, whether it is good now, and what is wrong with it.

Takes nothing a token says for true: keys are the world's own, each good for one algorithm. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.claim_words import CLAIMS, Meaning
from sandbox.core.found_tokens import find_tokens
from sandbox.core.known_tokens import Known, find_known
from sandbox.core.signatures import KeyName, Verdict, check_signature
from sandbox.core.token_claims import Reader, find_clients
from sandbox.core.token_parts import Parts, take_apart, tidy
from sandbox.core.token_problems import check_issuer, find_problems
from sandbox.core.world import World

__all__ = ["LONGEST", "Room", "explain", "find_tokens"]

# The longest token that is looked at, in characters.
LONGEST = 100_000
_TYPES = {"at+jwt": "access_token", "logout+jwt": "logout_token", "dpop+jwt": "dpop_proof"}
_OF_ID_TOKENS = frozenset(("nonce", "at_hash", "c_hash"))
_OF_ACCESS_TOKENS = frozenset(("scope", "scp", "roles", "idtyp"))


@dataclass(frozen=True)
class Room:
    """What only a room knows of its tokens: its claims in words, its kinds of JWTs, and what it calls its keys.

    `find_issuer` gives the name of the issuer with this URL: "" for another address of the sandbox, None for one
    elsewhere. It is None for a room without issuers.
    """

    title: str
    claims: Mapping[str, str]
    kinds: Collection[str]
    name_key: KeyName
    find_issuer: Callable[[str], str | None] | None = None


def explain(world: World, token: str, rooms: Mapping[str, Room] | None = None) -> dict[str, Any]:
    """All that can be told of `token`, whatever it is (JSON-like); `rooms` are the services by slug.

    - `format`: `jwt`, `opaque` (the sandbox issued it) or `unknown`
    - `header`: the JOSE header as it is, or None; `header_claims`: its members as `claims` has the claims
    - `claims`: `[{name, value, meaning, spec, reading}]`, the last three None where there is nothing to say
    - `signature`: `{status, detail, key}`; status is `valid`, `invalid`, `unsigned`, `key-unknown`, or `none` for what
      has none; key is `{service, kid, algorithm, state}`, or None. The kid of a shared secret is "".
    - `issued_by`: `{service, kind}`, or None for what this world did not issue; kind is None where it cannot be told
    - `problems`: sentences; `valid_now`: whether a verifier should take it at the world's time
    - `known`: `{service, kind, login, client_id, scope, issued_at, expires_at, revoked_at}` of what is kept, or None
    """
    rooms, token = rooms or {}, tidy(token)
    parts = take_apart(token[:LONGEST])
    known = find_known(world, token)
    verdict = check_signature(world, parts, {slug: room.name_key for slug, room in rooms.items()})
    issued_by = _find_issuer(world, parts, known, verdict, rooms)
    service = (issued_by and issued_by["service"]) or ""
    room = rooms.get(service)
    reader = Reader(world, service, _own_claims(rooms, service or _claimed_by(verdict)))
    kind = issued_by["kind"] if issued_by else None
    problems = find_problems(world, parts, known, verdict, kind)
    if room and room.find_issuer and verdict.key:
        problems += check_issuer(parts, verdict.key["service"], room.find_issuer)
    good = verdict.status == "valid" if parts.is_jwt else known is not None
    return {
        "format": "jwt" if parts.is_jwt else "opaque" if known else "unknown",
        "header": parts.header,
        "header_claims": reader.read_header(parts.header or {}),
        "claims": reader.read_claims(parts.claims or {}),
        "signature": verdict.document(),
        "issued_by": issued_by,
        "problems": [problem.text for problem in problems],
        "valid_now": good and not any(problem.spoils for problem in problems),
        "known": known.document() if known else None,
    }


def _find_issuer(
    world: World, parts: Parts, known: Known | None, verdict: Verdict, rooms: Mapping[str, Room]
) -> dict[str, str | None] | None:
    """Whoever keeps it, or whoever's key has signed it; None if nobody here did."""
    if known:
        return {"service": known.service.partition("/")[0], "kind": known.kind}
    if verdict.key is None or not verdict.made_here:
        return None
    service = verdict.key["service"].partition("/")[0]
    room = rooms.get(service)
    return {"service": service, "kind": _find_kind(world, parts, service, room.kinds if room else ())}


def _claimed_by(verdict: Verdict) -> str:
    """The service whose key the header names, "" if it names none."""
    return verdict.key["service"].partition("/")[0] if verdict.key else ""


def _own_claims(rooms: Mapping[str, Room], service: str) -> dict[str, Meaning]:
    """The claims of this service; of one that is not known, those of any, which its token may pretend to be of."""
    known = [rooms[service]] if service in rooms else [] if service else list(rooms.values())[::-1]
    standard = frozenset() if service else CLAIMS.keys()
    return {
        name: Meaning(text, room.title) for room in known for name, text in room.claims.items() if name not in standard
    }


def _find_kind(world: World, parts: Parts, service: str, kinds: Collection[str]) -> str | None:
    """The kind of a JWT, as its room calls it, as far as what it says tells that."""
    header, claims = parts.header or {}, parts.claims or {}
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if typ in _TYPES:
        return _TYPES[typ]
    if len(kinds) == 1:
        return next(iter(kinds))
    word = claims.get("type")
    if isinstance(word, str):
        return next((kind for kind in (f"{word}_token", word) if kind in kinds), None)
    if claims.keys() & _OF_ID_TOKENS or _is_for_client(world, claims, service):
        return "id_token"
    if claims.keys() & _OF_ACCESS_TOKENS - {"roles"} or ("access_token" in kinds and "id_token" not in kinds):
        return "access_token"
    return "id_token" if "auth_time" in claims and "client_id" not in claims else None


def _is_for_client(world: World, claims: Mapping[str, Any], service: str) -> bool:
    """Whether its audience is an application of the service, as that of an id_token is."""
    if claims.keys() & _OF_ACCESS_TOKENS - {"roles"}:
        return False
    audience = claims.get("aud")
    named = [one for one in (audience if isinstance(audience, list) else [audience])[:5] if isinstance(one, str)]
    found = (client for one in named for client in find_clients(world, one))
    return any(client.service.partition("/")[0] == service for client in found)
