"""The endpoints of users over HTTP: parse, decide, render."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.exchanges.insforge import access, contract, settings, wire
from sandbox.exchanges.insforge.admin.routes import admin_world, cloud_upstream
from sandbox.exchanges.insforge.cookies import clear_cookie, read_cookie, set_cookie
from sandbox.exchanges.insforge.models import USER, Session
from sandbox.exchanges.insforge.tokens import check_logout
from sandbox.exchanges.insforge.users import mail, people, rules
from sandbox.exchanges.insforge.users import wire as users
from sandbox.service import current_world


def get_public_config() -> Response:
    """GET /api/auth/public-config: what a sign-in page must know."""
    world = current_world()
    built_in = [config.key for config in settings.list_providers(world)]
    custom = [config.key for config in settings.list_custom(world)]
    return wire.render(wire.render_public_config(settings.get_config(world), built_in, custom))


def create_user() -> Response:
    """POST /api/auth/users: sign up, or add a user as an admin."""
    world = current_world()
    by_admin = access.may_add_users(world, cloud_upstream(), wire.parse_credentials())
    user, session = rules.add_user(world, users.parse_new_user(), by_admin=by_admin)
    if session is None or by_admin:
        return wire.render(users.render_new_user(user, session))
    return keep(session, {**users.render_new_user(user, session), **rest_of(session)})


def create_session() -> Response:
    """POST /api/auth/sessions: sign in by password, or by an e-mailed code."""
    user, session = rules.sign_in(current_world(), users.parse_sign_in())
    return keep(session, {**users.render_signed_in(user, session), **rest_of(session)})


def get_session() -> Response:
    """GET /api/auth/sessions/current: whose session it is."""
    return wire.render({"user": wire.render_user(access.get_user(current_world(), wire.parse_credentials()))})


def refresh_session() -> Response:
    """POST /api/auth/refresh: go on with the session in the cookie, or in the body."""
    world, web = current_world(), wire.is_web()
    token = read_cookie(USER) if web else users.parse_refresh()
    user, session = rules.refresh(world, token, csrf_token=wire.parse_csrf(), web=web)
    return keep(session, {**users.render_session(user, session), **rest_of(session)})


def end_session() -> Response:
    """POST /api/auth/logout: forget the cookie."""
    check_logout(current_world(), USER, read_cookie(USER), wire.parse_csrf())
    return clear_cookie(wire.render(wire.LOGGED_OUT), USER)


def list_users() -> Response:
    """GET /api/auth/users: a page of users, newest first."""
    world = admin_world()
    limit, offset, search = users.parse_page()
    found = people.list_users(world, search)
    return users.render_users(found[offset : offset + limit], limit=limit, offset=offset, total=len(found))


def get_user(user_id: str) -> Response:
    """GET /api/auth/users/{id}: one user."""
    return wire.render(wire.render_user(rules.get_user(admin_world(), users.parse_user_id(user_id))))


def delete_users() -> Response:
    """DELETE /api/auth/users: delete the users that the body names."""
    world = admin_world()
    return users.render_deleted(people.remove_users(world, users.parse_deletion()))


def get_profile(user_id: str) -> Response:
    """GET /api/auth/profiles/{id}: what everybody may see of a user."""
    return users.render_profile(rules.get_user(current_world(), users.parse_user_id(user_id)))


def update_profile() -> Response:
    """PATCH /api/auth/profiles/current: change some of one's own profile."""
    world = current_world()
    user = access.get_user(world, wire.parse_credentials())
    return users.render_profile(rules.update_profile(world, user, wire.parse_body(contract.UPDATE_PROFILE)["profile"]))


def send_otp() -> Response:
    """POST /api/auth/email/send-otp: a code that signs in."""
    return _send(mail.SIGN_IN, users.SIGN_IN_CODE_SENT)


def send_verification() -> Response:
    """POST /api/auth/email/send-verification: a code that verifies an address."""
    return _send(mail.VERIFY, users.VERIFICATION_CODE_SENT)


def send_reset_password() -> Response:
    """POST /api/auth/email/send-reset-password: a code that leads to a new password."""
    return _send(mail.RESET, users.RESET_CODE_SENT)


def verify_email() -> Response:
    """POST /api/auth/email/verify: take that code, and sign in."""
    fields = wire.parse_body(contract.VERIFY_EMAIL)
    user, session = rules.verify_email(current_world(), fields["email"].lower(), fields["otp"])
    return keep(session, {**users.render_signed_in(user, session), **rest_of(session)})


def exchange_reset_token() -> Response:
    """POST /api/auth/email/exchange-reset-password-token: swap the code for a token."""
    fields = wire.parse_body(contract.EXCHANGE_RESET_TOKEN)
    token, expires_at = rules.exchange_reset_code(current_world(), fields["email"].lower(), fields["code"])
    return wire.render(users.render_reset_token(token, expires_at))


def reset_password() -> Response:
    """POST /api/auth/email/reset-password: set a new password."""
    rules.reset_password(current_world(), *users.parse_reset(wire.parse_body(contract.RESET_PASSWORD)))
    return wire.render(users.PASSWORD_RESET)


def register_users(room: Blueprint) -> None:
    """Add these endpoints to the room's blueprint; each endpoint's name is its operation in the journal."""
    room.get("/api/auth/public-config")(get_public_config)
    room.post("/api/auth/users")(create_user)
    room.get("/api/auth/users")(list_users)
    room.delete("/api/auth/users")(delete_users)
    room.get("/api/auth/users/<user_id>")(get_user)
    room.post("/api/auth/sessions")(create_session)
    room.get("/api/auth/sessions/current")(get_session)
    room.post("/api/auth/refresh")(refresh_session)
    room.post("/api/auth/logout")(end_session)
    room.get("/api/auth/profiles/<user_id>")(get_profile)
    room.patch("/api/auth/profiles/current")(update_profile)
    room.post("/api/auth/email/send-otp")(send_otp)
    room.post("/api/auth/email/send-verification")(send_verification)
    room.post("/api/auth/email/send-reset-password")(send_reset_password)
    room.post("/api/auth/email/verify")(verify_email)
    room.post("/api/auth/email/exchange-reset-password-token")(exchange_reset_token)
    room.post("/api/auth/email/reset-password")(reset_password)


def rest_of(session: Session) -> wire.Json:
    """The last member of an answer that begins a session."""
    return wire.render_csrf_or_refresh(session, web=wire.is_web())


def keep(session: Session, body: wire.Json) -> Response:
    """The answer, with the cookie for those who have cookies."""
    response = wire.render(body)
    return set_cookie(response, USER, session.refresh_token) if wire.is_web() else response


def _send(purpose: str, told: str) -> Response:
    rules.send_code(current_world(), purpose, wire.parse_body(contract.SEND_EMAIL)["email"].lower())
    return users.render_code_sent(told)
