"""The authorization request (RFC 6749 section 4.1.1): parsed once, kept here while a person is asked, and decided.

Browsers hold a transaction id only, so that no form field can change client, redirect URI or scope. Which requests
are acceptable, and what a code looks like, is the room's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sandbox.core import tables
from sandbox.core.codes import issue_code
from sandbox.core.flows import follow
from sandbox.core.identities import check_active, find_identity, get_identity
from sandbox.core.journal import fingerprint
from sandbox.core.redaction import redact_url
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol import sessions

AUTHORIZATION_CODE = "authorization_code"
TRANSACTION_TTL = 3600


@dataclass(frozen=True)
class ReturnAddress:
    """Where, and in which response mode, a client is answered; `state` goes back verbatim."""

    client_id: str
    redirect_uri: str
    state: str | None = None
    response_mode: str = "query"


@dataclass(frozen=True)
class AuthorizationRequest:
    """What the client asked for, after the room has checked it.

    `redirect_uri` is where the answer goes; `redirect_uri_given` whether the client named it (RFC 6749 section 4.1.3
    then wants it again at the token endpoint). `scopes` are in the order asked, `scope_given` whether any were.
    `max_age` is in seconds, `claims` the parsed claims parameter (OIDC Core section 5.5), `dpop_jkt` the thumbprint of
    the key the code is bound to (RFC 9449 section 10). `extra` holds what only the room understands (JSON-like).
    """

    client_id: str
    redirect_uri: str
    redirect_uri_given: bool
    scopes: tuple[str, ...] = ()
    scope_given: bool = False
    state: str | None = None
    response_type: str = "code"
    response_mode: str = "query"
    nonce: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    login_hint: str | None = None
    prompt: str | None = None
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    dpop_jkt: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def restore(cls, stored: dict[str, Any]) -> Self:
        """The request as it was stored with a transaction or a code."""
        lists = {name: tuple(stored[name]) for name in ("scopes", "acr_values", "resources")}
        return cls(**{**stored, **lists})

    def store(self) -> dict[str, Any]:
        """The request as it is stored, for `restore`."""
        return dict(vars(self))

    @property
    def prompts(self) -> frozenset[str]:
        """The values of `prompt`, which is a list (OIDC Core section 3.1.2.1)."""
        return frozenset((self.prompt or "").split())

    @property
    def address(self) -> ReturnAddress:
        """Where the answer goes."""
        return ReturnAddress(self.client_id, self.redirect_uri, self.state, self.response_mode)


class RedirectRefusal(Refusal):
    """A refusal that the client is told at its redirect URI (RFC 6749 section 4.1.2.1)."""

    def __init__(self, refusal: Refusal, address: ReturnAddress) -> None:
        super().__init__(refusal.reason, refusal.detail, refusal.field)
        self.address = address


@contextmanager
def told_by_redirect(address: ReturnAddress) -> Iterator[None]:
    """Have the refusals of this block reach the client at its redirect URI, which must be known good."""
    try:
        yield
    except RedirectRefusal:
        raise
    except Refusal as refusal:
        raise RedirectRefusal(refusal, address) from refusal


@dataclass(frozen=True)
class Transaction:
    """An authorization request that waits for its answer. `flow` links the whole login.

    `login` is who has been chosen so far, and `sid` the sign-in session in which, where the room keeps sessions;
    `session` is that session itself if it began in this unit of work. One that nobody is asked about is never stored.
    """

    id: str
    service: str
    flow: str
    request: AuthorizationRequest
    login: str | None = None
    sid: str | None = None
    session: tables.SignInSession | None = None
    is_stored: bool = False


def begin(
    world: World, service: str, request: AuthorizationRequest, *, flow: str | None = None, by_client: bool = True
) -> Transaction:
    """Begin to answer the request; `keep` stores it, where a person is asked.

    `flow` continues a login that has begun already, such as a device's; so does a state that an exchange has marked.
    `by_client` is whether an application has made the request, rather than the service itself.
    """
    flow = flow or follow(world, request.state) or world.entry.flow or world.ids.text(16)
    if by_client:
        _note_request(world, request)
    world.entry.note(flow=flow, client_id=request.client_id)
    return Transaction(world.ids.text(32), service, flow, request)


def keep(world: World, transaction: Transaction) -> str:
    """Store the request until a person decides, for TRANSACTION_TTL seconds; the id that the page's form carries."""
    if not transaction.is_stored:
        world.store.add(
            tables.Transaction,
            id=transaction.id,
            service=transaction.service,
            request=transaction.request.store(),
            flow=transaction.flow,
            login=transaction.login,
            sid=transaction.sid,
            expires_at=world.now() + TRANSACTION_TTL,
            decided_at=None,
        )
    return transaction.id


