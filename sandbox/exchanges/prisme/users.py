"""Prisme.ai's users: found by what a provider calls them or by e-mail, made, changed and kept.

Judges nobody: that is rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.tables import digest
from sandbox.core.world import World
from sandbox.exchanges.prisme.models import SLUG, User

_ID_LENGTH = 24


def lock_users(world: World) -> None:
    """Let one unit of work at a time look for, make or join users."""
    world.store.lock(f"users {SLUG}")


def new_id(world: World) -> str:
    """An id such as the vendor's database gives."""
    return world.ids.hex(_ID_LENGTH)


def id_of(email: str) -> str:
    """The id of a user of the fixture, the same in every run."""
    return digest(f"{SLUG}/{email}")[:_ID_LENGTH]


def find_user(world: World, user_id: str) -> User | None:
    """The user with this id, or None."""
    row = world.store.find(tables.Account, service=SLUG, login=user_id)
    return _user(row) if row else None


def find_by_provider(world: World, slug: str, subject: str) -> User | None:
    """The user whom a provider calls `subject`, or None."""
    return _linked(world, _provider_key(slug, subject))


def find_by_email(world: World, email: str, *, ignore_case: bool = False) -> User | None:
    """The oldest user with this e-mail, to the letter unless `ignore_case`; or None."""
    found = _linked(world, _email_key(email))
    if found or not ignore_case:
        return found
    rows = world.store.list(tables.Account, order=("created_at", "id"), service=SLUG)
    return next((user for user in map(_user, rows) if (user.email or "").lower() == email.lower()), None)


def add_user(world: World, user: User) -> None:
    """Keep a new user."""
    world.store.add(
        tables.Account,
        service=SLUG,
        login=user.id,
        id=user.id,
        attributes=_attributes(user),
        created_at=user.created_at,
    )
    _link(world, user)


def change_user(world: World, old: User, new: User) -> None:
    """Keep what has changed of a user."""
    if old.email and old.email != new.email:
        world.store.remove(tables.Link, service=SLUG, key=_email_key(old.email), account=old.id)
    world.store.change(tables.Account, {"attributes": _attributes(new)}, service=SLUG, login=new.id)
    _link(world, new)


def _link(world: World, user: User) -> None:
    """Have an e-mail and what providers call the user lead to the user; what leads to another stays as it is."""
    keys = [_email_key(user.email)] if user.email else []
    keys += [_provider_key(slug, data["id"]) for slug, data in user.auth_data.items() if "id" in data]
    for key in keys:
        if world.store.find(tables.Link, service=SLUG, key=key) is None:
            world.store.add(tables.Link, service=SLUG, key=key, account=user.id, attributes={}, created_at=world.now())


def _linked(world: World, key: str) -> User | None:
    link = world.store.find(tables.Link, service=SLUG, key=key)
    return find_user(world, link.account) if link else None


def _email_key(email: str) -> str:
    return f"email/{digest(email)}"


def _provider_key(slug: str, subject: str) -> str:
    return f"provider/{slug}/{digest(subject)}"


def _user(row: tables.Account) -> User:
    about: Mapping[str, Any] = row.attributes
    return User(id=row.id, created_at=row.created_at, **about)


def _attributes(user: User) -> dict[str, Any]:
    about = dict(vars(user))
    del about["id"], about["created_at"]
    return about
