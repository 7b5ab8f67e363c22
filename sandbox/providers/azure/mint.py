"""Entra ID's tokens without a login: issued by tokens.py, as the token endpoint does."""

from __future__ import annotations

from typing import Any

from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest, get_issued
from sandbox.providers.azure import consent
from sandbox.providers.azure.applications import has_credentials
from sandbox.providers.azure.authorities import V1, V2, Authority
from sandbox.providers.azure.claims import Grant, SignIn
from sandbox.providers.azure.headless import SCOPE, choose_client
from sandbox.providers.azure.login import accounts
from sandbox.providers.azure.login.client_rules import BY_SECRET, PUBLIC, Caller
from sandbox.providers.azure.login.grants import client_credentials
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.resources import DEFAULT, GRAPH_URIS, OFFLINE, parse_scopes
from sandbox.providers.azure.tokens import RefreshTerms, issue_access_token, issue_id_token, issue_tokens
from sandbox.service import current_mount


def mint_id_token(world: World, asked: MintRequest) -> str:
    """An id_token of version 2.0. Raises Refusal: as `_grant`."""
    return issue_id_token(world, current_mount(), _grant(world, asked)[1])


def mint_id_token_v1(world: World, asked: MintRequest) -> str:
    """An id_token of version 1.0. Raises Refusal: as `_grant`."""
    return issue_id_token(world, current_mount(), _grant(world, asked, version=V1)[1])


def mint_access_token(world: World, asked: MintRequest) -> str:
    """An access token for a person; its version is that of its audience. Raises Refusal: as `_grant`."""
    return issue_access_token(world, current_mount(), _grant(world, asked)[1])


def mint_app_token(world: World, asked: MintRequest) -> str:
    """An access token that an application has for itself. Raises Refusal: as `choose_client`, and of the grant."""
    authority, client = choose_client(world, current_mount(), "", asked.issuer, asked.client)
    given: dict[str, Any] = dict.fromkeys(TokenParameters.__dataclass_fields__)
    given |= {"scope": f"{asked.audience or GRAPH_URIS[0]}/{DEFAULT}", "version": V2}
    caller = Caller(client, BY_SECRET)
    return client_credentials(world, authority, caller, TokenParameters(**given)).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A refresh token, and the consent that a sign-in would have brought. Raises Refusal: as `_grant`."""
    authority, grant = _grant(world, asked, OFFLINE)
    consent.grant(world, grant.client, grant.user, grant.asked)
    issued = issue_tokens(world, current_mount(), grant, refreshable=RefreshTerms(authority.key))
    return get_issued(issued.refresh_token, "no refresh token goes with these scopes")


def _grant(world: World, asked: MintRequest, *more: str, version: str = V2) -> tuple[Authority, Grant]:
    """The authority, and what the token is made from.

    Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, ISSUER_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT, SCOPE_INVALID,
    TARGET_INVALID, and the reasons of `check_account`.
    """
    login = asked.person.login
    authority, client = choose_client(world, current_mount(), login, asked.issuer, asked.client)
    user = accounts.get_account(world, authority, client, login)
    accounts.check_account(world, client, user, interactive=False)
    usual = f"{asked.audience}/{DEFAULT} openid profile email" if asked.audience else SCOPE
    wanted = parse_scopes(world, " ".join((asked.scope or usual, *more)), user.tenant)
    grant = Grant(
        client=client,
        user=user,
        asked=wanted,
        names=consent.token_scopes(wanted, consent.granted(world, client, user)),
        sign_in=SignIn(world.now()),
        flow=world.entry.flow or world.ids.text(16),
        version=version,
        acr=BY_SECRET if has_credentials(client) else PUBLIC,
    )
    return authority, grant


_PARAMETERS = ("identity", "client", "scope", "issuer")
MINTS = {
    "id_token": Mintable(JWT, "An id_token of version 2.0.", mint_id_token, _PARAMETERS),
    "id_token_v1": Mintable(JWT, "An id_token of version 1.0.", mint_id_token_v1, _PARAMETERS, "id_token"),
    ACCESS: Mintable(
        JWT, "An access token for Graph, or for an API of the fixture.", mint_access_token, (*_PARAMETERS, "audience")
    ),
    "app_access_token": Mintable(
        JWT,
        "An access token that an application has for itself.",
        mint_app_token,
        ("client", "issuer", "audience"),
        ACCESS,
    ),
    REFRESH: Mintable(OPAQUE, "A refresh token.", mint_refresh_token, _PARAMETERS),
}
