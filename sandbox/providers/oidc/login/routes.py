"""The login endpoints of an issuer over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.browser import (
    check_same_origin,
    new_cookie,
    redirect_to,
    remembered,
    renew_session,
    send_back,
    session_cookie,
)
from sandbox.core.refusals import Reason, Refusal
from sandbox.picker import session_of
from sandbox.protocol import authorization
from sandbox.protocol.authorization import RedirectRefusal, Transaction, told_by_redirect
from sandbox.protocol.dpop import check_binding
from sandbox.protocol.interaction import check_silent
from sandbox.protocol.pushed_requests import push_request
from sandbox.protocol.sessions import get_session
from sandbox.providers.oidc.clients import authenticate
from sandbox.providers.oidc.context import check_dpop, current_issuer
from sandbox.providers.oidc.issuers import SLUG, Issuer
from sandbox.providers.oidc.login import device_rules, logout, pages, rules, wire
from sandbox.providers.oidc.login.requests import check_authorization, check_pushed
from sandbox.service import current_approval, current_world


def authorize(issuer: str) -> ResponseReturnValue:
    """GET and POST /oidc/{issuer}/authorize: begin a sign-in."""
    world, here = current_world(), current_issuer(issuer)
    asked = check_authorization(world, here, wire.parse_authorize())
    # A pushed request has begun the login already.
    transaction = authorization.begin(world, here.service, asked, flow=world.entry.flow)
    with told_by_redirect(asked.address):
        session = rules.find_session(world, here, transaction, session_cookie(SLUG))
        if session is not None:
            return _go_on(here, authorization.choose_identity(world, transaction, session.login, session))
        login = rules.automatic_login(world, here, current_approval(), asked)
        return _sign_in(here, transaction, login, automatic=True) if login else pages.sign_in(here, transaction)


def decide(issuer: str) -> ResponseReturnValue:
    """POST /oidc/{issuer}/login and /oidc/{issuer}/device: what a person pressed on one of the sign-in pages."""
    check_same_origin()
    world, here, form = current_world(), current_issuer(issuer), request.form
    transaction = authorization.get_transaction(world, here.service, form.get("transaction", ""))
    decision = form.get("decision", "")
    if decision == "deny":
        rules.deny(world, here, transaction)
        return pages.device_done(here, transaction, allowed=False)
    if login := form.get("identity") or (form.get("login", "") if decision == "continue" else ""):
        return _sign_in(here, transaction, login.strip())
    if leaving := form.get("sign_out"):
        return pages.sign_in(here, transaction, frames=_sign_out(here, leaving))
    # Whoever has signed out meanwhile signs in again.
    if decision == "allow" and transaction.login and get_session(world, transaction.sid):
        ticked = {*form.getlist("scope"), "openid"}
        return _allow(here, transaction, tuple(scope for scope in transaction.request.scopes if scope in ticked))
    return pages.sign_in(here, transaction)


def push(issuer: str) -> Response:
    """POST /oidc/{issuer}/par: keep an authorization request for later (RFC 9126)."""
    world, here = current_world(), current_issuer(issuer)
    parameters, endpoint = wire.parse_form(), here.endpoint("/par")
    client = authenticate(world, here, request.headers.get("Authorization"), parameters, endpoint)
    jkt = check_dpop(here, client, endpoint) if request.headers.get("DPoP") else None
    given = {**parameters, "client_id": client.client_id}
    asked, resolved = check_pushed(world, here, client, given)
    check_binding(asked.dpop_jkt, jkt or asked.dpop_jkt)
    kept = {name: value for name, value in resolved.items() if not name.startswith("client_") or name == "client_id"}
    return wire.render_pushed(push_request(world, here.service, client.client_id, kept, dpop_jkt=jkt))


def device(issuer: str) -> ResponseReturnValue:
    """GET /oidc/{issuer}/device: the page where a person types the code that a device shows."""
    return pages.device(current_issuer(issuer), request.args.get("user_code", ""))


def enter_user_code(issuer: str) -> ResponseReturnValue:
    """POST /oidc/{issuer}/device: the typed code, or what was pressed on the pages that follow."""
    if "transaction" in request.form:
        return decide(issuer)
    check_same_origin()
    here, typed = current_issuer(issuer), request.form.get("user_code", "")
    try:
        return pages.sign_in(here, device_rules.enter_user_code(current_world(), here, typed))
    except Refusal as refusal:
        return pages.device(here, typed, refusal)


def end_session(issuer: str) -> ResponseReturnValue:
    """GET and POST /oidc/{issuer}/logout: RP-initiated logout."""
    here = current_issuer(issuer)
    asked = logout.check_logout(current_world(), here, wire.parse_authorize())
    return _end(here, asked) if asked.is_confirmed else _ask(here, asked)


def confirm_logout(issuer: str) -> ResponseReturnValue:
    """POST /oidc/{issuer}/logout/confirm: the person pressed the button of the page that asks."""
    check_same_origin()
    here = current_issuer(issuer)
    return _end(here, logout.check_logout(current_world(), here, wire.parse_form()))


def register_login(room: Blueprint) -> None:
    """Add the login endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.route("/oidc/<issuer>/authorize", methods=["GET", "POST"])(authorize)
    room.post("/oidc/<issuer>/login")(decide)
    room.post("/oidc/<issuer>/par")(push)
    room.get("/oidc/<issuer>/device")(device)
    room.post("/oidc/<issuer>/device")(enter_user_code)
    room.route("/oidc/<issuer>/logout", methods=["GET", "POST"])(end_session)
    room.post("/oidc/<issuer>/logout/confirm")(confirm_logout)


