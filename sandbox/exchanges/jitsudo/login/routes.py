"""The login endpoints over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from sandbox.browser import let_load
from sandbox.exchanges.jitsudo.login import rules, wire
from sandbox.service import current_mount, current_world

CALLBACK = "/v1/auth/callback"


def exchange_code() -> Response:
    """POST /v1/auth/callback: a system JWT for the code of an identity provider."""
    return wire.render_token(rules.exchange(current_world(), *wire.parse_exchange()))


def landing() -> Response:
    """GET /v1/auth/callback: where a browser lands. It redeems nothing itself, or its script would come too late."""
    page = make_response(wire.render_landing(current_mount().url(CALLBACK)))
    return let_load(page, script=True, calls=["'self'"])


def get_auth_providers() -> Response:
    """GET /v1/auth/providers: the tenant of a domain or slug, and how its people log in."""
    return wire.render_methods(*rules.find_methods(current_world(), *wire.parse_whose()))


def create_login_url() -> Response:
    """POST /_sandbox/login-url: where a sign-in begins, and its state."""
    world, (domain, slug, redirect_uri) = current_world(), wire.parse_login()
    return wire.render_login(*rules.begin(world, rules.get_tenant(world, domain, slug), redirect_uri))


def register_login(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.post(CALLBACK)(exchange_code)
    room.get(CALLBACK)(landing)
    room.get("/v1/auth/providers")(get_auth_providers)
    room.post("/_sandbox/login-url")(create_login_url)
