"""Tenants, their domains, their identity providers and their API keys, kept as rows.

They begin as the fixture says. Judges no caller: that is access.py.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import find_token, issue_token
from sandbox.core.world import World
from sandbox.exchanges.jitsudo.models import SLUG, ApiKey, Domain, NewTenant, OidcConfig, Tenant

API_KEY = "api_key"
_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "jitsudo.test")
# The kinds of rows; what comes after is the id, or the name that may be there once.
_TENANT, _SLUG, _DOMAIN, _VERIFIED, _CONFIG = "tenant/", "slug/", "domain/", "verified/", "oidc-config/"


def derived_id(*parts: str) -> str:
    """An id that follows from what it belongs to, so that it is the same in every run."""
    return str(uuid.uuid5(_IDS, "/".join(parts)))


# Tenants


def find_tenant(world: World, tenant_id: str) -> Tenant | None:
    """The tenant with this id, in lower case, or None."""
    row = _find(world, _TENANT + tenant_id)
    return Tenant(**row.attributes) if row else None


def find_by_slug(world: World, slug: str) -> Tenant | None:
    """The tenant with this slug, or None."""
    row = _find(world, _SLUG + slug)
    return find_tenant(world, row.attributes["tenant_id"]) if row else None


def find_by_domain(world: World, domain: str) -> Tenant | None:
    """The tenant of a domain, or of an e-mail address, once the domain is verified; None otherwise."""
    name = domain.rpartition("@")[2]
    # Some other letters have one of ASCII in lower case, and are no part of the same domain.
    row = _find(world, _VERIFIED + name.lower()) if name.isascii() else None
    return find_tenant(world, row.attributes["tenant_id"]) if row else None


def list_tenants(world: World) -> list[Tenant]:
    """All tenants, oldest first."""
    return [Tenant(**row.attributes) for row in _list(world, _TENANT)]


def create_tenant(world: World, asked: NewTenant) -> Tenant:
    """Make a tenant. Raises Refusal: OBJECT_ALREADY_EXISTS."""
    world.store.lock(f"{SLUG} tenants")
    if _find(world, _SLUG + asked.slug):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"another tenant has the slug {asked.slug!r}", "slug")
    now = world.now()
    tenant = Tenant(
        id=world.ids.uuid(),
        slug=asked.slug,
        name=asked.name,
        owner_email=asked.owner_email,
        owner_user_id=world.ids.uuid(),
        locale=asked.locale,
        sso_start_url=asked.sso_start_url,
        sso_region=asked.sso_region,
        is_master=False,
        local_login=False,
        created_at=now,
        updated_at=now,
    )
    save_tenant(world, tenant)
    return tenant


def save_tenant(world: World, tenant: Tenant) -> None:
    """Keep a tenant that is new."""
    _put(world, _TENANT, tenant.id, vars(tenant))
    _put(world, _SLUG, tenant.slug, {"tenant_id": tenant.id})


# Domains


def list_domains(world: World, tenant: Tenant) -> list[Domain]:
    """A tenant's domains, oldest first."""
    return [Domain(**row.attributes) for row in _list(world, _DOMAIN + tenant.id)]


def create_domain(world: World, tenant: Tenant, name: str) -> Domain:
    """Note that a tenant wants a domain. Raises Refusal: OBJECT_ALREADY_EXISTS if it has it already."""
    world.store.lock(f"{SLUG} domains {tenant.id}")
    if any(domain.name == name for domain in list_domains(world, tenant)):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"{tenant.slug} has {name} already", "domain")
    domain = Domain(world.ids.uuid(), tenant.id, name, world.ids.hex(32), None, world.now())
    save_domain(world, domain)
    return domain


def get_domain(world: World, tenant: Tenant, domain_id: str) -> Domain:
    """A tenant's domain. Raises Refusal: OBJECT_UNKNOWN, also for a domain of another tenant."""
    row = _find(world, _DOMAIN + domain_id.lower())
    if row is None or row.attributes["tenant_id"] != tenant.id:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"{tenant.slug} has no domain {domain_id!r}", "id")
    return Domain(**row.attributes)