def _sign_in(here: Issuer, transaction: Transaction, login: str, *, automatic: bool = False) -> ResponseReturnValue:
    world, cookie = current_world(), session_cookie(SLUG) or new_cookie()
    try:
        known = rules.sign_in(world, here, transaction, login, cookie)
    except RedirectRefusal:
        raise
    except Refusal as refusal:
        return pages.sign_in(here, transaction, refusal=refusal, typed=login)
    max_age = remembered(here.settings["session_ttl"])
    renew_session(SLUG, here.service, cookie, f"/oidc/{here.name}", max_age=max_age)
    return _allow(here, known, known.request.scopes) if automatic else _go_on(here, known)


def _sign_out(here: Issuer, login: str) -> list[str]:
    """End this person's session in this browser, if there is one; the addresses to load in iframes."""
    sid = session_of(current_world(), SLUG, login, here.service)
    return logout.end_sessions(current_world(), here, logout.Logout(sid), None) if sid else []


def _go_on(here: Issuer, transaction: Transaction) -> Response:
    """Ask for consent where it is due, and answer where it is not."""
    asked = transaction.request
    if not rules.needs_consent(current_world(), here, transaction, transaction.login or ""):
        return _allow(here, transaction, asked.scopes)
    with told_by_redirect(asked.address):
        check_silent(asked, Reason.CONSENT_REQUIRED, f"{transaction.login} was never asked for these scopes")
    return pages.consent(here, transaction, transaction.login or "")


def _allow(here: Issuer, transaction: Transaction, scopes: tuple[str, ...]) -> Response:
    answer = rules.allow(current_world(), here, transaction, scopes)
    return pages.device_done(here, transaction, allowed=True) if answer is None else send_back(answer)


def _ask(here: Issuer, asked: logout.Logout) -> Response:
    people = logout.signed_in(current_world(), here, session_cookie(SLUG))
    return pages.confirm_logout(here, people, asked.fields)


def _end(here: Issuer, asked: logout.Logout) -> ResponseReturnValue:
    frames = logout.end_sessions(current_world(), here, asked, session_cookie(SLUG))
    if asked.next_url and not frames:
        return redirect_to(asked.next_url)
    return pages.signed_out(here, frames, asked.next_url)
