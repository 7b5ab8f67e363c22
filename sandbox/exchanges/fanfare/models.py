"""What Fanfare knows: organizations, consumers, and what a session consists of, as plain values.

Stores and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SLUG = "fanfare"

Resolution = Literal["created", "existing", "linked"]


@dataclass(frozen=True)
class Organization:
    """A brand: its backend holds the secret key, its pages the publishable one."""

    id: str
    publishable_key: str
    secret_key: str


@dataclass(frozen=True)
class Credentials:
    """What a request presents; None where it has no such header.

    `bearer` is the token of the Authorization header; `secret_key` and `organization` are two older headers.
    """

    bearer: str | None
    publishable_key: str | None
    secret_key: str | None
    organization: str | None


@dataclass(frozen=True)
class Consumer:
    """Somebody who takes part. A guest has no identity; `signed_in` tells that there was ever a session.

    `external_id` and `vendor` are the first identity's subject and provider, None for who has none.
    """

    id: str
    organization: str
    email: str | None
    phone: str | None
    full_name: str | None
    is_guest: bool
    signed_in: bool
    external_id: str | None
    vendor: str | None
    created_at: int


@dataclass(frozen=True)
class ExternalIdentity:
    """A user as the brand's backend vouches for one. The triple provider, issuer and subject is the identity.

    `canonical_subject` is the brand's own name for the person behind several identities.
    """

    provider: str
    issuer: str
    subject: str
    canonical_subject: str | None
    claims: Mapping[str, Any]


@dataclass(frozen=True)
class Address:
    """Where a one-time code goes: an e-mail address in lower case, or a phone number (E.164)."""

    kind: Literal["email", "phone"]
    value: str


@dataclass(frozen=True)
class ExchangeCode:
    """What a backend gets for an identity."""

    value: str
    expires_at: int
    resolution: Resolution


@dataclass(frozen=True)
class LiveSession:
    """A session that is good now, as an access token names it."""

    id: str
    consumer_id: str
    organization: str


@dataclass(frozen=True)
class Session:
    """What a browser gets: who it is now, and the tokens; times in epoch seconds, `refresh_ttl` in seconds."""

    consumer: Consumer
    access_token: str
    refresh_token: str
    beacon_token: str
    expires_at: int
    refresh_ttl: int