def verify_domain(world: World, domain: Domain) -> bool:
    """Let the people of a domain be the tenant's; False if they are another's."""
    world.store.lock(f"{SLUG} domain {domain.name}")
    owner = _find(world, _VERIFIED + domain.name)
    if owner:
        return bool(owner.attributes["tenant_id"] == domain.tenant_id)
    verified = replace(domain, verified_at=world.now())
    world.store.change(tables.Group, {"attributes": vars(verified)}, service=SLUG, id=_DOMAIN + domain.id)
    _put(world, _VERIFIED, domain.name, {"tenant_id": domain.tenant_id})
    return True


def save_domain(world: World, domain: Domain) -> None:
    """Keep a domain that is new."""
    _put(world, _DOMAIN, domain.id, vars(domain), of=domain.tenant_id)


# Identity providers


def find_config(world: World, tenant_id: str) -> OidcConfig | None:
    """A tenant's own identity provider, or None."""
    row = _find(world, _CONFIG + tenant_id)
    return OidcConfig(**{**row.attributes, "scopes": tuple(row.attributes["scopes"])}) if row else None


def get_config(world: World, tenant_id: str) -> OidcConfig:
    """A tenant's own identity provider. Raises Refusal: NOT_CONFIGURED."""
    config = find_config(world, tenant_id)
    if config is None:
        raise _not_configured(tenant_id)
    return config


def replace_config(world: World, tenant: Tenant, wanted: OidcConfig) -> OidcConfig:
    """Have a tenant's people sign in at this provider; id and age of the one before stay."""
    world.store.lock(f"{SLUG} {_CONFIG}{tenant.id}")
    before = find_config(world, tenant.id)
    config = replace(wanted, id=before.id, created_at=before.created_at) if before else wanted
    save_config(world, tenant.id, config)
    return config


def save_config(world: World, tenant_id: str, config: OidcConfig) -> None:
    """Keep a tenant's identity provider."""
    _put(world, _CONFIG, tenant_id, vars(config) | {"scopes": list(config.scopes)})


def remove_config(world: World, tenant: Tenant) -> None:
    """Let a tenant have no identity provider of its own. Raises Refusal: NOT_CONFIGURED."""
    if not world.store.remove(tables.Group, service=SLUG, id=_CONFIG + tenant.id):
        raise _not_configured(tenant.id)


def _not_configured(tenant_id: str) -> Refusal:
    return Refusal(Reason.NOT_CONFIGURED, f"the tenant {tenant_id} has no oidc-config")


# API keys


def list_api_keys(world: World, tenant: Tenant) -> list[ApiKey]:
    """A tenant's API keys, oldest first."""
    rows = world.store.list(tables.Token, order=("serial", "digest"), service=SLUG, kind=API_KEY, family=tenant.id)
    return [_api_key(row) for row in rows]


def add_api_key(world: World, tenant_id: str, value: str, name: str, key_id: str) -> ApiKey:
    """Let `value` be an API key of a tenant; only its digest is kept."""
    issue_token(
        world,
        value,
        service=SLUG,
        kind=API_KEY,
        client_id="",
        login="",
        family=tenant_id,
        flow=world.entry.flow or "",
        ttl=None,
        data={"id": key_id, "name": name},
    )
    return ApiKey(key_id, name, world.now())


def get_key_owner(world: World, value: str) -> Tenant:
    """The tenant of an API key. Raises Refusal: TOKEN_UNKNOWN."""
    row = find_token(world, value, service=SLUG, kind=API_KEY)
    tenant = find_tenant(world, row.family) if row else None
    if tenant is None:
        raise Refusal(Reason.TOKEN_UNKNOWN, "no API key with this value was ever issued", "X-API-Key")
    return tenant


def _api_key(row: tables.Token) -> ApiKey:
    return ApiKey(row.data["id"], row.data["name"], row.issued_at)


# Rows


def _find(world: World, place: str) -> tables.Group | None:
    return world.store.find(tables.Group, service=SLUG, id=place)


def _list(world: World, parent: str) -> list[tables.Group]:
    return world.store.list(tables.Group, order=("position", "id"), service=SLUG, parent=parent)


def _put(world: World, kind: str, name: str, attributes: dict[str, Any], *, of: str = "") -> None:
    row = _find(world, kind + name)
    world.store.put(
        tables.Group,
        service=SLUG,
        id=kind + name,
        parent=kind + of,
        number=0,
        attributes=attributes,
        position=row.position if row else serial(),
    )
