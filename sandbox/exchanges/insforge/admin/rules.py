"""What InsForge decides about admins: who gets a session, and who keeps it."""

from __future__ import annotations

from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import cloud, wire
from sandbox.exchanges.insforge.models import ADMIN, SLUG, Session
from sandbox.exchanges.insforge.tokens import begin_admin_session, check_csrf, read_refresh_token
from sandbox.service import Upstream


def exchange_code(world: World, provider: Upstream, code: str) -> Session:
    """A session for the admin whom a code of the cloud names. Raises Refusal: the reasons of `cloud.admit`."""
    return _begin(world, cloud.admit(world, provider, code))


def sign_in(world: World, username: str, password: str) -> Session:
    """A session for the project's own admin. Raises Refusal: IDENTITY_UNKNOWN, PASSWORD_WRONG."""
    settings = world.settings[SLUG]
    if not same_secret(settings["admin_username"], username):
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"the admin of this project is not called {username!r}", "username")
    if not same_secret(settings["admin_password"], password):
        raise Refusal(Reason.PASSWORD_WRONG, "not the admin's password", "password")
    return _begin(world, wire.admin_subject("local", username))


def refresh(world: World, refresh_token: str | None, csrf_token: str | None) -> Session:
    """The session behind a refresh token, gone on with; the token stays good, and the CSRF token the same.

    Raises Refusal: TOKEN_MISSING, the reasons of `read_refresh_token`, CSRF_TOKEN_WRONG.
    """
    if refresh_token is None:
        raise Refusal(Reason.TOKEN_MISSING, "the request has no admin refresh cookie", "Cookie")
    claims = read_refresh_token(world, refresh_token, ADMIN)
    check_csrf(world, ADMIN, claims, csrf_token)
    world.entry.note(login=claims.subject)
    return begin_admin_session(world, claims.subject, claims.nonce)


def _begin(world: World, subject: str) -> Session:
    world.entry.note(flow=world.entry.flow or world.ids.text(16), login=subject)
    return begin_admin_session(world, subject)
