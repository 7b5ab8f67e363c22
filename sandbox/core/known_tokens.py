"""What the sandbox remembers of a secret that it gave out: whose it is, and what has become of it.

Looks it up by its digest, wherever digests are kept; changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.core import tables
from sandbox.core.compare import same_secret
from sandbox.core.tables import digest
from sandbox.core.world import World


@dataclass(frozen=True)
class Known:
    """Something that was given out. Moments are epoch seconds; None where there is none, or it is not remembered.

    `spent_at` is when what is good for one use was used, and `denied_at` when a person said no.
    """

    service: str
    kind: str
    login: str | None
    client_id: str | None
    scope: str | None
    issued_at: int | None
    expires_at: int | None
    revoked_at: int | None
    spent_at: int | None = field(default=None)
    denied_at: int | None = field(default=None)

    def document(self) -> dict[str, Any]:
        """It as JSON; what is spent or denied is told among the problems."""
        return {name: value for name, value in asdict(self).items() if name not in ("spent_at", "denied_at")}


def find_known(world: World, value: str) -> Known | None:
    """What is known of this token, code, device code, session cookie or key; None if nobody gave it out."""
    key = digest(value)
    store = world.store
    if token := store.find(tables.Token, digest=key):
        return Known(
            token.service,
            token.kind,
            token.login or None,
            token.client_id or None,
            token.scopes,
            token.issued_at,
            token.expires_at,
            token.revoked_at,
            # An access token is used again and again, and only a refresh token is spent by it.
            token.used_at if token.kind == "refresh_token" else None,
        )
    if code := store.find(tables.Code, digest=key):
        scope = code.data.get("scope")
        return Known(
            code.service,
            code.kind,
            code.login or None,
            code.client_id or None,
            scope if isinstance(scope, str) else None,
            None,
            code.expires_at,
            None,
            code.redeemed_at,
        )
    if grant := store.find(tables.DeviceGrant, digest=key):
        return Known(
            grant.service,
            "device_code",
            grant.login,
            grant.client_id,
            grant.scopes,
            None,
            grant.expires_at,
            None,
            grant.redeemed_at,
            grant.denied_at,
        )
    return _find_session(world, key) or _find_setting(world, value)


def _find_setting(world: World, value: str) -> Known | None:
    """A key that a room has from its fixture, and keeps in its settings."""
    for slug, settings in world.settings.items():
        for name, setting in settings.items():
            if name.endswith("_key") and isinstance(setting, str) and setting and same_secret(setting, value):
                return Known(slug, name, None, None, None, None, None, None)
    return None


def _find_session(world: World, key: str) -> Known | None:
    # Whoever signs in last in a browser is first among its accounts.
    rows = world.store.list(tables.SignInSession, order=("-used_at", "-auth_time"), limit=1, browser=key)
    if not rows:
        return None
    session = rows[0]
    return Known(
        session.service,
        "session_cookie",
        session.login,
        None,
        None,
        session.auth_time,
        session.expires_at,
        session.ended_at,
    )
