"""JITSudo's tokens without a login: made by tokens.py and tenants.py, as its endpoints do."""

from __future__ import annotations

import json

from sandbox.core.identities import check_active
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.admin.rules import create_api_key
from sandbox.exchanges.jitsudo.headless import find_tenant
from sandbox.exchanges.jitsudo.login.providers import get_provider
from sandbox.exchanges.jitsudo.models import Person, Tenant
from sandbox.exchanges.jitsudo.tokens import issue_system_token
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest

# What a person is called at an issuer, unless the fixture says otherwise.
_OIDC = "oidc"


def mint_system_token(world: World, asked: MintRequest) -> str:
    """A system JWT for a person of a tenant; no policy is asked.

    Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED, OBJECT_UNKNOWN, NOT_CONFIGURED.
    """
    identity = asked.person
    check_active(identity)
    tenant = _get_tenant(world, asked)
    about = identity.attributes[_OIDC]
    subject = str(about["subject"] or identity.login)
    email = next((address["email"] for address in identity.emails if address["primary"]), "")
    person = Person(subject, email, identity.name or "", tuple(about["claims"].get("groups", ())))
    provider = get_provider(world, tenant.id if tenants.find_config(world, tenant.id) else None)
    user_id = tenants.derived_id("user", tenant.id, json.dumps([provider.reference, subject]))
    return issue_system_token(world, tenant, user_id, person).token


def mint_api_key(world: World, asked: MintRequest) -> str:
    """An API key of a tenant. Raises Refusal: OBJECT_UNKNOWN."""
    return create_api_key(world, _get_tenant(world, asked), "minted")[1]


def _get_tenant(world: World, asked: MintRequest) -> Tenant:
    """The tenant that was named by slug, id or domain, or that of the person, or the first one.

    Raises Refusal: OBJECT_UNKNOWN.
    """
    if asked.issuer:
        name = asked.issuer
        found = (
            tenants.find_by_slug(world, name)
            or tenants.find_tenant(world, name.lower())
            or tenants.find_by_domain(world, name)
        )
    else:
        found = find_tenant(world, asked.identity) if asked.identity else None
        found = found or next(iter(tenants.list_tenants(world)), None)
    if found is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no tenant {asked.issuer!r}", "issuer")
    return found


MINTS = {
    "system_token": Mintable(
        JWT, "A system JWT; its issuer is a tenant.", mint_system_token, ("identity", "issuer"), "access_token"
    ),
    "api_key": Mintable(OPAQUE, "An API key of a tenant, which is the issuer.", mint_api_key, ("issuer",), lasts=True),
}
