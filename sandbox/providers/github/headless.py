"""Where a login at GitHub begins for somebody without a browser."""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart, compose_login
from sandbox.mounts import Mount
from sandbox.providers.github.tokens import SLUG

_SCOPE = "read:user user:email"
_DEVICE = "user_code"


def begin_login(world: World, mount: Mount, asked: LoginRequest) -> LoginStart:
    """A sign-in by the application that was asked for, or by the first one that is not suspended.

    A `user_code` among the parameters lets a device in instead. Raises Refusal: CLIENT_UNKNOWN if there is none.
    """
    if typed := asked.parameters.get(_DEVICE):
        return LoginStart(mount.url("/login/device"), "", typed={_DEVICE: typed})
    client_id = asked.client or first_client(world).client_id
    client = find_client(world, SLUG, client_id)
    start = compose_login(
        world,
        asked,
        mount.url("/login/oauth/authorize"),
        client_id,
        # Most applications name none, and then need none when they redeem the code.
        redirect_uri=None,
        scope=_SCOPE,
        needs_pkce=bool(client and client.settings["require_pkce"]),
    )
    registered = str(client.redirect_uris[0]) if client else None
    return replace(
        start,
        redirect_uri=start.redirect_uri or registered,
        token_url=mount.url("/login/oauth/access_token"),
        client_secret=client.secret if client else None,
    )


def first_client(world: World) -> tables.Client:
    """The first application of the fixture that is not suspended. Raises Refusal: CLIENT_UNKNOWN."""
    clients = world.store.list(tables.Client, order=("position",), service=SLUG)
    found = next((client for client in clients if not client.settings["suspended"]), None)
    if found is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, "the fixture has no GitHub application that is not suspended", "client")
    return found
