"""Who calls: the session of a cookie or a token, tried in the vendor's order, and the CSRF token that a cookie needs.

Judges no subject token.
"""

from __future__ import annotations

from flask import request

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.prisme import cookies, rules, sessions
from sandbox.exchanges.prisme.models import ACCESS_TOKEN_PREFIX, Session, User
from sandbox.exchanges.prisme.refusals import of_caller
from sandbox.service import current_world

_SAFE = ("GET", "HEAD", "OPTIONS")


def get_caller() -> tuple[User, Session]:
    """The user and the session of this request; a cookie comes before any header.

    Raises CallerRefused: TOKEN_MISSING, CSRF_TOKEN_WRONG, TOKEN_REVOKED, and the reasons of `sessions.get_session`.
    """
    world, cookie = current_world(), cookies.read_access()
    token = cookie or _presented()
    if not cookie and token.startswith(ACCESS_TOKEN_PREFIX):
        with of_caller("access_token"):
            session = sessions.get_session_of_access_token(world, token)
            return rules.get_user(world, session), session
    with of_caller("session"):
        if not token:
            raise Refusal(Reason.TOKEN_MISSING, "there is neither a cookie nor an Authorization header with a token")
        session = sessions.get_session(world, token)
        if cookie:
            _check_csrf(session)
        return rules.get_user(world, session), session


def check_newcomer() -> None:
    """Refuse a login that comes with what forbids it: an access token, or a cookie without its CSRF token.

    Raises CallerRefused: TOKEN_TYPE_WRONG, CSRF_TOKEN_WRONG.
    """
    check_no_access_token()
    if cookie := cookies.read_access():
        try:
            session = sessions.get_session(current_world(), cookie)
        except Refusal:
            # What is no session any more needs no protection.
            return
        with of_caller("session"):
            _check_csrf(session)


def check_no_access_token() -> None:
    """Refuse an access token where only a session may call. Raises CallerRefused: TOKEN_TYPE_WRONG."""
    with of_caller("access_token"):
        if not cookies.read_access() and _presented().startswith(ACCESS_TOKEN_PREFIX):
            raise Refusal(Reason.TOKEN_TYPE_WRONG, "an access token cannot call this")


def address() -> str:
    """Whose calls are counted together: what a proxy says, verbatim, or else the peer."""
    return request.headers.get("X-Forwarded-For") or request.remote_addr or ""


def _check_csrf(session: Session) -> None:
    if request.method not in _SAFE:
        sessions.check_csrf(session, request.headers.get("X-PrismeAI-CSRF-Token"))


def _presented() -> str:
    """The token of the Authorization header (RFC 6750 section 2.1), or of the vendor's older one; or ""."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    older = request.headers.get("X-PrismeAI-Token", "").strip()
    return older if older.startswith(ACCESS_TOKEN_PREFIX) else ""
