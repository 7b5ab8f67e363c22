"""InsForge Cloud as an exchange sees it, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.clients import check_secret, get_client
from sandbox.core.fault_calls import as_operation
from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud.codes.rules import OPAQUE_PREFIX, redeem_opaque
from sandbox.providers.insforge_cloud.codes.verification import verify
from sandbox.providers.insforge_cloud.oauth.grants import redeem_code_of
from sandbox.providers.insforge_cloud.oauth.tokens import get_caller
from sandbox.providers.insforge_cloud.people import SLUG, describe
from sandbox.providers.insforge_cloud.shared.rules import begin
from sandbox.service import Redemption, Upstream, UpstreamTokens, UpstreamUser, current_mount


class InsForgeCloud(Upstream):
    """All verbs: `redeem` for opaque codes and OAuth's, `look_up` for access tokens, `verify` for codes, `lend`."""

    @as_operation(SLUG, "token")
    def redeem(self, world: World, redemption: Redemption, *, issuer: str | None = None) -> UpstreamTokens:  # noqa: ARG002 - there is one cloud
        """Swap an opaque code of the project `client_id` for the JWT it stands for, or a code of that OAuth client.

        Raises Refusal: CODE_UNKNOWN, CODE_OF_ANOTHER_CLIENT, CODE_ALREADY_REDEEMED, CODE_EXPIRED, and for OAuth as the
        token endpoint would.
        """
        if redemption.code.startswith(OPAQUE_PREFIX):
            return UpstreamTokens(redeem_opaque(world, redemption.code, redemption.client_id))
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

    @as_operation(SLUG, "profile")
    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:  # noqa: ARG002
        """Who an access token speaks for. Raises Refusal: the reasons of a bearer token."""
        token = get_caller(world, access_token)
        user = describe(get_identity(world, token.login))
        email = user.email if user.email_verified else None
        return UpstreamUser(user.id, user.login, user.name, email, token.client_id)

    def verify(self, world: World, token: str, **expected: str) -> Mapping[str, Any]:
        """The claims of a project-authorization JWT that is good now; `expected` may have the `project_id`.

        Raises Refusal as `Upstream` says.
        """
        claims = verify(world, token)
        if unknown := expected.keys() - {"project_id"}:
            raise TypeError(f"nothing of a project-authorization code is called {', '.join(sorted(unknown))}")
        if "project_id" in expected and claims.get("projectId") != expected["project_id"]:
            raise Refusal(
                Reason.TOKEN_AUDIENCE_WRONG,
                f"the code is for the project {claims.get('projectId')!r}, not for {expected['project_id']}",
                "project_id",
            )
        return claims

    def lend(self, world: World, provider: str, *, redirect_uri: str) -> str:
        """Where a sign-in by shared keys begins. Raises Refusal: PROVIDER_UNSUPPORTED, REDIRECT_URI_MISMATCH."""
        page = current_mount().at(SLUG).url(f"/auth/v1/shared/{provider}/login")
        return with_query(page, {"transaction": begin(world, provider, redirect_uri)})
