"""Entra ID's pages over HTTP: authorize, the device page and administrators' consent. Parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox.browser import (
    check_same_origin,
    new_cookie,
    remembered,
    renew_session,
    send_back,
    session_cookie,
)
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.protocol import authorization
from sandbox.protocol.authorization import Transaction, told_by_redirect
from sandbox.protocol.interaction import check_silent
from sandbox.protocol.sessions import get_session
from sandbox.providers.azure.authorities import V1, V2, Authority, get_authority
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login import accounts, admin_consent, answers, device_rules, pages, sign_ins, wire
from sandbox.providers.azure.login.logout import sign_out_one
from sandbox.providers.azure.login.rules import check_authorization, return_address
from sandbox.providers.azure.login.words import find_number
from sandbox.service import current_approval, current_mount, current_world


def authorize(tenant: str) -> ResponseReturnValue:
    """GET and POST /{tenant}/oauth2/v2.0/authorize: begin a sign-in; or what was pressed on one of its pages."""
    return _decide() if "transaction" in request.form else _begin(tenant, V2)


def authorize_v1(tenant: str) -> ResponseReturnValue:
    """GET and POST /{tenant}/oauth2/authorize: the same in version 1.0."""
    return _begin(tenant, V1)


def admin_consent_page(tenant: str) -> ResponseReturnValue:
    """GET /{tenant}/adminconsent and /{tenant}/v2.0/adminconsent: ask an administrator for a whole tenant."""
    world, authority = current_world(), get_authority(current_world(), current_mount(), tenant)
    asked = admin_consent.check_request(world, authority, wire.parse_query())
    return pages.sign_in(authority, authorization.begin(world, SLUG, asked, by_client=False))


def device() -> ResponseReturnValue:
    """GET /common/oauth2/deviceauth: the page where a person types the code that a device shows."""
    return pages.device(request.args.get("user_code", ""))


def enter_user_code() -> ResponseReturnValue:
    """POST /common/oauth2/deviceauth: the typed code, or what was pressed on the pages that follow."""
    if "transaction" in request.form:
        return _decide()
    check_same_origin()
    typed = request.form.get("user_code", "")
    try:
        transaction = device_rules.enter_user_code(current_world(), typed)
    except Refusal as refusal:
        return pages.device(typed, refusal)
    return pages.sign_in(_authority_of(transaction), transaction)


def explain_error() -> Response:
    """GET /error?code={number}: what an error number means; where `error_uri` leads."""
    number = request.args.get("code", "")
    digits = number.isascii() and number.isdigit() and len(number) < 10
    return pages.explain_number(find_number(int(number)) if digits else None)


def register_pages(room: Blueprint) -> None:
    """Add the pages to the room's blueprint; each endpoint's name is its operation in the journal."""
    both = ["GET", "POST"]
    room.route("/<tenant>/oauth2/v2.0/authorize", methods=both)(authorize)
    room.route("/<tenant>/oauth2/authorize", methods=both)(authorize_v1)
    room.get("/<tenant>/adminconsent", endpoint="admin_consent")(admin_consent_page)
    room.get("/<tenant>/v2.0/adminconsent", endpoint="admin_consent")(admin_consent_page)
    room.get("/common/oauth2/deviceauth")(device)
    room.post("/common/oauth2/deviceauth")(enter_user_code)
    room.get("/error")(explain_error)


def _begin(tenant: str, version: str) -> ResponseReturnValue:
    world = current_world()
    authority = get_authority(world, current_mount(), tenant)
    asked = check_authorization(world, authority, wire.parse_authorize(version))
    transaction = authorization.begin(world, SLUG, asked)
    with told_by_redirect(return_address(asked)):
        session = sign_ins.find_session(world, authority, transaction, session_cookie(SLUG))
    if session:
        return _go_on(authority, *sign_ins.resume(world, authority, transaction, session))
    login = sign_ins.automatic_login(world, authority, asked, current_approval())
    if login:
        return _sign_in(authority, transaction, login, automatic=True)
    return pages.sign_in(authority, transaction)


def _decide() -> ResponseReturnValue:
    """What a person pressed; who and what it is about is in the transaction alone."""
    check_same_origin()
    form = request.form
    transaction = authorization.get_transaction(current_world(), SLUG, form["transaction"])
    authority, decision = _authority_of(transaction), form.get("decision", "")
    if decision == "deny":
        return _deny(transaction)
    if name := form.get("identity") or (form.get("login", "") if decision == "continue" else ""):
        return _sign_in(authority, transaction, name.strip())
    if leaving := form.get("sign_out"):
        done = sign_out_one(current_world(), authority, leaving, session_cookie(SLUG))
        return pages.sign_in(authority, transaction, frames=done.frames)
    # Whoever has signed out meanwhile signs in again.
    if decision == "allow" and transaction.login and get_session(current_world(), transaction.sid):
        return _allow(transaction, _user_of(authority, transaction))
    return pages.sign_in(authority, transaction)


def _sign_in(authority: Authority, transaction: Transaction, name: str, *, automatic: bool = False) -> Response:
    world, cookie = current_world(), session_cookie(SLUG) or new_cookie()
    client = get_client(world, SLUG, transaction.request.client_id)
    try:
        # A policy names people by their login.
        login = name if automatic else accounts.find_named(world, authority, client, name)
        known, user = sign_ins.sign_in(world, authority, transaction, login, cookie)
    except Refusal as refusal:
        if refusal.reason is not Reason.IDENTITY_UNKNOWN:
            raise
        return pages.sign_in(authority, transaction, refusal=refusal, typed=name)
    renew_session(SLUG, SLUG, cookie, "/", max_age=remembered(world.settings[SLUG]["session_ttl"]))
    return _allow(known, user) if automatic else _go_on(authority, known, user)


def _go_on(authority: Authority, transaction: Transaction, user: User) -> Response:
    """Ask for consent where it is due, and answer where it is not."""
    world, asked = current_world(), transaction.request
    if not sign_ins.needs_consent(world, transaction, user):
        return _allow(transaction, user)
    with told_by_redirect(return_address(asked)):
        check_silent(asked, Reason.CONSENT_REQUIRED, f"{user.login} has not granted all of this")
    sign_ins.check_grantable(world, transaction, user)
    return pages.consent(authority, transaction, user)


def _allow(transaction: Transaction, user: User) -> Response:
    world, client = current_world(), get_client(current_world(), SLUG, transaction.request.client_id)
    accounts.check_account(world, client, user, interactive=False)
    if "user_code" in transaction.request.extra:
        device_rules.approve(world, transaction, client, user)
        return pages.device_done(transaction, user, allowed=True)
    if "admin_consent" in transaction.request.extra:
        return send_back(admin_consent.allow(world, transaction, client, user))
    sign_ins.check_grantable(world, transaction, user)
    return send_back(answers.allow(world, current_mount(), transaction, user))


def _deny(transaction: Transaction) -> Response:
    world, extra = current_world(), transaction.request.extra
    if "user_code" in extra:
        device_rules.refuse(world, transaction)
        return pages.device_done(transaction, None, allowed=False)
    if "admin_consent" in extra:
        return send_back(admin_consent.deny(world, transaction))
    raise answers.deny(world, transaction)


def _authority_of(transaction: Transaction) -> Authority:
    return get_authority(current_world(), current_mount(), transaction.request.extra["authority"])


def _user_of(authority: Authority, transaction: Transaction) -> User:
    world = current_world()
    client = get_client(world, SLUG, transaction.request.client_id)
    return accounts.get_account(world, authority, client, transaction.login or "")
