"""Discovery, keys, webfinger and registration over HTTP."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.oidc.context import current_issuer
from sandbox.providers.oidc.issuers import get_issuer
from sandbox.providers.oidc.metadata import registration, wire
from sandbox.providers.oidc.metadata.discovery import metadata
from sandbox.providers.oidc.misbehaving import DISCOVERY, KEYS, PREFIX
from sandbox.service import current_mount, current_world, read_json

# An issuer, or anything below it.
_ISSUER = re.compile("https?://[^/?#]*/oidc/([^/?#]+)")
_WELL_KNOWN = ("openid-configuration", "oauth-authorization-server")


def discovery(issuer: str) -> Response:
    """GET /oidc/{issuer}/.well-known/{kind}, and /.well-known/{kind}/oidc/{issuer}, where RFC 8414 looks for it."""
    world, here = current_world(), current_issuer(issuer)
    if here.misbehaviour.name:
        return wire.render_document(here.misbehaviour.said(world, DISCOVERY, metadata(here)))
    return wire.render_text(world.store.recall((DISCOVERY, here.url), lambda: wire.write(metadata(here))))


def keys(issuer: str) -> Response:
    """GET /oidc/{issuer}/jwks."""
    world, here = current_world(), current_issuer(issuer)
    if here.misbehaviour.name:
        return wire.render_document(here.key_set(world))
    return wire.render_text(world.store.recall((KEYS, here.url), lambda: wire.write(here.key_set(world))))


def misbehaving() -> Response:
    """GET /oidc/~: the issuers that misbehave, as a page for browsers and as JSON for others."""
    return wire.render_misbehaving(current_mount().url(f"/oidc/{PREFIX}"))


def webfinger() -> Response:
    """GET /.well-known/webfinger: the issuer of a URL below it, and the first one of the fixture for any account."""
    resource = request.args.get("resource", "")
    if not resource:
        raise Refusal(Reason.FIELD_MISSING, "the request has no resource", "resource")
    named = _ISSUER.match(resource)
    first = next(iter(current_world().settings["oidc"]["issuers"]), "default")
    return wire.render_webfinger(resource, get_issuer(current_world(), current_mount(), named[1] if named else first))


def register(issuer: str) -> Response:
    """POST /oidc/{issuer}/register: a client registers itself."""
    here = current_issuer(issuer)
    registration.check_initial_access(here, wire.parse_token())
    client, asked, token = registration.register(current_world(), here, read_json())
    return wire.render_client(here, client, asked, token, status=201)


def registered_client(issuer: str, client_id: str) -> Response:
    """GET, PUT and DELETE /oidc/{issuer}/register/{client_id}: a client manages its registration."""
    world, here, token = current_world(), current_issuer(issuer), wire.parse_token()
    client = registration.get_managed(world, here, client_id, token)
    if request.method == "DELETE":
        registration.remove(world, here, client)
        return Response(status=204)
    if request.method == "PUT":
        registration.update(world, here, client, read_json())
        client = get_client(world, here.service, client_id)
    return wire.render_client(here, client, client.settings["registration"]["metadata"], token or "")


def register_metadata(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    for kind in _WELL_KNOWN:
        room.get(f"/oidc/<issuer>/.well-known/{kind}")(discovery)
        room.get(f"/.well-known/{kind}/oidc/<issuer>")(discovery)
    room.get("/.well-known/webfinger")(webfinger)
    room.get("/oidc/<issuer>/jwks")(keys)
    room.get(f"/oidc/{PREFIX}")(misbehaving)
    room.post("/oidc/<issuer>/register")(register)
    room.route("/oidc/<issuer>/register/<client_id>", methods=["GET", "PUT", "DELETE"])(registered_client)
