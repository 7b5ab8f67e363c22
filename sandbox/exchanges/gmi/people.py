"""Identities as GMI Cloud users: made at the first login, each in one organization at a time.

Judges no credential: that is rules.py.
"""

from __future__ import annotations

import uuid

from sandbox.core import tables
from sandbox.core.identities import check_active, get_identity, primary_email
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.gmi.models import User

SLUG = "gmi"
OWNER = "org_owner"
_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "console.gmicloud.ai")


def open_user(world: World, identity: tables.Identity) -> User:
    """The user that this identity is, made now with an organization of its own if this is the first login.

    Raises Refusal: IDENTITY_DEACTIVATED.
    """
    check_active(identity)
    if world.store.find(tables.Account, service=SLUG, login=identity.login) is None:
        _register(world, identity.login)
    return get_user(world, identity.login)


def get_user(world: World, login: str) -> User:
    """The user behind a token. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED."""
    check_active(get_identity(world, login))
    return describe_user(world, login)


def describe_user(world: World, login: str) -> User:
    """The user, even one who may not sign in any more. Raises Refusal: IDENTITY_UNKNOWN."""
    identity = get_identity(world, login)
    account = world.store.find(tables.Account, service=SLUG, login=login)
    membership = world.store.find(tables.Membership, service=SLUG, login=login)
    if account is None or membership is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, f"{login} has never signed in to GMI Cloud")
    email = primary_email(identity)
    first_name, last_name = _names(identity)
    return User(
        id=account.id,
        login=login,
        email=email["email"] if email else "",
        first_name=first_name,
        last_name=last_name,
        last_login_at=account.attributes["last_login_at"],
        last_login_idp=account.attributes["last_login_idp"],
        organization_id=membership.group,
        role=membership.role,
    )


def record_login(world: World, user: User, idp: str) -> None:
    """Remember when, and by which identity provider, the user signed in."""
    world.store.change(
        tables.Account,
        {"attributes": {"last_login_at": world.now(), "last_login_idp": idp}},
        service=SLUG,
        login=user.login,
    )


def register_organization(world: World, user: User, name: str) -> str:
    """Make an organization owned by the user, who leaves the one before; returns its id."""
    organization_id = world.ids.uuid()
    _add_organization(world, organization_id, name)
    # One statement, so that nobody is ever in two organizations.
    world.store.change(tables.Membership, {"group": organization_id, "role": OWNER}, service=SLUG, login=user.login)
    return organization_id


def list_members(world: World, organization_id: str) -> list[User]:
    """The users of an organization."""
    members = world.store.list(tables.Membership, order=("login",), service=SLUG, group=organization_id)
    return [describe_user(world, member.login) for member in members]


def _names(identity: tables.Identity) -> tuple[str, str]:
    """First and last name: the fixture's, or else the first word of the display name and the rest of it."""
    given = identity.attributes.get(SLUG, {})
    first, _, last = (identity.name or identity.login).partition(" ")
    return given.get("first_name") or first, given.get("last_name") or last


def _register(world: World, login: str) -> None:
    # The ids follow from the login: two first logins at once make the same user, and a reset gives it back. One after
    # the other, though: PostgreSQL's ON CONFLICT looks at one index, and the other one would refuse the second.
    world.store.lock(f"account {SLUG} {login}")
    account = {"last_login_at": 0, "last_login_idp": ""}
    organization_id = _id("organization", login)
    world.store.put(
        tables.Account,
        service=SLUG,
        login=login,
        id=_id("user", login),
        attributes=account,
        created_at=world.now(),
    )
    _add_organization(world, organization_id, login)
    world.store.put(
        tables.Membership,
        service=SLUG,
        group=organization_id,
        login=login,
        role=OWNER,
        state="active",
        public=False,
    )


def _add_organization(world: World, organization_id: str, name: str) -> None:
    world.store.put(
        tables.Group,
        service=SLUG,
        id=organization_id,
        parent=None,
        number=0,
        attributes={"name": name},
        position=0,
    )


def _id(kind: str, login: str) -> str:
    return str(uuid.uuid5(_IDS, f"{kind}/{login}"))
