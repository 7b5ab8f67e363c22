"""The keys of outside issuers, fetched once and kept for every process of the sandbox until a token names another.

Where they are fetched from is its caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.keys import KEY_TYPES, Key, public_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.signed_tokens import verify_token

Fetch = Callable[[], Mapping[str, Any]]


def verify(world: World, token: str, source: str, fetch: Fetch) -> dict[str, Any]:
    """The claims of a token that a key of `source` signed; `fetch` gets its JWK Set.

    The set is kept without expiry, and fetched again once for a token whose key is not in it: the issuer may have a
    new one (OIDC Core section 10.1.1). Raises Refusal: the reasons of `verify_token`; PROVIDER_FAILED (`keys`) if the
    set cannot be had; OUTSIDE_ADDRESS_REFUSED.
    """
    kept = world.store.find(tables.OutsideKeys, source=source)
    if kept is not None:
        try:
            return _verify(world, token, kept.jwks)
        except Refusal as refusal:
            if refusal.reason is not Reason.TOKEN_KEY_UNKNOWN:
                raise
    return _verify(world, token, _refresh(world, source, fetch))


def _verify(world: World, token: str, jwks: list[Any]) -> dict[str, Any]:
    return verify_token(world, token, lambda algorithm: _keys(jwks, algorithm))


def _refresh(world: World, source: str, fetch: Fetch) -> list[Any]:
    try:
        jwks = _usable(fetch())
    except Refusal as refusal:
        field = "keys" if refusal.reason is Reason.PROVIDER_FAILED else refusal.field
        raise Refusal(refusal.reason, refusal.detail, field) from refusal
    world.store.put(tables.OutsideKeys, source=source, jwks=jwks, fetched_at=world.now())
    return jwks


def _usable(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The signing keys of a JWK Set, with what verifies by them; the others are none of our business (RFC 7517
    section 5).
    """
    members = document.get("keys")
    if not isinstance(members, list):
        raise Refusal(Reason.PROVIDER_FAILED, "the issuer's key set has no keys")
    jwks = [
        {name: value for name, value in jwk.items() if isinstance(value, str)}
        for jwk in members
        if isinstance(jwk, dict)
    ]
    return [jwk for jwk in jwks if any(True for algorithm in KEY_TYPES for _ in _keys([jwk], algorithm))]


def _keys(jwks: list[Any], algorithm: str) -> Iterator[Key]:
    """The keys, each pinned to the algorithm it names, or else to `algorithm`, or else to the first it is good for."""
    for jwk in jwks:
        for candidate in (algorithm, *KEY_TYPES):
            try:
                key = public_key(jwk, candidate)
            except ValueError:
                continue
            yield key
            break
