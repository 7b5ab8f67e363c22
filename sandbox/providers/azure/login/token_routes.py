"""Entra ID's endpoints for programs: discovery, keys, token and device code. Parse, decide, render."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, Response, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.azure.authorities import V1, V2, Authority, get_authority
from sandbox.providers.azure.login import device_rules, discovery, grants, realms, token_rules, wire
from sandbox.providers.azure.login.client_rules import Caller, get_caller
from sandbox.providers.azure.login.parameters import TokenParameters
from sandbox.providers.azure.tokens import IssuedTokens
from sandbox.service import current_mount, current_world

GrantRule = Callable[[World, Authority, Caller, TokenParameters], IssuedTokens]

GRANTS: dict[str, GrantRule] = {
    "authorization_code": token_rules.redeem_code,
    "refresh_token": token_rules.refresh,
    "client_credentials": grants.client_credentials,
    "password": grants.password,
    "urn:ietf:params:oauth:grant-type:device_code": grants.poll_device,
    "device_code": grants.poll_device,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": grants.on_behalf_of,
}


def discover_instance() -> Response:
    """GET /common/discovery/instance: where an authority's discovery document is."""
    return wire.render_json(discovery.describe_instance(current_mount(), wire.parse_query()))


def discover(tenant: str) -> Response:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    return _describe(_authority(tenant), V2)


def discover_v1(tenant: str) -> Response:
    """GET /{tenant}/.well-known/openid-configuration: the same in version 1.0."""
    return _describe(_authority(tenant), V1)


def keys(tenant: str) -> Response:
    """GET /{tenant}/discovery/v2.0/keys."""
    return _list_keys(_authority(tenant), V2)


def keys_v1(tenant: str) -> Response:
    """GET /{tenant}/discovery/keys."""
    return _list_keys(_authority(tenant), V1)


def token(tenant: str) -> Response:
    """POST /{tenant}/oauth2/v2.0/token."""
    return _swap(tenant, V2)


def token_v1(tenant: str) -> Response:
    """POST /{tenant}/oauth2/token: the same in version 1.0."""
    return _swap(tenant, V1)


def device_code(tenant: str) -> Response:
    """POST /{tenant}/oauth2/v2.0/devicecode: begin a device login."""
    return _begin_device(tenant, V2)


def device_code_v1(tenant: str) -> Response:
    """POST /{tenant}/oauth2/devicecode: the same in version 1.0."""
    return _begin_device(tenant, V1)


def user_realm(name: str) -> Response:
    """GET /common/userrealm/{user}: whether the user's domain signs in here or elsewhere."""
    return wire.render_json(realms.describe_realm(current_world(), name))


def register_endpoints(room: Blueprint) -> None:
    """Add the endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/common/discovery/instance")(discover_instance)
    room.get("/<tenant>/v2.0/.well-known/openid-configuration")(discover)
    room.get("/<tenant>/.well-known/openid-configuration")(discover_v1)
    room.get("/<tenant>/discovery/v2.0/keys")(keys)
    room.get("/<tenant>/discovery/keys")(keys_v1)
    room.post("/<tenant>/oauth2/v2.0/token")(token)
    room.post("/<tenant>/oauth2/token")(token_v1)
    room.post("/<tenant>/oauth2/v2.0/devicecode")(device_code)
    room.post("/<tenant>/oauth2/devicecode")(device_code_v1)
    room.get("/common/userrealm/<name>")(user_realm)
    room.get("/common/UserRealm/<name>")(user_realm)


def _describe(authority: Authority, version: str) -> Response:
    # Written once for each version of the world, by whatever name and address it is asked for.
    key = (discovery.DISCOVERY, authority.name, authority.mount, version)
    store = current_world().store
    return wire.render_text(store.recall(key, lambda: json.dumps(discovery.describe(authority, version))))


def _list_keys(authority: Authority, version: str) -> Response:
    world, key = current_world(), (discovery.list_keys, authority.name, authority.mount, version)
    return wire.render_text(world.store.recall(key, lambda: json.dumps(discovery.list_keys(world, authority, version))))


def _swap(tenant: str, version: str) -> Response:
    world, authority, form = current_world(), _authority(tenant), wire.parse_form()
    asked = wire.parse_token(form, version)
    grant_type = token_rules.require(asked.grant_type, "grant_type")
    if grant_type not in GRANTS:
        raise Refusal(Reason.GRANT_TYPE_UNSUPPORTED, f"no grant is called {grant_type!r}", "grant_type")
    caller = get_caller(world, authority, request.headers.get("Authorization"), form)
    issued = GRANTS[grant_type](world, authority, caller, asked)
    return wire.render_tokens(issued, version, with_account=form.get("client_info") == "1")


def _begin_device(tenant: str, version: str) -> Response:
    authority = _authority(tenant)
    answer = device_rules.begin_device(current_world(), authority, wire.parse_form(), version)
    return wire.render_device(answer, device_rules.verification_uri(authority.mount), version)


def _authority(tenant: str) -> Authority:
    return get_authority(current_world(), current_mount(), tenant)
