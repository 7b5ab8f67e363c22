"""The cloud's API over HTTP: parse, decide, render."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response

from sandbox.providers.insforge_cloud import projects
from sandbox.providers.insforge_cloud.api import rules, wire
from sandbox.providers.insforge_cloud.console.rules import CONSOLE
from sandbox.providers.insforge_cloud.oauth.tokens import REFRESH_TTL, SCOPES, get_caller, issue_tokens
from sandbox.providers.insforge_cloud.people import get_user
from sandbox.service import current_mount, current_world


def profile() -> Response:
    """GET /auth/v1/profile: whose token it is."""
    return wire.render_profile(get_user(current_world(), _caller("user:read")))


def login() -> Response:
    """POST /auth/v1/login: a password for a token of the console's own."""
    world = current_world()
    name = rules.check_password(world, *wire.parse_login())
    issued = issue_tokens(world, CONSOLE, name, SCOPES, world.ids.text(16))
    response = wire.render_login(issued.access_token, get_user(world, name))
    path = urlsplit(current_mount().url("/auth/v1")).path
    secure = current_mount().origin.startswith("https://")
    response.set_cookie(
        "refreshToken",
        issued.refresh_token,
        max_age=REFRESH_TTL,
        path=path,
        httponly=True,
        secure=secure,
        samesite="Lax",
    )
    return response


def organizations() -> Response:
    """GET /organizations/v1: the organizations of the token's user."""
    return wire.render_organizations(projects.list_organizations(current_world(), _caller("organizations:read")))


def organization_projects(organization_id: str) -> Response:
    """GET /organizations/v1/{id}/projects: the projects of one of them."""
    login = _caller("projects:read")
    found = projects.get_organization(current_world(), organization_id, login)
    return wire.render_projects(projects.list_projects(current_world(), login, found["id"]))


def project_details(project_id: str) -> Response:
    """GET /projects/v1/{id}: one project."""
    login = _caller("projects:read")
    return wire.render_project(projects.get_visible_project(current_world(), project_id, login))


def register_api(room: Blueprint) -> None:
    """Add the endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/auth/v1/profile")(profile)
    room.post("/auth/v1/login")(login)
    room.get("/organizations/v1")(organizations)
    room.get("/organizations/v1/<organization_id>/projects")(organization_projects)
    room.get("/projects/v1/<project_id>")(project_details)


def _caller(scope: str) -> str:
    return get_caller(current_world(), wire.parse_bearer(), scope=scope).login
