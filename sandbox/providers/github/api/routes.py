"""The API's routes: the user's own endpoints, the public ones, and the list of all.

Organizations and teams are in organizations.py, token administration in applications.py, GraphQL in graphql.py.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.identities import HUES, face, initials
from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.github.api import applications, graphql, organizations, rates, rules, wire
from sandbox.providers.github.api.access import check_user_agent, find_caller, get_caller
from sandbox.providers.github.api.headers import after_api_request
from sandbox.providers.github.people import find_by_id
from sandbox.service import current_world

__all__ = ["after_api_request", "register_api"]


def get_index() -> Response:
    """What there is."""
    find_caller()
    return wire.render_json(wire.render_index())


def get_user() -> Response:
    """The caller's own profile."""
    caller = get_caller()
    private = caller.has_scopes and caller.may("read:user")
    return wire.render_json(wire.render_user(caller.identity, private=private))


def list_user_emails() -> Response:
    """The caller's addresses, as the fixture has them."""
    caller = get_caller("user", "user:email")
    return wire.render_list(caller.identity.emails, dict)


def get_public_user(login: str) -> Response:
    """Anyone's profile; the public address is shown to those who say who they are."""
    caller = find_caller()
    person = rules.get_person(current_world(), login)
    return wire.render_json(wire.render_user(person, with_email=caller is not None))


def get_rate_limit() -> Response:
    """What is left of the caller's limits."""
    caller, world = find_caller(), current_world()
    login, address = caller.identity.login if caller else None, request.remote_addr or ""
    budgets = {name: rates.read_budget(world, name, login, address) for name in rates.RESOURCES}
    return wire.render_json(wire.render_rate_limit(budgets))


def get_avatar(account_id: int) -> Response:
    """The picture of a person or an organization."""
    world = current_world()
    if person := find_by_id(world, account_id):
        portrait = face(person)
        picture = {"title": person.name or person.login, "initials": portrait.initials, "hue": portrait.hue}
    elif organization := rules.find_organization_by_id(world, account_id):
        name = organization.attributes["name"] or organization.id
        picture = {"title": name, "initials": initials(name), "hue": account_id % HUES}
    else:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"no account has the id {account_id}")
    response = make_response(render_template("avatar.svg", **picture))
    response.content_type = "image/svg+xml"
    return response


_ROUTES: tuple[tuple[str, str, Callable[..., ResponseReturnValue]], ...] = (
    ("GET", "", get_index),
    ("GET", "/user", get_user),
    ("GET", "/user/emails", list_user_emails),
    ("GET", "/user/orgs", organizations.list_user_orgs),
    ("GET", "/user/memberships/orgs", organizations.list_org_memberships),
    ("GET", "/user/memberships/orgs/<org>", organizations.get_org_membership),
    ("GET", "/user/teams", organizations.list_user_teams),
    ("GET", "/users/<login>", get_public_user),
    ("GET", "/users/<login>/orgs", organizations.list_public_orgs),
    ("GET", "/orgs/<org>", organizations.get_org),
    ("GET", "/orgs/<org>/teams", organizations.list_org_teams),
    ("GET", "/orgs/<org>/members/<login>", organizations.check_org_member),
    ("GET", "/orgs/<org>/public_members/<login>", organizations.check_public_org_member),
    ("GET", "/teams/<int(max=2147483647):team_id>/members/<login>", organizations.check_team_member),
    ("POST", "/applications/<client_id>/token", applications.check_token),
    ("PATCH", "/applications/<client_id>/token", applications.reset_token),
    ("DELETE", "/applications/<client_id>/token", applications.delete_token),
    ("DELETE", "/applications/<client_id>/grant", applications.delete_grant),
    ("POST", "/applications/<client_id>/token/scoped", applications.scope_token),
    ("GET", "/rate_limit", get_rate_limit),
    ("POST", "/graphql", graphql.run_query),
)


def register_api(room: Blueprint) -> None:
    """Add every endpoint of the API to the room; each is called by its view's name."""
    room.before_request(check_user_agent)
    for method, path, view in _ROUTES:
        room.add_url_rule(f"/api/v3{path}", view.__name__, view, methods=[method])
    room.add_url_rule("/api/graphql", "run_query", graphql.run_query, methods=["POST"])
    room.add_url_rule("/avatars/u/<int(max=2147483647):account_id>", "get_avatar", get_avatar)