def get_transaction(world: World, service: str, transaction_id: str) -> Transaction:
    """The pending request with this id.

    Raises Refusal: TRANSACTION_UNKNOWN, TRANSACTION_ALREADY_DECIDED, TRANSACTION_EXPIRED.
    """
    row = world.store.find(tables.Transaction, id=transaction_id, service=service)
    if row is None:
        raise Refusal(Reason.TRANSACTION_UNKNOWN, "no sign-in with this transaction id was ever begun")
    request = AuthorizationRequest.restore(row.request)
    world.entry.note(flow=row.flow, client_id=request.client_id, login=row.login)
    if row.decided_at is not None:
        raise _already_decided()
    if world.now() >= row.expires_at:
        raise Refusal(Reason.TRANSACTION_EXPIRED, f"the sign-in waited longer than {TRANSACTION_TTL} s")
    return Transaction(row.id, service, row.flow, request, row.login, row.sid, is_stored=True)


def choose_identity(
    world: World,
    transaction: Transaction,
    login: str,
    session: tables.SignInSession | None = None,
    *,
    is_fresh: bool = False,
) -> Transaction:
    """Let this person sign in, in this session if the room keeps sessions; what is to be answered now.

    `is_fresh` is whether the session has just begun: nobody can end it before this unit of work does. Raises Refusal:
    IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    identity = get_identity(world, login)
    check_active(identity)
    sid = session.sid if session else None
    if transaction.is_stored:
        world.store.change(tables.Transaction, {"login": identity.login, "sid": sid}, id=transaction.id)
    world.entry.note(login=identity.login)
    return replace(transaction, login=identity.login, sid=sid, session=session if is_fresh else None)


def find_session(world: World, transaction: Transaction) -> tables.SignInSession | None:
    """The session in which the person was chosen, or None if there is none or it has ended meanwhile."""
    return transaction.session or sessions.get_session(world, transaction.sid)


def decide(world: World, transaction: Transaction) -> None:
    """Close the transaction: of a double click only one gets an answer.

    Raises Refusal: TRANSACTION_ALREADY_DECIDED.
    """
    if not transaction.is_stored:
        return
    if not world.store.change(tables.Transaction, {"decided_at": world.now()}, id=transaction.id, decided_at=None):
        raise _already_decided()


def issue_authorization_code(
    world: World,
    service: str,
    transaction: Transaction,
    *,
    code: str,
    login: str,
    scopes: tuple[str, ...],
    ttl: int,
    sid: str | None = None,
) -> None:
    """Bind `code` to all that the token endpoint must find again; good once, for `ttl` seconds."""
    request = transaction.request
    issue_code(
        world,
        code,
        service=service,
        kind=AUTHORIZATION_CODE,
        client_id=request.client_id,
        login=login,
        ttl=ttl,
        flow=transaction.flow,
        data={"request": request.store(), "scopes": list(scopes), "sid": sid},
    )


def automatic_login(world: World, policy: str, login_hint: str | None) -> str | None:
    """Who signs in without being asked, by the approval policy (`ask`, `hint`, `always=NAME`); None: ask.

    Raises Refusal: IDENTITY_UNKNOWN if the policy names nobody of this world.
    """
    if policy.startswith("always="):
        return get_identity(world, policy.removeprefix("always=")).login
    if policy == "hint" and login_hint:
        hinted = find_identity(world, login_hint)
        return hinted.login if hinted and not hinted.deactivated else None
    return None


def _note_request(world: World, request: AuthorizationRequest) -> None:
    """What the journal must know to judge the client: all but the address as a fingerprint."""
    world.entry.facts["authorize"] = {
        "redirect_uri": redact_url(request.redirect_uri),
        "response_type": request.response_type,
        "state": fingerprint(request.state),
        "nonce": fingerprint(request.nonce),
        "code_challenge": fingerprint(request.code_challenge),
        "code_challenge_method": request.code_challenge_method,
        "openid": "openid" in request.scopes,
    }


def _already_decided() -> Refusal:
    return Refusal(Reason.TRANSACTION_ALREADY_DECIDED, "this sign-in has been answered already")
