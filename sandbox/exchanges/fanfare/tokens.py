"""Sessions and their tokens: begun, gone on with and ended; the tokens are JWTs by an Ed25519 key.

A session is remembered as long as it is good, and so are its refresh tokens. Access and beacon tokens are good while
their session is, and until they expire.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.core import jwts, keysets, tables
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.tokens import ACCESS as ACCESS_KIND
from sandbox.core.tokens import REFRESH as REFRESH_KIND
from sandbox.core.tokens import (
    check_refresh_token,
    find_token,
    get_access_token,
    issue_token,
    lock_tokens,
    revoke_tokens,
    use_refresh_token,
)
from sandbox.core.world import World
from sandbox.exchanges.fanfare import wire
from sandbox.exchanges.fanfare.models import SLUG, Consumer, LiveSession, Organization, Session

_ALGORITHM = "EdDSA"
_SESSION = "session"


def published_keys(world: World) -> list[Key]:
    """The keys that verify the tokens, the signing one first."""
    return keysets.published_keys(world, SLUG, (_ALGORITHM,))


def begin_session(world: World, consumer: Consumer) -> Session:
    """A new session of a consumer."""
    session_id = f"sess_{world.ids.ulid(world.now())}"
    flow = world.entry.flow or world.ids.text(16)
    world.entry.note(flow=flow, login=consumer.id)
    lock_tokens(world, SLUG, consumer.id)
    _remember(world, consumer, session_id, kind=_SESSION, family=session_id, flow=flow, ttl=_session_ttl(world))
    return _issue(world, consumer, session_id, flow)


def get_refresh_token(world: World, organization: Organization, value: str | None) -> tables.Token:
    """The refresh token, if it could be used now; one that was used before ends its session.

    Raises Refusal: TOKEN_MISSING, REFRESH_TOKEN_OF_ANOTHER_CLIENT, and the reasons of `check_refresh_token`.
    """
    if value is None:
        raise Refusal(Reason.TOKEN_MISSING, "the body has no refresh token", "refreshToken")
    token = find_token(world, value, service=SLUG, kind=REFRESH_KIND)
    if token and token.client_id != organization.id:
        raise Refusal(
            Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT, f"the session is one of {token.client_id}, not of {organization.id}"
        )
    try:
        return check_refresh_token(world, value, service=SLUG)
    except Refusal as refusal:
        if token and refusal.reason is Reason.REFRESH_TOKEN_ALREADY_USED:
            end_session(world, token.login, token.family)
        raise


def spend_refresh_token(world: World, token: tables.Token) -> None:
    """Use the refresh token up. Raises Refusal: REFRESH_TOKEN_ALREADY_USED, REFRESH_TOKEN_REVOKED."""
    try:
        use_refresh_token(world, token)
    except Refusal:
        # Of two who use it at once the second holds a used one, like anybody later.
        end_session(world, token.login, token.family)
        raise
    # Only now does nobody else end the session: it may have ended since the token was looked at.
    session = find_token(world, token.family, service=SLUG, kind=_SESSION)
    if session is None or session.revoked_at is not None:
        raise Refusal(Reason.REFRESH_TOKEN_REVOKED, "the session of the refresh token has just ended")


def go_on(world: World, token: tables.Token, consumer: Consumer) -> Session:
    """The next tokens of the session whose refresh token was spent."""
    end = world.now() + _session_ttl(world)
    world.store.change(tables.Token, {"expires_at": end}, service=SLUG, digest=digest(token.family))
    return _issue(world, consumer, token.family, token.flow)


def read_access_token(world: World, value: str) -> LiveSession:
    """The session of a good access token.

    Raises Refusal: the reasons of `jwts.verify`, TOKEN_TYPE_WRONG, TOKEN_UNKNOWN and TOKEN_REVOKED of the session.
    """
    claims = jwts.verify(world, value, published_keys(world))
    session_id = wire.read_access_claims(claims)
    if session_id is None:
        raise Refusal(Reason.TOKEN_TYPE_WRONG, "the token is genuine, but no access token")
    row = get_access_token(world, session_id, service=SLUG, kind=_SESSION)
    return LiveSession(session_id, row.login, row.client_id)


def is_ours(world: World, value: str) -> bool:
    """Whether this is a token that was signed here, however old."""
    try:
        jwts.verify_signature(value, published_keys(world))
    except Refusal:
        return False
    return True


def end_session(world: World, consumer_id: str, session_id: str) -> None:
    """End a session with all its refresh tokens."""
    lock_tokens(world, SLUG, consumer_id)
    revoke_tokens(world, service=SLUG, family=session_id)


def end_sessions(world: World, consumer_id: str) -> None:
    """End all sessions of a consumer."""
    lock_tokens(world, SLUG, consumer_id)
    revoke_tokens(world, service=SLUG, login=consumer_id)


def _issue(world: World, consumer: Consumer, session_id: str, flow: str) -> Session:
    settings, now = world.settings[SLUG], world.now()
    expires_at = now + settings["access_token_ttl"]
    ttl = settings["refresh_token_ttl"]
    # The vendor's header names no key.
    key = replace(keysets.signing_key(world, SLUG, _ALGORITHM), kid="")
    refresh = wire.refresh_claims(consumer, session_id, world.ids.ulid(now), now, now + ttl)
    session = Session(
        consumer=consumer,
        access_token=jwts.issue(world, ACCESS_KIND, wire.access_claims(consumer, session_id, now, expires_at), key),
        refresh_token=jwts.issue(world, REFRESH_KIND, refresh, key),
        beacon_token=jwts.issue(world, "beacon_token", wire.beacon_claims(consumer, session_id, now, expires_at), key),
        expires_at=expires_at,
        refresh_ttl=ttl,
    )
    _remember(world, consumer, session.refresh_token, kind=REFRESH_KIND, family=session_id, flow=flow, ttl=ttl)
    return session


def _session_ttl(world: World) -> int:
    """How long a session is good for something: as long as the last of the tokens that it has issued just now."""
    settings = world.settings[SLUG]
    return max(int(settings["access_token_ttl"]), int(settings["refresh_token_ttl"]))


def _remember(world: World, consumer: Consumer, value: str, *, kind: str, family: str, flow: str, ttl: int) -> None:
    issue_token(
        world,
        value,
        service=SLUG,
        kind=kind,
        client_id=consumer.organization,
        login=consumer.id,
        family=family,
        flow=flow,
        ttl=ttl,
    )
