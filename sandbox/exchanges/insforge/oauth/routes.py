"""Signing in elsewhere, over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.insforge.oauth import rules, wire
from sandbox.exchanges.insforge.refusals import invalid, told_at
from sandbox.exchanges.insforge.users.routes import keep, rest_of
from sandbox.exchanges.insforge.users.wire import render_session
from sandbox.exchanges.insforge.wire import render_redirect
from sandbox.service import current_world


def begin_oauth(provider: str) -> Response:
    """GET /api/auth/oauth/{provider}: where to sign in."""
    rules.check_provider(provider)
    return wire.render_start(rules.begin(current_world(), provider, *wire.parse_start()))


def begin_custom_oauth(key: str) -> Response:
    """GET /api/auth/oauth/custom/{key}: where to sign in at a custom provider."""
    return wire.render_start(rules.begin_custom(current_world(), key, *wire.parse_start()))


def finish_oauth(provider: str) -> Response:
    """GET and POST /api/auth/oauth/{provider}/callback: the provider sends the browser back."""
    rules.check_provider(provider)
    world, (code, text) = current_world(), wire.parse_callback()
    if not text:
        raise invalid("State parameter is required", "state", Reason.FIELD_MISSING)
    state = rules.read_state(world, text, provider)
    with told_at(state.redirect_uri):
        return _send_back(state, rules.finish(world, state, code))


def finish_shared_oauth(text: str) -> Response:
    """GET /api/auth/oauth/shared/callback/{state}: InsForge Cloud sends the browser back."""
    world = current_world()
    state = rules.read_state(world, text)
    # Custom providers have no shared keys, and their states go without a payload of anybody's making.
    rules.check_provider(state.provider)
    good, payload, error = wire.parse_shared()
    if not good:
        with told_at(state.redirect_uri, error or "OAuth authentication failed"):
            raise Refusal(Reason.ACCESS_DENIED, "the shared login was refused", "error")
    if payload is None:
        with told_at(state.redirect_uri, "No payload provided in callback"):
            raise Refusal(Reason.FIELD_MISSING, "the shared login brought no payload", "payload")
    person = wire.parse_payload(payload, state.provider)
    with told_at(state.redirect_uri):
        if person is None:
            raise Refusal(Reason.FIELD_INVALID, "the payload has no providerId or no e-mail address", "payload")
        return _send_back(state, rules.admit(world, state, person))


def finish_custom_oauth(key: str) -> Response:
    """GET /api/auth/oauth/custom/{key}/callback: the custom provider sends the browser back."""
    world, (code, text) = current_world(), wire.parse_callback()
    if not code or not text:
        raise Refusal(Reason.FIELD_MISSING, "the callback has no code or no state", "code" if text else "state")
    state = rules.read_state(world, text, key)
    with told_at(state.redirect_uri):
        return _send_back(state, rules.finish_custom(world, state, text, code))


def exchange_oauth_code() -> Response:
    """POST /api/auth/oauth/exchange: a session for the one-time code."""
    user, session = rules.exchange(current_world(), *wire.parse_exchange())
    return keep(session, {**render_session(user, session), **rest_of(session)})


def register_oauth(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/api/auth/oauth/<provider>")(begin_oauth)
    room.route("/api/auth/oauth/<provider>/callback", methods=["GET", "POST"])(finish_oauth)
    room.get("/api/auth/oauth/shared/callback/<text>")(finish_shared_oauth)
    room.get("/api/auth/oauth/custom/<key>")(begin_custom_oauth)
    room.get("/api/auth/oauth/custom/<key>/callback")(finish_custom_oauth)
    room.post("/api/auth/oauth/exchange")(exchange_oauth_code)


def _send_back(state: rules.State, code: str) -> Response:
    return render_redirect(state.redirect_uri, insforge_code=code)
