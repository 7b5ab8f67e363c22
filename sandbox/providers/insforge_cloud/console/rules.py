"""What the console decides: who is signed in, who may open which project, and where its dashboard is."""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import authorization, sessions
from sandbox.protocol.authorization import AuthorizationRequest, Transaction
from sandbox.providers.insforge_cloud.people import SLUG, find_by_hint, get_user

SESSION_TTL = 86_400
# The console signs in as itself; no fixture registers it.
CONSOLE = "insforge-console"


def find_session(world: World, cookie: str | None) -> tables.SignInSession | None:
    """The session of whoever is signed in in this browser and may still sign in, or None."""
    for session in sessions.list_sessions(world, SLUG, cookie):
        identity = world.store.find(tables.Identity, login=session.login)
        if identity is not None and not identity.deactivated:
            world.entry.note(login=session.login)
            return session
    return None


def get_session(world: World, cookie: str | None) -> tables.SignInSession:
    """The same for who must be signed in. Raises Refusal: LOGIN_REQUIRED."""
    session = find_session(world, cookie)
    if session is None:
        raise Refusal(Reason.LOGIN_REQUIRED, "nobody is signed in to the console, in this browser")
    return session


def begin_sign_in(world: World, address: str, login_hint: str | None) -> Transaction:
    """Keep where a person wanted to go until that person has signed in."""
    asked = AuthorizationRequest(
        CONSOLE, address, redirect_uri_given=False, login_hint=login_hint, extra={"console": True}
    )
    return authorization.begin(world, SLUG, asked, by_client=False)


def is_consoles(transaction: Transaction) -> bool:
    """Whether a sign-in was begun at the console, rather than by a client."""
    return bool(transaction.request.extra.get("console"))


def automatic_login(world: World, policy: str, login_hint: str | None) -> str | None:
    """Who signs in without a page, by the sandbox's approval policy. Raises Refusal: IDENTITY_UNKNOWN."""
    hinted = find_by_hint(world, login_hint)
    return authorization.automatic_login(world, policy, hinted.login if hinted else login_hint)


def sign_in(world: World, transaction: Transaction, login: str, cookie: str) -> Transaction:
    """Let this person sign in, in the browser that holds `cookie`; what is to be answered now.

    What was begun at the console is over with it, and a client's request waits for consent. Raises Refusal:
    IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED, TRANSACTION_ALREADY_DECIDED.
    """
    get_user(world, login)
    session = sessions.sign_in(world, SLUG, cookie, login, ttl=SESSION_TTL)
    known = authorization.choose_identity(world, transaction, login, session)
    if is_consoles(known):
        authorization.decide(world, known)
    return known


def sign_out(world: World, cookie: str | None, login: str | None = None) -> None:
    """End all sessions of this browser, or that of one person."""
    for session in sessions.list_sessions(world, SLUG, cookie):
        if login in (None, session.login):
            sessions.end_session(world, session.sid)
