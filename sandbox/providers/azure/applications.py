"""Applications: at which tenants they may be used, where they may send a browser, and what each platform is.

https://learn.microsoft.com/entra/identity-platform/reply-url
https://learn.microsoft.com/entra/identity-platform/supported-accounts-validation
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.redirects import is_safe, without_world
from sandbox.providers.azure.authorities import COMMON, ORGANIZATIONS, Authority
from sandbox.providers.azure.directory import Tenant, first_tenant, get_tenant

MY_ORG, MULTIPLE_ORGS, PERSONAL_ONLY = "AzureADMyOrg", "AzureADMultipleOrgs", "PersonalMicrosoftAccount"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_URI = 256


class Platform(StrEnum):
    """What a redirect URI is registered for; it decides about secret, Origin and refresh tokens."""

    WEB = "web"
    SPA = "spa"
    PUBLIC = "publicClient"


def list_redirect_uris(client: tables.Client) -> Iterator[tuple[str, Platform]]:
    """The registered redirect URIs, each with its platform."""
    yield from ((uri, Platform.WEB) for uri in client.redirect_uris)
    yield from ((uri, Platform.SPA) for uri in client.settings["spa_redirect_uris"])
    yield from ((uri, Platform.PUBLIC) for uri in client.settings["public_redirect_uris"])


def find_platform(client: tables.Client, redirect_uri: str) -> Platform | None:
    """The platform of the registered URI that this one matches: exactly, but for the port of the machine itself."""
    if len(redirect_uri) > _LONGEST_URI or not is_safe(redirect_uri):
        return None
    if urlsplit(redirect_uri).query and client.settings["audience"] not in (MY_ORG, MULTIPLE_ORGS):
        return None
    redirect_uri = without_world(redirect_uri, client.world)
    registered = list(list_redirect_uris(client))
    exact = (platform for uri, platform in registered if uri == redirect_uri)
    local = (platform for uri, platform in registered if _without_port(uri) == _without_port(redirect_uri))
    return next(exact, None) or next(local, None)


def get_platform(client: tables.Client, redirect_uri: str) -> Platform:
    """The same for one that must match. Raises Refusal: REDIRECT_URI_MISMATCH."""
    platform = find_platform(client, redirect_uri)
    if platform is None:
        registered = ", ".join(uri for uri, _ in list_redirect_uris(client)) or "none"
        detail = f"{redirect_uri} is not registered for {client.client_id}; registered: {registered}"
        raise Refusal(Reason.REDIRECT_URI_MISMATCH, detail, "redirect_uri")
    return platform


def home_of(world: World, client: tables.Client) -> Tenant:
    """The tenant in which the application is registered."""
    named: str | None = client.settings["tenant"]
    return get_tenant(world, named) if named else first_tenant(world)


def is_known_in(world: World, client: tables.Client, tenant: Tenant) -> bool:
    """Whether the tenant knows the application: its own ones, and those for several organizations."""
    audience = client.settings["audience"]
    if audience == MY_ORG:
        return home_of(world, client).id == tenant.id
    if tenant.is_personal:
        return bool(audience != MULTIPLE_ORGS)
    return bool(audience != PERSONAL_ONLY)


def check_tenancy(world: World, client: tables.Client, authority: Authority) -> None:
    """Refuse an application where its supported account types forbid it.

    Raises Refusal: CLIENT_OF_ANOTHER_TENANT, CLIENT_SINGLE_TENANT, CLIENT_FOR_WORK_ONLY, CLIENT_NEEDS_TENANT.
    """
    audience, app = client.settings["audience"], client.client_id
    if authority.is_personal and audience in (MY_ORG, MULTIPLE_ORGS):
        raise Refusal(Reason.CLIENT_FOR_WORK_ONLY, f"{app} is for work accounts ({audience})")
    if authority.spans_tenants and audience == MY_ORG:
        raise Refusal(Reason.CLIENT_SINGLE_TENANT, f"{app} is for accounts of its own tenant ({audience})")
    if client.settings["v1_only"] and (authority.is_personal or authority.key == COMMON):
        raise Refusal(Reason.CLIENT_NEEDS_TENANT, f"{app} is registered for the older endpoint only (v1_only)")
    personal_at_work = audience == PERSONAL_ONLY and authority.key == ORGANIZATIONS
    stranger = authority.tenant is not None and not is_known_in(world, client, authority.tenant)
    if personal_at_work or stranger:
        raise Refusal(Reason.CLIENT_OF_ANOTHER_TENANT, f"{app} ({audience}) is not known in {authority.name}")


def has_credentials(client: tables.Client) -> bool:
    """Whether the application can prove itself: with a secret or a certificate."""
    return bool(client.secret or (client.settings["certificates"] or {}).get("keys"))


def _without_port(uri: str) -> tuple[str, ...] | str:
    # The port of a localhost URI is ignored, so that a desktop application can take any that is free.
    parts = urlsplit(uri)
    if parts.hostname not in _LOOPBACK or parts.scheme not in ("http", "https"):
        return uri
    return (parts.scheme, parts.hostname, parts.path, parts.query)
