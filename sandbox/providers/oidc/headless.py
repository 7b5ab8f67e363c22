"""Where a login at an issuer begins for somebody without a browser, and whose application begins it."""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart, compose_login
from sandbox.mounts import Mount
from sandbox.providers.oidc.clients import get_issuers_client, is_public, is_registered
from sandbox.providers.oidc.issuers import SLUG, Issuer, get_issuer

_SCOPE = "openid profile email"
# What an application is called, and where it is, at an issuer that takes any.
_ANYBODY, _ANYWHERE = "sandbox-client", "http://127.0.0.1:9999/callback"
_DEVICE = "user_code"


def begin_login(world: World, mount: Mount, asked: LoginRequest) -> LoginStart:
    """A sign-in at the issuer and by the application that were asked for, or by the first that fit.

    A `user_code` among the parameters lets a device in instead. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED.
    """
    try:
        issuer, client = choose_client(world, mount, asked.issuer, asked.client)
    except Refusal as refusal:
        if asked.client is None or refusal.reason is not Reason.CLIENT_UNKNOWN:
            raise
        # The page that refuses it is the issuer's.
        issuer = get_issuer(world, mount, asked.issuer or _first_issuer(world, mount, None))
        return compose_login(world, asked, issuer.endpoint("/authorize"), asked.client, redirect_uri=None, scope=_SCOPE)
    if typed := asked.parameters.get(_DEVICE):
        return LoginStart(issuer.endpoint("/device"), client.client_id, typed={_DEVICE: typed})
    registered = is_registered(client)
    uris = client.redirect_uris if registered else [_ANYWHERE]
    start = compose_login(
        world,
        asked,
        issuer.endpoint("/authorize"),
        client.client_id,
        redirect_uri=str(uris[0]) if uris else None,
        scope=_SCOPE,
        needs_pkce=issuer.settings["require_pkce"]
        or client.settings["require_pkce"]
        or (registered and is_public(client)),
        response_type="code",
    )
    return replace(
        start,
        token_url=issuer.endpoint("/token"),
        client_secret=client.secret,
        issuer=issuer.url,
        discovery=issuer.endpoint("/.well-known/openid-configuration"),
    )


def choose_client(world: World, mount: Mount, name: str | None, client_id: str | None) -> tuple[Issuer, tables.Client]:
    """The issuer called `name` and its client; of what is None, the first that fits.

    Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED, CLIENT_UNKNOWN.
    """
    issuer = get_issuer(world, mount, name or _first_issuer(world, mount, client_id))
    if client_id is None:
        known = world.store.list(tables.Client, order=("position",), service=issuer.service, limit=1)
        client_id = known[0].client_id if known else _ANYBODY
    return issuer, get_issuers_client(world, issuer, client_id)


def _first_issuer(world: World, mount: Mount, client_id: str | None) -> str:
    """The first issuer of the fixture that answers here, and that has the client if one is named."""
    names: list[str] = [*world.settings[SLUG]["issuers"]]
    names += [name for name in _names_of_clients(world) if name not in names]
    for name in names:
        try:
            issuer = get_issuer(world, mount, name)
        except Refusal:
            continue
        if client_id is None or find_client(world, issuer.service, client_id):
            return name
    raise Refusal(Reason.CLIENT_UNKNOWN, f"no issuer that answers here has the client {client_id!r}", "client")


def _names_of_clients(world: World) -> list[str]:
    """The issuers at which clients are registered, in the order of the fixture."""
    services = dict.fromkeys(row.service for row in world.store.list(tables.Client, order=("position",)))
    return [service.removeprefix(f"{SLUG}/") for service in services if service.startswith(f"{SLUG}/")]
