"""What Prisme.ai knows: its users, their sessions, its organizations and its login providers, as plain values.

Stores and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SLUG = "prisme"
PENDING, VALIDATED, DEACTIVATED = "pending", "validated", "deactivated"
ACCESS_TOKEN_PREFIX = "at:"
OIDC = "oidc"


@dataclass(frozen=True)
class User:
    """A user of the platform. `auth_data` is `{slug of a provider: what it told of the person}`, times in seconds.

    `orgs` is `{slug of an organization: {role_slug, joined_at}}`, in the order of joining.
    """

    id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    status: str | None
    auth_data: Mapping[str, Any]
    orgs: Mapping[str, Mapping[str, Any]]
    platform_role: str | None
    created_at: int


@dataclass(frozen=True)
class Session:
    """A session of a user. `expires_ms` is in epoch milliseconds, None for an access token that calls as a session.

    `csrf_token` is what its cookie must come with; `token` is there only where the session has just begun.
    """

    id: str
    user_id: str
    csrf_token: str
    expires_ms: int | None
    active_org: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Provider:
    """A login provider, as `authProviders.config.yml` or the fixture describes it.

    `reference` is the issuer of this sandbox that plays it, None for one that is described by addresses alone; `jwks`
    is where its keys are, or `{kid: PEM}`. `attributes` is `{email, firstName, lastName: a path in dots}`.
    """

    slug: str
    type: str
    client_id: str = ""
    client_secret: str | None = None
    reference: str | None = None
    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks: str | Mapping[str, str] | None = None
    scopes: str = "openid email"
    allow_token_exchange: bool = False
    state: bool = True
    pkce: bool = False
    enabled: bool = True
    name: str | None = None
    icon: str | None = None
    meta: Mapping[str, Any] | None = None
    domains: tuple[str, ...] = ()
    org: str | None = None
    attributes: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Profile:
    """What an id_token tells of a person: `subject` is the provider's id, `auth_data` all that is kept."""

    subject: str
    email: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    auth_data: Mapping[str, Any]


@dataclass(frozen=True)
class Exchange:
    """The body of a token exchange. `expires_after` in seconds, fractions and all; None or 0 for the usual life."""

    provider: str
    subject_token: str
    subject_token_type: str | None
    grant_type: str | None
    expires_after: float | None
