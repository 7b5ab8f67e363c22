"""The shapes of the cloud's API: users, organizations, projects, and bearer tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.providers.insforge_cloud.people import User
from sandbox.providers.insforge_cloud.projects import Project
from sandbox.service import current_mount, read_json

# A fixture does not say when somebody joined.
_CREATED_AT = "2025-01-01T00:00:00.000Z"


def parse_bearer() -> str:
    """The token of the Authorization header. Raises Refusal: TOKEN_MISSING."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(Reason.TOKEN_MISSING, "there is no Authorization header with a Bearer token", "Authorization")
    return token.strip()


def parse_login() -> tuple[str, str]:
    """The address and the password. Raises Refusal: BODY_MISSING, BODY_MALFORMED, FIELD_MISSING, FIELD_INVALID."""
    body = read_json()
    if not isinstance(body, dict):
        raise Refusal(Reason.BODY_MALFORMED, "the body is JSON, but not an object")
    given = []
    for name in ("email", "password"):
        value = body.get(name)
        if not value:
            raise Refusal(Reason.FIELD_MISSING, f"the body has no {name}", name)
        if not isinstance(value, str):
            raise Refusal(Reason.FIELD_INVALID, f"{name} must be text", name)
        given.append(value)
    return given[0], given[1]


def user(who: User) -> dict[str, Any]:
    """A user as the documentation shows one."""
    return {
        "id": who.id,
        "email": who.email,
        "profile": {"name": who.name, "avatar_url": _picture(who)},
        "email_verified": who.email_verified,
        "created_at": _CREATED_AT,
    }


def render_profile(who: User) -> Response:
    """Both shapes in one: the documentation has `user`, and the command line reads the rest."""
    nested = user(who)
    flat = {name: value for name, value in nested.items() if name != "profile"}
    return jsonify({**flat, "name": who.name, "avatar_url": _picture(who), "user": nested})


def render_login(token: str, who: User) -> Response:
    """The answer to a password."""
    return jsonify(token=token, user=user(who))


def render_organizations(found: Sequence[Mapping[str, Any]]) -> Response:
    """The organizations of a user."""
    return jsonify(organizations=[{"id": one["id"], "name": one["name"] or one["id"]} for one in found])


def render_projects(found: Sequence[Project]) -> Response:
    """The projects of an organization."""
    return jsonify(projects=[_project(one) for one in found])


def render_project(found: Project) -> Response:
    """One project."""
    return jsonify(project=_project(found))


def _project(found: Project) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "organization_id": found.organization,
        "region": found.region,
        "instance_type": found.instance_type,
        "status": found.status,
    }


def _picture(who: User) -> str:
    return current_mount().at("github").url(f"/avatars/u/{who.number}")
