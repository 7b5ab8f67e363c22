"""Where a login at Entra ID begins for somebody without a browser: at which tenant, and by whose application."""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import tables
from sandbox.core.clients import find_client, get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.headless import LoginRequest, LoginStart, compose_login
from sandbox.mounts import Mount
from sandbox.providers.azure.applications import (
    MY_ORG,
    PERSONAL_ONLY,
    Platform,
    find_platform,
    has_credentials,
    home_of,
    list_redirect_uris,
)
from sandbox.providers.azure.authorities import COMMON, PERSONAL, V2, Authority, get_authority
from sandbox.providers.azure.authorities import issuer as issuer_of
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.login.accounts import get_account

SCOPE = "openid profile email User.Read"
_DEVICE = "user_code"


def begin_login(world: World, mount: Mount, asked: LoginRequest) -> LoginStart:
    """A sign-in at the tenant and by the application that were asked for, or by the first that take this person.

    A `user_code` among the parameters lets a device in instead. Raises Refusal: CLIENT_UNKNOWN, ISSUER_UNKNOWN.
    """
    if typed := asked.parameters.get(_DEVICE):
        return LoginStart(mount.url("/common/oauth2/deviceauth"), "", typed={_DEVICE: typed})
    if asked.client is not None and find_client(world, SLUG, asked.client) is None:
        # The page that refuses it is the vendor's.
        authority = get_authority(world, mount, asked.issuer or COMMON)
        return compose_login(world, asked, _endpoint(authority), asked.client, redirect_uri=None, scope=SCOPE)
    authority, client = choose_client(world, mount, asked.login, asked.issuer, asked.client)
    registered = [uri for uri, _ in list_redirect_uris(client)]
    redirect_uri = asked.redirect_uri or next(iter(registered), None)
    start = compose_login(
        world,
        asked,
        _endpoint(authority),
        client.client_id,
        redirect_uri=redirect_uri,
        scope=SCOPE,
        needs_pkce=not has_credentials(client) or _platform(client, redirect_uri) is not Platform.WEB,
        response_type="code",
    )
    return replace(
        start,
        token_url=authority.url("/oauth2/v2.0/token"),
        client_secret=client.secret,
        issuer=issuer_of(mount, authority.issuer_id, V2),
        discovery=authority.url("/v2.0/.well-known/openid-configuration"),
    )


def choose_client(
    world: World, mount: Mount, login: str, issuer: str | None, client_id: str | None
) -> tuple[Authority, tables.Client]:
    """The application with this id and the tenant called `issuer`; of what is None, the first that take this person.

    Raises Refusal: CLIENT_UNKNOWN, ISSUER_UNKNOWN.
    """
    if client_id is not None:
        client = get_client(world, SLUG, client_id)
        return get_authority(world, mount, issuer or _usual_tenant(world, client)), client
    clients = world.store.list(tables.Client, order=("position",), service=SLUG)
    with_pages = [client for client in clients if any(list_redirect_uris(client))]
    if not with_pages:
        raise Refusal(Reason.CLIENT_UNKNOWN, "the fixture has no Azure application with a redirect URI", "client")
    known = [(get_authority(world, mount, issuer or _usual_tenant(world, one)), one) for one in with_pages]
    return next((pair for pair in known if _takes(world, *pair, login)), known[0])


def _takes(world: World, authority: Authority, client: tables.Client, login: str) -> bool:
    home = home_of(world, client)
    single = client.settings["audience"] == MY_ORG
    if single and (authority.tenant is None or authority.tenant.id != home.id):
        return False
    try:
        get_account(world, authority, client, login)
    except Refusal:
        return False
    return True


def _usual_tenant(world: World, client: tables.Client) -> str:
    """Where an application signs people in: at its own tenant, or wherever they are from."""
    audience = client.settings["audience"]
    if audience == MY_ORG:
        return home_of(world, client).domain
    return PERSONAL if audience == PERSONAL_ONLY else COMMON


def _platform(client: tables.Client, redirect_uri: str | None) -> Platform | None:
    return find_platform(client, redirect_uri) if redirect_uri else None


def _endpoint(authority: Authority) -> str:
    return authority.url("/oauth2/v2.0/authorize")
