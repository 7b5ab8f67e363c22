"""What GitHub decides at the token endpoint, in GitHub's order of checks; only full success spends anything."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.core import tables
from sandbox.core.identities import check_active, get_identity, primary_email
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.client_auth import Credentials, authenticate, identify
from sandbox.protocol.grants import authorization_code, device_code, refresh_token
from sandbox.providers.github.login.applications import check_not_suspended, is_allowed_redirect
from sandbox.providers.github.login.device_rules import check_device_flow
from sandbox.providers.github.login.parameters import TokenParameters
from sandbox.providers.github.tokens import SLUG, IssuedTokens, check_hourly_limit, issue_tokens

Grant = Callable[[World, Credentials, TokenParameters], IssuedTokens]


def redeem_code(world: World, credentials: Credentials, parameters: TokenParameters) -> IssuedTokens:
    """Swap a code for tokens, checked in GitHub's order; nothing but full success spends the code.

    Raises Refusal: the reasons of client authentication, codes, redirect URI and verifier; EMAIL_UNVERIFIED,
    RATE_LIMITED.
    """
    client = authenticate(world, SLUG, credentials)
    return redeem_code_of(
        world,
        client,
        code=parameters.code,
        redirect_uri=parameters.redirect_uri,
        code_verifier=parameters.code_verifier,
    )


def redeem_code_of(
    world: World,
    client: tables.Client,
    *,
    code: str,
    redirect_uri: str | None = None,
    code_verifier: str | None = None,
) -> IssuedTokens:
    """The same for a client that is known already."""
    check_not_suspended(client)
    grant = authorization_code.check_authorization_code(
        world,
        SLUG,
        client,
        code=code,
        redirect_uri=redirect_uri,
        code_verifier=code_verifier,
        is_allowed=lambda uri: is_allowed_redirect(client, uri),
    )
    check_person(world, grant.login)
    check_hourly_limit(world, client, grant.login, grant.scopes)
    authorization_code.redeem_authorization_code(world, grant)
    return issue_tokens(
        world,
        client,
        login=grant.login,
        scopes=grant.scopes,
        flow=grant.flow,
        offline=bool(grant.request.extra.get("offline")),
    )


def refresh(world: World, credentials: Credentials, parameters: TokenParameters) -> IssuedTokens:
    """Swap a refresh token for a new pair; the old pair dies at once.

    The secret may be left out for tokens of the device flow only. Raises Refusal: the reasons of client
    authentication and of refresh tokens.
    """
    client = identify(world, SLUG, credentials)
    check_not_suspended(client)
    token = refresh_token.check_refresh_token(world, SLUG, client, parameters.refresh_token)
    if credentials.method == "none" and not token.data["device"]:
        raise Refusal(Reason.CLIENT_SECRET_MISSING, "only tokens of the device flow are refreshed without a secret")
    check_active(get_identity(world, token.login))
    scopes = tuple(token.scopes.split())
    check_hourly_limit(world, client, token.login, scopes)
    refresh_token.rotate_refresh_token(world, token)
    return issue_tokens(
        world,
        client,
        login=token.login,
        scopes=scopes,
        flow=token.flow,
        offline=True,
        device=token.data["device"],
    )


def poll_device(world: World, credentials: Credentials, parameters: TokenParameters) -> IssuedTokens:
    """Answer a device's poll. Raises Refusal: the reasons of `check_device_code`, client and device flow."""
    client = identify(world, SLUG, credentials)
    check_device_flow(client)
    grant = device_code.check_device_code(world, SLUG, client, parameters.device_code)
    login, scopes = grant.login or "", tuple(grant.scopes.split())
    check_person(world, login)
    check_hourly_limit(world, client, login, scopes)
    device_code.redeem_device_code(world, grant)
    return issue_tokens(world, client, login=login, scopes=scopes, flow=grant.flow, device=True)


def check_person(world: World, login: str) -> None:
    """GitHub issues tokens only to active people with a verified primary address, or none.

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED, EMAIL_UNVERIFIED.
    """
    identity = get_identity(world, login)
    check_active(identity)
    primary = primary_email(identity)
    if primary is not None and not primary["verified"]:
        raise Refusal(Reason.EMAIL_UNVERIFIED, f"{primary['email']} of {identity.login} was never verified")
