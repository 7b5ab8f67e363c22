"""Fanfare's endpoints, each with and without the `/api` of the vendor's production address: parse, decide, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, jsonify

from sandbox.exchanges.fanfare import access, consumers, openapi, rules, tokens, wire
from sandbox.exchanges.fanfare.headers import admit
from sandbox.exchanges.fanfare.models import SLUG, Organization
from sandbox.service import current_mount, current_world

View = TypeVar("View", bound=Callable[..., Response])

room = Blueprint(SLUG, __name__)


def _at(method: str, path: str) -> Callable[[View], View]:
    def add(view: View) -> View:
        for base in ("", "/api"):
            room.add_url_rule(base + path, view_func=view, methods=[method])
        return view

    return add


@_at("POST", "/auth/external/authorize")
def authorize() -> Response:
    """A one-time code for an identity that the brand's backend vouches for."""
    organization = _backend()
    return wire.render_code(rules.authorize(current_world(), organization, wire.parse_identity()))


@_at("POST", "/auth/external/exchange")
def exchange() -> Response:
    """Swap the code for a session."""
    organization = _page()
    code = wire.parse_exchange_code()
    return wire.render_session(rules.exchange(current_world(), organization, code, wire.parse_credentials()))


@_at("POST", "/auth/guest")
def begin_guest() -> Response:
    """A session without an identity."""
    return wire.render_session(rules.begin_guest(current_world(), _page()))


@_at("POST", "/auth/otp/request")
def request_otp() -> Response:
    """Send a one-time code to the mailbox."""
    organization = _page()
    rules.request_otp(current_world(), organization, *wire.parse_otp_request())
    return wire.render_otp_sent()


@_at("POST", "/auth/otp/verify")
def verify_otp() -> Response:
    """Swap a one-time code for a session."""
    organization = _page()
    address, code = wire.parse_otp()
    return wire.render_session(
        rules.verify_otp(current_world(), organization, address, code, presented=wire.parse_credentials())
    )


@_at("POST", "/auth/refresh")
def refresh() -> Response:
    """Swap a refresh token for the session's next tokens."""
    organization = _page()
    return wire.render_refreshed(rules.refresh(current_world(), organization, wire.parse_refresh()))


@_at("POST", "/auth/logout")
def log_out() -> Response:
    """End the session of an access token."""
    session = access.get_session(current_world(), wire.parse_credentials())
    admit(session.organization)
    rules.log_out(current_world(), session)
    return wire.render_logged_out()


@_at("GET", "/consumers/me")
def get_me() -> Response:
    """Who the access token speaks for."""
    organization = _page()
    session = access.get_session(current_world(), wire.parse_credentials())
    access.check_member(session, organization)
    return wire.render_me(consumers.get_consumer(current_world(), organization.id, session.consumer_id))


@_at("GET", "/consumers/<consumer_id>")
def get_consumer(consumer_id: str) -> Response:
    """A consumer, to the brand's backend."""
    organization = _backend()
    return wire.render_consumer(consumers.get_consumer(current_world(), organization.id, consumer_id))


@_at("GET", "/health")
def health() -> Response:
    """Whether the service is up."""
    return jsonify(status="ok")


@_at("GET", "/openapi.json")
def describe() -> Response:
    """The description of this API."""
    return jsonify(openapi.describe(current_mount().url("")))


@room.get("/_sandbox/jwks.json")
def keys() -> Response:
    """The keys that verify the tokens; the vendor publishes none."""
    return wire.render_keys(key.jwk for key in tokens.published_keys(current_world()))


def _backend() -> Organization:
    organization = access.get_backend(current_world(), wire.parse_credentials())
    admit(organization)
    return organization


def _page() -> Organization:
    organization = access.get_page(current_world(), wire.parse_credentials())
    admit(organization)
    return organization
