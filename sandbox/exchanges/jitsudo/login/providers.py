"""Where a tenant's people sign in: at its own identity provider, or at the server's global one."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.models import SLUG
from sandbox.relying_party import OpenIdIssuer, get_issuer

ISSUER_FIELD = "issuer_url"


@dataclass(frozen=True)
class Provider:
    """An identity provider, and JITSudo's application there. `reference` is how fixture or administrator name it."""

    reference: str
    issuer: OpenIdIssuer
    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]


def get_provider(world: World, tenant_id: str | None) -> Provider:
    """A tenant's own provider, or the global one for None.

    Raises Refusal: NOT_CONFIGURED, and the reasons of `find_issuer`.
    """
    if tenant_id is not None:
        config = tenants.get_config(world, tenant_id)
        issuer = find_issuer(world, config.issuer)
        return Provider(config.issuer, issuer, config.client_id, config.client_secret, config.scopes)
    known = world.settings[SLUG]["global_provider"]
    if known is None:
        raise Refusal(Reason.NOT_CONFIGURED, "the fixture has no jitsudo.global_provider")
    issuer = find_issuer(world, known["issuer"])
    return Provider(known["issuer"], issuer, known["client"], known["client_secret"], tuple(known["scopes"]))


def has_provider(world: World, tenant_id: str) -> bool:
    """Whether a tenant's people have anywhere to sign in."""
    return world.settings[SLUG]["global_provider"] is not None or tenants.find_config(world, tenant_id) is not None


def find_issuer(world: World, reference: str) -> OpenIdIssuer:
    """The issuer that a configuration means; nobody is called.

    Raises Refusal, whose `field` is the configuration's: ISSUER_UNKNOWN, HTTPS_REQUIRED, OUTSIDE_ADDRESS_REFUSED.
    """
    try:
        return get_issuer(world, reference, network=world.settings[SLUG]["network"])
    except Refusal as refusal:
        raise Refusal(refusal.reason, refusal.detail, ISSUER_FIELD) from refusal
