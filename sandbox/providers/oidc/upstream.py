"""The issuers as an exchange sees them, in-process: the same rules as over HTTP, without the HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.core.clients import check_secret
from sandbox.core.fault_calls import as_operation
from sandbox.core.identities import get_identity
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.redirects import with_query
from sandbox.protocol.signed_tokens import check_keys_fault, verify_token
from sandbox.providers.oidc.clients import get_issuers_client, is_registered
from sandbox.providers.oidc.issuers import SLUG, Issuer, get_issuer
from sandbox.providers.oidc.misbehaving import DISCOVERY, TOKENS
from sandbox.providers.oidc.token.grants import TokenRequest, redeem_code
from sandbox.providers.oidc.token.rules import get_bearer, userinfo
from sandbox.providers.oidc.token.wire import token_answer
from sandbox.service import Redemption, Upstream, UpstreamTokens, UpstreamUser, current_mount

# What of an issuer a relying party may know it by.
_URL = re.compile(r"/oidc/(?P<issuer>[^/]+)(?:/\.well-known/openid-configuration|/jwks|/authorize|/token)?")
# A fault that is armed here, at the key set's endpoint, is what an exchange in this process meets as well.
KEYS_OPERATION = "keys"


class OpenIdProvider(Upstream):
    """The verbs of an Upstream; `issuer` is always needed, since any name is one."""

    @as_operation(SLUG, "token")
    def redeem(self, world: World, redemption: Redemption, *, issuer: str | None = None) -> UpstreamTokens:
        """Swap a code of this client for tokens. Raises Refusal as the issuer's token endpoint would."""
        here = _discovered(world, issuer)
        client = get_issuers_client(world, here, redemption.client_id)
        if is_registered(client):
            check_secret(client, redemption.client_secret)
        if here.settings["require_dpop"] or client.settings["dpop_bound_access_tokens"]:
            raise Refusal(Reason.DPOP_PROOF_MISSING, f"{here.name} binds tokens to keys, and an exchange has none")
        names = ("code", "redirect_uri", "code_verifier")
        given = {name: getattr(redemption, name) for name in names}
        parameters = {name: value for name, value in given.items() if value is not None}
        issued = redeem_code(world, TokenRequest(here, client, parameters, None))
        answer = here.misbehaviour.said(world, TOKENS, token_answer(issued))
        if not answer.get("access_token"):
            raise Refusal(Reason.PROVIDER_FAILED, f"{here.name} answered with no access_token")
        return UpstreamTokens(answer["access_token"], answer.get("id_token"))

    @as_operation(SLUG, "userinfo")
    def look_up(self, world: World, access_token: str, *, issuer: str | None = None) -> UpstreamUser:
        """What userinfo tells of the person behind a token. Raises Refusal as that endpoint would."""
        here = _issuer(world, issuer)
        token = get_bearer(world, here, access_token)
        claims = userinfo(world, here, token)
        if "sub" not in claims:
            raise Refusal(Reason.PROVIDER_FAILED, f"the userinfo of {here.name} has no sub", "sub")
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

    def verify(self, world: World, token: str, **expected: str) -> Mapping[str, Any]:
        """The claims of a token that the issuer signed and that is good now. Raises Refusal as `Upstream` says."""
        here = _discovered(world, expected.pop("issuer", None))
        if expected:
            raise TypeError(f"nothing of a token is called {', '.join(sorted(expected))} here")
        check_keys_fault(world, SLUG, KEYS_OPERATION)
        return verify_token(world, token, lambda _: _published(world, here))

    def find_issuer(self, world: World, url: str) -> str | None:
        """The issuer that has this URL. Any name that is not reserved may be one."""
        mount = current_mount().at(SLUG)
        match = _URL.fullmatch(url.removeprefix(mount.url("")))
        if match is None or not url.startswith(mount.url("/")):
            return None
        try:
            get_issuer(world, mount, match["issuer"])
        except Refusal as refusal:
            return match["issuer"] if refusal.reason is Reason.HTTPS_REQUIRED else None
        return match["issuer"]

    def issuer_url(self, world: World, issuer: str) -> str:
        """The issuer identifier. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED."""
        return _issuer(world, issuer).url

    def authorization_url(self, world: World, issuer: str, parameters: Mapping[str, str]) -> str:
        """Where a browser begins. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED, PROVIDER_FAILED."""
        return with_query(_discovered(world, issuer).endpoint("/authorize"), parameters)


def _issuer(world: World, name: str | None) -> Issuer:
    if name is None:
        raise Refusal(Reason.ISSUER_UNKNOWN, "an exchange must say which issuer it means")
    return get_issuer(world, current_mount().at(SLUG), name)


def _discovered(world: World, name: str | None) -> Issuer:
    """The issuer, whose discovery document may not be believable. Raises Refusal: PROVIDER_FAILED, as `_issuer`."""
    here = _issuer(world, name)
    needed = {"issuer": here.url, "jwks_uri": here.endpoint("/jwks")}
    told = here.misbehaviour.said(world, DISCOVERY, needed)
    if told != needed:
        raise Refusal(Reason.PROVIDER_FAILED, f"the discovery of {here.url} says {told!r}, and not {needed!r}")
    return here


def _published(world: World, here: Issuer) -> list[Key]:
    """Its keys as whoever fetches them gets them. Raises Refusal: PROVIDER_FAILED."""
    published = here.key_set(world)["keys"]
    if not isinstance(published, list):
        raise Refusal(Reason.PROVIDER_FAILED, f"what {here.name} publishes is no key set", "keys")
    return [key for key in here.keys(world) if key.jwk in published]


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
