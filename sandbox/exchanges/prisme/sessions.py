"""Prisme.ai's sessions: a JWT by the gateway's own key for each, and access tokens (`at:`) that call as one.

Judges no subject token: that is rules.py. Reads and writes no cookies: that is cookies.py.
"""

from __future__ import annotations

import math
from typing import Any

from sandbox.core import jwts, keysets, tables, tokens
from sandbox.core.compare import same_secret
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.prisme import wire
from sandbox.exchanges.prisme.models import ACCESS_TOKEN_PREFIX, SLUG, Session
from sandbox.exchanges.prisme.refusals import invalid

_ALGORITHM = "RS256"
_SESSION = "session"
_CSRF_LENGTH = 32
# The first and the last moment that a date can show.
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def published_keys(world: World) -> list[Key]:
    """The keys that verify session tokens, the signing one first."""
    return keysets.published_keys(world, SLUG, (_ALGORITHM,))


def check_life(world: World, expires_after: float | None) -> None:
    """Refuse a life that cannot be. Raises Refusal: FIELD_INVALID."""
    if not expires_after:
        return
    if expires_after < 0 and world.settings[SLUG]["profile"] == "documented":
        raise invalid("expiresAfter should be positive", "expiresAfter")
    if not _FIRST_MS <= world.now() * 1000 + expires_after * 1000 <= _LAST_MS:
        raise invalid("expiresAfter should end at a date", "expiresAfter")


def begin_session(
    world: World, user_id: str, expires_after: float | None, *, provider: str, issuer: str, audience: str
) -> Session:
    """A new session, good for `expires_after` seconds, or as long as usual if that is None or 0."""
    now, life = world.now(), expires_after or world.settings[SLUG]["session_ttl"]
    session_id, csrf_token, flow = world.ids.uuid(), world.ids.text(_CSRF_LENGTH), world.entry.flow or ""
    expires_at = now + life
    claims = {
        "exp": int(expires_at) if float(expires_at).is_integer() else expires_at,
        "iat": now,
        "sub": user_id,
        "iss": issuer,
        "aud": audience,
        "prismeaiSessionId": session_id,
    }
    # The type in lower case is the vendor's.
    token = jwts.issue(world, _SESSION, claims, keysets.signing_key(world, SLUG, _ALGORITHM), {"typ": "jwt"})
    tokens.issue_token(
        world,
        session_id,
        service=SLUG,
        kind=_SESSION,
        client_id=provider,
        login=user_id,
        family=session_id,
        flow=flow,
        ttl=math.ceil(life),
        data={"csrf": csrf_token, "org": None},
    )
    return Session(session_id, user_id, csrf_token, round(expires_at * 1000), token=token)


def get_session(world: World, token: str) -> Session:
    """The session that a JWT is good for.

    Raises Refusal: TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN, TOKEN_SIGNATURE_BAD, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID,
    TOKEN_UNKNOWN.
    """
    header = jwts.read_header(token)
    if not isinstance(header.get("kid"), str):
        raise Refusal(Reason.TOKEN_KEY_UNKNOWN, "the token names no key", "kid")
    claims = jwts.verify(world, token, published_keys(world))
    session_id, user_id = wire.read_session_claims(claims)
    row = tokens.find_token(world, session_id, service=SLUG, kind=_SESSION)
    if row is None or row.login != user_id:
        raise Refusal(Reason.TOKEN_UNKNOWN, "the token is genuine, but its session is not of this world")
    world.entry.note(flow=row.flow, client_id=row.client_id)
    # As the vendor does here: whole seconds.
    return Session(session_id, user_id, row.data["csrf"], int(claims["exp"]) * 1000, row.data["org"])


def check_csrf(session: Session, presented: str | None) -> None:
    """Hold a CSRF token against its session. Raises Refusal: CSRF_TOKEN_WRONG."""
    if presented is None:
        raise invalid("Missing CSRF token.", "x-prismeai-csrf-token", Reason.CSRF_TOKEN_WRONG)
    if not same_secret(session.csrf_token, presented):
        raise Refusal(Reason.CSRF_TOKEN_WRONG, "not the CSRF token of this session", "x-prismeai-csrf-token")


def choose_org(world: World, session: Session, org: str) -> None:
    """Have the session act in this organization from now on."""
    row = world.store.find(tables.Token, service=SLUG, family=session.id.removeprefix(ACCESS_TOKEN_PREFIX))
    if row is not None:
        world.store.change(tables.Token, {"data": {**row.data, "org": org}}, service=SLUG, digest=row.digest)


def issue_access_token(world: World, user_id: str, name: str, expires_at: int, shown: str) -> tuple[str, str]:
    """A new access token, and its id; `shown` is its end as it was asked for."""
    value, token_id = f"{ACCESS_TOKEN_PREFIX}{world.ids.uuid()}", world.ids.hex(24)
    tokens.issue_token(
        world,
        value,
        service=SLUG,
        kind=tokens.ACCESS,
        client_id=SLUG,
        login=user_id,
        family=token_id,
        flow=world.entry.flow or "",
        ttl=expires_at - world.now(),
        data={"id": token_id, "name": name, "expires_at": shown, "csrf": "", "org": None},
    )
    return value, token_id


def list_access_tokens(world: World, user_id: str) -> list[dict[str, Any]]:
    """The names, ids and ends of a user's access tokens, oldest first."""
    rows = world.store.list(
        tables.Token, order=("serial",), service=SLUG, kind=tokens.ACCESS, login=user_id, revoked_at=None
    )
    return [dict(row.data) for row in rows]


def delete_access_token(world: World, user_id: str, value: str) -> None:
    """Forget an access token, named by its value or its id. Raises Refusal: OBJECT_UNKNOWN."""
    where = {"family": value} if not value.startswith(ACCESS_TOKEN_PREFIX) else {"digest": digest(value)}
    if not tokens.revoke_tokens(world, service=SLUG, kind=tokens.ACCESS, login=user_id, **where):
        raise Refusal(Reason.OBJECT_UNKNOWN, "no such access token of this user")


def get_session_of_access_token(world: World, value: str) -> Session:
    """What an access token calls as. Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED."""
    row = tokens.get_access_token(world, value, service=SLUG)
    return Session(f"{ACCESS_TOKEN_PREFIX}{row.data['id']}", row.login, "", None, row.data["org"])
