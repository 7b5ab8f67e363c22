"""InsForge Cloud's endpoints at their real paths, put together from the folders beside this file."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.providers.insforge_cloud.api.routes import register_api
from sandbox.providers.insforge_cloud.codes.routes import register_codes
from sandbox.providers.insforge_cloud.console.routes import register_console
from sandbox.providers.insforge_cloud.oauth.routes import register_oauth
from sandbox.providers.insforge_cloud.people import SLUG
from sandbox.providers.insforge_cloud.shared.routes import register_shared

room = Blueprint(SLUG, __name__)
register_codes(room)
register_console(room)
register_shared(room)
register_oauth(room)
register_api(room)

# Read by anyone, with nothing that tells who asks.
_CROSS_ORIGIN = frozenset({"keys", "start_shared", "start_shared_x"})


def after_request(response: Response) -> Response:
    """Let pages of any origin read the key set and begin shared logins."""
    if (request.endpoint or "").rpartition(".")[2] in _CROSS_ORIGIN:
        response.headers["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    return response
