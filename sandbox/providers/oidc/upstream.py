"""The issuers as an exchange sees them, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

from typing import Any

from sandbox.core.identities import get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.oidc.clients import get_issuers_client
from sandbox.providers.oidc.issuers import SLUG, Issuer, get_issuer
from sandbox.providers.oidc.token.grants import TokenRequest, redeem_code
from sandbox.providers.oidc.token.rules import get_bearer, userinfo
from sandbox.service import Upstream, UpstreamUser, current_mount


class OpenIdProvider(Upstream):
    """The verbs of an Upstream; `issuer` is always needed, since any name is one."""

    def redeem(
        self,
        world: World,
        code: str,
        *,
        client_id: str,
        redirect_uri: str | None = None,
        code_verifier: str | None = None,
        issuer: str | None = None,
    ) -> str:
        """Swap a code of this client for an access token. Raises Refusal as the issuer's token endpoint would."""
        here = _issuer(world, issuer)
        client = get_issuers_client(world, here, client_id)
        if here.settings["require_dpop"] or client.settings["dpop_bound_access_tokens"]:
            raise Refusal(Reason.DPOP_PROOF_MISSING, f"{here.name} binds tokens to keys, and an exchange has none")
        given = {"code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        parameters = {name: value for name, value in given.items() if value is not None}
        return redeem_code(world, TokenRequest(here, client, parameters, None)).access_token

    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:
        """What userinfo tells of the person behind a token. Raises Refusal as that endpoint would."""
        here = _issuer(world, issuer)
        token = get_bearer(world, here, access_token)
        claims = userinfo(world, here, token)
        identity = get_identity(world, token.login)
        address = _text(claims, "email")
        return UpstreamUser(
            subject=str(claims["sub"]),
            login=identity.login,
            name=_text(claims, "name"),
            email=address if claims.get("email_verified") is True else None,
            client_id=token.client_id,
            address=address,
            handle=_text(claims, "preferred_username") or "",
            picture=_text(claims, "picture"),
        )


def _issuer(world: World, name: str | None) -> Issuer:
    if name is None:
        raise Refusal(Reason.ISSUER_UNKNOWN, "an exchange must say which issuer it means")
    return get_issuer(world, current_mount().at(SLUG), name)


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
