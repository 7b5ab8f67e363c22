"""Entra ID as an exchange sees it, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.core import keysets
from sandbox.core.clients import check_secret, get_client
from sandbox.core.fault_calls import as_operation
from sandbox.core.refusals import Refusal
from sandbox.core.world import World
from sandbox.protocol.redirects import with_query
from sandbox.protocol.signed_tokens import check_keys_fault, verify_token
from sandbox.providers.azure.authorities import COMMON, V2, get_authority
from sandbox.providers.azure.authorities import issuer as issuer_of
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.graph.callers import get_caller
from sandbox.providers.azure.graph.rules import READ_MYSELF, get_myself
from sandbox.providers.azure.login.client_rules import BY_SECRET, Caller
from sandbox.providers.azure.login.client_rules import get_caller as get_proven
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.login.token_rules import redeem_code, request_of_code
from sandbox.providers.azure.tokens import ALGORITHM
from sandbox.service import Redemption, Upstream, UpstreamTokens, UpstreamUser, current_mount

# What of an issuer a relying party may know it by.
_URL = re.compile(
    r"/(?P<tenant>[^/]+)(?:/v2\.0(?:/\.well-known/openid-configuration)?|/discovery/v2\.0/keys"
    r"|/oauth2/v2\.0/(?:authorize|token))"
)
# A fault that is armed here, at the key set's endpoint, is what an exchange in this process meets as well.
KEYS_OPERATION = "keys"


class EntraId(Upstream):
    """The verbs of an Upstream, in version 2.0; an issuer is a tenant, by its id or a domain."""

    @as_operation(SLUG, "token")
    def redeem(self, world: World, redemption: Redemption, *, issuer: str | None = None) -> UpstreamTokens:
        """Swap a code of this client for tokens. Raises Refusal as the token endpoint would.

        `issuer` is the tenant on whose path the code is redeemed; that of the sign-in if it is left out.
        """
        mount, client = current_mount().at(SLUG), get_client(world, SLUG, redemption.client_id)
        secret = redemption.client_secret
        check_secret(client, secret)
        request = request_of_code(world, client, redemption.code)
        authority = get_authority(world, mount, issuer or request.extra["authority"])
        caller = Caller(client, BY_SECRET)
        if secret is not None:
            proven = {"client_id": redemption.client_id, "client_secret": secret}
            caller = get_proven(world, authority, None, proven)
        given: dict[str, Any] = dict.fromkeys(TokenParameters.__dataclass_fields__)
        given |= {"code": redemption.code, "code_verifier": redemption.code_verifier, "version": V2}
        given["redirect_uri"] = redemption.redirect_uri or request.redirect_uri
        issued = redeem_code(world, authority, caller, TokenParameters(**given))
        return UpstreamTokens(issued.access_token, issued.id_token)

    @as_operation(SLUG, "get_me")
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

    def verify(self, world: World, token: str, **expected: str) -> Mapping[str, Any]:
        """The claims of a token signed here and good now: all tenants share the keys, so iss tells which one it is of.

        Raises Refusal as `Upstream` says.
        """
        get_authority(world, current_mount().at(SLUG), expected.pop("issuer", COMMON))
        if expected:
            raise TypeError(f"nothing of a token is called {', '.join(sorted(expected))} here")
        check_keys_fault(world, SLUG, KEYS_OPERATION)
        return verify_token(world, token, lambda _: keysets.published_keys(world, SLUG, (ALGORITHM,)))

    def find_issuer(self, world: World, url: str) -> str | None:
        """The tenant, as its name is written in this URL of version 2.0."""
        mount = current_mount().at(SLUG)
        match = _URL.fullmatch(url.removeprefix(mount.url("")))
        if match is None or not url.startswith(mount.url("/")):
            return None
        try:
            return get_authority(world, mount, match["tenant"]).name
        except Refusal:
            return None

    def issuer_url(self, world: World, issuer: str) -> str:
        """The issuer identifier; for several tenants it has a placeholder. Raises Refusal: ISSUER_UNKNOWN."""
        authority = get_authority(world, current_mount().at(SLUG), issuer)
        return issuer_of(authority.mount, authority.issuer_id, V2)

    def authorization_url(self, world: World, issuer: str, parameters: Mapping[str, str]) -> str:
        """Where a browser begins. Raises Refusal: ISSUER_UNKNOWN."""
        authority = get_authority(world, current_mount().at(SLUG), issuer)
        return with_query(authority.url("/oauth2/v2.0/authorize"), parameters)
