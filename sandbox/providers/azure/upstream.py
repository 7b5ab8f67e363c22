"""Entra ID as an exchange sees it, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

from typing import Any

from sandbox.core.clients import get_client
from sandbox.core.world import World
from sandbox.providers.azure.authorities import V2, get_authority
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.graph.callers import get_caller
from sandbox.providers.azure.graph.rules import READ_MYSELF, get_myself
from sandbox.providers.azure.login.client_rules import BY_SECRET, Caller
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.login.token_rules import redeem_code, request_of_code
from sandbox.service import Upstream, UpstreamUser, current_mount


class EntraId(Upstream):
    """The verbs of an Upstream that no exchange of Entra ID's id_tokens needs more of yet."""

    def redeem(
        self,
        world: World,
        code: str,
        *,
        client_id: str,
        redirect_uri: str | None = None,
        code_verifier: str | None = None,
        issuer: str | None = None,  # noqa: ARG002 - the code tells its tenant
    ) -> str:
        """Swap a code of this client for an access token. Raises Refusal as the token endpoint would."""
        mount, client = current_mount().at(SLUG), get_client(world, SLUG, client_id)
        request = request_of_code(world, client, code)
        authority = get_authority(world, mount, request.extra["authority"])
        given: dict[str, Any] = dict.fromkeys(TokenParameters.__dataclass_fields__)
        given |= {"code": code, "code_verifier": code_verifier, "version": V2}
        given["redirect_uri"] = redirect_uri or request.redirect_uri
        asked = TokenParameters(**given)
        return redeem_code(world, authority, Caller(client, BY_SECRET), asked).access_token

    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:  # noqa: ARG002
        """Who a token of Microsoft Graph speaks for, and which client holds it. Raises Refusal as Graph would."""
        caller = get_caller(world, f"Bearer {access_token}")
        user = get_myself(caller, *READ_MYSELF)
        return UpstreamUser(
            subject=user.oid,
            login=user.login,
            name=user.display_name,
            email=user.mail if user.mail_is_verified else None,
            client_id=caller.client_id,
            address=user.mail,
            handle=user.upn,
        )
