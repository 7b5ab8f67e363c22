"""What the cloud decides at its token endpoint; only full success spends anything."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import use_refresh_token
from sandbox.core.world import World
from sandbox.protocol.client_auth import Credentials, authenticate, identify, parse_credentials
from sandbox.protocol.grants import authorization_code, device_code, refresh_token
from sandbox.protocol.parameters import get_parameter
from sandbox.providers.insforge_cloud.oauth.rules import check_device_flow
from sandbox.providers.insforge_cloud.oauth.tokens import IssuedTokens, issue_tokens
from sandbox.providers.insforge_cloud.people import SLUG

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
Given = dict[str, str]
Grant = Callable[[World, Credentials, Given], IssuedTokens]


def swap(world: World, header: str | None, given: Given) -> IssuedTokens:
    """Tokens for a code, a refresh token or a device code.

    Raises Refusal: FIELD_MISSING, GRANT_TYPE_UNSUPPORTED, the reasons of client authentication and of the grant.
    """
    grant_type = get_parameter(given, "grant_type")
    if grant_type not in _GRANTS:
        raise Refusal(Reason.GRANT_TYPE_UNSUPPORTED, f"no grant is called {grant_type!r}", "grant_type")
    return _GRANTS[grant_type](world, parse_credentials(header, given), given)


def redeem_code_of(
    world: World,
    client: tables.Client,
    *,
    code: str,
    redirect_uri: str | None = None,
    code_verifier: str | None = None,
) -> IssuedTokens:
    """Swap a code of a client that is known already. Raises Refusal: the reasons of codes, redirect URI, verifier."""
    grant = authorization_code.check_authorization_code(
        world,
        SLUG,
        client,
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=code_verifier,
        is_allowed=lambda uri: False,
    )
    authorization_code.redeem_authorization_code(world, grant)
    return issue_tokens(world, client.client_id, grant.login, grant.scopes, grant.flow)


def _redeem_code(world: World, credentials: Credentials, given: Given) -> IssuedTokens:
    return redeem_code_of(
        world,
        _client(world, credentials),
        code=get_parameter(given, "code"),
        redirect_uri=get_parameter(given, "redirect_uri"),
        code_verifier=get_parameter(given, "code_verifier"),
    )


def _refresh(world: World, credentials: Credentials, given: Given) -> IssuedTokens:
    client = _client(world, credentials)
    token = refresh_token.check_refresh_token(world, SLUG, client, get_parameter(given, "refresh_token"))
    use_refresh_token(world, token)
    return issue_tokens(world, client.client_id, token.login, tuple(token.scopes.split()), token.family)


def _poll_device(world: World, credentials: Credentials, given: Given) -> IssuedTokens:
    client = _client(world, credentials)
    check_device_flow(client)
    grant = device_code.check_device_code(world, SLUG, client, get_parameter(given, "device_code"))
    device_code.redeem_device_code(world, grant)
    return issue_tokens(world, client.client_id, grant.login or "", tuple(grant.scopes.split()), grant.flow)


def _client(world: World, credentials: Credentials) -> tables.Client:
    """A client that has a secret proves it; a public one has none."""
    client = identify(world, SLUG, credentials)
    return authenticate(world, SLUG, credentials) if client.secret is not None else client


_GRANTS: dict[str, Grant] = {
    "authorization_code": _redeem_code,
    "refresh_token": _refresh,
    DEVICE_GRANT: _poll_device,
}
