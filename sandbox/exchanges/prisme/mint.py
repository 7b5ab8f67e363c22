"""Prisme.ai's tokens without a login: issued by sessions.py, for a user made as a first login would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sandbox.core.identities import check_active, primary_email
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS
from sandbox.core.world import World
from sandbox.exchanges.prisme import rules
from sandbox.exchanges.prisme.models import Profile, User
from sandbox.exchanges.prisme.opening import open_session
from sandbox.exchanges.prisme.providers import list_providers
from sandbox.exchanges.prisme.sessions import issue_access_token
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest

_VOUCHER = "sandbox"
_MONTH = 30 * 86_400


def mint_session(world: World, asked: MintRequest) -> str:
    """A session's JWT. Raises Refusal: as `_sign_in`."""
    user, provider = _sign_in(world, asked)
    return open_session(world, user, None, provider).token or ""


def mint_access_token(world: World, asked: MintRequest) -> str:
    """An access token (`at:`), good for a month. Raises Refusal: as `_sign_in`."""
    user, _ = _sign_in(world, asked)
    expires_at = world.now() + _MONTH
    shown = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%d")
    return issue_access_token(world, user.id, "minted", expires_at, shown)[0]


def _sign_in(world: World, asked: MintRequest) -> tuple[User, str]:
    """The user that this person is, and the slug of the login provider: the one named as issuer, or the first.

    Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED, PROVIDER_UNSUPPORTED, EMAIL_UNVERIFIED.
    """
    identity = asked.person
    check_active(identity)
    for provider in list_providers(world):
        if asked.issuer in (None, provider.slug):
            break
    else:
        raise Refusal(Reason.PROVIDER_UNSUPPORTED, f"no login provider is called {asked.issuer!r}", "issuer")
    first, _, last = (identity.name or "").partition(" ")
    email = primary_email(identity)
    # What the provider calls this person only a login can tell: until then it is somebody else who vouches.
    told = {"id": identity.login, **({"name": identity.name} if identity.name else {})}
    profile = Profile(identity.login, email["email"] if email else None, first or None, last or None, None, told)
    return rules.sign_in(world, replace(provider, slug=_VOUCHER), profile), provider.slug


_PARAMETERS = ("identity", "issuer")
MINTS = {
    "session": Mintable(JWT, "A session's JWT; the issuer is a login provider's slug.", mint_session, _PARAMETERS),
    ACCESS: Mintable(OPAQUE, "An access token, at:, which calls as the user.", mint_access_token, _PARAMETERS),
}
