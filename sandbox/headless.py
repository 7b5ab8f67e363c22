"""Logins and tokens without a browser, as values: what is asked of a room, and what a room offers for it.

Makes no request and issues nothing: a room says how, and web/control does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.pkce import S256, s256
from sandbox.protocol.redirects import with_query

_STATE_LENGTH, _VERIFIER_LENGTH = 24, 43
# The kinds of a token's form.
JWT: Literal["jwt"] = "jwt"
OPAQUE: Literal["opaque"] = "opaque"


@dataclass(frozen=True)
class LoginRequest:
    """A login as somebody wants it; None for what the room is to choose.

    `login` is the person's, `issuer` an issuer or a tenant. `pkce` asks for a verifier of the room's making,
    `challenge` is `(code_challenge, code_challenge_method)` of the caller's. `parameters` are put into the
    authorization request as they are; an empty one leaves out what would be there.
    """

    login: str
    client: str | None = None
    redirect_uri: str | None = None
    scope: str | None = None
    state: str | None = None
    nonce: str | None = None
    issuer: str | None = None
    pkce: bool = False
    challenge: tuple[str, str] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoginStart:
    """Where a person's browser begins to sign in, and what the application that sent it there knows.

    `leads` names the member of the JSON answer at `url` that holds the address of the page, where that comes first;
    `collect` is where the signed-in browser fetches its code, where none comes by redirect; `typed` is what the person
    types. `token_url` is where the code is swapped. `issuer` is what `iss` of the callback and of the id_token must be,
    and `discovery` the address of the issuer's discovery document, where there is an issuer.
    """

    url: str
    client_id: str
    redirect_uri: str | None = None
    code_verifier: str | None = None
    nonce: str | None = None
    leads: str | None = None
    collect: str | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    token_url: str | None = None
    client_secret: str | None = None
    issuer: str | None = None
    discovery: str | None = None


def compose_login(
    world: World,
    asked: LoginRequest,
    endpoint: str,
    client_id: str,
    *,
    redirect_uri: str | None,
    scope: str,
    needs_pkce: bool = False,
    **more: str,
) -> LoginStart:
    """The authorization request (RFC 6749 section 4.1.1) at `endpoint` that `asked` means.

    What `asked` leaves out are the defaults given here, `more` among them, and a random state; a nonce where the
    response type demands one; a challenge where `needs_pkce`.
    """
    query = {
        **more,
        "client_id": client_id,
        "redirect_uri": asked.redirect_uri or redirect_uri,
        "scope": scope if asked.scope is None else asked.scope,
        "state": world.ids.text(_STATE_LENGTH) if asked.state is None else asked.state,
    }
    verifier = None
    if asked.challenge:
        query["code_challenge"], query["code_challenge_method"] = asked.challenge
    elif (asked.pkce or needs_pkce) and "code_challenge" not in asked.parameters:
        verifier = world.ids.text(_VERIFIER_LENGTH)
        query |= {"code_challenge": s256(verifier), "code_challenge_method": S256}
    wants_nonce = "id_token" in asked.parameters.get("response_type", "").split()
    query["nonce"] = asked.nonce or (world.ids.text(_STATE_LENGTH) if wants_nonce else None)
    whole = {name: value for name, value in {**query, **asked.parameters}.items() if value}
    return LoginStart(
        with_query(endpoint, whole),
        client_id,
        redirect_uri=whole.get("redirect_uri"),
        code_verifier=verifier,
        nonce=whole.get("nonce"),
    )


class Walk(Protocol):
    """One person's way from a provider to an exchange, over the sandbox's own HTTP endpoints.

    Each verb makes requests; one that is refused ends the walk. `request` is what was asked for, and `provider` where
    the person signs in. `world` is for reading settings, and never written to.
    """

    world: World
    request: LoginRequest
    provider: str

    def sign_in(self, **chosen: Any) -> Mapping[str, str]:
        """Sign in at the provider; the parameters of its callback. `chosen` is for what the request leaves out."""

    def redeem(self) -> dict[str, Any]:
        """Swap the code of the last sign-in at the provider's token endpoint, as its application would."""

    def go(self, url: str) -> str:
        """Sign in where an exchange has sent the browser; the whole URL of the callback."""

    def follow(self, url: str) -> str:
        """Open a URL, or a path of the exchange, in the browser; where it leads."""

    def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        by_prefix: bool = False,
    ) -> Any:
        """Call a path of the exchange; its JSON answer. `by_prefix` is for what it does not have at the root."""


@dataclass(frozen=True)
class Way:
    """How people come from a provider to a session of an exchange. `open` takes the walk and returns the session.

    `name` tells several ways from one provider apart; the first one is the usual.
    """

    provider: str
    name: str
    open: Callable[[Walk], Mapping[str, Any]]


@dataclass(frozen=True)
class MintRequest:
    """A token as somebody wants it; None for what the room is to choose. `issuer` is an issuer or a tenant."""

    identity: tables.Identity | None = None
    client: str | None = None
    scope: str | None = None
    audience: str | None = None
    issuer: str | None = None

    @property
    def person(self) -> tables.Identity:
        """Whom the token is for. Raises Refusal: FIELD_MISSING."""
        if self.identity is None:
            raise Refusal(Reason.FIELD_MISSING, "whose token is it to be?", "identity")
        return self.identity


@dataclass(frozen=True)
class Mintable:
    """A kind of token that a room issues. `issue(world, request)` acts in the room's own way in (`current_mount`).

    `parameters` are the members of a MintRequest that matter. `signed_as` is what the room calls the token where it is
    issued, if that is not its kind; `lasts` marks one that has no end, and so no lifetime that could be another.
    """

    format: Literal["jwt", "opaque"]
    summary: str
    issue: Callable[[World, MintRequest], str]
    parameters: tuple[str, ...] = ()
    signed_as: str | None = None
    lasts: bool = False


def get_issued(token: str | None, detail: str) -> str:
    """A token that may not have come. Raises Refusal: GRANT_TYPE_NOT_ALLOWED."""
    if token is None:
        raise Refusal(Reason.GRANT_TYPE_NOT_ALLOWED, detail)
    return token
