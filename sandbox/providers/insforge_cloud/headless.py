"""Where a login at InsForge Cloud begins for somebody without a browser: its OAuth server, the console, shared keys."""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart, compose_login
from sandbox.mounts import Mount
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud.console.rules import CONSOLE
from sandbox.providers.insforge_cloud.oauth.routes import AUTHORIZE, DEVICE
from sandbox.providers.insforge_cloud.people import SLUG
from sandbox.providers.insforge_cloud.shared.rules import CALLBACK, SHARED

_SCOPE = "user:read organizations:read projects:read"
# What leads to other ways than the OAuth server: whose code, at which provider, for which device.
_PROJECT, _PROVIDER, _USER_CODE = "project", "provider", "user_code"


def begin_login(world: World, mount: Mount, asked: LoginRequest) -> LoginStart:
    """A sign-in at the OAuth server, by the application that was asked for or the first one.

    Among the parameters a `project` gets its dashboard's code at the console instead, a `provider` a shared login
    there, and a `user_code` lets a device in. Raises Refusal: CLIENT_UNKNOWN if there is no application.
    """
    given = asked.parameters
    if project := given.get(_PROJECT):
        page = mount.url(f"/console/{project}")
        return LoginStart(page, CONSOLE, collect=f"{page}/code")
    if provider := given.get(_PROVIDER):
        back = asked.redirect_uri or f"http://localhost{CALLBACK}{asked.state or world.ids.text(24)}"
        start = with_query(mount.url(f"/auth/v1/shared/{provider}"), {"redirect_uri": back})
        return LoginStart(start, SHARED, redirect_uri=back, leads="auth_url")
    if typed := given.get(_USER_CODE):
        return LoginStart(mount.url(DEVICE), "", typed={_USER_CODE: typed})
    return _at_oauth_server(world, mount, asked)


def first_client(world: World) -> tables.Client:
    """The first application of the fixture. Raises Refusal: CLIENT_UNKNOWN."""
    for client in world.store.list(tables.Client, order=("position",), service=SLUG, limit=1):
        return client
    raise Refusal(Reason.CLIENT_UNKNOWN, "the fixture has no application of InsForge Cloud", "client")


def _at_oauth_server(world: World, mount: Mount, asked: LoginRequest) -> LoginStart:
    client_id = asked.client or first_client(world).client_id
    client = find_client(world, SLUG, client_id)
    start = compose_login(
        world,
        asked,
        mount.url(AUTHORIZE),
        client_id,
        redirect_uri=str(client.redirect_uris[0]) if client and client.redirect_uris else None,
        scope=_SCOPE,
        needs_pkce=True,
        response_type="code",
    )
    return replace(start, token_url=mount.url("/api/oauth/v1/token"), client_secret=client.secret if client else None)
