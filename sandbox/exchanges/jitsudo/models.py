"""What JITSudo knows: its tenants, their domains and identity providers, and its API keys, as plain values.

Stores and decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

SLUG = "jitsudo"
# What a login is called in a policy, and what is asked of a provider unless its configuration says otherwise.
LOGIN_ACTION = "login"
DEFAULT_SCOPES = ("openid", "profile", "email")
# Nanoseconds in each unit of Go's time.ParseDuration; micro has two signs, U+00B5 and U+03BC.
_UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(rf"([0-9]+\.?[0-9]*|\.[0-9]+)({'|'.join(_UNITS)})")


@dataclass(frozen=True)
class Tenant:
    """A customer of JITSudo. `is_master` marks the one that makes others; `local_login` tells of passwords too."""

    id: str
    slug: str
    name: str
    owner_email: str
    owner_user_id: str
    locale: str
    sso_start_url: str | None
    sso_region: str | None
    is_master: bool
    local_login: bool
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class NewTenant:
    """A tenant that is to be."""

    name: str
    slug: str
    owner_email: str
    locale: str
    sso_start_url: str | None
    sso_region: str | None


@dataclass(frozen=True)
class Domain:
    """A tenant's domain; the people of its addresses are the tenant's once `verified_at` is set."""

    id: str
    tenant_id: str
    name: str
    verification_token: str
    verified_at: int | None
    created_at: int


@dataclass(frozen=True)
class OidcConfig:
    """A tenant's own identity provider. `issuer` is an issuer identifier, or one of this sandbox (`oidc/main`)."""

    id: str
    issuer: str
    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class ApiKey:
    """An API key as it is listed; its value is shown once."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True)
class Credentials:
    """What a request proves itself with, and the tenant that it names."""

    api_key: str | None
    bearer: str | None
    tenant_id: str | None


@dataclass(frozen=True)
class Person:
    """Who came back from a provider, as the id_token says; "" where it says nothing."""

    subject: str
    email: str
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class SystemToken:
    """What a login ends with; `expires_at` in epoch seconds."""

    token: str
    expires_at: int


def parse_duration(text: str) -> int:
    """The whole seconds of a positive duration as Go writes it: `1h`, `1h30m`, `1.5h`. Raises ValueError."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration")
    return int(sum(Fraction(number) * _UNITS[unit] for number, unit in parts) / 1_000_000_000)
