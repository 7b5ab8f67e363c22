"""GitHub as an exchange sees it, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

from sandbox.core.clients import get_client
from sandbox.core.world import World
from sandbox.providers.github.api.callers import get_caller
from sandbox.providers.github.login.token_rules import redeem_code_of
from sandbox.providers.github.people import github_id, verified_primary
from sandbox.providers.github.tokens import SLUG
from sandbox.service import UpstreamUser


class GitHub:
    """The two verbs of an Upstream; GitHub has no id_token to verify."""

    def redeem(self, world: World, code: str, *, client_id: str) -> str:
        """Swap a code of this client for a `gho_` or `ghu_` token. Raises Refusal as the token endpoint would."""
        return redeem_code_of(world, get_client(world, SLUG, client_id), code=code).access_token

    def look_up(self, world: World, access_token: str) -> UpstreamUser:
        """Who a token speaks for, and which client holds it.

        Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED, IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
        """
        caller = get_caller(world, access_token)
        identity = caller.identity
        return UpstreamUser(
            subject=str(github_id(identity)),
            login=identity.login,
            name=identity.name,
            email=verified_primary(identity),
            client_id=caller.token.client_id,
        )
