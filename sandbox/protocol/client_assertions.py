"""Client assertions: client_secret_jwt and private_key_jwt (RFC 7523 section 3, OIDC Core section 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.keys import KEY_TYPES, Key, public_key, secret_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.protocol.outgoing import fetch_json

# Seconds by which clocks may differ; RFC 7523 allows "a few minutes" at most.
LEEWAY = 60
# An assertion that lives longer was not made for one request.
_MAX_LIFE = 3600
# What ends later than any clock shows never ends, and no column need hold it.
_LATEST = 2**40


def check_assertion(
    world: World,
    client: tables.Client,
    assertion: str,
    keys: Iterable[Key],
    *,
    audiences: Collection[str],
    several: bool = True,
) -> None:
    """Check who made the assertion, for whom, when, and that it was not used before.

    `several` tells whether aud may be a list, of which one must be right; FAPI 2.0 wants the one text alone.

    Raises Refusal: CLIENT_ASSERTION_SIGNATURE_BAD, CLIENT_ASSERTION_SUBJECT_WRONG, CLIENT_ASSERTION_AUDIENCE_WRONG,
    CLIENT_ASSERTION_INVALID.
    """
    try:
        claims = jwts.verify_signature(assertion, keys)
    except Refusal as refusal:
        raise Refusal(Reason.CLIENT_ASSERTION_SIGNATURE_BAD, refusal.detail, "client_assertion") from refusal
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise Refusal(
            Reason.CLIENT_ASSERTION_SUBJECT_WRONG,
            f"iss and sub must be {client.client_id}; found {claims.get('iss')!r} and {claims.get('sub')!r}",
        )
    named = claims.get("aud")
    addressed = named if several and isinstance(named, list) else [named]
    if not any(isinstance(one, str) and one in audiences for one in addressed):
        raise Refusal(Reason.CLIENT_ASSERTION_AUDIENCE_WRONG, f"aud must be {' or '.join(audiences)}; found {named!r}")
    _check_life(world, claims)
    whose, until = f"{client.service} {client.client_id}", claims["exp"] + LEEWAY
    check_unused(world, whose, claims.get("jti"), Reason.CLIENT_ASSERTION_INVALID, until=until)


def client_keys(client: tables.Client, assertion: str, network: Collection[str]) -> list[Key]:
    """The keys with which this client may have signed `assertion`, by the algorithm that its header names.

    A jwks_uri is fetched each time, so that a client may rotate its keys (OIDC Core section 10.1.1). Raises Refusal:
    TOKEN_MALFORMED, OUTSIDE_ADDRESS_REFUSED.
    """
    algorithm = jwts.read_header(assertion).get("alg")
    if algorithm == "HS256":
        return [secret_key(client.secret)] if client.secret else []
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        return []
    uri = client.settings.get("jwks_uri")
    jwks: Any = fetch_json(uri, network) if uri else client.settings.get("jwks")
    return list(usable_keys(jwks, algorithm))


def usable_keys(jwks: Any, algorithm: str) -> Iterable[Key]:
    """The keys of a JWK Set that are good for `algorithm`; the others are none of our business (RFC 7517 section 5)."""
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    for jwk in members if isinstance(members, list) else []:
        try:
            yield public_key(jwk, algorithm)
        except (ValueError, AttributeError):
            continue


def check_unused(world: World, whose: str, jti: object, otherwise: Reason, *, until: float | None) -> None:
    """Note a jti, and refuse one that was seen before. Raises Refusal: `otherwise`.

    After `until` (epoch seconds; None: never) what has it is refused anyway, and it may be forgotten.
    """
    if not isinstance(jti, str) or not jti:
        raise Refusal(otherwise, "there is no jti")
    name, end = f"jti {digest(f'{whose} {jti}')}", None if until is None or until > _LATEST else int(until) + 1
    if world.store.count_up(tables.Counter, "used", name=name, window_at=0, expires_at=end) > 1:
        raise Refusal(otherwise, f"the jti {jti!r} was used before")


def _check_life(world: World, claims: dict[str, Any]) -> None:
    try:
        jwts.check_life(world, claims, leeway=LEEWAY)
    except Refusal as refusal:
        raise Refusal(Reason.CLIENT_ASSERTION_INVALID, refusal.detail, "client_assertion") from refusal
    is_short = "exp" in claims and claims["exp"] <= world.now() + _MAX_LIFE
    if not is_short:
        raise Refusal(Reason.CLIENT_ASSERTION_INVALID, f"exp must be there, and at most {_MAX_LIFE} s from now")
