"""How people come from their issuer to a system JWT of JITSudo without a browser of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.identities import get_identity, primary_email
from sandbox.core.world import World
from sandbox.exchanges.jitsudo import tenants
from sandbox.exchanges.jitsudo.login.providers import Provider, get_provider
from sandbox.exchanges.jitsudo.models import Tenant
from sandbox.headless import Walk, Way


def open_session(walk: Walk) -> Mapping[str, Any]:
    """The sign-in at the issuer of the person's tenant, or else at the global one, and the JWT for its code."""
    tenant = find_tenant(walk.world, get_identity(walk.world, walk.request.login))
    if tenant is not None and tenants.find_config(walk.world, tenant.id):
        body = _sign_in_at_tenant(walk, tenant)
    else:
        body = _sign_in_globally(walk)
    token: Mapping[str, Any] = walk.call("POST", "/v1/auth/callback", json=body)
    return token


def find_tenant(world: World, identity: tables.Identity) -> Tenant | None:
    """The tenant that has the domain of the person's address, or None."""
    email = primary_email(identity)
    return tenants.find_by_domain(world, email["email"]) if email else None


def _sign_in_at_tenant(walk: Walk, tenant: Tenant) -> dict[str, str]:
    redirect_uri = _redirect_uri(walk, get_provider(walk.world, tenant.id))
    asked = {"slug": tenant.slug, "redirect_uri": redirect_uri}
    begun = walk.call("POST", "/_sandbox/login-url", json=asked, by_prefix=True)
    back = dict(parse_qsl(urlsplit(walk.go(begun["authorize_url"])).query))
    return {"code": back["code"], "state": back["state"], "redirect_uri": redirect_uri}


def _sign_in_globally(walk: Walk) -> dict[str, str]:
    """The same without a state: JITSudo takes only those of its own making."""
    provider = get_provider(walk.world, None)
    redirect_uri = _redirect_uri(walk, provider)
    issuer = provider.reference.partition("/")[2]
    scope = " ".join(provider.scopes)
    back = walk.sign_in(client=provider.client_id, issuer=issuer, redirect_uri=redirect_uri, scope=scope)
    return {"code": back["code"], "redirect_uri": redirect_uri}


def _redirect_uri(walk: Walk, provider: Provider) -> str:
    """Where the browser lands: what was asked for, or what JITSudo's application has registered first."""
    client = find_client(walk.world, provider.reference, provider.client_id)
    registered = client.redirect_uris[0] if client and client.redirect_uris else ""
    return walk.request.redirect_uri or str(registered)


WAYS = (Way("oidc", "login", open_session),)
