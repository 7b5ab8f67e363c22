"""The room as a whole: every endpoint, the project's keys, the dashboard's page, and what any page may call.

The endpoints themselves are in admin/, users/, oauth/ and email/.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from sandbox.browser import let_load
from sandbox.exchanges.insforge import wire
from sandbox.exchanges.insforge.admin.routes import register_admin
from sandbox.exchanges.insforge.email.routes import register_email
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.oauth.configs import register_configs
from sandbox.exchanges.insforge.oauth.routes import register_oauth
from sandbox.exchanges.insforge.tokens import published_keys
from sandbox.exchanges.insforge.users.routes import register_users
from sandbox.service import current_mount, current_world

room = Blueprint(SLUG, __name__)
register_admin(room)
register_users(room)
register_oauth(room)
register_configs(room)
register_email(room)


@room.get("/.well-known/jwks.json")
@room.get("/api/.well-known/jwks.json")
def keys() -> Response:
    """The keys that verify the project's access tokens."""
    return wire.render(wire.render_keys(key.jwk for key in published_keys(current_world())))


@room.get("/api/health")
def health() -> Response:
    """Whether the backend is up."""
    return wire.render(wire.render_health(current_world().now()))


@room.get("/dashboard")
def dashboard() -> Response:
    """A project's dashboard in small: asks the console for a code, and swaps it for a session."""
    mount = current_mount()
    trusted = [mount.origin, *current_world().settings[SLUG]["trusted_origins"]]
    page = make_response(
        render_template(
            "insforge_dashboard.html",
            exchange_url=mount.url("/api/auth/admin/sessions/exchange"),
            refresh_url=mount.url("/api/auth/admin/refresh"),
            current_url=mount.url("/api/auth/admin/sessions/current"),
            trusted_origins=trusted,
        )
    )
    return let_load(page, script=True, calls=["'self'"], framed_by=["'self'", *trusted], tells_origin=True)


def allow_origin(response: Response) -> Response:
    """Let pages of any origin call, with cookies, as the vendor does; a preflight is answered on every path."""
    headers = response.headers
    response.vary.add("Origin")
    headers["Access-Control-Allow-Credentials"] = "true"
    headers["Access-Control-Expose-Headers"] = "Content-Range,Preference-Applied"
    if origin := request.headers.get("Origin"):
        headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        response.status_code = 204
        response.set_data(b"")
        response.vary.add("Access-Control-Request-Headers")
        headers["Access-Control-Allow-Methods"] = "GET,HEAD,PUT,PATCH,POST,DELETE"
        for name in ("Content-Type", "ETag", "Allow"):
            headers.pop(name, None)
        if wanted := request.headers.get("Access-Control-Request-Headers"):
            headers["Access-Control-Allow-Headers"] = wanted
    return response
