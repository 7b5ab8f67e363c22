"""What GMI Cloud knows: its users, sessions and API keys, as plain values.

Stores and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """A GMI Cloud user, with the one organization the user is in. `login` is the identity's.

    `last_login_at` is 0, and `last_login_idp` empty, until a first session begins.
    """

    id: str
    login: str
    email: str
    first_name: str
    last_name: str
    last_login_at: int
    last_login_idp: str
    organization_id: str
    role: str


@dataclass(frozen=True)
class SessionTokens:
    """What a session consists of for its client."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True)
class ApiKeyRequest:
    """An API key that a user wants; `expires_at` None: it never does."""

    name: str
    type: str
    scope: str
    expires_at: int | None


@dataclass(frozen=True)
class ApiKey:
    """An API key as it is shown once its value is gone; `partial` shows the edges of the value."""

    id: str
    name: str
    type: str
    scope: str
    partial: str
    created_at: int
    expires_at: int | None
    owner: User
    organization_id: str
