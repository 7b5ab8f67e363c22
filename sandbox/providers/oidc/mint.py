"""An issuer's tokens without a login: made by tokens.py, as the token endpoint does."""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest, get_issued
from sandbox.protocol.logout import sign_logout_token
from sandbox.protocol.sessions import BASIC_ACR, PASSWORD
from sandbox.providers.oidc.clients import allowed_scopes
from sandbox.providers.oidc.headless import choose_client
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.login.requests import check_resources
from sandbox.providers.oidc.people import get_active, subject
from sandbox.providers.oidc.tokens import Grant, Sign, issue_access_token, issue_tokens, make_id_token
from sandbox.service import current_mount

_SCOPE = "openid profile email"
_SID_LENGTH = 32


def mint_id_token(world: World, asked: MintRequest) -> str:
    """An id_token. Raises Refusal: FIELD_MISSING, and as `_grant`."""
    _ = asked.person
    issuer, client, grant = _grant(world, asked)
    return make_id_token(world, issuer, client, grant)


def mint_access_token(world: World, asked: MintRequest) -> str:
    """An access token; without a person it is the application's own. Raises Refusal: as `_grant`."""
    return issue_access_token(world, *_grant(world, asked))


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A refresh token. Raises Refusal: FIELD_MISSING, GRANT_TYPE_NOT_ALLOWED, and as `_grant`."""
    _ = asked.person
    issued = issue_tokens(world, *_grant(world, asked, "offline_access"))
    return get_issued(issued.refresh_token, "refresh_token is none of this client's grant_types, or its scopes")


def mint_logout_token(world: World, asked: MintRequest) -> str:
    """What a client is told of the end of a session (Back-Channel Logout). Raises Refusal: as `_grant`."""
    issuer, client = choose_client(world, current_mount(), asked.issuer, asked.client)
    key = issuer.signing_key(world, client.settings["id_token_signed_response_alg"])
    sub, sid = subject(get_active(world, asked.person.login)), world.ids.text(_SID_LENGTH)
    return sign_logout_token(world, key, issuer=issuer.url, client_id=client.client_id, subject=sub, sid=sid)


def _grant(world: World, asked: MintRequest, *more: str) -> tuple[Issuer, tables.Client, Grant]:
    """What the token is made from.

    Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED, CLIENT_UNKNOWN, TARGET_INVALID, IDENTITY_DEACTIVATED.
    """
    issuer, client = choose_client(world, current_mount(), asked.issuer, asked.client)
    login = get_active(world, asked.identity.login).login if asked.identity else ""
    wanted = (_SCOPE if login else "") if asked.scope is None else asked.scope
    grant = Grant(
        login,
        allowed_scopes(issuer, client, " ".join((wanted, *more))),
        world.entry.flow or world.ids.text(16),
        Sign(None, world.now(), BASIC_ACR, PASSWORD) if login else Sign(),
        audience=check_resources(asked.audience),
    )
    return issuer, client, grant


_PARAMETERS = ("identity", "client", "scope", "issuer")
MINTS = {
    "id_token": Mintable(JWT, "An id_token of any issuer.", mint_id_token, _PARAMETERS),
    ACCESS: Mintable(
        JWT, "An access token of any issuer, for any audience.", mint_access_token, (*_PARAMETERS, "audience")
    ),
    REFRESH: Mintable(OPAQUE, "A refresh token of any issuer.", mint_refresh_token, _PARAMETERS),
    "logout_token": Mintable(
        JWT, "The logout token of Back-Channel Logout.", mint_logout_token, ("identity", "client", "issuer")
    ),
}
