"""What the answer to an authorization request holds: code, tokens, session_state, client_info, or a refusal.

Sends nothing: browser.py does.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#successful-response
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import replace
from typing import Any

from sandbox.core import tables
from sandbox.core.clients import get_client
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.protocol import authorization
from sandbox.protocol.authorization import RedirectRefusal, Transaction
from sandbox.protocol.claims import asked_claims
from sandbox.protocol.responses import AuthorizationResponse, respond
from sandbox.protocol.sessions import use_session
from sandbox.providers.azure import consent, tokens
from sandbox.providers.azure.claims import Grant, SignIn
from sandbox.providers.azure.directory import SLUG, User
from sandbox.providers.azure.login.rules import return_address
from sandbox.providers.azure.resources import parse_scopes


def allow(world: World, mount: Mount, transaction: Transaction, user: User) -> AuthorizationResponse:
    """Grant what was asked for, and answer. Raises Refusal: TRANSACTION_ALREADY_DECIDED."""
    request = transaction.request
    client = get_client(world, SLUG, request.client_id)
    grant = make_grant(world, transaction, client, user)
    authorization.decide(world, transaction)
    consent.grant(world, client, user, grant.asked)
    world.entry.note(login=user.login)
    if session := authorization.find_session(world, transaction):
        use_session(world, session, client.client_id)
    return respond(return_address(request), _parameters(world, mount, transaction, grant))


def make_grant(world: World, transaction: Transaction, client: tables.Client, user: User) -> Grant:
    """What this sign-in lets the client have. Raises Refusal: SCOPE_INVALID, TARGET_INVALID."""
    request = transaction.request
    asked = parse_scopes(world, " ".join(request.scopes), user.tenant)
    wanted = asked_claims(request.claims, "id_token")
    return Grant(
        client=client,
        user=user,
        asked=asked,
        names=consent.token_scopes(asked, consent.granted(world, client, user)),
        sign_in=_sign_in_of(world, transaction),
        flow=transaction.flow,
        version=request.extra["version"],
        nonce=request.nonce,
        asked_claims=(*wanted, "auth_time") if request.max_age is not None else tuple(wanted),
        from_browser=True,
    )


def deny(world: World, transaction: Transaction) -> RedirectRefusal:
    """Record that the person refused, and return what the client is told.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED.
    """
    authorization.decide(world, transaction)
    # On the first page, nobody has been asked for consent yet.
    cancelled = "cancel" if transaction.login is None else None
    refusal = Refusal(Reason.ACCESS_DENIED, f"the person pressed {'Back' if cancelled else 'Cancel'}", cancelled)
    return RedirectRefusal(refusal, return_address(transaction.request))


def session_state(sid: str | None) -> str:
    """The GUID of a browser's session."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, sid or "none"))


def encode_client_info(account: dict[str, str]) -> str:
    """An account as clients get it: JSON, base64url without padding."""
    return base64.urlsafe_b64encode(json.dumps(account, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _sign_in_of(world: World, transaction: Transaction) -> SignIn:
    """How the person of a session signed in; without a session, just now."""
    session = authorization.find_session(world, transaction)
    return SignIn(session.auth_time, tuple(session.amr), session.sid) if session else SignIn(world.now())


def _parameters(world: World, mount: Mount, transaction: Transaction, grant: Grant) -> dict[str, str | None]:
    request = transaction.request
    words = request.response_type.split()
    answer: dict[str, str | None] = {}
    code = access_token = None
    if "code" in words:
        answer["code"] = code = f"1.A{world.ids.text(120)}"
        kept = replace(transaction, request=replace(request, extra=request.extra | _memory(grant)))
        authorization.issue_authorization_code(
            world,
            SLUG,
            kept,
            code=code,
            login=grant.user.login,
            scopes=request.scopes,
            ttl=world.settings[SLUG]["code_ttl"],
            sid=transaction.sid,
        )
    if "token" in words:
        access_token = tokens.issue_access_token(world, mount, grant)
        answer |= {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": str(world.settings[SLUG]["access_token_ttl"] - 1),
            "scope": tokens.granted_text(grant),
        }
    if "id_token" in words:
        answer["id_token"] = tokens.issue_id_token(world, mount, grant, access_token=access_token, code=code)
    if request.extra["client_info"]:
        answer["client_info"] = encode_client_info(tokens.account(world, grant.user))
    # `state` stands before session_state; its value is filled in by `respond`.
    return {**answer, "state": None, "session_state": session_state(transaction.sid)}


def _memory(grant: Grant) -> dict[str, Any]:
    """What the token endpoint must know of the sign-in, even after its session has ended."""
    sign_in = grant.sign_in
    return {"tenant": grant.user.tenant.id, "auth_time": sign_in.auth_time, "amr": list(sign_in.amr)}
