"""Microsoft Graph's routes, the same below /v1.0 and /beta, and userinfo."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from sandbox.core import tables
from sandbox.core.identities import face
from sandbox.providers.azure.directory import User
from sandbox.providers.azure.graph import rules, wire
from sandbox.providers.azure.graph.callers import Caller, get_caller
from sandbox.providers.azure.graph.headers import after_graph_request
from sandbox.providers.azure.graph.portraits import draw_portrait
from sandbox.service import current_world


def _caller() -> Caller:
    return get_caller(current_world(), request.headers.get("Authorization"))


def get_me() -> Response:
    """The person who calls."""
    return wire.render_one(wire.render_user(rules.get_myself(_caller(), *rules.READ_MYSELF)), wire.USER)


def get_user(name: str) -> Response:
    """A person, by object id or user principal name."""
    person = rules.get_person(current_world(), _caller(), name, mine=rules.READ_MYSELF, others=rules.READ_USERS)
    return wire.render_one(wire.render_user(person), wire.USER)


def list_users() -> Response:
    """Everyone in the tenant."""
    people = rules.list_people(current_world(), _caller())
    return wire.render_list([wire.render_user(user) for user in people], wire.USER)


def list_groups() -> Response:
    """The groups of the tenant."""
    groups = rules.list_all_groups(current_world(), _caller())
    return wire.render_list([wire.render_group(group) for group in groups], wire.GROUP)


def get_group(group_id: str) -> Response:
    """A group."""
    return wire.render_one(wire.render_group(rules.get_group(current_world(), _caller(), group_id)), wire.GROUP)


def list_group_members(group_id: str) -> Response:
    """Who is in a group."""
    people: list[User | tables.Group] = [*rules.list_people_in(current_world(), _caller(), group_id)]
    return wire.render_list([wire.render_object(user) for user in people], wire.ANYTHING, reference=True)


def list_member_of(name: str | None = None) -> Response:
    """What a person is in. No group is in another, so that this is the same with those that are."""
    groups = rules.list_own_groups(current_world(), _caller(), name)
    return wire.render_list([wire.render_object(group) for group in groups], wire.ANYTHING, reference=True)


def list_groups_of(name: str | None = None) -> Response:
    """The same, as far as it is groups, which is all."""
    groups = rules.list_own_groups(current_world(), _caller(), name)
    return wire.render_list([wire.render_group(group) for group in groups], wire.GROUP, reference=True)


def get_member_groups(name: str | None = None) -> Response:
    """The ids of a person's groups."""
    caller, security_only = _caller(), wire.parse_security_only()
    return wire.render_ids(rules.list_own_group_ids(current_world(), caller, name, security_only=security_only))


def get_member_objects(name: str | None = None) -> Response:
    """The ids of all that a person is in, which is groups."""
    return get_member_groups(name)


def get_by_ids() -> Response:
    """The persons and groups with the ids that are asked for."""
    caller, (ids, types) = _caller(), wire.parse_ids()
    return wire.render_objects(rules.find_objects(current_world(), caller, ids), types)


def get_photo(name: str | None = None, size: str = "240x240") -> Response:
    """A person's picture, in one of the sizes there are."""
    person = rules.get_person(current_world(), _caller(), name, mine=rules.READ_MY_PHOTO, others=rules.READ_USERS)
    side = rules.get_photo_side(person, size)
    return Response(draw_portrait(face(person.identity).hue, side), content_type="image/png")


def list_organizations() -> Response:
    """The tenant, in a list."""
    caller = _caller()
    rules.check_permission(caller, *rules.READ_ORGANIZATION)
    return wire.render_list([wire.render_organization(caller.tenant)], wire.ORGANIZATION)


def get_manager() -> Response:
    """The manager of the person who calls: there is none."""
    manager = rules.get_manager(rules.get_myself(_caller(), *rules.READ_MYSELF))
    return wire.render_one(wire.render_user(manager), wire.USER)


def get_userinfo() -> Response:
    """The claims of OpenID Connect, for the scopes of the token."""
    caller = _caller()
    person = rules.get_myself(caller, "openid")
    return wire.render_userinfo(person, caller.client_id, caller.permissions)


_CAST = "microsoft.graph.group"
_ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/me", get_me),
    ("GET", "/me/memberOf", list_member_of),
    ("GET", f"/me/memberOf/{_CAST}", list_groups_of),
    ("GET", "/me/transitiveMemberOf", list_member_of),
    ("GET", f"/me/transitiveMemberOf/{_CAST}", list_groups_of),
    ("POST", "/me/getMemberGroups", get_member_groups),
    ("POST", "/me/getMemberObjects", get_member_objects),
    ("GET", "/me/photo/$value", get_photo),
    ("GET", "/me/photos/<size>/$value", get_photo),
    ("GET", "/me/manager", get_manager),
    ("GET", "/users", list_users),
    ("GET", "/users/<name>", get_user),
    ("GET", "/users/<name>/memberOf", list_member_of),
    ("GET", "/users/<name>/transitiveMemberOf", list_member_of),
    ("POST", "/users/<name>/getMemberGroups", get_member_groups),
    ("POST", "/users/<name>/getMemberObjects", get_member_objects),
    ("GET", "/users/<name>/photo/$value", get_photo),
    ("GET", "/groups", list_groups),
    ("GET", "/groups/<group_id>", get_group),
    ("GET", "/groups/<group_id>/members", list_group_members),
    ("POST", "/directoryObjects/getByIds", get_by_ids),
    ("GET", "/organization", list_organizations),
)


def register_graph(room: Blueprint) -> None:
    """Add every endpoint of Microsoft Graph to the room; each is called by its view's name."""
    for method, path, view in _ROUTES:
        for version in ("v1.0", "beta"):
            room.add_url_rule(f"/{version}{path}", view.__name__, view, methods=[method])
    room.add_url_rule("/oidc/userinfo", "get_userinfo", get_userinfo, methods=["GET", "POST"])
    room.after_request(after_graph_request)
