"""What InsForge knows: its users, its admins, and the sessions of both, as plain values.

Stores and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

SLUG = "insforge"
CLOUD = "insforge-cloud"
ADMIN: Final = "admin"
USER: Final = "user"
AUTHENTICATED, PROJECT_ADMIN = "authenticated", "project_admin"
WEB = "web"
# What the vendor's `OAuthProvider` lists, in its order.
PROVIDERS = (
    "google",
    "github",
    "discord",
    "linkedin",
    "facebook",
    "instagram",
    "tiktok",
    "apple",
    "x",
    "spotify",
    "microsoft",
)

SessionType = Literal["admin", "user"]


@dataclass(frozen=True)
class User:
    """An end user of the project. `key` is the address in lower case, by which the row is found; times in seconds."""

    key: str
    id: str
    email: str
    email_verified: bool
    providers: tuple[str, ...]
    profile: Mapping[str, Any]
    password: str | None
    created_at: int
    updated_at: int
    serial: int


@dataclass(frozen=True)
class Session:
    """What begins, or goes on, with a sign-in. `csrf_token` belongs to the cookie that holds the refresh token."""

    subject: str
    access_token: str
    refresh_token: str
    csrf_token: str


@dataclass(frozen=True)
class RefreshClaims:
    """What a refresh token says, once it is known to be genuine."""

    subject: str
    nonce: str


@dataclass(frozen=True)
class Credentials:
    """What a request proves itself with; None where it has none."""

    bearer: str | None
    api_key: str | None


@dataclass(frozen=True)
class NewUser:
    """A user who wants to sign up, or whom an admin adds."""

    email: str
    password: str
    name: str | None


@dataclass(frozen=True)
class PasswordSignIn:
    """A sign-in by address and password."""

    email: str
    password: str


@dataclass(frozen=True)
class OtpSignIn:
    """A sign-in by a code that was sent by e-mail."""

    email: str
    otp: str
    name: str | None
