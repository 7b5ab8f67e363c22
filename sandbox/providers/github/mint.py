"""GitHub's tokens without a login: issued by tokens.py, as the token endpoint does."""

from __future__ import annotations

from sandbox.core.clients import get_client
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.headless import OPAQUE, Mintable, MintRequest, get_issued
from sandbox.providers.github.headless import first_client
from sandbox.providers.github.login.applications import check_not_suspended, is_github_app
from sandbox.providers.github.login.token_rules import check_person
from sandbox.providers.github.scopes import normalize, parse_scopes
from sandbox.providers.github.tokens import SLUG, IssuedTokens, issue_tokens


def mint_access_token(world: World, asked: MintRequest) -> str:
    """An access token. Raises Refusal: as `_issue`."""
    return _issue(world, asked, offline=False).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A refresh token. Raises Refusal: as `_issue`, GRANT_TYPE_NOT_ALLOWED for an app whose tokens never expire."""
    issued = _issue(world, asked, offline=True)
    return get_issued(issued.refresh_token, "the tokens of this application never expire")


def _issue(world: World, asked: MintRequest, *, offline: bool) -> IssuedTokens:
    """Raises Refusal: FIELD_MISSING, CLIENT_UNKNOWN, CLIENT_SUSPENDED, IDENTITY_DEACTIVATED, EMAIL_UNVERIFIED."""
    client = get_client(world, SLUG, asked.client) if asked.client else first_client(world)
    check_not_suspended(client)
    login = asked.person.login
    check_person(world, login)
    scopes = () if is_github_app(client) else normalize(parse_scopes(asked.scope or ""))
    flow = world.entry.flow or world.ids.text(16)
    return issue_tokens(world, client, login=login, scopes=scopes, flow=flow, offline=offline)


_PARAMETERS = ("identity", "client", "scope")
MINTS = {
    ACCESS: Mintable(OPAQUE, "An access token, gho_ or ghu_ by the kind of the app.", mint_access_token, _PARAMETERS),
    REFRESH: Mintable(OPAQUE, "A refresh token, ghr_.", mint_refresh_token, _PARAMETERS),
}
