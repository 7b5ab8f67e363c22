"""The libraries that people log in to Azure with, and the applications of the fixture that each is shown with."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.providers.azure.applications import home_of
from sandbox.providers.azure.authorities import netloc
from sandbox.providers.azure.directory import SLUG
from sandbox.service import NothingFitsError, Snippet

Facts = Mapping[str, str]


def _web(world: World, mount: Mount) -> Facts:
    """The first application with a secret and a redirect URI of the platform web."""
    for client in _applications(world):
        if client.secret and client.redirect_uris:
            tenant = home_of(world, client).id
            return {
                **_where(mount),
                "tenant": tenant,
                "authority": mount.url(f"/{tenant}"),
                "client_id": client.client_id,
                "client_secret": client.secret,
                **_back(client.redirect_uris[0]),
            }
    raise NothingFitsError("the fixture has no application of Azure with a secret and a redirect URI")


def _page(world: World, mount: Mount) -> Facts:
    """The first application with a redirect URI of the platform spa."""
    for client in _applications(world):
        for uri in client.settings["spa_redirect_uris"]:
            return {**_where(mount), **_as_public(world, mount, client), "spa_redirect_uri": uri}
    raise NothingFitsError("the fixture has no application of Azure with a redirect URI of the platform spa")


def _web_and_device(world: World, mount: Mount) -> Facts:
    """The same as for a web application, and the first one that may be used on a device."""
    for client in _applications(world):
        if client.settings["public_client"]:
            return {**_web(world, mount), **_as_public(world, mount, client)}
    raise NothingFitsError("the fixture has no application of Azure that is a public client")


def _applications(world: World) -> list[tables.Client]:
    return world.store.list(tables.Client, order=("position",), service=SLUG)


def _where(mount: Mount) -> Facts:
    return {"origin": mount.url(""), "host": netloc(mount.origin)}


def _back(redirect_uri: str) -> Facts:
    parts = urlsplit(redirect_uri)
    return {
        "redirect_uri": redirect_uri,
        "redirect_origin": f"{parts.scheme}://{parts.netloc}",
        "redirect_host": parts.hostname or "",
        "redirect_path": parts.path or "/",
        "redirect_port": str(parts.port or (443 if parts.scheme == "https" else 80)),
    }


def _as_public(world: World, mount: Mount, client: tables.Client) -> Facts:
    tenant = home_of(world, client).id
    return {
        "public_client_id": client.client_id,
        "public_tenant": tenant,
        "public_authority": mount.url(f"/{tenant}"),
    }


# Every one of them refuses plain http.
SNIPPETS = (
    Snippet("msal-python", "MSAL for Python", "python", _web, https_only=True),
    Snippet("azure-identity", "azure-identity for Python", "python", _web_and_device, https_only=True),
    Snippet("msal-node", "MSAL for Node.js", "javascript", _web, https_only=True),
    Snippet("msal-browser", "MSAL for browsers", "javascript", _page, https_only=True),
)
