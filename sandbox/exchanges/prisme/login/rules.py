"""The login in a browser: to a provider, and back with a code that becomes an id_token.

What the id_token opens is as at the token exchange.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.core.codes import check_code, issue_code, redeem_code
from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.prisme import providers
from sandbox.exchanges.prisme.models import OIDC, SLUG, Profile, Provider
from sandbox.protocol import outside_issuers
from sandbox.protocol.pkce import s256
from sandbox.protocol.redirects import with_query
from sandbox.relying_party import get_issuer
from sandbox.service import Redemption

_KIND = "login"
_TTL = 600
_STATE_LENGTH, _VERIFIER_LENGTH = 24, 43
ID_TOKEN_MISSING = "JWT missing in token_endpoint response"


@dataclass(frozen=True)
class Callback:
    """What a provider sends a browser back with."""

    code: str | None
    state: str | None
    error: str | None


def choose_provider(world: World, slug: str | None, domain: str | None) -> Provider | None:
    """The provider of a slug, or of the domain of somebody's e-mail; None where a domain has no provider.

    Raises Refusal: PROVIDER_UNSUPPORTED for a slug that is none, PROVIDER_NOT_IMPLEMENTED for SAML.
    """
    if slug is None and domain is not None:
        matching = (provider for provider in providers.list_providers(world) if domain.lower() in provider.domains)
        found = next(matching, None)
        if found is None:
            return None
    else:
        found = providers.find_provider(world, slug) if slug is not None else None
    if found is None:
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"there is no provider {slug!r}", slug)
    if found.type != OIDC:
        raise Refusal(Reason.PROVIDER_NOT_IMPLEMENTED, f"{found.slug} is a provider of type {found.type}", found.slug)
    return found


def begin(world: World, provider: Provider, browser: str, redirect_uri: str) -> str:
    """Where the browser goes; what comes back is good for the browser that is called `browser`. Raises Refusal: as
    the provider's issuer.
    """
    state, verifier = world.ids.text(_STATE_LENGTH), world.ids.text(_VERIFIER_LENGTH)
    asked = {"response_type": "code", "redirect_uri": redirect_uri, "scope": provider.scopes}
    asked |= {"state": state} if provider.state else {}
    asked |= {"client_id": provider.client_id}
    asked |= {"code_challenge": s256(verifier), "code_challenge_method": "S256"} if provider.pkce else {}
    flow = world.entry.flow or world.ids.text(16)
    world.entry.note(flow=flow, client_id=provider.client_id)
    issuer = providers.own_issuer(world, provider)
    # Before anything is written: a discovery takes its time, and whoever has written holds SQLite's only lock.
    if issuer is not None:
        away = issuer.authorization_url(world, asked)
    else:
        away = with_query(provider.authorization_endpoint or "", asked)
    issue_code(
        world,
        browser,
        service=SLUG,
        kind=_KIND,
        client_id=SLUG,
        login="",
        ttl=_TTL,
        flow=flow,
        data={"provider": provider.slug, "state": state, "verifier": verifier, "redirect_uri": redirect_uri},
    )
    return away


def finish(world: World, browser: str, back: Callback) -> tuple[Provider, Profile]:
    """The provider and the person with whom a browser comes back.

    Raises Refusal: STATE_INVALID, ACCESS_DENIED, CODE_UNKNOWN, PROVIDER_FAILED, the reasons of `check_code`, of the
    provider's token endpoint, of `verify_id_token` and of `read_profile`.
    """
    begun = check_code(world, browser, service=SLUG, kind=_KIND, client_id=SLUG)
    provider = providers.find_provider(world, begun.data["provider"])
    if provider is None or (provider.state and not same_secret(begun.data["state"], back.state)):
        raise Refusal(Reason.STATE_INVALID, "the state is not the one that this browser was sent off with", "state")
    try:
        return provider, _ask(world, provider, back, begun.data)
    finally:
        # However it went, it was this login's only chance; spent last, since the provider is waited for.
        redeem_code(world, begun)


def _ask(world: World, provider: Provider, back: Callback, begun: Mapping[str, str]) -> Profile:
    """The person of the code that came back. Raises Refusal: as `finish`."""
    if back.error is not None:
        raise Refusal(Reason.ACCESS_DENIED, f"the provider answered {back.error}", "error")
    if not back.code:
        raise Refusal(Reason.CODE_UNKNOWN, "the provider sent no code", "code")
    id_token = _redeem(world, provider, back.code, begun)
    return providers.read_profile(provider, providers.verify_id_token(world, provider, id_token))


def _redeem(world: World, provider: Provider, code: str, begun: Mapping[str, str]) -> str:
    """The id_token for a code. Raises Refusal: PROVIDER_FAILED if there is none, and as the token endpoint."""
    redirect_uri, verifier = begun["redirect_uri"], begun["verifier"] if provider.pkce else None
    network = providers.network(world)
    place = provider.reference or provider.token_endpoint or ""
    issuer = get_issuer(world, place, network=network)
    id_token: str | None
    # An issuer of this sandbox is known by its token endpoint, and has a URL of its own.
    if provider.reference is None and issuer.url == place:
        document = {
            "issuer": provider.issuer or place,
            "token_endpoint": place,
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        client = outside_issuers.Client(provider.client_id, provider.client_secret)
        given = {"code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        id_token = outside_issuers.redeem(document, client, given, network).get("id_token")
    else:
        redemption = Redemption(code, provider.client_id, provider.client_secret, redirect_uri, verifier)
        id_token = issuer.redeem(world, redemption).id_token
    if not id_token:
        raise Refusal(Reason.PROVIDER_FAILED, ID_TOKEN_MISSING, "id_token")
    return id_token
