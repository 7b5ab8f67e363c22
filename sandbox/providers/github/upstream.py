"""GitHub as an exchange sees it, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

from sandbox.core.clients import check_secret, get_client
from sandbox.core.fault_calls import as_operation
from sandbox.core.world import World
from sandbox.providers.github.api.callers import get_caller
from sandbox.providers.github.login.token_rules import redeem_code_of
from sandbox.providers.github.people import github_id, verified_primary
from sandbox.providers.github.tokens import SLUG
from sandbox.service import Redemption, Upstream, UpstreamTokens, UpstreamUser, current_mount


class GitHub(Upstream):
    """The verbs of an Upstream that GitHub has; it signs no tokens that others verify."""

    @as_operation(SLUG, "access_token")
    def redeem(self, world: World, redemption: Redemption, *, issuer: str | None = None) -> UpstreamTokens:  # noqa: ARG002 - there is one GitHub
        """Swap a code of this client for a `gho_` or `ghu_` token. Raises Refusal as the token endpoint would."""
        client = get_client(world, SLUG, redemption.client_id)
        check_secret(client, redemption.client_secret)
        issued = redeem_code_of(
            world,
            client,
            code=redemption.code,
            redirect_uri=redemption.redirect_uri,
            code_verifier=redemption.code_verifier,
        )
        return UpstreamTokens(issued.access_token)

    @as_operation(SLUG, "get_user")
    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:  # noqa: ARG002
        """Who a token speaks for, and which client holds it.

        Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED, IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
        """
        caller = get_caller(world, access_token)
        identity, number = caller.identity, github_id(caller.identity)
        email = verified_primary(identity)
        return UpstreamUser(
            subject=str(number),
            login=identity.login,
            name=identity.name,
            email=email,
            client_id=caller.token.client_id,
            address=email,
            handle=identity.login,
            picture=current_mount().at(SLUG).url(f"/avatars/u/{number}") + "?v=4",
        )
