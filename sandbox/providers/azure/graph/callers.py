"""Who calls Microsoft Graph: the token in the Authorization header, and the person or application behind it.

What the caller may see is rules.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import jwts, tables
from sandbox.core.identities import check_active
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, find_token, get_access_token
from sandbox.core.world import World
from sandbox.providers.azure.directory import SLUG, Tenant, User, get_tenant, get_user
from sandbox.providers.azure.resources import GRAPH_URIS


@dataclass(frozen=True)
class Caller:
    """The tenant and the application behind a request; `user` is None where the application calls for itself.

    `permissions` are the delegated scopes of the token, or the application's roles.
    """

    tenant: Tenant
    user: User | None
    client_id: str
    permissions: tuple[str, ...]

    def may(self, *accepted: str) -> bool:
        """Whether the token has one of these permissions."""
        return any(permission in accepted for permission in self.permissions)


def get_caller(world: World, authorization: str | None) -> Caller:
    """Who calls with this Authorization header.

    Raises Refusal: TOKEN_MISSING, TOKEN_MALFORMED, TOKEN_UNKNOWN, TOKEN_AUDIENCE_WRONG, TOKEN_REVOKED, TOKEN_EXPIRED,
    ISSUER_UNKNOWN, IDENTITY_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT, IDENTITY_DEACTIVATED.
    """
    scheme, _, value = (authorization or "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no Authorization header with a Bearer token")
    if find_token(world, value, service=SLUG, kind=ACCESS) is None:
        raise _strange(value)
    token = get_access_token(world, value, service=SLUG)
    _check_audience(token.data["aud"])
    tenant = get_tenant(world, token.data["tenant"])
    if token.data["app_only"]:
        return Caller(tenant, None, token.client_id, tuple(token.data["roles"]))
    return Caller(tenant, _active_user(world, tenant, token), token.client_id, _scopes(token))


def _active_user(world: World, tenant: Tenant, token: tables.Token) -> User:
    user = get_user(world, tenant, token.login)
    check_active(user.identity)
    return user


def _scopes(token: tables.Token) -> tuple[str, ...]:
    # https://graph.microsoft.com/User.Read and User.Read are the same.
    return tuple(scope.rpartition("/")[2] for scope in token.scopes.split())


def _strange(value: str) -> Refusal:
    """Why a token that nobody issued is refused, as far as it can be told from the token itself."""
    if "." not in value:
        return Refusal(Reason.TOKEN_MALFORMED, "the token is no JWT, and was never issued")
    try:
        _check_audience(jwts.read_claims(value).get("aud"))
    except Refusal as refusal:
        if refusal.reason is Reason.TOKEN_AUDIENCE_WRONG:
            return refusal
    return Refusal(Reason.TOKEN_UNKNOWN, "no access token with this value was ever issued")


def _check_audience(audience: object) -> None:
    if not isinstance(audience, str) or audience.rstrip("/") not in GRAPH_URIS:
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"the token is for {audience!r}, not for Microsoft Graph")
