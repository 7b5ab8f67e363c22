"""How people come from a login provider to a session of Prisme.ai without a browser of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.prisme.models import Provider
from sandbox.exchanges.prisme.providers import list_providers
from sandbox.exchanges.prisme.rules import TOKEN_EXCHANGE
from sandbox.headless import Walk, Way


def exchange_token(walk: Walk) -> Mapping[str, Any]:
    """The provider's code, its id_token, and the session for that."""
    provider = _find_provider(walk, exchanging=True)
    issuer = (provider.reference or "").partition("/")[2]
    walk.sign_in(client=provider.client_id, issuer=issuer, scope="openid profile email")
    session: Mapping[str, Any] = walk.call(
        "POST",
        "/v2/login/token-exchange",
        json={"provider": provider.slug, "subject_token": walk.redeem()["id_token"], "grant_type": TOKEN_EXCHANGE},
    )
    return session


def log_in(walk: Walk) -> Mapping[str, Any]:
    """The login in a browser, which leaves a session in a cookie, and whose it is."""
    provider = _find_provider(walk, exchanging=False)
    walk.follow(walk.go(walk.follow(f"/v2/login?provider={provider.slug}")))
    me: Mapping[str, Any] = walk.call("GET", "/v2/me")
    return me


def _find_provider(walk: Walk, *, exchanging: bool) -> Provider:
    """The first login provider that this room plays, at the issuer if one is named. Raises Refusal: NOT_CONFIGURED."""
    prefix = f"{walk.provider}/{walk.request.issuer or ''}"
    for provider in list_providers(walk.world):
        reference = provider.reference or ""
        fits = reference == prefix if walk.request.issuer else reference.startswith(prefix)
        if fits and (provider.allow_token_exchange or not exchanging):
            return provider
    raise Refusal(Reason.NOT_CONFIGURED, f"no login provider of the fixture is at {prefix}", "issuer")


WAYS = (
    Way("azure", "token-exchange", exchange_token),
    Way("azure", "login", log_in),
    Way("oidc", "token-exchange", exchange_token),
    Way("oidc", "login", log_in),
)
