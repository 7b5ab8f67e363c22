"""GitHub's tokens: `gho_`, `ghu_` and `ghr_`, how long each lives, and the ten that one user and app may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH, issue_token, lock_tokens, revoke_tokens
from sandbox.core.world import World
from sandbox.providers.github import formats

SLUG = "github"
EXPIRING_TTL = 28_800
# https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#creating-multiple-tokens-for-oauth-apps
MOST_TOKENS = 10
MOST_TOKENS_PER_HOUR = 10
_DAY = 86_400
DORMANT_AFTER = 365 * _DAY


@dataclass(frozen=True)
class IssuedTokens:
    """What a token request yields; lifetimes in seconds, None where the token lasts until it is revoked."""

    access_token: str
    scopes: tuple[str, ...]
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None


def issue_tokens(
    world: World,
    client: tables.Client,
    *,
    login: str,
    scopes: tuple[str, ...],
    flow: str,
    offline: bool = False,
    device: bool = False,
) -> IssuedTokens:
    """Issue an access token, and a refresh token where tokens of this client expire or `offline` was asked for."""
    app = client.settings["type"]
    expiring = client.settings["expiring_tokens"] or (offline and app == "oauth-app")

    # Otherwise two logins at once would each count ten.
    lock_tokens(world, SLUG, login)

    def issue(prefix: str, kind: str, ttl: int | None) -> str:
        value = formats.make_token(world.ids, prefix)
        issue_token(
            world,
            value,
            service=SLUG,
            kind=kind,
            client_id=client.client_id,
            login=login,
            scopes=" ".join(scopes),
            family=flow,
            flow=flow,
            ttl=ttl,
            data={"type": app, "device": device},
        )
        return value

    prefix = formats.GITHUB_APP_USER if app == "github-app" else formats.OAUTH_APP
    access_token = issue(prefix, ACCESS, EXPIRING_TTL if expiring else None)
    for token in _tokens_of(world, client, login, scopes, revoked_at=None)[MOST_TOKENS:]:
        revoke_tokens(world, digest=token.digest)
    if not expiring:
        return IssuedTokens(access_token, scopes)
    refresh_ttl = world.settings[SLUG]["refresh_token_ttl"]
    return IssuedTokens(access_token, scopes, EXPIRING_TTL, issue(formats.REFRESH, REFRESH, refresh_ttl), refresh_ttl)


def check_hourly_limit(world: World, client: tables.Client, login: str, scopes: tuple[str, ...]) -> None:
    """Refuse one token too many within an hour, where the fixture enforces it. Raises Refusal: RATE_LIMITED."""
    if not world.settings[SLUG]["hourly_token_limit"]:
        return
    recent = [token for token in _tokens_of(world, client, login, scopes) if world.now() - token.issued_at < 3600]
    if len(recent) >= MOST_TOKENS_PER_HOUR:
        raise Refusal(Reason.RATE_LIMITED, f"{len(recent)} such tokens were made within the last hour")


def note_use(world: World, token: tables.Token) -> None:
    """Record that an access token is used, to the day. Raises Refusal: TOKEN_REVOKED if it was not for a year."""
    # https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation
    last_used = token.used_at or token.issued_at
    unused = world.now() - last_used
    if unused >= DORMANT_AFTER:
        revoke_tokens(world, digest=token.digest)
        raise Refusal(Reason.TOKEN_REVOKED, f"the token was not used for {unused // _DAY} days")
    if unused >= _DAY:
        world.store.change(tables.Token, {"used_at": world.now()}, digest=token.digest)


def _tokens_of(
    world: World, client: tables.Client, login: str, scopes: tuple[str, ...], **more: Any
) -> list[tables.Token]:
    """The access tokens of one user, application and scope, newest first: all, or those with these values besides."""
    return world.store.list(
        tables.Token,
        order=("-serial",),
        service=SLUG,
        kind=ACCESS,
        client_id=client.client_id,
        login=login,
        scopes=" ".join(scopes),
        **more,
    )
