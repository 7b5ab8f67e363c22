"""Fixture persons as users of InsForge Cloud: their ids, addresses and pictures."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sandbox.core import tables
from sandbox.core.identities import check_active, find_identity, primary_email, search_identities
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

SLUG = "insforge-cloud"
IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "api.insforge.dev")


@dataclass(frozen=True)
class User:
    """A user of the cloud; `number` is what the picture is drawn from, at the sandbox's GitHub."""

    id: str
    login: str
    name: str
    email: str | None
    email_verified: bool
    number: int


def describe(identity: tables.Identity) -> User:
    """The user that this identity is."""
    primary = primary_email(identity)
    return User(
        id=user_id(identity),
        login=identity.login,
        name=identity.name or identity.login,
        email=primary["email"] if primary else None,
        email_verified=bool(primary and primary["verified"]),
        number=identity.attributes["github"]["id"],
    )


def user_id(identity: tables.Identity) -> str:
    """The user's id: the fixture's, or else one that follows from the login."""
    given = identity.attributes[SLUG]["user_id"]
    return str(given or uuid.uuid5(IDS, identity.login))


def get_user(world: World, login: str) -> User:
    """The user with this login, who may sign in. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED."""
    identity = find_identity(world, login)
    if identity is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"no identity {login!r} in this world's fixture")
    check_active(identity)
    return describe(identity)


def find_by_hint(world: World, hint: str | None) -> tables.Identity | None:
    """The person whom a login_hint means, by login or address, or None: no hint is ever an error."""
    if not hint:
        return None
    return find_identity(world, hint) or next(iter(find_by_email(world, hint)), None)


def find_by_email(world: World, email: str) -> list[tables.Identity]:
    """Those whose primary address this is, in the fixture's order; the case of its letters does not matter."""
    found = [(identity, primary_email(identity)) for identity in search_identities(world, email)]
    return [person for person, primary in found if primary and primary["email"].lower() == email.lower()]
