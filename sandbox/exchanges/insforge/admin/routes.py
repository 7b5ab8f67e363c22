"""The admin endpoints over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import access, contract, settings, wire
from sandbox.exchanges.insforge.admin import rules
from sandbox.exchanges.insforge.cookies import clear_cookie, read_cookie, set_cookie
from sandbox.exchanges.insforge.models import ADMIN, CLOUD, SLUG, Session
from sandbox.exchanges.insforge.tokens import check_logout
from sandbox.service import Upstream, current_house, current_world


def exchange_admin_session() -> Response:
    """POST /api/auth/admin/sessions/exchange: a session for a code of InsForge Cloud."""
    code = wire.parse_body(contract.EXCHANGE_ADMIN_SESSION)["code"]
    return _render(rules.exchange_code(current_world(), cloud_upstream(), code))


def create_admin_session() -> Response:
    """POST /api/auth/admin/sessions: a session for a name and a password."""
    return _render(rules.sign_in(current_world(), *wire.parse_admin_sign_in()))


def get_admin_session() -> Response:
    """GET /api/auth/admin/sessions/current: whose session it is."""
    return wire.render(wire.describe_admin(access.get_admin(current_world(), wire.parse_credentials())))


def refresh_admin_session() -> Response:
    """POST /api/auth/admin/refresh: go on with the session in the cookie."""
    return _render(rules.refresh(current_world(), read_cookie(ADMIN), wire.parse_csrf()))


def end_admin_session() -> Response:
    """POST /api/auth/admin/logout: forget the cookie."""
    check_logout(current_world(), ADMIN, read_cookie(ADMIN), wire.parse_csrf())
    return clear_cookie(wire.render(wire.LOGGED_OUT), ADMIN)


def get_config() -> Response:
    """GET /api/auth/config: how users sign up and in."""
    return wire.render(wire.render_config(settings.get_config(admin_world())))


def update_config() -> Response:
    """PUT /api/auth/config: change some of it."""
    world = admin_world()
    changed = wire.parse_config(wire.parse_body(contract.UPDATE_CONFIG))
    return wire.render(wire.render_config(settings.update_config(world, changed)))


def get_anon_key() -> Response:
    """GET /api/metadata/anon-key: the key that applications sign users up with."""
    return wire.render(wire.render_anon_key(_anon_key(admin_world())))


def create_anon_token() -> Response:
    """POST /api/auth/tokens/anon: the same, by its older name."""
    return wire.render(wire.render_anon_token(_anon_key(admin_world())))


def register_admin(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.post("/api/auth/admin/sessions/exchange")(exchange_admin_session)
    room.post("/api/auth/admin/sessions")(create_admin_session)
    room.get("/api/auth/admin/sessions/current")(get_admin_session)
    room.post("/api/auth/admin/refresh")(refresh_admin_session)
    room.post("/api/auth/admin/logout")(end_admin_session)
    room.get("/api/auth/config")(get_config)
    room.put("/api/auth/config")(update_config)
    room.get("/api/metadata/anon-key")(get_anon_key)
    room.post("/api/auth/tokens/anon")(create_anon_token)


def cloud_upstream() -> Upstream:
    """The InsForge Cloud of this sandbox."""
    return current_house().upstreams[CLOUD]


def admin_world() -> World:
    """The world of this request, which an admin made. Raises Refusal: the reasons of `check_admin`."""
    world = current_world()
    access.check_admin(world, cloud_upstream(), wire.parse_credentials())
    return world


def _anon_key(world: World) -> str:
    key: str | None = world.settings[SLUG]["anon_key"]
    if key is None:
        raise Refusal(Reason.NOT_CONFIGURED, "the fixture has no insforge.anon_key", "anon_key")
    return key


def _render(session: Session) -> Response:
    return set_cookie(wire.render_admin(session), ADMIN, session.refresh_token)
