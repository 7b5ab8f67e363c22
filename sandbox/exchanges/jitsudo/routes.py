"""The room as a whole: every endpoint, its health, and what any page may call.

The endpoints themselves are in login/ and admin/.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.exchanges.jitsudo.admin.routes import register_admin
from sandbox.exchanges.jitsudo.login.routes import register_login
from sandbox.exchanges.jitsudo.models import SLUG
from sandbox.exchanges.jitsudo.wire import render

room = Blueprint(SLUG, __name__)
register_login(room)
register_admin(room)


@room.get("/healthz")
def health() -> Response:
    """Whether the server is up."""
    return render({"status": "ok"})


def allow_origin(response: Response) -> Response:
    """Let any page call, without credentials: JITSudo has no cookies."""
    response.vary.add("Origin")
    if origin := request.headers.get("Origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
    if "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-API-Key, X-Tenant-ID"
    return response
