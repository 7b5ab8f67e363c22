"""Fixture persons as GitHub accounts: their numeric id, their addresses, their profile.

Renders nothing: the user objects are in api/wire.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.identities import find_identity, list_identities, primary_email
from sandbox.core.world import World

# The fixture's ids end at LAST_GIVEN_ID; those above are derived, and fit the 32 bits of GraphQL's Int.
LAST_GIVEN_ID = 2_000_000_000
_DERIVED_IDS = 2**31 - 1 - LAST_GIVEN_ID

# Who has filled in nothing.
_BLANK_PROFILE: Mapping[str, Any] = {
    "site_admin": False,
    "company": None,
    "blog": "",
    "location": None,
    "hireable": None,
    "bio": None,
    "twitter_username": None,
    "public_repos": 0,
    "public_gists": 0,
    "followers": 0,
    "following": 0,
    "two_factor_authentication": False,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
}


def github_id(identity: tables.Identity) -> int:
    """The account's id: the fixture's, or else one derived from the login, the same in every run."""
    given = identity.attributes.get("github", {}).get("id")
    return int(given) if given else LAST_GIVEN_ID + 1 + zlib.crc32(identity.login.encode()) % _DERIVED_IDS


def profile(identity: tables.Identity) -> Mapping[str, Any]:
    """What the person has filled in; every key of the fixture's `github` section but `id` is there."""
    return {**_BLANK_PROFILE, **identity.attributes.get("github", {})}


def public_email(identity: tables.Identity) -> str | None:
    """The address on the profile: the first verified one that the person made public, or None."""
    public = (email["email"] for email in identity.emails if email["verified"] and email["visibility"] == "public")
    return next(public, None)


def verified_primary(identity: tables.Identity) -> str | None:
    """The primary address if the person has one and has proved to own it, or None."""
    primary = primary_email(identity)
    return primary["email"] if primary and primary["verified"] else None


def find_by_id(world: World, account_id: int) -> tables.Identity | None:
    """The person whose account has this id, or None."""
    return next((person for person in list_identities(world) if github_id(person) == account_id), None)


def find_by_login(world: World, login: str) -> tables.Identity | None:
    """The person with this login, in whatever case it is written, or None."""
    return find_identity(world, login) or next(
        (person for person in list_identities(world) if person.login.lower() == login.lower()), None
    )
