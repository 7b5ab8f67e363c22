"""Who calls the API: the token in the Authorization header, and the person and the scopes behind it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.identities import check_active, get_identity
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import get_access_token
from sandbox.core.world import World
from sandbox.protocol.client_auth import parse_basic
from sandbox.providers.github.scopes import covers
from sandbox.providers.github.tokens import SLUG, note_use


@dataclass(frozen=True)
class Caller:
    """The person and the token behind a request."""

    identity: tables.Identity
    token: tables.Token

    @property
    def has_scopes(self) -> bool:
        """Whether the token is limited by scopes; those of GitHub Apps are by permissions."""
        return bool(self.token.data.get("type") != "github-app")

    @property
    def scopes(self) -> tuple[str, ...]:
        """The token's scopes, normalized."""
        return tuple(self.token.scopes.split())

    def may(self, *accepted: str) -> bool:
        """Whether the token has one of these scopes, or needs none."""
        return not self.has_scopes or any(covers(self.scopes, scope) for scope in accepted)


def read_token(authorization: str | None) -> str | None:
    """The token in an Authorization header (`Bearer`, `token`, or Basic with the token as either part), or None.

    Raises Refusal: TOKEN_MALFORMED for Basic that cannot be decoded.
    """
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    if scheme.lower() in ("bearer", "token"):
        return credentials.strip() or None
    if scheme.lower() != "basic":
        return None
    readings = parse_basic(authorization)
    if not readings:
        raise Refusal(Reason.TOKEN_MALFORMED, "the Basic credentials cannot be decoded")
    # The last reading is the raw one; tokens are never percent-encoded.
    user, password = readings[-1]
    return (user if password in ("", "x-oauth-basic") else password) or None


def get_caller(world: World, token: str) -> Caller:
    """Who calls with this token.

    Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED, IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    found = get_access_token(world, token, service=SLUG)
    note_use(world, found)
    identity = get_identity(world, found.login)
    check_active(identity)
    return Caller(identity, found)
