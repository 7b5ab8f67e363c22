"""What an issuer decides while a person signs in: whose session will do, who must consent, and what the answer is."""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import approval, authorization, consents, sessions
from sandbox.protocol.authorization import AuthorizationRequest, Transaction, told_by_redirect
from sandbox.protocol.interaction import check_silent, find_usable_session, is_too_old
from sandbox.protocol.pushed_requests import spend_pushed_request
from sandbox.protocol.responses import AuthorizationResponse, respond
from sandbox.providers.oidc.clients import get_issuers_client
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.misbehaving import CALLBACK
from sandbox.providers.oidc.people import can_sign_in, get_active
from sandbox.providers.oidc.tokens import Grant, issue_access_token, make_id_token, sign_of


def find_session(
    world: World, issuer: Issuer, transaction: Transaction, cookie: str | None
) -> tables.SignInSession | None:
    """The session that answers without a sign-in page, or None if that page is due.

    Raises Refusal: LOGIN_REQUIRED if prompt=none forbids it.
    """
    request = transaction.request
    live = sessions.list_sessions(world, issuer.service, cookie)
    # Who is gone or deactivated since cannot answer; somebody else may sign in.
    found = [one for one in live if can_sign_in(world, one.login)]
    session = find_usable_session(world, request, found, request.extra["wanted"])
    if session is not None and request.extra["strict"] and session.login != request.extra["wanted"]:
        session = None
    if session is None:
        check_silent(request, Reason.LOGIN_REQUIRED, "nobody whom this request means is signed in")
    return session


def automatic_login(world: World, issuer: Issuer, policy: str, request: AuthorizationRequest) -> str | None:
    """Who signs in without a page, by the sandbox's approval policy, or None."""
    if not issuer.settings["automatic_sign_in"] or (policy == "hint" and "select_account" in request.prompts):
        return None
    return authorization.automatic_login(world, policy, request.login_hint)


def sign_in(world: World, issuer: Issuer, transaction: Transaction, login: str, cookie: str) -> Transaction:
    """Let this person sign in, in the browser that holds `cookie`.

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED; RedirectRefusal: LOGIN_REQUIRED if the request means
    somebody else.
    """
    request = transaction.request
    identity = get_active(world, login)
    if request.extra.get("strict") and request.extra["wanted"] != login:
        authorization.decide(world, transaction)
        with told_by_redirect(request.address):
            raise Refusal(Reason.LOGIN_REQUIRED, f"the request means somebody else than {login}")
    if kept := _kept_session(world, issuer, request, login, cookie):
        return authorization.choose_identity(world, transaction, identity.login, kept)
    session = sessions.sign_in(world, issuer.service, cookie, login, ttl=issuer.settings["session_ttl"])
    return authorization.choose_identity(world, transaction, identity.login, session, is_fresh=True)


def _kept_session(
    world: World, issuer: Issuer, request: AuthorizationRequest, login: str, cookie: str
) -> tables.SignInSession | None:
    """The session to go on with: whoever only chose among accounts has not signed in anew."""
    if "select_account" not in request.prompts or "login" in request.prompts:
        return None
    for session in sessions.list_sessions(world, issuer.service, cookie):
        if session.login == login and not is_too_old(world, request, session.auth_time):
            return session
    return None


def needs_consent(world: World, issuer: Issuer, transaction: Transaction, login: str) -> bool:
    """Whether this person must be asked: for scopes not granted yet, and for prompt=consent always."""
    request = transaction.request
    client = get_issuers_client(world, issuer, request.client_id)
    if "consent" in request.prompts:
        return True
    if client.settings["trusted"]:
        return False
    granted = consents.granted_scopes(world, issuer.service, request.client_id, login)
    return granted is None or not set(request.scopes) <= set(granted)


def allow(
    world: World, issuer: Issuer, transaction: Transaction, scopes: tuple[str, ...]
) -> AuthorizationResponse | None:
    """Grant `scopes` and answer; None if it is a device that waits.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED, CLIENT_UNKNOWN, IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED,
    USER_CODE_UNKNOWN; RedirectRefusal: LOGIN_REQUIRED if the session has ended meanwhile.
    """
    request, login = transaction.request, transaction.login or ""
    client = get_issuers_client(world, issuer, request.client_id)
    get_active(world, login)
    if approval.allow(world, issuer.service, transaction, login, scopes, merge=_each_once):
        return None
    session = authorization.find_session(world, transaction)
    with told_by_redirect(request.address):
        if session is None:
            raise Refusal(Reason.LOGIN_REQUIRED, "the sign-in session has ended meanwhile")
        sessions.use_session(world, session, request.client_id)
        if pushed := request.extra["pushed"]:
            spend_pushed_request(world, pushed)
        grant = grant_of(transaction, session, scopes)
        answer = respond(request.address, _answer(world, issuer, client, transaction, grant))
        return replace(answer, parameters=issuer.misbehaviour.said(world, CALLBACK, answer.parameters))


def grant_of(transaction: Transaction, session: tables.SignInSession, scopes: tuple[str, ...]) -> Grant:
    """What tokens from the authorization endpoint are made from; those from the token endpoint have more."""
    request = transaction.request
    return Grant(
        login=session.login,
        scopes=scopes,
        flow=transaction.flow,
        sign=sign_of(session, request),
        claims=request.claims,
        audience=request.resources,
        nonce=request.nonce,
    )


def _answer(
    world: World, issuer: Issuer, client: tables.Client, transaction: Transaction, grant: Grant
) -> dict[str, str | None]:
    """Code, access token and id_token as the response type asks (OIDC Core sections 3.1.2.5, 3.2.2.5, 3.3.2.5)."""
    request = transaction.request
    words = request.response_type.split()
    answer: dict[str, str | None] = {}
    if "code" in words:
        answer["code"] = code = world.ids.text(43)
        # The person may sign in anew before the code is redeemed: what it is worth is how they have signed in now.
        kept = replace(request, extra={**request.extra, "sign": grant.sign.store()})
        authorization.issue_authorization_code(
            world,
            issuer.service,
            replace(transaction, request=kept),
            code=code,
            login=grant.login,
            scopes=grant.scopes,
            ttl=issuer.settings["code_ttl"],
            sid=grant.sign.sid,
        )
    if "token" in words:
        answer["access_token"] = issue_access_token(world, issuer, client, grant)
        answer |= {"token_type": "Bearer", "expires_in": str(issuer.settings["access_token_ttl"])}
        answer["scope"] = " ".join(grant.scopes)
    if "id_token" in words:
        answer["id_token"] = make_id_token(
            world, issuer, client, grant, access_token=answer.get("access_token"), code=answer.get("code")
        )
    return {**answer, "iss": issuer.url}


def deny(world: World, issuer: Issuer, transaction: Transaction) -> None:
    """Record that the person refused; a device is told when it polls, a client by redirect at once.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED; RedirectRefusal: ACCESS_DENIED.
    """
    request = transaction.request
    if pushed := request.extra["pushed"]:
        spend_pushed_request(world, pushed)
    approval.deny(world, issuer.service, transaction, request.address)


def _each_once(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scopes))
