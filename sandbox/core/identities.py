"""The cast: the fixture persons who can sign in.

Knows no vendor's user object: what a room knows of a person is in `attributes[slug]`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

HUES = 8
# What nobody types, a database need not look for.
_LONGEST_SEARCH = 1_000
_MOST_WORDS = 10


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


def search_identities(
    world: World, text: str, *, limit: int | None = None, offset: int = 0, known_by: tuple[str, ...] = ()
) -> list[tables.Identity]:
    """Those whose login, name, purpose or addresses have every word of `text`, in the fixture's order.

    Case does not matter; an empty text finds everyone. With `known_by` they are only those of whom a room knows one of
    these texts, given in lower case, or may know it: it is somewhere in their `attributes`.
    """
    containing = {**_containing(text), **({"attributes": (known_by,)} if known_by else {})}
    return world.store.list(
        tables.Identity, order=("position", "login"), limit=limit, offset=offset, containing=containing
    )


def count_identities(world: World, text: str) -> int:
    """How many a search finds in all."""
    return world.store.count(tables.Identity, containing=_containing(text))


def found_by(person: Mapping[str, Any]) -> str:
    """What a search looks through, of a person as the fixture has them."""
    about = [person["login"], person["name"] or "", person["purpose"]]
    return "\n".join(dict.fromkeys(text.casefold() for text in (*about, *_addresses(person))))


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


def _containing(text: str) -> dict[str, tuple[str | tuple[str, ...], ...]]:
    words = text[:_LONGEST_SEARCH].casefold().split()[:_MOST_WORDS]
    return {"found_by": tuple(words)} if words else {}


def _addresses(known: object) -> Iterator[str]:
    """Every text with an @ in it, wherever it is."""
    if isinstance(known, str):
        if "@" in known:
            yield known
    elif isinstance(known, Mapping):
        for value in known.values():
            yield from _addresses(value)
    elif isinstance(known, list | tuple):
        for value in known:
            yield from _addresses(value)


def _first_letter(word: str) -> str | None:
    return next((char for char in word if unicodedata.category(char)[0] in "LN"), None)
