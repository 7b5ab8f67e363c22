"""What an application may do with the tokens it was issued: look at one, replace it, narrow it, end it.

https://docs.github.com/rest/apps/oauth-applications and https://docs.github.com/rest/apps/apps
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, get_access_token, issue_token, lock_tokens, revoke_tokens
from sandbox.core.world import World
from sandbox.protocol.client_auth import Credentials, authenticate, parse_basic
from sandbox.protocol.consents import forget_consent
from sandbox.providers.github.formats import GITHUB_APP_USER, OAUTH_APP, make_token
from sandbox.providers.github.tokens import SLUG

GITHUB_APP = "github-app"


def get_application(world: World, authorization: str | None, client_id: str) -> tables.Client:
    """The application that proves itself by Basic and asks about itself.

    Raises Refusal: CLIENT_SECRET_MISSING without Basic, CLIENT_UNKNOWN, CLIENT_SECRET_WRONG; OBJECT_UNKNOWN if it
    asks about another.
    """
    readings = parse_basic(authorization)
    if not readings:
        raise Refusal(Reason.CLIENT_SECRET_MISSING, "the application must send its id and secret by Basic")
    client = authenticate(world, SLUG, Credentials(readings, "client_secret_basic"))
    if client.client_id != client_id:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{client.client_id} asks about {client_id}, not about itself")
    return client


def get_token(world: World, client: tables.Client, value: str) -> tables.Token:
    """The application's live access token with this value.

    Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED, TOKEN_OF_ANOTHER_CLIENT.
    """
    token = get_access_token(world, value, service=SLUG)
    if token.client_id != client.client_id:
        raise Refusal(
            Reason.TOKEN_OF_ANOTHER_CLIENT, f"the token was issued to {token.client_id}, not to {client.client_id}"
        )
    return token


def reset_token(world: World, client: tables.Client, value: str) -> str:
    """Replace the token by a new one that is as good and lives as long from now; returns the new one.

    Raises Refusal: the reasons of `get_token`; of concurrent callers all but one get TOKEN_REVOKED.
    """
    token = get_token(world, client, value)
    _end(world, token)
    ttl = None if token.expires_at is None else token.expires_at - token.issued_at
    return _issue_like(world, token, ttl, token.data)


def delete_token(world: World, client: tables.Client, value: str) -> None:
    """End this one token. Raises Refusal: as `reset_token`."""
    _end(world, get_token(world, client, value))


def delete_grant(world: World, client: tables.Client, value: str) -> None:
    """End all that the token's person ever granted to the application. Raises Refusal: the reasons of `get_token`."""
    token = get_token(world, client, value)
    lock_tokens(world, SLUG, token.login)
    revoke_tokens(world, service=SLUG, client_id=client.client_id, login=token.login)
    forget_consent(world, SLUG, client.client_id, token.login)


def scope_token(world: World, client: tables.Client, value: str, narrowing: dict[str, Any]) -> str:
    """Issue a `ghu_` token that may do less and ends with the given one, which stays good; returns the new one.

    Raises Refusal: the reasons of `get_token`, TOKEN_TYPE_WRONG if the token is not a GitHub App's or narrowed already.
    """
    token = get_token(world, client, value)
    if token.data.get("type") != GITHUB_APP or "permissions" in token.data:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, "only a GitHub App's token that is not yet scoped can be scoped")
    ttl = None if token.expires_at is None else token.expires_at - world.now()
    return _issue_like(world, token, ttl, token.data | narrowing)


def _end(world: World, token: tables.Token) -> None:
    # One statement finds the token alive and ends it, so that it is never replaced twice.
    if world.store.claim(tables.Token, {"revoked_at": world.now()}, digest=token.digest, revoked_at=None) is None:
        raise Refusal(Reason.TOKEN_REVOKED, "another request has just ended the token")


def _issue_like(world: World, token: tables.Token, ttl: int | None, data: dict[str, Any]) -> str:
    value = make_token(world.ids, GITHUB_APP_USER if token.data.get("type") == GITHUB_APP else OAUTH_APP)
    issue_token(
        world,
        value,
        service=SLUG,
        kind=ACCESS,
        client_id=token.client_id,
        login=token.login,
        scopes=token.scopes,
        family=token.family,
        flow=token.flow,
        ttl=ttl,
        data=data,
    )
    return value
