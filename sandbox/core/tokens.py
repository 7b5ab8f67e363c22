"""Opaque tokens: issued, looked up, rotated and revoked, alone or with all that one login issued (the family).

Knows no token format: the caller brings the value, the store keeps its digest.
"""

from __future__ import annotations

from typing import Any

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World

ACCESS = "access_token"
REFRESH = "refresh_token"


def issue_token(
    world: World,
    value: str,
    *,
    service: str,
    kind: str,
    client_id: str,
    login: str,
    scopes: str = "",
    family: str,
    flow: str,
    ttl: int | None,
    data: dict[str, Any] | None = None,
) -> None:
    """Remember `value` as a token that is good for `ttl` seconds (None: until revoked)."""
    value_digest = digest(value)
    world.entry.note_issued(kind)
    if world.forgery and world.forgery.covers(kind):
        ttl = world.forgery.lifetime(kind, ttl)
    world.store.add(
        tables.Token,
        digest=value_digest,
        service=service,
        kind=kind,
        client_id=client_id,
        login=login,
        scopes=scopes,
        family=family,
        flow=flow,
        number=int(value_digest[:8], 16),
        serial=serial(),
        hint=value[-8:],
        data=data or {},
        issued_at=world.now(),
        expires_at=None if ttl is None else world.now() + ttl,
        used_at=None,
        revoked_at=None,
    )


def find_token(world: World, value: str, *, service: str, kind: str) -> tables.Token | None:
    """The token with this value, dead or alive, or None."""
    return world.store.find(tables.Token, digest=digest(value), service=service, kind=kind)


def get_access_token(world: World, value: str, *, service: str, kind: str = ACCESS) -> tables.Token:
    """The live token with this value; `kind` names another credential that calls as an access token does.

    Raises Refusal: TOKEN_UNKNOWN, TOKEN_REVOKED, TOKEN_EXPIRED.
    """
    token = find_token(world, value, service=service, kind=kind)
    if token is None:
        raise Refusal(Reason.TOKEN_UNKNOWN, f"no {kind.replace('_', ' ')} with this value was ever issued")
    world.entry.note(flow=token.flow, client_id=token.client_id, login=token.login)
    world.entry.facts["bearer"] = kind
    if token.revoked_at is not None:
        raise Refusal(Reason.TOKEN_REVOKED, f"the token was revoked {world.now() - token.revoked_at} s ago")
    if token.expires_at is not None and world.now() >= token.expires_at:
        raise Refusal(Reason.TOKEN_EXPIRED, f"the token expired {world.now() - token.expires_at} s ago")
    return token


def check_refresh_token(world: World, value: str, *, service: str, grace: int = 0) -> tables.Token:
    """Return the refresh token if it could be used now; changes nothing.

    One that was used within the last `grace` seconds is taken again, for a client that lost the answer.

    Raises Refusal: REFRESH_TOKEN_UNKNOWN, REFRESH_TOKEN_REVOKED, REFRESH_TOKEN_ALREADY_USED, REFRESH_TOKEN_EXPIRED.
    """
    token = find_token(world, value, service=service, kind=REFRESH)
    if token is None:
        raise Refusal(Reason.REFRESH_TOKEN_UNKNOWN, "no refresh token with this value was ever issued")
    world.entry.note(flow=token.flow, client_id=token.client_id, login=token.login)
    world.entry.facts["refresh"] = True
    if token.used_at is not None and (not grace or world.now() - token.used_at > grace):
        raise _already_used(world.now() - token.used_at)
    if token.revoked_at is not None:
        raise Refusal(
            Reason.REFRESH_TOKEN_REVOKED,
            f"the refresh token was revoked {world.now() - token.revoked_at} s ago",
        )
    if token.expires_at is not None and world.now() >= token.expires_at:
        raise Refusal(Reason.REFRESH_TOKEN_EXPIRED, f"the refresh token expired {world.now() - token.expires_at} s ago")
    return token


def lock_tokens(world: World, service: str, login: str) -> None:
    """Keep others from issuing or revoking this person's tokens until the unit of work ends."""
    world.store.lock(f"tokens {service} {login}")


def use_refresh_token(world: World, token: tables.Token) -> None:
    """Spend the refresh token: of all concurrent callers one returns, the others are refused.

    Raises Refusal: REFRESH_TOKEN_ALREADY_USED.
    """
    lock_tokens(world, token.service, token.login)
    if world.store.claim(tables.Token, {"used_at": world.now()}, digest=token.digest, used_at=None) is None:
        raise _already_used(0)


def revoke_tokens(world: World, **where: Any) -> int:
    """Revoke every live token with these values (`family`, `digest`, `login` ...); returns how many."""
    return world.store.change(tables.Token, {"revoked_at": world.now()}, revoked_at=None, **where)


def _already_used(seconds: int) -> Refusal:
    return Refusal(
        Reason.REFRESH_TOKEN_ALREADY_USED,
        f"the refresh token was used {seconds} s ago; each is good for one use",
    )
