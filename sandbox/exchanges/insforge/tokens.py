"""InsForge's tokens: access tokens by the project's key, refresh tokens and states by a secret, and CSRF tokens.

None of them is remembered: a token is good until it expires, whatever happened meanwhile.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

from sandbox.core import jwts, keysets
from sandbox.core.compare import same_secret
from sandbox.core.flows import follow, mark
from sandbox.core.keys import Key, secret_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.exchanges.insforge import wire
from sandbox.exchanges.insforge.models import (
    ADMIN,
    AUTHENTICATED,
    PROJECT_ADMIN,
    SLUG,
    USER,
    RefreshClaims,
    Session,
    SessionType,
    User,
)

_ALGORITHM = "RS256"
_KID_LENGTH = 32


def published_keys(world: World) -> list[Key]:
    """The project's keys, the signing one first, under the vendor's kind of id."""
    return [_named(key) for key in keysets.published_keys(world, SLUG, (_ALGORITHM,))]


def begin_admin_session(world: World, subject: str, nonce: str | None = None) -> Session:
    """A session of an admin; `nonce` continues one, so that its CSRF token stays the same."""
    claims = {"sub": subject, "role": PROJECT_ADMIN}
    return _begin(world, ADMIN, subject, claims, nonce)


def begin_user_session(world: World, user: User, nonce: str | None = None) -> Session:
    """A session of a user, begun or continued."""
    return _begin(world, USER, user.id, wire.user_claims(user, AUTHENTICATED), nonce)


def read_access_token(world: World, value: str) -> dict[str, Any]:
    """The claims of a good access token; the role in it is one of the two there are.

    Raises Refusal: the reasons of `jwts.verify`, TOKEN_TYPE_WRONG.
    """
    follow(world, value)
    claims = jwts.verify(world, value, [*published_keys(world), _secret(world)])
    # Refresh tokens and states are signed with the same secret; the vendor's own backend takes a refresh token.
    genuine = claims.get("role") in (AUTHENTICATED, PROJECT_ADMIN) and isinstance(claims.get("sub"), str)
    if not genuine or "type" in claims:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, "the token is genuine, but no access token")
    return claims


def read_refresh_token(world: World, value: str, session_type: SessionType) -> RefreshClaims:
    """What a good refresh token says.

    Raises Refusal: REFRESH_TOKEN_UNKNOWN, REFRESH_TOKEN_EXPIRED, TOKEN_TYPE_WRONG, TOKEN_AUDIENCE_WRONG for one of the
    other type of session.
    """
    follow(world, value)
    try:
        claims = jwts.verify(world, value, _secret(world))
    except Refusal as refusal:
        expired = refusal.reason is Reason.TOKEN_EXPIRED
        reason = Reason.REFRESH_TOKEN_EXPIRED if expired else Reason.REFRESH_TOKEN_UNKNOWN
        raise Refusal(reason, refusal.detail) from refusal
    kind, session, subject, nonce = wire.read_refresh_claims(claims)
    if kind != "refresh":
        raise Refusal(Reason.TOKEN_TYPE_WRONG, "the token is genuine, but no refresh token")
    if session != session_type:
        raise Refusal(Reason.TOKEN_AUDIENCE_WRONG, f"the refresh token belongs to a session of type {session!r}")
    if not isinstance(subject, str) or not isinstance(nonce, str):
        raise Refusal(Reason.REFRESH_TOKEN_UNKNOWN, "the refresh token has no subject or no nonce")
    return RefreshClaims(subject, nonce)


def check_csrf(world: World, session_type: SessionType, refresh: RefreshClaims, presented: str | None) -> None:
    """Hold a CSRF token against the refresh token of its session. Raises Refusal: CSRF_TOKEN_WRONG."""
    expected = csrf_token(world.settings[SLUG]["jwt_secret"], session_type, refresh.subject, refresh.nonce)
    if not same_secret(expected, presented):
        what = "is not that of this session" if presented else "is missing"
        raise Refusal(Reason.CSRF_TOKEN_WRONG, f"the CSRF token {what}", "X-CSRF-Token")


def check_logout(world: World, session_type: SessionType, refresh_token: str | None, csrf_token: str | None) -> None:
    """Whoever holds a good refresh token needs its CSRF token to end the session. Raises Refusal: CSRF_TOKEN_WRONG."""
    if refresh_token is None:
        return
    try:
        claims = read_refresh_token(world, refresh_token, session_type)
    except Refusal:
        return
    check_csrf(world, session_type, claims, csrf_token)


def csrf_token(secret: str, session_type: str, subject: str, nonce: str) -> str:
    """The CSRF token that goes with a refresh token."""
    message = f"insforge:csrf:v1:{session_type}:{subject}:{nonce}"
    return hmac.new(secret.encode(), message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def sign_by_secret(world: World, kind: str, claims: dict[str, Any], ttl: int) -> str:
    """Claims that come back to the backend itself, signed with the project's secret."""
    return jwts.issue(world, kind, {**claims, "iat": world.now(), "exp": world.now() + ttl}, _secret(world))


def read_by_secret(world: World, value: str) -> dict[str, Any]:
    """The same, read. Raises Refusal: the reasons of `jwts.verify`."""
    return jwts.verify(world, value, _secret(world))


def _begin(world: World, kind: SessionType, subject: str, claims: dict[str, Any], nonce: str | None) -> Session:
    settings, now = world.settings[SLUG], world.now()
    key = _named(keysets.signing_key(world, SLUG, _ALGORITHM))
    nonce = nonce or base64.urlsafe_b64encode(bytes.fromhex(world.ids.hex(64))).rstrip(b"=").decode()
    refresh = wire.refresh_claims(kind, subject, nonce)
    access_token = jwts.issue(world, ACCESS, {**claims, "iat": now, "exp": now + settings["access_token_ttl"]}, key)
    refresh_token = sign_by_secret(world, REFRESH, refresh, settings["refresh_token_ttl"])
    for token in (access_token, refresh_token):
        mark(world, token)
    return Session(
        subject=subject,
        access_token=access_token,
        refresh_token=refresh_token,
        csrf_token=csrf_token(settings["jwt_secret"], kind, subject, nonce),
    )


def _secret(world: World) -> Key:
    return secret_key(world.settings[SLUG]["jwt_secret"])


def name_key(kid: str) -> str:
    """What the vendor calls a key: `kid_` and 32 hexadecimal digits, which here follow from the key."""
    return f"kid_{hashlib.sha256(kid.encode()).hexdigest()[:_KID_LENGTH]}"


def _named(key: Key) -> Key:
    return replace(key, kid=name_key(key.kid))
