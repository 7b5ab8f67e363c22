"""The routes by which an application administers the tokens it was issued."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from sandbox.core import tables
from sandbox.core.identities import find_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.providers.github.api import rules, token_rules, token_wire, wire
from sandbox.providers.github.api.access import read_body
from sandbox.providers.github.api.contract import SCOPED_TOKEN, TOKEN
from sandbox.providers.github.people import find_by_id, find_by_login
from sandbox.service import current_world


def check_token(client_id: str) -> Response:
    """What a token is good for."""
    world, client = _enter(client_id)
    value = str(read_body(TOKEN)["access_token"])
    return wire.render_json(_render_authorization(world, client, value))


def reset_token(client_id: str) -> Response:
    """A new token in place of the old one."""
    world, client = _enter(client_id)
    value = token_rules.reset_token(world, client, str(read_body(TOKEN)["access_token"]))
    return wire.render_json(_render_authorization(world, client, value))


def delete_token(client_id: str) -> Response:
    """The end of one token."""
    world, client = _enter(client_id)
    token_rules.delete_token(world, client, str(read_body(TOKEN)["access_token"]))
    return Response(status=204)


def delete_grant(client_id: str) -> Response:
    """The end of all tokens of one person."""
    world, client = _enter(client_id)
    token_rules.delete_grant(world, client, str(read_body(TOKEN)["access_token"]))
    return Response(status=204)


def scope_token(client_id: str) -> Response:
    """A further token that may do less."""
    world, client = _enter(client_id)
    body = read_body(SCOPED_TOKEN)
    account = _get_target(world, body)
    value = token_rules.scope_token(world, client, str(body["access_token"]), token_wire.parse_narrowing(body))
    authorization = _render_authorization(world, client, value)
    token = token_rules.get_token(world, client, value)
    return wire.render_json(authorization | {"installation": token_wire.render_installation(token, account)})


def _enter(client_id: str) -> tuple[World, tables.Client]:
    world = current_world()
    return world, token_rules.get_application(world, request.headers.get("Authorization"), client_id)


def _render_authorization(world: World, client: tables.Client, value: str) -> dict[str, Any]:
    token = token_rules.get_token(world, client, value)
    return token_wire.render_authorization(value, token, client, find_identity(world, token.login))


def _get_target(world: World, body: dict[str, Any]) -> dict[str, Any]:
    login, number = body.get("target"), body.get("target_id")
    if login is None and number is None:
        raise Refusal(Reason.FIELD_MISSING, "neither target nor target_id says whose account is meant", "target")
    person = find_by_login(world, login) if login is not None else find_by_id(world, number or 0)
    if person is not None:
        return wire.render_simple_user(person)
    organization = (
        rules.find_organization(world, login)
        if login is not None
        else rules.find_organization_by_id(world, number or 0)
    )
    if organization is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no account {login or number!r} in this world", "target")
    return wire.render_account(organization.id, organization.number, "Organization")
