"""JITSudo's own JWT: signed by one secret, good for any call until it expires, and never remembered."""

from __future__ import annotations

from sandbox.core import jwts
from sandbox.core.flows import follow, mark
from sandbox.core.keys import Key, secret_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import wire
from sandbox.exchanges.jitsudo.models import SLUG, Person, SystemToken, Tenant, parse_duration

# 9999-12-31T23:59:59Z, the last moment that `expires_at` can show; `exp` is the same one.
_LAST_SECOND = 253_402_300_799


def issue_system_token(world: World, tenant: Tenant, user_id: str, person: Person) -> SystemToken:
    """A token for a person in a tenant."""
    now = world.now()
    expires_at = min(now + parse_duration(world.settings[SLUG]["jwt_ttl"]), _LAST_SECOND)
    life = {"iat": now, "exp": expires_at, "jti": world.ids.uuid()}
    claims = {**wire.system_claims(tenant, user_id, person), **life}
    token = jwts.issue(world, ACCESS, claims, _key(world))
    mark(world, token)
    return SystemToken(token, expires_at)


def read_system_token(world: World, value: str) -> str:
    """The id of the tenant that a good token belongs to.

    Raises Refusal: the reasons of `jwts.verify`, TOKEN_ISSUER_WRONG, TOKEN_MALFORMED.
    """
    follow(world, value)
    claims = jwts.verify(world, value, _key(world))
    if claims.get("iss") != wire.ISSUER:
        raise Refusal(Reason.TOKEN_ISSUER_WRONG, f"the token was issued by {claims.get('iss')!r}")
    tenant_id = claims.get("tenant_id")
    if not isinstance(tenant_id, str):
        raise Refusal(Reason.TOKEN_MALFORMED, "the token has no tenant_id")
    return tenant_id


def _key(world: World) -> Key:
    return secret_key(world.settings[SLUG]["jwt_secret"])
