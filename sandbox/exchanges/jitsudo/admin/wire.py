"""The shapes of administration: tenants, identity providers, domains, API keys and policy rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response

from sandbox.core.world import World
from sandbox.exchanges.jitsudo import contract
from sandbox.exchanges.jitsudo.models import DEFAULT_SCOPES, ApiKey, Domain, NewTenant, OidcConfig, Tenant
from sandbox.exchanges.jitsudo.wire import Json, moment, parse_body, parse_limit, parse_query, render

PAGE, _MOST = 50, 100
_RULE = (
    "id",
    "effect",
    "message",
    "principal_scope_type",
    "principal_entity_type",
    "principal_entity_id",
    "action_scope_type",
    "action_ids",
    "resource_scope_type",
    "resource_entity_type",
    "resource_entity_id",
    "conditions",
    "approval_mode",
    "approval_timeout",
)


def parse_config(world: World) -> OidcConfig:
    """A tenant's identity provider, as it is to be."""
    fields = parse_body(contract.UPSERT_OIDC_CONFIG)
    return OidcConfig(
        id=world.ids.uuid(),
        issuer=fields["issuer_url"],
        client_id=fields["client_id"],
        client_secret=fields["client_secret"],
        scopes=tuple(fields.get("scopes", DEFAULT_SCOPES)),
        created_at=world.now(),
        updated_at=world.now(),
    )


def parse_tenant() -> NewTenant:
    """A tenant that is to be."""
    fields = parse_body(contract.CREATE_TENANT)
    return NewTenant(
        name=fields["name"],
        slug=fields["slug"],
        owner_email=fields["owner_email"],
        locale=fields.get("locale") or "en",
        sso_start_url=fields.get("sso_start_url") or None,
        sso_region=fields.get("sso_region") or None,
    )


def parse_domain() -> str:
    """The domain that a tenant wants, in lower case."""
    return str(parse_body(contract.CREATE_DOMAIN)["domain"]).lower()


def parse_api_key() -> str:
    """What an API key is to be called."""
    return str(parse_body(contract.CREATE_API_KEY)["name"])


def parse_page() -> tuple[int, str | None]:
    """How many objects are wanted, and after which one."""
    return parse_rule_limit(), parse_query("cursor")


def parse_rule_limit() -> int:
    """How many objects are wanted."""
    return parse_limit(PAGE, _MOST)


def render_config(config: OidcConfig, issuer_url: str) -> Response:
    """A tenant's identity provider; its secret is never told."""
    members = {"id": config.id, "issuer_url": issuer_url, "client_id": config.client_id, "scopes": list(config.scopes)}
    return render({**members, **_moments(config)})


def render_tenant(tenant: Tenant) -> Response:
    """A tenant that was made."""
    return render(_tenant(tenant), 201)


def render_tenants(page: Iterable[tuple[Tenant, str | None]], *, has_more: bool) -> Response:
    """A page of tenants, each with its first verified domain."""
    listed = [{**_tenant(tenant), "is_master": tenant.is_master, "domain": domain} for tenant, domain in page]
    return render({"data": listed, "next_cursor": listed[-1]["id"] if has_more else None, "has_more": has_more})


def render_domain(domain: Domain) -> Response:
    """A domain that was made."""
    return render(_domain(domain), 201)


def render_domains(domains: Iterable[Domain]) -> Response:
    """A tenant's domains."""
    return render({"data": [_domain(domain) for domain in domains]})


def render_verification(verified: bool, message: str) -> Response:
    """Whether a domain is the tenant's now."""
    return render({"verified": verified, "message": message})


def render_new_api_key(key: ApiKey, value: str) -> Response:
    """An API key with its value, this once."""
    shown = _api_key(key)
    return render({"id": shown["id"], "name": shown["name"], "key": value, "created_at": shown["created_at"]}, 201)


def render_api_keys(keys: Iterable[ApiKey]) -> Response:
    """A tenant's API keys, without their values."""
    return render({"data": [_api_key(key) for key in keys]})


def render_rules(rules: Iterable[Mapping[str, Any]]) -> Response:
    """The rules of a policy."""
    return render({"data": [{name: rule[name] for name in _RULE} for rule in rules]})


def _tenant(tenant: Tenant) -> Json:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "slug": tenant.slug,
        "locale": tenant.locale,
        "owner_email": tenant.owner_email,
        "owner_user_id": tenant.owner_user_id,
        "sso_start_url": tenant.sso_start_url,
        "sso_region": tenant.sso_region,
        **_moments(tenant),
    }


def _domain(domain: Domain) -> Json:
    return {
        "id": domain.id,
        "domain": domain.name,
        "verified": domain.verified_at is not None,
        "verified_at": None if domain.verified_at is None else moment(domain.verified_at),
        "verification_token": domain.verification_token,
        "dns_record": f"_jitsudo.{domain.name}",
        "dns_value": f"jitsudo-verification={domain.verification_token}",
        "created_at": moment(domain.created_at),
    }


def _api_key(key: ApiKey) -> Json:
    return {"id": key.id, "name": key.name, "created_at": moment(key.created_at)}


def _moments(thing: OidcConfig | Tenant) -> Json:
    return {"created_at": moment(thing.created_at), "updated_at": moment(thing.updated_at)}
