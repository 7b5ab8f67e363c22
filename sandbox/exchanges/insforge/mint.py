"""InsForge's tokens without a login: issued by tokens.py, for a user made as a first login would."""

from __future__ import annotations

from sandbox.core.identities import check_active, primary_email
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.exchanges.insforge.models import SLUG, Session
from sandbox.exchanges.insforge.tokens import begin_admin_session, begin_user_session
from sandbox.exchanges.insforge.users import people
from sandbox.exchanges.insforge.users.rules import check_signup
from sandbox.exchanges.insforge.wire import admin_subject
from sandbox.headless import JWT, OPAQUE, Mintable, MintRequest


def mint_access_token(world: World, asked: MintRequest) -> str:
    """A user's access token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A user's refresh token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).refresh_token


def mint_admin_access_token(world: World, asked: MintRequest) -> str:  # noqa: ARG001 - there is one admin
    """The access token of the project's own admin."""
    return _begin_as_admin(world).access_token


def mint_admin_refresh_token(world: World, asked: MintRequest) -> str:  # noqa: ARG001
    """The refresh token of the project's own admin."""
    return _begin_as_admin(world).refresh_token


def give_api_key(world: World, asked: MintRequest) -> str:  # noqa: ARG001 - the project has one
    """The project's API key. Raises Refusal: NOT_CONFIGURED."""
    return _of_fixture(world, "api_key")


def give_anon_key(world: World, asked: MintRequest) -> str:  # noqa: ARG001
    """The project's anon key. Raises Refusal: NOT_CONFIGURED."""
    return _of_fixture(world, "anon_key")


def _begin(world: World, asked: MintRequest) -> Session:
    """A session of the user who has the person's address, or of a new one.

    Raises Refusal: FIELD_MISSING, FIELD_INVALID for a person without an address, IDENTITY_DEACTIVATED,
    PERMISSION_DENIED where nobody may sign up.
    """
    identity = asked.person
    check_active(identity)
    email = primary_email(identity)
    if email is None:
        raise Refusal(Reason.FIELD_INVALID, f"{identity.login} has no e-mail address, and users go by it", "identity")
    people.lock_users(world)
    user = people.find_by_email(world, email["email"])
    if user is None:
        check_signup(world)
        profile = {"name": identity.name} if identity.name else {}
        user = people.add_user(world, email["email"], provider=people.EMAIL, profile=profile, verified=True)
    return begin_user_session(world, user)


def _begin_as_admin(world: World) -> Session:
    return begin_admin_session(world, admin_subject("local", world.settings[SLUG]["admin_username"]))


def _of_fixture(world: World, name: str) -> str:
    value: str | None = world.settings[SLUG][name]
    if not value:
        raise Refusal(Reason.NOT_CONFIGURED, f"the fixture has no {SLUG}.{name}")
    return value


_IDENTITY = ("identity",)
MINTS = {
    ACCESS: Mintable(JWT, "A user's access token.", mint_access_token, _IDENTITY),
    REFRESH: Mintable(JWT, "A user's refresh token, of a client without cookies.", mint_refresh_token, _IDENTITY),
    "admin_access_token": Mintable(JWT, "The admin's access token.", mint_admin_access_token, signed_as=ACCESS),
    "admin_refresh_token": Mintable(
        JWT, "The admin's refresh token, as it is in the cookie.", mint_admin_refresh_token, signed_as=REFRESH
    ),
    "api_key": Mintable(OPAQUE, "The API key of the fixture.", give_api_key, lasts=True),
    "anon_key": Mintable(OPAQUE, "The anon key of the fixture.", give_anon_key, lasts=True),
}
