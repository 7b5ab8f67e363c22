"""GitHub's login endpoints over HTTP: parse, decide, render."""

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
from sandbox.picker import session_of, signed_in_here
from sandbox.protocol import authorization, sessions
from sandbox.protocol.authorization import Transaction
from sandbox.protocol.client_auth import parse_credentials
from sandbox.protocol.redirects import with_query
from sandbox.providers.github.login import device_rules, pages, rules, token_rules, wire
from sandbox.providers.github.tokens import SLUG
from sandbox.service import current_approval, current_mount, current_world

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS: dict[str, token_rules.Grant] = {
    "authorization_code": token_rules.redeem_code,
    "refresh_token": token_rules.refresh,
    DEVICE_GRANT: token_rules.poll_device,
}


def authorize() -> ResponseReturnValue:
    """GET /login/oauth/authorize: begin a sign-in."""
    world = current_world()
    parameters = wire.parse_authorize()
    asked = rules.check_authorization(world, parameters)
    transaction = authorization.begin(world, SLUG, asked)
    if login := rules.automatic_login(world, current_approval(), asked):
        known = authorization.choose_identity(world, transaction, login)
        scopes = rules.scopes_without_asking(world, known, login)
        return _allow(known, asked.scopes if scopes is None else scopes)
    return pages.sign_in(transaction, signup=parameters.allow_signup)


def decide() -> ResponseReturnValue:
    """POST /login/oauth/authorize and /login/device: what a person pressed on one of the sign-in pages."""
    check_same_origin()
    world, form = current_world(), request.form
    transaction = authorization.get_transaction(world, SLUG, form.get("transaction", ""))
    decision = form.get("decision", "")
    if decision == "deny":
        rules.deny(world, transaction)
        return pages.device_done(transaction, allowed=False)
    if login := form.get("identity") or (form.get("login", "") if decision == "continue" else ""):
        return _choose(transaction, login.strip())
    if leaving := form.get("sign_out"):
        _end_session(leaving)
    # Whoever has signed out meanwhile signs in again.
    if decision == "allow" and transaction.login and sessions.get_session(world, transaction.sid):
        ticked = set(form.getlist("scope"))
        return _allow(transaction, tuple(scope for scope in transaction.request.scopes if scope in ticked))
    return pages.sign_in(transaction)


def access_token() -> Response:
    """POST /login/oauth/access_token: swap a code, a refresh token or a device code for tokens."""
    parameters = wire.parse_parameters()
    credentials = parse_credentials(request.headers.get("Authorization"), parameters)
    asked = wire.parse_token(parameters)
    return wire.render_tokens(_grant(asked.grant_type)(current_world(), credentials, asked))


def device_code() -> Response:
    """POST /login/device/code: begin a device login."""
    parameters = wire.parse_parameters()
    client_id = parse_credentials(request.headers.get("Authorization"), parameters).client_id
    answer = device_rules.begin_device(current_world(), client_id, parameters.get("scope", ""))
    return wire.render_device(answer, current_mount().url("/login/device"))


def device() -> ResponseReturnValue:
    """GET /login/device: the page where a person types the code that a device shows."""
    return pages.device(request.args.get("user_code", ""))


def enter_user_code() -> ResponseReturnValue:
    """POST /login/device: the typed code, or what was pressed on the pages that follow."""
    if "transaction" in request.form:
        return decide()
    check_same_origin()
    typed = request.form.get("user_code", "")
    try:
        return pages.sign_in(device_rules.enter_user_code(current_world(), typed))
    except Refusal as refusal:
        return pages.device(typed, refusal)


def connections(client_id: str) -> ResponseReturnValue:
    """GET and POST /settings/connections/applications/{client_id}: review what was granted, and revoke it."""
    world = current_world()
    client = get_client(world, SLUG, client_id)
    revoked = None
    if request.method == "POST":
        check_same_origin()
        login = request.form.get("revoke", "")
        revoked = login if rules.revoke_grant(world, client, login) else None
    return pages.connections(client, revoked)


def logout() -> Response:
    """GET /logout: the page that asks who shall be signed out. Nobody is by a mere link."""
    return pages.confirm_logout(signed_in_here(current_world(), SLUG))


def confirm_logout() -> Response:
    """POST /logout: end the session of the `login` that was pressed, or all sessions of this browser."""
    check_same_origin()
    chosen = request.form.get("login")
    left = [person.login for person in signed_in_here(current_world(), SLUG)]
    for login in [chosen] if chosen else left:
        _end_session(login)
    people = signed_in_here(current_world(), SLUG)
    return pages.confirm_logout(people) if people else pages.signed_out()


def register_login(room: Blueprint) -> None:
    """Add the login endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/login/oauth/authorize")(authorize)
    room.post("/login/oauth/authorize")(decide)
    room.post("/login/oauth/access_token")(access_token)
    room.post("/login/device/code")(device_code)
    room.get("/login/device")(device)
    room.post("/login/device")(enter_user_code)
    room.get("/logout")(logout)
    room.post("/logout")(confirm_logout)
    room.route("/settings/connections/applications/<client_id>", methods=["GET", "POST"])(connections)


def _grant(grant_type: str) -> token_rules.Grant:
    if grant_type not in GRANTS:
        raise Refusal(Reason.GRANT_TYPE_UNSUPPORTED, f"no grant is called {grant_type!r}", "grant_type")
    return GRANTS[grant_type]


def _choose(transaction: Transaction, login: str) -> ResponseReturnValue:
    world, cookie = current_world(), session_cookie(SLUG) or new_cookie()
    try:
        known = rules.sign_in(world, transaction, login, cookie)
    except Refusal as refusal:
        return pages.sign_in(transaction, refusal=refusal, typed=login)
    renew_session(SLUG, SLUG, cookie, "/", max_age=remembered(rules.SESSION_TTL))
    scopes = rules.scopes_without_asking(world, known, login)
    if scopes is None:
        return pages.consent(known)
    return _allow(known, scopes)


def _end_session(login: str) -> None:
    """End this person's session in this browser, if there is one."""
    world = current_world()
    if sid := session_of(world, SLUG, login):
        sessions.end_session(world, sid)
        world.entry.note(login=login)


def _allow(transaction: Transaction, scopes: tuple[str, ...]) -> ResponseReturnValue:
    world = current_world()
    code = rules.allow(world, transaction, transaction.login or "", scopes)
    if code is None:
        return pages.device_done(transaction, allowed=True)
    asked = transaction.request
    answer = {
        "code": code,
        "state": asked.state,
        "iss": wire.issuer(rules.rfc9207_iss(world, asked.client_id)),
    }
    return redirect_to(with_query(asked.redirect_uri, answer))
