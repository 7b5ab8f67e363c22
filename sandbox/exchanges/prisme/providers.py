"""Login providers: which there are, what their id_tokens tell of a person, and whether one is good.

Finds no users: that is rules.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.core import jwts
from sandbox.core.keys import load_public_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.prisme import wire
from sandbox.exchanges.prisme.models import OIDC, SLUG, Profile, Provider
from sandbox.protocol.signed_tokens import verify_token
from sandbox.relying_party import OpenIdIssuer, get_issuer, verify_by_jwks

ALGORITHM = "RS256"


def list_providers(world: World) -> list[Provider]:
    """The providers that are enabled, in the order of the file and the fixture."""
    found = (Provider(**about) for about in world.settings[SLUG]["providers"].values())
    return [provider for provider in found if provider.enabled]


def find_provider(world: World, slug: str) -> Provider | None:
    """The provider with this slug if it is enabled, or None."""
    return next((provider for provider in list_providers(world) if provider.slug == slug), None)


def get_exchanger(world: World, slug: str) -> Provider:
    """The provider whose id_tokens may be exchanged. Raises Refusal: PROVIDER_UNSUPPORTED, GRANT_TYPE_NOT_ALLOWED."""
    provider = find_provider(world, slug)
    if provider is None or provider.type != OIDC:
        what = "no provider that is enabled" if provider is None else f"a provider of type {provider.type}"
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"{slug!r} is {what}", "provider")
    if not provider.allow_token_exchange:
        raise Refusal(Reason.GRANT_TYPE_NOT_ALLOWED, f"{slug} has no allowTokenExchange", "provider")
    return provider


def verify_id_token(world: World, provider: Provider, token: str) -> dict[str, Any]:
    """The claims of an id_token that is good for Prisme.ai now.

    Raises Refusal: TOKEN_ALGORITHM_NOT_ALLOWED, TOKEN_KEY_UNKNOWN, TOKEN_AUDIENCE_WRONG, TOKEN_ISSUER_WRONG,
    TOKEN_MALFORMED, and the reasons of `OpenIdIssuer.verify`.
    """
    header = jwts.read_header(token)
    if header.get("alg") != ALGORITHM:
        raise Refusal(Reason.TOKEN_ALGORITHM_NOT_ALLOWED, f"alg is {header.get('alg')!r}, not {ALGORITHM}", "alg")
    if not isinstance(header.get("kid"), str):
        raise Refusal(Reason.TOKEN_KEY_UNKNOWN, "the token names no key", "kid")
    claims = _verify_life(world, provider, token)
    audience = claims.get("aud")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"aud is {audience!r}, not {provider.client_id}", "aud")
    issuer = _issuer_url(world, provider)
    if issuer is not None and claims.get("iss") != issuer:
        raise Refusal(Reason.TOKEN_ISSUER_WRONG, f"iss is {claims.get('iss')!r}, not {issuer}", "iss")
    return _storable(claims)


def read_profile(provider: Provider, claims: Mapping[str, Any]) -> Profile:
    """What the claims tell of the person. Raises Refusal: ASSERTION_WITHOUT_USER."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise Refusal(Reason.ASSERTION_WITHOUT_USER, f"the token's sub is {subject!r}", "sub")
    return wire.read_profile(claims, subject, provider.attributes)


def own_issuer(world: World, provider: Provider) -> OpenIdIssuer | None:
    """The issuer of this sandbox that plays the provider, if one does. Raises Refusal: as `get_issuer`."""
    if provider.reference is None:
        return None
    return get_issuer(world, provider.reference, network=network(world))


def network(world: World) -> list[str]:
    """The origins outside that may be called."""
    origins: list[str] = world.settings[SLUG]["network"]
    return origins


def _verify_life(world: World, provider: Provider, token: str) -> dict[str, Any]:
    try:
        return _verify_signature(world, provider, token)
    except Refusal as refusal:
        # The open-source gateway takes a token that never ends; the signature has been checked by then.
        claims = jwts.read_claims(token) if refusal.field == "exp" else {"exp": None}
        if "exp" in claims or world.settings[SLUG]["profile"] != "shipped":
            raise
        jwts.check_life(world, {name: value for name, value in claims.items() if name == "nbf"})
        return claims


def _verify_signature(world: World, provider: Provider, token: str) -> dict[str, Any]:
    if (issuer := own_issuer(world, provider)) is not None:
        return issuer.verify(world, token)
    if isinstance(provider.jwks, Mapping):
        keys = [load_public_key(pem.encode(), ALGORITHM, kid) for kid, pem in provider.jwks.items()]
        return verify_token(world, token, lambda _: keys)
    return verify_by_jwks(world, token, provider.jwks or "", network=network(world))


def _issuer_url(world: World, provider: Provider) -> str | None:
    """What iss must be; None if any will do. The issuer of this sandbox has the URL that this request gives it."""
    if provider.issuer is None:
        return None
    issuer = own_issuer(world, provider)
    return issuer.url if issuer else provider.issuer


def _storable(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims, if they can be kept as JSON. Raises Refusal: TOKEN_MALFORMED."""
    try:
        json.dumps(claims, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"the claims cannot be written down: {error}", "payload") from error
    return claims
