"""The libraries that people log in to an issuer with, and the client of the fixture that each is shown with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.providers.oidc.clients import is_public
from sandbox.providers.oidc.issuers import SLUG, Issuer, get_issuer
from sandbox.service import NothingFitsError, Snippet

Facts = Mapping[str, str]


def _at_path(start: str) -> Callable[[World, Mount], Facts]:
    """The facts of a web application whose library insists on where its callback is."""
    return lambda world, mount: _web(world, mount, start)


def _web(world: World, mount: Mount, path: str = "/") -> Facts:
    """The first client with a secret and a redirect URI at or below this path."""
    wanted = f"a client with a secret and a redirect URI whose path begins with {path}"
    issuer, client, redirect_uri = _first(world, mount, path, public=False, wanted=wanted)
    return _facts(issuer, client, redirect_uri)


def _public(world: World, mount: Mount) -> Facts:
    """The first client without a secret, which is a page in a browser or a program on somebody's machine."""
    issuer, client, redirect_uri = _first(world, mount, "/", public=True, wanted="a client without a secret")
    return _facts(issuer, client, redirect_uri)


def _first(world: World, mount: Mount, path: str, *, public: bool, wanted: str) -> tuple[Issuer, tables.Client, str]:
    for client in world.store.list(tables.Client, order=("position",)):
        service, _, name = client.service.partition("/")
        # Whoever has registered itself has told nobody its secret.
        if service != SLUG or "registration" in client.settings:
            continue
        if is_public(client) != public or (not public and not client.secret):
            continue
        issuer = world.settings[SLUG]["issuers"].get(name, world.settings[SLUG]["settings"])
        if issuer["https_only"] and not mount.origin.startswith("https:"):
            continue
        for redirect_uri in client.redirect_uris:
            if urlsplit(redirect_uri).path.startswith(path):
                return get_issuer(world, mount, name), client, redirect_uri
    raise NothingFitsError(f"the fixture has no issuer with {wanted}")


def _facts(issuer: Issuer, client: tables.Client, redirect_uri: str) -> Facts:
    parts = urlsplit(redirect_uri)
    return {
        "issuer": issuer.url,
        "audience": issuer.settings["audience"] or issuer.url,
        "client_id": client.client_id,
        "client_secret": client.secret or "",
        "redirect_uri": redirect_uri,
        "redirect_origin": f"{parts.scheme}://{parts.netloc}",
        "redirect_host": parts.hostname or "",
        "redirect_path": parts.path,
        "redirect_port": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "last_step": parts.path.rstrip("/").rpartition("/")[2],
    }


SNIPPETS = (
    Snippet("authlib", "Authlib, in a Flask application", "python", _web),
    Snippet("requests-oauthlib", "requests-oauthlib", "python", _web),
    Snippet("resource-server", "PyJWT, in an API that checks access tokens", "python", _web),
    Snippet("django", "mozilla-django-oidc, in the settings of Django", "python", _at_path("/oidc/callback/")),
    Snippet("openid-client", "openid-client for Node.js", "javascript", _web),
    Snippet("auth.js", "Auth.js, in an Express application", "javascript", _at_path("/auth/callback/")),
    Snippet("passport", "passport-openidconnect, in an Express application", "javascript", _web),
    Snippet("oidc-client-ts", "oidc-client-ts, in a page without a server", "javascript", _public),
    Snippet("spring", "Spring Security, in application.yaml", "yaml", _at_path("/login/oauth2/code/")),
    Snippet("go-oidc", "go-oidc", "go", _web),
    Snippet("oauth2-proxy", "oauth2-proxy, in its configuration file", "toml", _at_path("/oauth2/callback")),
    Snippet("curl", "curl", "shell", _web),
)
