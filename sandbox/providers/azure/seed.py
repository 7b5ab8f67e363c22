"""Puts the fixture's `azure` section into a world: the groups of each tenant and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.providers.azure.directory import SLUG, derived_id
from sandbox.providers.azure.fixture import expand_groups, initial_domain


def seed(world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the groups of the fixture.

    Returns the room's settings: the switches of `azure.settings` by name, and `tenants`, a list of the fields of
    directory.Tenant.
    """
    groups: list[dict[str, Any]] = []
    memberships: list[dict[str, Any]] = []
    for tenant in section["tenants"]:
        for group in (group for entry in tenant["groups"] for group in expand_groups(entry)):
            row = _group(tenant["id"], group, position=len(groups))
            groups.append(row)
            memberships += [_membership(row["id"], login) for login in group["members"]]
    if groups:
        world.store.add(tables.Group, *groups)
    if memberships:
        world.store.add(tables.Membership, *memberships)
    return {**section["settings"], "tenants": [_tenant(about) for about in section["tenants"]]}


def _tenant(about: Mapping[str, Any]) -> dict[str, str]:
    domain: str = about["domain"]
    return {
        "id": about["id"],
        "domain": domain,
        "initial_domain": initial_domain(about),
        "name": about["name"] or domain,
        "region_scope": about["region_scope"],
    }


def _group(tenant_id: str, about: Mapping[str, Any], *, position: int) -> dict[str, Any]:
    return {
        "service": SLUG,
        "id": about["id"] or derived_id("group", tenant_id, about["name"]),
        "parent": tenant_id,
        "number": position,
        "attributes": {name: about[name] for name in ("name", "description", "security_enabled")},
        "position": position,
    }


def _membership(group_id: str, login: str) -> dict[str, Any]:
    return {"service": SLUG, "group": group_id, "login": login, "role": "member", "state": "active", "public": False}
