"""Dynamic client registration and management (RFC 7591, RFC 7592, OIDC Registration 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import tables
from sandbox.core.clients import find_client
from sandbox.core.compare import same_secret
from sandbox.core.keys import KEY_TYPES
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.protocol.redirects import is_safe
from sandbox.providers.oidc.issuers import SLUG, Issuer
from sandbox.providers.oidc.metadata.contract import CONTRACT
from sandbox.providers.oidc.metadata.discovery import ASSERTION_ALGORITHMS
from sandbox.providers.oidc.token.grants import GRANTS

# What a client gets that says nothing (RFC 7591 section 2).
_DEFAULTS = {
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "client_secret_basic",
}
_SIGNED = ("id_token_signed_response_alg", "userinfo_signed_response_alg", "request_object_signing_alg")


def check_initial_access(issuer: Issuer, token: str | None) -> None:
    """Whether anyone may register here. Raises Refusal: ROUTE_UNKNOWN, TOKEN_MISSING, TOKEN_UNKNOWN."""
    if not issuer.settings["dynamic_registration"]:
        raise Refusal(Reason.ROUTE_UNKNOWN, f"{issuer.name} has no dynamic registration")
    wanted = issuer.settings["initial_access_token"]
    if wanted is None:
        return
    if token is None:
        raise Refusal(Reason.TOKEN_MISSING, "registration needs the initial access token")
    if not same_secret(wanted, token):
        raise Refusal(Reason.TOKEN_UNKNOWN, "that is not the initial access token")


def register(world: World, issuer: Issuer, document: object) -> tuple[tables.Client, dict[str, Any], str]:
    """Register a client: its row, what it asked for, and the token by which it is managed from now on.

    Raises Refusal: METADATA_INVALID, REDIRECT_URI_INVALID.
    """
    asked = check_metadata(issuer, document)
    token, client_id = world.ids.text(43), world.ids.text(22)
    has_secret = asked["token_endpoint_auth_method"] not in ("none", "private_key_jwt")
    secret = world.ids.text(43) if has_secret else None
    registration = {"token": digest(token), "issued_at": world.now()}
    world.store.add(
        tables.Client,
        service=issuer.service,
        client_id=client_id,
        # The fixture's clients come first.
        position=world.store.count(tables.Client),
        **_columns(world, client_id, asked, secret=secret, registration=registration),
    )
    return _get(world, issuer, client_id), asked, token


def get_managed(world: World, issuer: Issuer, client_id: str, token: str | None) -> tables.Client:
    """The client that its own registration access token manages. Raises Refusal: TOKEN_MISSING, TOKEN_UNKNOWN."""
    if token is None:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no registration access token")
    client = find_client(world, issuer.service, client_id)
    registration = client.settings.get("registration") if client else None
    if client is None or registration is None or not same_secret(registration["token"], digest(token)):
        raise Refusal(Reason.TOKEN_UNKNOWN, f"that token manages no client called {client_id!r}")
    return client


def update(world: World, issuer: Issuer, client: tables.Client, document: object) -> dict[str, Any]:
    """Replace all of a client's metadata (RFC 7592 section 2.2).

    Raises Refusal: METADATA_INVALID, REDIRECT_URI_INVALID, TOKEN_UNKNOWN if the client was removed meanwhile.
    """
    asked = check_metadata(issuer, document)
    named = document if isinstance(document, dict) else {}
    if named.get("client_id", client.client_id) != client.client_id:
        raise Refusal(Reason.METADATA_INVALID, "client_id cannot be changed", "client_id")
    if "client_secret" in named and named["client_secret"] != client.secret:
        raise Refusal(Reason.METADATA_INVALID, "client_secret cannot be chosen", "client_secret")
    has_secret = asked["token_endpoint_auth_method"] not in ("none", "private_key_jwt")
    secret = (client.secret or world.ids.text(43)) if has_secret else None
    columns = _columns(world, client.client_id, asked, secret=secret, registration=client.settings["registration"])
    if not world.store.change(tables.Client, columns, service=issuer.service, client_id=client.client_id):
        raise Refusal(Reason.TOKEN_UNKNOWN, f"the client {client.client_id} is gone")
    return asked


def remove(world: World, issuer: Issuer, client: tables.Client) -> None:
    """Forget a client; its codes and tokens die with it (RFC 7592 section 2.3)."""
    mine = {"service": issuer.service, "client_id": client.client_id}
    world.store.remove(tables.Client, **mine)
    world.store.remove(tables.DeviceGrant, **mine)
    world.store.change(tables.Code, {"redeemed_at": world.now()}, **mine, redeemed_at=None)
    world.store.change(tables.Token, {"revoked_at": world.now()}, **mine, revoked_at=None)


def check_metadata(issuer: Issuer, document: object) -> dict[str, Any]:
    """The metadata that this server knows, with its defaults; the rest is ignored (RFC 7591 section 2).

    Raises Refusal: METADATA_INVALID, REDIRECT_URI_INVALID.
    """
    CONTRACT.check(document)
    known = document if isinstance(document, dict) else {}
    asked = {**_DEFAULTS, **{name: value for name, value in known.items() if name in CONTRACT.names}}
    _check_redirects(asked)
    _check_choices(issuer, asked)
    for name in _SIGNED:
        if asked.get(name) not in (None, *KEY_TYPES):
            raise Refusal(Reason.METADATA_INVALID, f"{name} {asked[name]!r} is not supported", name)
    if asked.get("subject_type", "public") != "public":
        raise Refusal(Reason.METADATA_INVALID, "only the subject_type public is supported", "subject_type")
    if asked.get("jwks") is not None and asked.get("jwks_uri") is not None:
        raise Refusal(Reason.METADATA_INVALID, "jwks and jwks_uri exclude each other", "jwks")
    needs_keys = asked["token_endpoint_auth_method"] == "private_key_jwt"
    if needs_keys and not (asked.get("jwks") or asked.get("jwks_uri")):
        raise Refusal(Reason.METADATA_INVALID, "private_key_jwt needs jwks or jwks_uri", "jwks")
    initiate = asked.get("initiate_login_uri")
    if initiate is not None and not initiate.startswith("https://"):
        raise Refusal(Reason.METADATA_INVALID, "initiate_login_uri must be https", "initiate_login_uri")
    return asked


def _check_redirects(asked: Mapping[str, Any]) -> None:
    uris = asked.get("redirect_uris", [])
    needs = any(grant in ("authorization_code", "implicit") for grant in asked["grant_types"])
    if needs and not uris:
        raise Refusal(Reason.REDIRECT_URI_INVALID, "redirect_uris must name at least one", "redirect_uris")
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in asked.get(name, []):
            if not is_safe(uri):
                raise Refusal(
                    Reason.REDIRECT_URI_INVALID, f"{uri!r} is no absolute URI without fragment to be sent to", name
                )
    for name in (
        "frontchannel_logout_uri",
        "backchannel_logout_uri",
        "jwks_uri",
        "logo_uri",
        "client_uri",
        "policy_uri",
        "tos_uri",
    ):
        uri = asked.get(name)
        if uri is not None and (not is_safe(uri) or urlsplit(uri).scheme not in ("http", "https")):
            raise Refusal(Reason.METADATA_INVALID, f"{name} {uri!r} is no web address", name)


def _check_choices(issuer: Issuer, asked: Mapping[str, Any]) -> None:
    for name, allowed in (
        ("grant_types", {*GRANTS, "implicit"}),
        ("response_types", set(issuer.response_types)),
    ):
        strange = [value for value in asked[name] if value not in allowed]
        if strange:
            raise Refusal(Reason.METADATA_INVALID, f"{name}: {strange[0]!r} is not supported", name)
    name = "token_endpoint_auth_signing_alg"
    if asked.get(name) not in (None, *ASSERTION_ALGORITHMS):
        raise Refusal(Reason.METADATA_INVALID, f"{name} {asked[name]!r} is not supported", name)


def _columns(
    world: World, client_id: str, asked: Mapping[str, Any], *, secret: str | None, registration: Mapping[str, Any]
) -> dict[str, Any]:
    defaults = world.settings[SLUG]["unregistered_client"]
    settings = {name: asked.get(name, default) for name, default in defaults.items()}
    return {
        "name": asked.get("client_name", client_id),
        "secret": secret,
        "redirect_uris": list(asked.get("redirect_uris", [])),
        "settings": {**settings, "registration": {**registration, "metadata": dict(asked)}},
    }


def _get(world: World, issuer: Issuer, client_id: str) -> tables.Client:
    client = find_client(world, issuer.service, client_id)
    if client is None:
        raise LookupError(f"the client {client_id} is gone")
    return client
