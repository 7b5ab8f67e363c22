"""The project's users: made by sign-up, by an admin or at a first sign-in elsewhere; one for each address.

Judges no credential: that is rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import SLUG, User

EMAIL = "email"


def find_user(world: World, user_id: str) -> User | None:
    """The user with this id, or None."""
    row = world.store.find(tables.Account, service=SLUG, id=user_id.lower())
    return _user(row) if row else None


def find_by_email(world: World, email: str) -> User | None:
    """The user with this address, in any case, or None."""
    row = world.store.find(tables.Account, service=SLUG, login=email.lower())
    return _user(row) if row else None


def list_users(world: World, search: str = "") -> list[User]:
    """All users, newest first; with `search` those in whose address or name it is."""
    users = [_user(row) for row in world.store.list(tables.Account, order=("-created_at",), service=SLUG)]
    wanted = search.lower()
    found = (user for user in users if wanted in f"{user.email}\n{user.profile.get('name', '')}".lower())
    return sorted(found, key=lambda user: -user.serial)


def lock_users(world: World) -> None:
    """Let one unit of work at a time make or join users."""
    # PostgreSQL's ON CONFLICT looks at one index, and a user has several: address, id and accounts elsewhere.
    world.store.lock(f"users {SLUG}")


def add_user(
    world: World,
    email: str,
    *,
    provider: str,
    profile: Mapping[str, Any],
    verified: bool,
    password: str | None = None,
) -> User:
    """Make a user, whose address nobody has. Raises Refusal: OBJECT_ALREADY_EXISTS."""
    lock_users(world)
    if find_by_email(world, email):
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"{email} has a user already", "email")
    now = world.now()
    user = User(
        key=email.lower(),
        id=world.ids.uuid(),
        email=email,
        email_verified=verified,
        providers=(provider,),
        profile=profile,
        password=None if password is None else hidden(email, password),
        created_at=now,
        updated_at=now,
        serial=serial(),
    )
    world.store.add(
        tables.Account, service=SLUG, login=user.key, id=user.id, attributes=_attributes(user), created_at=now
    )
    return user


def change_user(world: World, user: User) -> None:
    """Keep what has changed of a user."""
    world.store.change(tables.Account, {"attributes": _attributes(user)}, service=SLUG, login=user.key)


def remove_users(world: World, ids: list[str]) -> int:
    """Delete users with all that joins them to accounts elsewhere; returns how many there were."""
    lock_users(world)
    wanted = {user_id.lower() for user_id in ids}
    # One look at all of them: a body may name a hundred thousand who never were.
    users = [user for user in list_users(world) if user.id in wanted]
    for user in users:
        world.store.remove(tables.Membership, service=SLUG, login=user.key)
        world.store.remove(tables.Account, service=SLUG, login=user.key)
    return len(users)


def find_joined(world: World, provider: str, subject: str) -> User | None:
    """The user that somebody at another provider is, or None."""
    row = world.store.find(tables.Membership, service=SLUG, group=_elsewhere(provider, subject))
    return find_by_email(world, row.login) if row else None


def join(world: World, user: User, provider: str, subject: str) -> None:
    """Remember that somebody at another provider is this user."""
    world.store.put(
        tables.Membership,
        service=SLUG,
        group=_elsewhere(provider, subject),
        login=user.key,
        role=provider,
        state="active",
        public=False,
    )


def hidden(email: str, password: str) -> str:
    """What is kept of a password."""
    return digest(f"{SLUG} {email.lower()} {password}")


def _elsewhere(provider: str, subject: str) -> str:
    return f"{provider}/{digest(subject)}"


def _user(row: tables.Account) -> User:
    about = row.attributes
    return User(
        **{**about, "providers": tuple(about["providers"])}, key=row.login, id=row.id, created_at=row.created_at
    )


def _attributes(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "email_verified": user.email_verified,
        "providers": list(user.providers),
        "profile": dict(user.profile),
        "password": user.password,
        "updated_at": user.updated_at,
        "serial": user.serial,
    }
