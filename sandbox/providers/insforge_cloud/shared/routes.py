"""Shared keys over HTTP: a backend asks where to send the browser, and the browser comes back to the backend."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.browser import check_same_origin, redirect_to
from sandbox.core.refusals import Refusal
from sandbox.picker import is_search
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud import pages
from sandbox.providers.insforge_cloud.people import describe
from sandbox.providers.insforge_cloud.shared import rules, wire
from sandbox.providers.insforge_cloud.shared.models import PROVIDERS
from sandbox.service import current_approval, current_mount, current_world


def start_shared(provider: str) -> Response:
    """GET /auth/v1/shared/{provider}: where to send the browser."""
    begun = rules.begin(current_world(), provider, request.args.get("redirect_uri"))
    return wire.render_start(with_query(_login_url(provider), {"transaction": begun}))


def start_shared_x() -> Response:
    """GET /oauth/twitter: the same for X, under its older name."""
    return start_shared("x")


def shared_login(provider: str) -> ResponseReturnValue:
    """GET /auth/v1/shared/{provider}/login: the provider's sign-in page."""
    world = current_world()
    transaction = rules.get_begun(world, provider, request.args.get("transaction", ""))
    hint = request.args.get("login_hint")
    login = rules.automatic_login(world, current_approval(), hint)
    return _come_back(transaction, provider, login) if login else _page(transaction, provider, typed=hint)


def shared_decide(provider: str) -> ResponseReturnValue:
    """POST /auth/v1/shared/{provider}/login: what a person pressed there."""
    check_same_origin()
    world, form = current_world(), request.form
    transaction = rules.get_begun(world, provider, form.get("transaction", ""))
    if form.get("decision") == "deny":
        rules.deny(world, transaction)
    if is_search(form):
        return _page(transaction, provider)
    return _come_back(transaction, provider, (form.get("identity") or form.get("login", "")).strip())


def register_shared(room: Blueprint) -> None:
    """Add the endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/auth/v1/shared/<provider>")(start_shared)
    room.get("/oauth/twitter")(start_shared_x)
    room.get("/auth/v1/shared/<provider>/login")(shared_login)
    room.post("/auth/v1/shared/<provider>/login")(shared_decide)


def _come_back(transaction: Transaction, provider: str, login: str) -> Response:
    world = current_world()
    try:
        identity = rules.allow(world, transaction, login)
    except Refusal as refusal:
        return _page(transaction, provider, refusal=refusal, typed=login)
    # Every provider's picture is the one that the sandbox draws at its GitHub.
    picture = current_mount().at("github").url(f"/avatars/u/{describe(identity).number}")
    known = wire.payload(provider, identity, picture)
    return redirect_to(wire.success_url(transaction.request.redirect_uri, known))


def _page(
    transaction: Transaction, provider: str, *, refusal: Refusal | None = None, typed: str | None = None
) -> Response:
    application = pages.Application(pages.VENDOR, rules.SHARED)
    return pages.sign_in(
        transaction, application, _login_url(provider), vendor=PROVIDERS[provider], refusal=refusal, typed=typed
    )


def _login_url(provider: str) -> str:
    return current_mount().url(f"/auth/v1/shared/{provider}/login")
