"""The clients of an issuer: registered ones, and the one that a fresh issuer takes without registration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import client_auth
from sandbox.protocol.client_assertions import check_assertion, client_keys
from sandbox.protocol.client_auth import Credentials, check_one_method, parse_credentials
from sandbox.protocol.redirects import is_safe, without_world
from sandbox.providers.oidc.issuers import SLUG, Issuer

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def get_issuers_client(world: World, issuer: Issuer, client_id: str) -> tables.Client:
    """The client with this id.

    An issuer at which nobody is registered takes every id, so that a first login needs no fixture. Raises Refusal:
    CLIENT_UNKNOWN.
    """
    client = find_client(world, issuer.service, client_id)
    if client is None and client_id and _is_open(world, issuer):
        client = _improvise(world, issuer, client_id)
    if client is None:
        raise Refusal(Reason.CLIENT_UNKNOWN, f"no client {client_id!r} is registered at {issuer.name}", "client_id")
    world.entry.note(client_id=client.client_id)
    return client


def is_registered(client: tables.Client) -> bool:
    """Whether the client was ever registered, or only taken as it came."""
    return client.position >= 0


def is_public(client: tables.Client) -> bool:
    """Whether the client has no way to prove who it is (RFC 6749 section 2.1)."""
    settings = client.settings
    return settings["token_endpoint_auth_method"] == "none" or not (
        client.secret or settings["jwks"] or settings["jwks_uri"]
    )


def is_registered_redirect(client: tables.Client, redirect_uri: str) -> bool:
    """Whether a redirect URI is one of the client's: the very same text (RFC 9700 section 2.1).

    A loopback address that was registered without port matches any (RFC 8252 section 7.3). A client that was never
    registered may be anywhere on this machine.
    """
    if not is_safe(redirect_uri):
        return False
    if not is_registered(client):
        return _is_loopback(redirect_uri)
    redirect_uri = without_world(redirect_uri, client.world)
    if redirect_uri in client.redirect_uris:
        return True
    return _is_loopback(redirect_uri) and _without_port(redirect_uri) in (
        uri for uri in client.redirect_uris if urlsplit(uri).port is None
    )


def allowed_scopes(issuer: Issuer, client: tables.Client, scope: str) -> tuple[str, ...]:
    """The scopes among those asked for that the issuer knows and the client may have; the others are ignored."""
    allowed = client.settings["scope"]
    names = issuer.scopes if allowed is None else set(issuer.scopes).intersection(allowed.split())
    return tuple(name for name in dict.fromkeys(scope.split()) if name in names)


def narrowed_scopes(granted: tuple[str, ...], scope: str | None) -> tuple[str, ...]:
    """The scopes asked for among those granted before, or all of those (RFC 6749 section 6, RFC 8693 section 2.1).

    Raises Refusal: SCOPE_INVALID.
    """
    wanted = tuple(dict.fromkeys((scope or "").split()))
    if not set(wanted) <= set(granted):
        raise Refusal(Reason.SCOPE_INVALID, f"only {' '.join(granted) or 'nothing'} was granted", "scope")
    return wanted or granted


def authenticate(
    world: World, issuer: Issuer, header: str | None, parameters: Mapping[str, str], endpoint: str
) -> tables.Client:
    """The client that a request to `endpoint` proves, or names if it is a public one.

    Raises Refusal: CLIENT_CREDENTIALS_AMBIGUOUS, CLIENT_UNKNOWN, CLIENT_SECRET_MISSING, CLIENT_SECRET_WRONG,
    CLIENT_AUTH_METHOD_WRONG, and those of client assertions.
    """
    check_one_method(header, parameters)
    credentials = parse_credentials(header, parameters)
    client = _find_by(world, issuer, credentials)
    if not is_registered(client):
        return client
    _check_method(client, credentials.method)
    if credentials.assertion:
        _check_assertion(world, issuer, client, credentials.assertion, endpoint)
        return client
    if credentials.method == "none":
        if not is_public(client):
            raise Refusal(Reason.CLIENT_SECRET_MISSING, f"{client.client_id} must authenticate", "client_secret")
        return client
    return client_auth.authenticate(world, issuer.service, credentials)


def _find_by(world: World, issuer: Issuer, credentials: Credentials) -> tables.Client:
    for client_id, _ in credentials.readings:
        if client := find_client(world, issuer.service, client_id):
            return client
    return get_issuers_client(world, issuer, credentials.client_id)


def _check_method(client: tables.Client, method: str) -> None:
    wanted = client.settings["token_endpoint_auth_method"]
    if wanted not in (None, method):
        raise Refusal(
            Reason.CLIENT_AUTH_METHOD_WRONG, f"{client.client_id} is registered for {wanted}, and used {method}"
        )


def _check_assertion(world: World, issuer: Issuer, client: tables.Client, assertion: str, endpoint: str) -> None:
    wanted = client.settings["token_endpoint_auth_signing_alg"]
    try:
        keys = [key for key in client_keys(client, assertion, issuer.network) if wanted in (None, key.algorithm)]
    except Refusal as refusal:
        raise Refusal(Reason.CLIENT_ASSERTION_INVALID, refusal.detail, "client_assertion") from refusal
    audiences: Collection[str] = (issuer.url,)
    is_any = client.settings["assertion_audience"] == "any"
    if is_any:
        audiences = dict.fromkeys((issuer.url, issuer.endpoint("/token"), endpoint))
    check_assertion(world, client, assertion, keys, audiences=audiences, several=is_any)


def _is_open(world: World, issuer: Issuer) -> bool:
    return issuer.settings["unregistered_clients"] and not world.store.count(tables.Client, service=issuer.service)


def _improvise(world: World, issuer: Issuer, client_id: str) -> tables.Client:
    return tables.Client(
        world=world.name,
        service=issuer.service,
        client_id=client_id,
        name=client_id,
        secret=None,
        redirect_uris=[],
        settings=world.settings[SLUG]["unregistered_client"],
        position=-1,
    )


def _is_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts._replace(netloc=host or "").geturl()
