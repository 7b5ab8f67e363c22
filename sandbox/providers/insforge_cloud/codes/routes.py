"""The key set, the partnership API and the mint over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sandbox.browser import check_same_origin
from sandbox.providers.insforge_cloud.codes import rules, wire
from sandbox.providers.insforge_cloud.codes.models import Mint
from sandbox.service import current_world, read_json


def keys() -> Response:
    """GET /.well-known/jwks.json: the keys that verify codes."""
    return wire.render_keys(rules.public_keys(current_world()))


def authorize_project(partner_id: str, project_id: str) -> Response:
    """POST /partnership/v1/{partner}/{project}/authorization: a code for a partner's own page."""
    secret = request.headers.get("X-Partnership-Secret")
    return wire.render_code(rules.authorize_partner(current_world(), partner_id, project_id, secret))


def mint_code() -> Response:
    """POST /_sandbox/codes: any code that a test wants."""
    check_same_origin()
    return wire.render_code(rules.mint_code(current_world(), Mint(**wire.parse_mint(read_json()))))


def register_codes(room: Blueprint) -> None:
    """Add the endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/.well-known/jwks.json")(keys)
    room.post("/partnership/v1/<partner_id>/<project_id>/authorization")(authorize_project)
    room.post("/_sandbox/codes")(mint_code)
