"""Token exchange (RFC 8693): a token of this issuer for another one of the same person, for another audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sandbox.core import jwts, tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import get_access_token
from sandbox.core.world import World
from sandbox.protocol.id_tokens import check_typ
from sandbox.protocol.parameters import get_parameter
from sandbox.providers.oidc.clients import narrowed_scopes
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.login.requests import check_resources
from sandbox.providers.oidc.people import find_by_subject
from sandbox.providers.oidc.tokens import Grant, IssuedTokens, Sign, issue_access_token, make_id_token

_TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN, ID_TOKEN, JWT = f"{_TYPE}access_token", f"{_TYPE}id_token", f"{_TYPE}jwt"


def exchange_token(
    world: World, issuer: Issuer, client: tables.Client, parameters: dict[str, str], jkt: str | None
) -> IssuedTokens:
    """Swap `subject_token`; an `actor_token` of this issuer is named in the new token's `act`.

    Raises Refusal: FIELD_MISSING, FIELD_INVALID, SUBJECT_TOKEN_INVALID, SCOPE_INVALID, TARGET_INVALID.
    """
    subject = _read(world, issuer, parameters, "subject_token")
    wanted = parameters.get("requested_token_type", ACCESS_TOKEN)
    if wanted not in (ACCESS_TOKEN, JWT, ID_TOKEN):
        raise Refusal(Reason.FIELD_INVALID, f"no token of type {wanted!r} can be had", "requested_token_type")
    scopes = narrowed_scopes(subject.scopes, parameters.get("scope"))
    audience = check_resources(parameters.get("resource")) or tuple(parameters.get("audience", "").split())
    actor = _actor(world, issuer, parameters)
    grant = replace(subject, scopes=scopes, audience=audience, jkt=jkt, nonce=None, actor=actor)
    if wanted == ID_TOKEN:
        token = make_id_token(world, issuer, client, grant)
        return IssuedTokens(token, "N_A", issuer.settings["id_token_ttl"], scopes, issued_token_type=ID_TOKEN)
    token = issue_access_token(world, issuer, client, grant)
    kind = "DPoP" if jkt else "Bearer"
    return IssuedTokens(token, kind, issuer.settings["access_token_ttl"], scopes, issued_token_type=wanted)


def _actor(world: World, issuer: Issuer, parameters: Mapping[str, str]) -> str | None:
    if "actor_token" not in parameters:
        return None
    return _read(world, issuer, parameters, "actor_token").login or None


def _read(world: World, issuer: Issuer, parameters: Mapping[str, str], name: str) -> Grant:
    """What stands behind a token of this issuer."""
    given = dict(parameters)
    value, kind = get_parameter(given, name), get_parameter(given, f"{name}_type")
    try:
        if kind == ID_TOKEN:
            return _read_id_token(world, issuer, value)
        if kind in (ACCESS_TOKEN, JWT):
            return Grant.restore(get_access_token(world, value, service=issuer.service))
    except Refusal as refusal:
        raise Refusal(Reason.SUBJECT_TOKEN_INVALID, refusal.detail, name) from refusal
    raise Refusal(Reason.FIELD_INVALID, f"no token of type {kind!r} is accepted", f"{name}_type")


def _read_id_token(world: World, issuer: Issuer, value: str) -> Grant:
    claims = jwts.verify(world, value, issuer.keys(world))
    check_typ(value)
    sub = claims.get("sub")
    identity = find_by_subject(world, sub) if isinstance(sub, str) and claims.get("iss") == issuer.url else None
    if identity is None:
        raise Refusal(Reason.SUBJECT_TOKEN_INVALID, f"the id_token is not of {issuer.url}, or its subject is nobody")
    # An id_token says who signed in, and nothing of what was granted.
    return Grant(identity.login, ("openid",), world.ids.text(16), Sign(None, claims.get("auth_time")))
