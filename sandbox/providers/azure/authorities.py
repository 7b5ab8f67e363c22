"""The authority of a request: the tenant that its path names, and the addresses and issuers that follow from it.

Judges no application and no person; mounts.py builds every URL.
https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.providers.azure.directory import CONSUMERS, Tenant, get_tenant

COMMON, ORGANIZATIONS, PERSONAL = "common", "organizations", "consumers"
V1, V2 = "1.0", "2.0"
# Of the vendor's host names, those that are not for signing in.
GRAPH_HOST = "graph.microsoft.com"
TOKEN_HOST = "sts.windows.net"
# What a document for several tenants holds where a tenant's id belongs.
ANY_TENANT = "{tenantid}"


@dataclass(frozen=True)
class Authority:
    """A tenant as a path names it: `name` as it was written, `tenant` None for `common` and `organizations`."""

    name: str
    tenant: Tenant | None
    mount: Mount

    @property
    def key(self) -> str:
        """The same text for all names of a tenant, such as its domain and its id."""
        return self.tenant.id if self.tenant else self.name.lower()

    @property
    def is_personal(self) -> bool:
        """Whether only personal accounts sign in here."""
        return self.key == CONSUMERS

    @property
    def spans_tenants(self) -> bool:
        """Whether this is `common` or `organizations`."""
        return self.tenant is None

    @property
    def issuer_id(self) -> str:
        """The tenant's id, or the placeholder that documents for several tenants have."""
        return self.tenant.id if self.tenant else ANY_TENANT

    def url(self, path: str) -> str:
        """The absolute URL of a path below the tenant, which keeps the name that was asked for."""
        return self.mount.url(f"/{self.name}{path}")


def get_authority(world: World, mount: Mount, name: str) -> Authority:
    """The authority of a path whose first step is `name`, in any case. Raises Refusal: ISSUER_UNKNOWN."""
    known = name.lower()
    if known in (COMMON, ORGANIZATIONS):
        return Authority(name, None, mount)
    return Authority(name, get_tenant(world, name), mount)


def issuer(mount: Mount, tenant_id: str, version: str) -> str:
    """The issuer of a tenant's tokens. Version 1 has a host of its own at the vendor, and ends in a slash."""
    if version == V1:
        return mount.url(f"/{tenant_id}/", host=TOKEN_HOST)
    return mount.url(f"/{tenant_id}/v2.0")


def graph_url(mount: Mount, path: str) -> str:
    """The absolute URL of a path of Microsoft Graph, such as `/v1.0/me`."""
    return mount.url(path, host=GRAPH_HOST)


def netloc(url: str) -> str:
    """Host and port of a URL."""
    return urlsplit(url).netloc
