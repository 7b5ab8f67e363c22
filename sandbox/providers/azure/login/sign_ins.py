"""How a person gets signed in: by a session of the browser, by a policy of the sandbox, or on the page.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import authorization, sessions
from sandbox.protocol.authorization import AuthorizationRequest, Transaction, told_by_redirect
from sandbox.protocol.interaction import check_silent, find_usable_session
from sandbox.providers.azure import consent
from sandbox.providers.azure.authorities import Authority
from sandbox.providers.azure.claims import MFA
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login import accounts
from sandbox.providers.azure.login.rules import return_address
from sandbox.providers.azure.resources import Asked, parse_scopes


def find_session(
    world: World, authority: Authority, transaction: Transaction, cookie: str | None
) -> tables.SignInSession | None:
    """The session that answers without a page, or None if a page is due.

    Raises Refusal: LOGIN_REQUIRED where a page is due and prompt=none forbids it.
    """
    asked = transaction.request
    client = get_client(world, SLUG, asked.client_id)
    live = sessions.list_sessions(world, SLUG, cookie)
    usable = accounts.signed_in(world, authority, client, live, asked)
    if len(usable) > 1:
        check_silent(asked, Reason.LOGIN_REQUIRED, f"{len(usable)} people are signed in in this browser")
        return None
    session = find_usable_session(world, asked, usable, None)
    if session and MFA not in session.amr and _wants_second_factor(world, asked, None):
        session = None
    if session is None:
        check_silent(asked, Reason.LOGIN_REQUIRED, "no session of this browser answers the request")
    return session


def resume(
    world: World, authority: Authority, transaction: Transaction, session: tables.SignInSession
) -> tuple[Transaction, User]:
    """Go on as the person of a session. Raises Refusal: the reasons of `check_account`, by redirect if prompt=none."""
    asked = transaction.request
    client = get_client(world, SLUG, asked.client_id)
    user = accounts.get_account(world, authority, client, session.login)
    world.entry.note(login=user.login)
    try:
        accounts.check_account(world, client, user, interactive=False)
    except Refusal:
        if "none" not in asked.prompts:
            raise
        with told_by_redirect(return_address(asked)):
            raise
    return authorization.choose_identity(world, transaction, user.login, session), user


def sign_in(
    world: World, authority: Authority, transaction: Transaction, login: str, cookie: str
) -> tuple[Transaction, User]:
    """Let this person sign in, in the browser that holds `cookie`.

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_OF_ANOTHER_TENANT, and the reasons of `check_account`.
    """
    asked = transaction.request
    client = get_client(world, SLUG, asked.client_id)
    world.entry.note(login=login)
    user = accounts.get_account(world, authority, client, login)
    accounts.check_account(world, client, user, interactive=True)
    amr = (*sessions.PASSWORD, MFA) if _wants_second_factor(world, asked, user) else sessions.PASSWORD
    ttl = world.settings[SLUG]["session_ttl"]
    session = sessions.sign_in(world, SLUG, cookie, login, ttl=ttl, amr=amr)
    known = authorization.choose_identity(world, transaction, login, session, is_fresh=True)
    # The person may be called otherwise from this session on.
    user = accounts.get_account(world, authority, client, login)
    return known, user


def automatic_login(world: World, authority: Authority, asked: AuthorizationRequest, policy: str) -> str | None:
    """Who signs in without a page, by the sandbox's approval policy, or None.

    Raises Refusal: IDENTITY_UNKNOWN.
    """
    if policy == "hint" and "select_account" in asked.prompts:
        return None
    client = get_client(world, SLUG, asked.client_id)
    hinted = asked.login_hint and accounts.find_account(world, authority, client, asked.login_hint)
    return authorization.automatic_login(world, policy, hinted.login if hinted else None)


def needs_consent(world: World, transaction: Transaction, user: User) -> bool:
    """Whether the person must be asked first."""
    asked = transaction.request
    if "consent" in asked.prompts or "admin_consent" in asked.extra:
        return True
    client = get_client(world, SLUG, asked.client_id)
    lacking = consent.missing(_scopes(world, asked, user), consent.granted(world, client, user))
    return bool(lacking) or "consent_required" in user.conditions


def check_grantable(world: World, transaction: Transaction, user: User) -> None:
    """Refuse what only an administrator may grant. Raises Refusal: ADMIN_CONSENT_REQUIRED."""
    asked = transaction.request
    client = get_client(world, SLUG, asked.client_id)
    if "admin_consent" in asked.extra:
        return
    if lacking := consent.needs_administrator(world, client, user, _scopes(world, asked, user)):
        raise Refusal(
            Reason.ADMIN_CONSENT_REQUIRED, f"only an administrator may grant {' '.join(lacking)}; see /adminconsent"
        )


def _wants_second_factor(world: World, asked: AuthorizationRequest, user: User | None) -> bool:
    """Whether the sign-in must show a second factor: for a claims challenge, a guarded API, or this person."""
    scopes = parse_scopes(world, " ".join(asked.scopes), None)
    guarded = any(scope.resource.settings.get("conditional_access") for scope in scopes.scopes)
    return guarded or "access_token" in asked.claims or (user is not None and accounts.shows_second_factor(user))


def _scopes(world: World, asked: AuthorizationRequest, user: User) -> Asked:
    return parse_scopes(world, " ".join(asked.scopes), user.tenant)
