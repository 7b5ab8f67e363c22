"""The OAuth server over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.browser import (
    check_same_origin,
    new_cookie,
    redirect_to,
    remembered,
    renew_session,
    session_cookie,
)
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol import approval, authorization, sessions
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.parameters import get_parameter
from sandbox.protocol.redirects import with_query
from sandbox.providers.insforge_cloud import pages
from sandbox.providers.insforge_cloud.console.rules import (
    SESSION_TTL,
    automatic_login,
    find_session,
    sign_in,
    sign_out,
)
from sandbox.providers.insforge_cloud.oauth import grants, rules, wire
from sandbox.providers.insforge_cloud.people import SLUG, find_by_hint
from sandbox.service import current_approval, current_mount, current_world

AUTHORIZE, DEVICE = "/api/oauth/v1/authorize", "/api/oauth/v1/device"


def authorize() -> ResponseReturnValue:
    """GET /api/oauth/v1/authorize: begin a sign-in; whoever is signed in to the console is not asked who it is."""
    world = current_world()
    asked = rules.check_authorization(world, wire.parse_authorize())
    transaction = authorization.begin(world, SLUG, asked)
    if login := automatic_login(world, current_approval(), asked.login_hint):
        return _allow(_sign_in(transaction, login), asked.scopes)
    session = find_session(world, session_cookie(SLUG))
    hinted = find_by_hint(world, asked.login_hint)
    if session is None or (hinted is not None and hinted.login != session.login):
        return _ask(transaction)
    return _go_on(authorization.choose_identity(world, transaction, session.login, session))


def decide() -> ResponseReturnValue:
    """POST /api/oauth/v1/authorize and /api/oauth/v1/device: what a person pressed on one of the sign-in pages."""
    check_same_origin()
    world, form = current_world(), request.form
    transaction = _get_transaction(form.get("transaction", ""))
    decision = form.get("decision", "")
    if decision == "deny":
        approval.deny(world, SLUG, transaction, transaction.request.address)
        return pages.device_done(transaction, _application(transaction), allowed=False)
    if login := form.get("identity") or (form.get("login", "") if decision == "continue" else ""):
        return _choose(transaction, login.strip())
    if leaving := form.get("sign_out"):
        sign_out(world, session_cookie(SLUG), leaving)
    # Whoever has signed out meanwhile signs in again.
    if decision == "allow" and transaction.login and sessions.get_session(world, transaction.sid):
        ticked = set(form.getlist("scope"))
        return _allow(transaction, tuple(scope for scope in transaction.request.scopes if scope in ticked))
    return _ask(transaction)


def token() -> Response:
    """POST /api/oauth/v1/token: swap a code, a refresh token or a device code for tokens."""
    header = request.headers.get("Authorization")
    return wire.render_tokens(grants.swap(current_world(), header, wire.parse_body()))


def device_authorization() -> Response:
    """POST /api/oauth/v1/device_authorization: begin a device login."""
    given = wire.parse_body()
    answer = rules.begin_device(current_world(), get_parameter(given, "client_id"), given.get("scope", ""))
    return wire.render_device(answer, current_mount().url(DEVICE))


def device() -> ResponseReturnValue:
    """GET /api/oauth/v1/device: the page where a person types the code that a device shows."""
    return pages.device(current_mount().url(DEVICE), request.args.get("user_code", ""))


def enter_user_code() -> ResponseReturnValue:
    """POST /api/oauth/v1/device: the typed code, or what was pressed on the pages that follow."""
    if "transaction" in request.form:
        return decide()
    check_same_origin()
    typed = request.form.get("user_code", "")
    try:
        return _ask(rules.enter_user_code(current_world(), typed))
    except Refusal as refusal:
        return pages.device(current_mount().url(DEVICE), typed, refusal)


def register_oauth(room: Blueprint) -> None:
    """Add the endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get(AUTHORIZE)(authorize)
    room.post(AUTHORIZE)(decide)
    room.post("/api/oauth/v1/token")(token)
    room.post("/api/oauth/v1/device_authorization")(device_authorization)
    room.get(DEVICE)(device)
    room.post(DEVICE)(enter_user_code)


def _get_transaction(transaction_id: str) -> Transaction:
    transaction = authorization.get_transaction(current_world(), SLUG, transaction_id)
    if not transaction.request.scope_given and "user_code" not in transaction.request.extra:
        raise Refusal(Reason.TRANSACTION_UNKNOWN, "this sign-in was not begun by a client")
    return transaction


def _choose(transaction: Transaction, login: str) -> ResponseReturnValue:
    try:
        known = _sign_in(transaction, login)
    except Refusal as refusal:
        return _ask(transaction, refusal, login)
    return _go_on(known)


def _sign_in(transaction: Transaction, login: str) -> Transaction:
    cookie = session_cookie(SLUG) or new_cookie()
    known = sign_in(current_world(), transaction, login, cookie)
    renew_session(SLUG, SLUG, cookie, "/", max_age=remembered(SESSION_TTL))
    return known


def _go_on(transaction: Transaction) -> Response:
    """Ask for consent where it is due, and answer where it is not."""
    if rules.needs_consent(current_world(), transaction, transaction.login or ""):
        return pages.consent(transaction, _application(transaction), _action(transaction))
    return _allow(transaction, transaction.request.scopes)


def _allow(transaction: Transaction, scopes: tuple[str, ...]) -> Response:
    asked = transaction.request
    code = rules.allow(current_world(), transaction, transaction.login or "", scopes)
    if code is None:
        return pages.device_done(transaction, _application(transaction), allowed=True)
    return redirect_to(with_query(asked.redirect_uri, {"code": code, "state": asked.state}))


def _ask(transaction: Transaction, refusal: Refusal | None = None, typed: str | None = None) -> Response:
    return pages.sign_in(transaction, _application(transaction), _action(transaction), refusal=refusal, typed=typed)


def _application(transaction: Transaction) -> pages.Application:
    client = get_client(current_world(), SLUG, transaction.request.client_id)
    return pages.Application(client.name, client.client_id)


def _action(transaction: Transaction) -> str:
    return current_mount().url(DEVICE if "user_code" in transaction.request.extra else AUTHORIZE)
