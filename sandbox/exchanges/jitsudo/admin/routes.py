"""The endpoints of administration over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.core.world import World
from sandbox.exchanges.jitsudo import access, tenants
from sandbox.exchanges.jitsudo.admin import rules, wire
from sandbox.exchanges.jitsudo.models import Tenant
from sandbox.exchanges.jitsudo.wire import parse_credentials
from sandbox.service import current_world

_OIDC_CONFIG, _TENANTS, _DOMAINS, _API_KEYS = "/v1/oidc-config", "/v1/tenants", "/v1/domains", "/v1/api-keys"


def upsert_oidc_config() -> Response:
    """PUT /v1/oidc-config: set the tenant's identity provider."""
    world, tenant = _by_key()
    config = rules.save_config(world, tenant, wire.parse_config(world))
    return wire.render_config(config, rules.issuer_url(world, config))


def get_oidc_config() -> Response:
    """GET /v1/oidc-config: the same, to read."""
    world, tenant = _by_key()
    config = tenants.get_config(world, tenant.id)
    return wire.render_config(config, rules.issuer_url(world, config))


def delete_oidc_config() -> Response:
    """DELETE /v1/oidc-config: let the tenant have none of its own."""
    tenants.remove_config(*_by_key())
    return Response(status=204)


def create_tenant() -> Response:
    """POST /v1/tenants: make a tenant."""
    world, caller = _by_key()
    return wire.render_tenant(rules.create_tenant(world, caller, wire.parse_tenant()))


def list_tenants() -> Response:
    """GET /v1/tenants: the tenants that the caller may know."""
    world, caller = _by_key()
    page, has_more = rules.list_tenants(world, caller, *wire.parse_page())
    return wire.render_tenants([(tenant, rules.first_domain(world, tenant)) for tenant in page], has_more=has_more)


def create_domain() -> Response:
    """POST /v1/domains: ask for a domain."""
    world, tenant = _by_person(names_tenant=True)
    return wire.render_domain(tenants.create_domain(world, tenant, wire.parse_domain()))


def list_domains() -> Response:
    """GET /v1/domains: the tenant's domains."""
    return wire.render_domains(tenants.list_domains(*_by_person()))


def verify_domain(domain_id: str) -> Response:
    """POST /v1/domains/{id}/verify: prove that a domain is the tenant's."""
    return wire.render_verification(*rules.verify_domain(*_by_person(), domain_id))


def list_policy_rules(policy_id: str) -> Response:
    """GET /v1/policies/{id}/rules: the rules of a policy."""
    world, tenant = _by_key(names_tenant=False)
    return wire.render_rules(rules.list_policy_rules(world, tenant, policy_id, wire.parse_rule_limit()))


def create_api_key() -> Response:
    """POST /v1/api-keys: make an API key."""
    world, tenant = _by_key()
    return wire.render_new_api_key(*rules.create_api_key(world, tenant, wire.parse_api_key()))


def list_api_keys() -> Response:
    """GET /v1/api-keys: the tenant's API keys."""
    return wire.render_api_keys(tenants.list_api_keys(*_by_key()))


def register_admin(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.put(_OIDC_CONFIG)(upsert_oidc_config)
    room.get(_OIDC_CONFIG)(get_oidc_config)
    room.delete(_OIDC_CONFIG)(delete_oidc_config)
    room.post(_TENANTS)(create_tenant)
    room.get(_TENANTS)(list_tenants)
    room.post(_DOMAINS)(create_domain)
    room.get(_DOMAINS)(list_domains)
    room.post(f"{_DOMAINS}/<domain_id>/verify")(verify_domain)
    room.get("/v1/policies/<policy_id>/rules")(list_policy_rules)
    room.post(_API_KEYS)(create_api_key)
    room.get(_API_KEYS)(list_api_keys)


def _by_key(*, names_tenant: bool = True) -> tuple[World, Tenant]:
    """The world of this request, and the tenant whose API key makes it. Raises Refusal: as `admit_key`."""
    world = current_world()
    return world, access.admit_key(world, parse_credentials(), names_tenant=names_tenant)


def _by_person(*, names_tenant: bool = False) -> tuple[World, Tenant]:
    """The world of this request, and the tenant of the person who makes it. Raises Refusal: as `admit_person`."""
    world = current_world()
    return world, access.admit_person(world, parse_credentials(), names_tenant=names_tenant)
