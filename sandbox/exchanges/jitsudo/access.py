"""Who calls: a script by API key, or a person by a system JWT; and for which tenant.

Takes credentials as values; where they were in the request is wire.py's.
"""

from __future__ import annotations

import re

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.models import Credentials, Tenant
from sandbox.exchanges.jitsudo.tokens import read_system_token

TENANT_HEADER = "X-Tenant-ID"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def admit_key(world: World, credentials: Credentials, *, names_tenant: bool = True) -> Tenant:
    """The tenant whose API key calls.

    `names_tenant`: the header is required here. Raises Refusal: TOKEN_MISSING, TOKEN_UNKNOWN, HEADER_INVALID,
    IDENTITY_OF_ANOTHER_TENANT.
    """
    if credentials.api_key is None:
        raise Refusal(Reason.TOKEN_MISSING, "there is no X-API-Key, and nothing else opens this", "X-API-Key")
    tenant = tenants.get_key_owner(world, credentials.api_key)
    _check_named(tenant, credentials.tenant_id, required=names_tenant)
    return tenant


def admit_person(world: World, credentials: Credentials, *, names_tenant: bool) -> Tenant:
    """The tenant of the person who calls.

    An API key that comes along is looked at first, and is not enough. Raises Refusal: TOKEN_MISSING, TOKEN_UNKNOWN,
    HEADER_INVALID, IDENTITY_OF_ANOTHER_TENANT, and the reasons of `read_system_token`.
    """
    if credentials.api_key is not None:
        _check_named(tenants.get_key_owner(world, credentials.api_key), credentials.tenant_id, required=False)
    if credentials.bearer is None:
        raise Refusal(Reason.TOKEN_MISSING, "there is no Authorization header with a Bearer token", "Authorization")
    tenant_id = read_system_token(world, credentials.bearer)
    tenant = tenants.find_tenant(world, tenant_id)
    if tenant is None:
        raise Refusal(Reason.TOKEN_UNKNOWN, f"the token belongs to {tenant_id!r}, which is no tenant")
    _check_named(tenant, credentials.tenant_id, required=names_tenant)
    return tenant


def _check_named(tenant: Tenant, named: str | None, *, required: bool) -> None:
    if required and not (named and _UUID.fullmatch(named.lower())):
        what = "is missing" if named is None else f"is no UUID: {named!r}"
        raise Refusal(Reason.HEADER_INVALID, f"{TENANT_HEADER} {what}", TENANT_HEADER)
    if named is not None and named.lower() != tenant.id:
        raise Refusal(
            Reason.IDENTITY_OF_ANOTHER_TENANT, f"the credential belongs to {tenant.id}, not to {named!r}", TENANT_HEADER
        )
