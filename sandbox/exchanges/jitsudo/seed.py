"""Puts the fixture's `jitsudo` section into a world: what administrators may change is kept as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.core.clients import find_client
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.models import SLUG, Domain, OidcConfig, Tenant

Entry = Mapping[str, Any]


def seed(world: World, section: Entry) -> Entry:
    """The section without what became rows, and the policies by tenant."""
    for entry in section["tenants"]:
        _add_tenant(world, entry)
    provider = section["global_provider"]
    rest = {name: value for name, value in section.items() if name not in ("tenants", "global_provider")}
    return {
        **rest,
        "policies": {entry["id"]: entry["policies"] for entry in section["tenants"]},
        "global_provider": provider and {**provider, "client_secret": _secret(world, provider)},
    }


def _add_tenant(world: World, entry: Entry) -> None:
    now, tenant_id = world.now(), entry["id"]
    told = ("id", "slug", "name", "owner_email", "locale", "sso_start_url", "sso_region", "local_login")
    tenants.save_tenant(
        world,
        Tenant(
            **{name: entry[name] for name in told},
            owner_user_id=tenants.derived_id("owner", tenant_id),
            is_master=entry["master"],
            created_at=now,
            updated_at=now,
        ),
    )
    for domain in entry["domains"]:
        _add_domain(world, tenant_id, domain)
    for key in entry["api_keys"]:
        tenants.add_api_key(world, tenant_id, key["key"], key["name"], tenants.derived_id("key", key["key"]))
    if entry["oidc"]:
        tenants.save_config(world, tenant_id, _config(world, tenant_id, entry["oidc"]))


def _add_domain(world: World, tenant_id: str, entry: Entry) -> None:
    name = entry["domain"]
    token = hashlib.sha256(f"{SLUG}/{tenant_id}/{name}".encode()).hexdigest()[:32]
    domain = Domain(tenants.derived_id("domain", tenant_id, name), tenant_id, name, token, None, world.now())
    tenants.save_domain(world, domain)
    if entry["verified"]:
        tenants.verify_domain(world, domain)


def _config(world: World, tenant_id: str, entry: Entry) -> OidcConfig:
    return OidcConfig(
        id=tenants.derived_id("oidc-config", tenant_id),
        issuer=entry["issuer"],
        client_id=entry["client"],
        client_secret=_secret(world, entry),
        scopes=tuple(entry["scopes"]),
        created_at=world.now(),
        updated_at=world.now(),
    )


def _secret(world: World, provider: Entry) -> str | None:
    """The secret of the application: as it is given, or else as it is registered at the issuer of this sandbox."""
    given: str | None = provider["client_secret"]
    issuer: str = provider["issuer"]
    service = issuer if issuer.startswith("oidc/") else issuer.partition("/")[0]
    client = None if given or "://" in issuer else find_client(world, service, provider["client"])
    return client.secret if client else given
