"""The cast: the fixture persons who can sign in.

Knows no vendor's user object: what a room knows of a person is in `attributes[slug]`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

HUES = 8


@dataclass(frozen=True)
class Face:
    """How a page shows a person: `hue` (0 to 7) and `initials` draw the avatar."""

    login: str
    name: str | None
    email: str | None
    purpose: str
    deactivated: bool
    initials: str
    hue: int


def find_identity(world: World, login: str) -> tables.Identity | None:
    """The person with this login, or None."""
    return world.store.find(tables.Identity, login=login)


def get_identity(world: World, login: str) -> tables.Identity:
    """The person with this login. Raises Refusal: IDENTITY_UNKNOWN."""
    identity = find_identity(world, login)
    if identity is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"no identity {login!r} in this world's fixture")
    return identity


def check_active(identity: tables.Identity) -> None:
    """Refuse a deactivated person. Raises Refusal: IDENTITY_DEACTIVATED."""
    if identity.deactivated:
        raise Refusal(Reason.IDENTITY_DEACTIVATED, f"{identity.login} is deactivated in the fixture")


def list_identities(world: World) -> list[tables.Identity]:
    """Everyone, in the fixture's order."""
    return world.store.list(tables.Identity, order=("position", "login"))


def primary_email(identity: tables.Identity) -> dict[str, Any] | None:
    """The primary address (`{email, primary, verified, visibility}`), or None if the person has none."""
    return next((email for email in identity.emails if email["primary"]), None)


def face(identity: tables.Identity) -> Face:
    """The person as a page shows them."""
    primary = primary_email(identity)
    return Face(
        login=identity.login,
        name=identity.name,
        email=primary["email"] if primary else None,
        purpose=identity.purpose,
        deactivated=identity.deactivated,
        initials=initials(identity.name or identity.login),
        hue=sum(identity.login.encode()) % HUES,
    )


def initials(name: str) -> str:
    """The first letters of the first and last word; a name without letters gives its first character."""
    letters = [first for word in name.split() if (first := _first_letter(word))]
    if not letters:
        return name.strip()[:1] or "?"
    return (letters[0] + letters[-1] if len(letters) > 1 else letters[0]).upper()


def _first_letter(word: str) -> str | None:
    return next((char for char in word if unicodedata.category(char)[0] in "LN"), None)
