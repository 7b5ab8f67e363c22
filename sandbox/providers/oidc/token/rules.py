"""What an issuer decides about a token that is presented: at userinfo, introspection and revocation."""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH, find_token, get_access_token, lock_tokens, revoke_tokens
from sandbox.core.world import World
from sandbox.protocol.claims import asked_claims, released
from sandbox.providers.oidc.clients import get_issuers_client
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.misbehaving import USERINFO
from sandbox.providers.oidc.people import can_sign_in, claims_of, get_active, subject
from sandbox.providers.oidc.tokens import Grant


def get_bearer(world: World, issuer: Issuer, value: str) -> tables.Token:
    """The live access token that a caller of userinfo presents.

    Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED, SCOPE_INSUFFICIENT.
    """
    token = get_access_token(world, value, service=issuer.service)
    if "openid" not in token.scopes.split():
        raise Refusal(Reason.SCOPE_INSUFFICIENT, "userinfo needs the scope openid")
    return token


def userinfo(world: World, issuer: Issuer, token: tables.Token) -> dict[str, Any]:
    """The claims that the token's scopes and its claims parameter release (OIDC Core section 5.3.2).

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    grant = Grant.restore(token)
    identity = get_active(world, grant.login)
    client = get_issuers_client(world, issuer, token.client_id)
    available = {**issuer.settings["claims"], **client.settings["claims"], **claims_of(identity)}
    claims = released(available, grant.scopes, asked_claims(grant.claims, "userinfo"))
    return issuer.misbehaviour.said(world, USERINFO, {**claims, "sub": subject(identity)})


def introspect(world: World, issuer: Issuer, value: str) -> dict[str, Any]:
    """What a token is worth now (RFC 7662 section 2.2); of one that is worth nothing, nothing else is said."""
    token = _find(world, issuer, value)
    if token is None or not _is_live(world, token):
        return {"active": False}
    grant = Grant.restore(token)
    claims = token.data.get("claims", {})
    return {
        "active": True,
        "scope": token.scopes,
        "client_id": token.client_id,
        "username": token.login or None,
        "token_type": ("DPoP" if grant.jkt else "Bearer") if token.kind == ACCESS else None,
        "exp": token.expires_at,
        "iat": token.issued_at,
        "sub": claims.get("sub") or _subject(world, token.login),
        "aud": claims.get("aud"),
        "iss": issuer.url,
        "jti": claims.get("jti"),
        "cnf": {"jkt": grant.jkt} if grant.jkt else None,
    }


def revoke(world: World, issuer: Issuer, client: tables.Client, value: str) -> None:
    """Revoke a token; a refresh token takes all of its login with it (RFC 7009 section 2.1).

    A token that nobody knows is as good as revoked. Raises Refusal: TOKEN_OF_ANOTHER_CLIENT.
    """
    token = _find(world, issuer, value)
    if token is None:
        return
    if token.client_id != client.client_id:
        raise Refusal(Reason.TOKEN_OF_ANOTHER_CLIENT, f"the token was issued to {token.client_id}", "token")
    if token.kind == REFRESH:
        lock_tokens(world, issuer.service, token.login)
        revoke_tokens(world, service=issuer.service, family=token.family)
    else:
        revoke_tokens(world, service=issuer.service, digest=token.digest)


def _is_live(world: World, token: tables.Token) -> bool:
    """Whether the token could be used now."""
    expired = token.expires_at is not None and world.now() >= token.expires_at
    speaks = not token.login or can_sign_in(world, token.login)
    return token.revoked_at is None and token.used_at is None and not expired and speaks


def _find(world: World, issuer: Issuer, value: str) -> tables.Token | None:
    # token_type_hint only speeds up the search (RFC 7009 section 2.1), and this one is fast.
    return find_token(world, value, service=issuer.service, kind=ACCESS) or find_token(
        world, value, service=issuer.service, kind=REFRESH
    )


def _subject(world: World, login: str) -> str | None:
    identity = world.store.find(tables.Identity, login=login) if login else None
    return subject(identity) if identity else None
