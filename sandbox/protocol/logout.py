"""What clients are told when a session ends: the logout token of OIDC Back-Channel Logout 1.0."""

from __future__ import annotations

from typing import Any

from sandbox.core import jwts
from sandbox.core.keys import Key
from sandbox.core.world import World

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# Seconds; section 2.4 recommends two minutes at most.
LOGOUT_TOKEN_TTL = 120


def sign_logout_token(world: World, key: Key, *, issuer: str, client_id: str, subject: str, sid: str) -> str:
    """The token that tells one client of the end of one session (section 2.4): never with a nonce."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject,
        "aud": client_id,
        "iat": world.now(),
        "exp": world.now() + LOGOUT_TOKEN_TTL,
        "jti": world.ids.text(22),
        "events": {EVENT: {}},
        "sid": sid,
    }
    return jwts.issue(world, "logout_token", claims, key, {"typ": "logout+jwt"})
