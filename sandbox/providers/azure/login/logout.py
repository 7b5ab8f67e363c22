"""Signing out: which sessions of a browser end, which applications hear of it, and where the browser goes.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.core import keysets, tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Refusal
from sandbox.core.world import World
from sandbox.protocol.id_tokens import verify_hint
from sandbox.protocol.redirects import with_query
from sandbox.protocol.sessions import end_session, list_sessions, session_clients
from sandbox.providers.azure.applications import find_platform
from sandbox.providers.azure.authorities import V1, V2, Authority, issuer
from sandbox.providers.azure.claims import read_login_hint
from sandbox.providers.azure.directory import SLUG, home_tenant
from sandbox.providers.azure.tokens import ALGORITHM


@dataclass(frozen=True)
class SignedOut:
    """What a sign-out leads to: the logout pages of applications, and where the browser goes, if anywhere."""

    frames: tuple[str, ...]
    next_url: str | None


def sign_out(world: World, authority: Authority, query: Mapping[str, str], cookie: str | None) -> SignedOut:
    """End the sessions of a browser, or the one that a hint names."""
    return _end(world, authority, _chosen(world, authority, list_sessions(world, SLUG, cookie), query), query)


def sign_out_one(world: World, authority: Authority, login: str, cookie: str | None) -> SignedOut:
    """End this person's session in a browser, if there is one, and nobody else's."""
    live = list_sessions(world, SLUG, cookie)
    return _end(world, authority, [session for session in live if session.login == login], {})


def _end(
    world: World, authority: Authority, ending: Sequence[tables.SignInSession], query: Mapping[str, str]
) -> SignedOut:
    clients: list[tables.Client] = []
    frames: list[str] = []
    for session in ending:
        told = _clients_of(world, session.sid)
        clients += told
        frames += _frames(world, authority, session, told)
        world.entry.note(login=session.login)
        end_session(world, session.sid)
    return SignedOut(tuple(frames), _next_url(clients, query))


def _chosen(
    world: World, authority: Authority, live: Sequence[tables.SignInSession], query: Mapping[str, str]
) -> list[tables.SignInSession]:
    # Of several accounts the vendor lets the person choose; without a hint all of them are signed out here.
    if hint := query.get("logout_hint"):
        login = read_login_hint(hint)
        return [session for session in live if session.login == login] or list(live)
    if token := query.get("id_token_hint"):
        sid = _sid_of(world, authority, token)
        return [session for session in live if session.sid == sid] or list(live)
    return list(live)


def _sid_of(world: World, authority: Authority, token: str) -> str | None:
    keys = keysets.published_keys(world, SLUG, (ALGORITHM,))
    for version in (V2, V1):
        try:
            sid = verify_hint(token, keys, issuer(authority.mount, authority.issuer_id, version)).get("sid")
        except Refusal:
            continue
        return sid if isinstance(sid, str) else None
    return None


def _clients_of(world: World, sid: str) -> list[tables.Client]:
    found = (find_client(world, SLUG, client_id) for client_id in session_clients(world, sid))
    return [client for client in found if client]


def _frames(
    world: World, authority: Authority, session: tables.SignInSession, clients: Sequence[tables.Client]
) -> list[str]:
    identity = world.store.find(tables.Identity, login=session.login)
    tenant = authority.tenant or (home_tenant(world, identity) if identity else None)
    signed_by = issuer(authority.mount, tenant.id if tenant else authority.issuer_id, V2)
    told = {"iss": signed_by, "sid": session.sid}
    return [with_query(client.settings["logout_url"], told) for client in clients if client.settings["logout_url"]]


def _next_url(clients: Sequence[tables.Client], query: Mapping[str, str]) -> str | None:
    uri = query.get("post_logout_redirect_uri")
    if not uri or not any(find_platform(client, uri) for client in clients):
        return None
    return with_query(uri, {"state": query.get("state")})
