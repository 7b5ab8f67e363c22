"""What JITSudo decides about administration: who makes tenants, which providers are taken, and whose a domain is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.login.providers import ISSUER_FIELD, find_issuer
from sandbox.exchanges.jitsudo.models import SLUG, ApiKey, Domain, NewTenant, OidcConfig, Tenant

_KEY_LENGTH = 40
VERIFIED, NO_RECORD, TAKEN = "domain verified", "DNS record not found", "domain belongs to another tenant"


def save_config(world: World, tenant: Tenant, wanted: OidcConfig) -> OidcConfig:
    """Set a tenant's identity provider; nobody is called. Raises Refusal: the reasons of `find_issuer`."""
    issuer = find_issuer(world, wanted.issuer)
    if issuer.url != wanted.issuer:
        raise Refusal(Reason.ISSUER_UNKNOWN, f"the issuer there is called {issuer.url}, to the letter", ISSUER_FIELD)
    return tenants.replace_config(world, tenant, wanted)


def issuer_url(world: World, config: OidcConfig) -> str:
    """The issuer identifier of a configuration, also where the fixture names one of this sandbox's issuers."""
    return config.issuer if "://" in config.issuer else find_issuer(world, config.issuer).url


def create_tenant(world: World, caller: Tenant, asked: NewTenant) -> Tenant:
    """Make a tenant. Raises Refusal: PERMISSION_DENIED, OBJECT_ALREADY_EXISTS."""
    if not caller.is_master:
        raise Refusal(Reason.PERMISSION_DENIED, f"{caller.slug} is not the master tenant, which alone makes others")
    return tenants.create_tenant(world, asked)


def list_tenants(world: World, caller: Tenant, limit: int, cursor: str | None) -> tuple[list[Tenant], bool]:
    """The tenants after the one with the id `cursor`, and whether there are more; of others the master alone knows.

    Raises Refusal: FIELD_INVALID.
    """
    known = tenants.list_tenants(world) if caller.is_master else [caller]
    start = 0
    if cursor is not None:
        start = next((place for place, tenant in enumerate(known, 1) if tenant.id == cursor), 0)
        if not start:
            raise Refusal(Reason.FIELD_INVALID, f"no list had the cursor {cursor!r}", "cursor")
    return known[start : start + limit], len(known) > start + limit


def first_domain(world: World, tenant: Tenant) -> str | None:
    """The first domain that the tenant has verified."""
    return next((domain.name for domain in tenants.list_domains(world, tenant) if domain.verified_at), None)


def verify_domain(world: World, tenant: Tenant, domain_id: str) -> tuple[bool, str]:
    """Whether a domain is the tenant's, and what there is to say; no DNS is asked. Raises Refusal: OBJECT_UNKNOWN."""
    domain: Domain = tenants.get_domain(world, tenant, domain_id)
    if domain.verified_at is None and domain.name in world.settings[SLUG]["failing_domains"]:
        return False, NO_RECORD
    return (True, VERIFIED) if tenants.verify_domain(world, domain) else (False, TAKEN)


def create_api_key(world: World, tenant: Tenant, name: str) -> tuple[ApiKey, str]:
    """A new API key, and its value, which is shown this once."""
    value = f"jsk_{world.ids.hex(_KEY_LENGTH)}"
    return tenants.add_api_key(world, tenant.id, value, name, world.ids.uuid()), value


def list_policy_rules(world: World, tenant: Tenant, policy_id: str, limit: int) -> Sequence[dict[str, Any]]:
    """The rules of a tenant's policy. Raises Refusal: OBJECT_UNKNOWN, also for a policy of another tenant."""
    policies = world.settings[SLUG]["policies"].get(tenant.id, ())
    policy = next((policy for policy in policies if policy["id"] == policy_id.lower()), None)
    if policy is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{tenant.slug} has no policy {policy_id!r}", "id")
    rules: list[dict[str, Any]] = policy["rules"]
    return rules[:limit]
