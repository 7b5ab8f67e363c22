"""Who calls: an admin by API key, session or the cloud's own token, or a user by a session.

Takes credentials as values; where they were in the request is wire.py's.
"""

from __future__ import annotations

from sandbox.core.compare import same_secret
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.exchanges.insforge import cloud
from sandbox.exchanges.insforge.models import PROJECT_ADMIN, SLUG, Credentials, User
from sandbox.exchanges.insforge.tokens import read_access_token
from sandbox.exchanges.insforge.users import people
from sandbox.service import Upstream

_API_KEY = "ik_"


def check_admin(world: World, provider: Upstream, credentials: Credentials) -> None:
    """Let in whoever may administer the project.

    Raises Refusal: TOKEN_UNKNOWN for an API key, TOKEN_MISSING, PERMISSION_DENIED for a user, the reasons of
    `read_access_token`; CloudRefusal: those of `cloud.admit`.
    """
    if _has_api_key(credentials):
        _check_api_key(world, credentials)
    elif credentials.bearer and cloud.is_cloud_token(credentials.bearer):
        # One that fails is never tried as a token of our own.
        cloud.admit(world, provider, credentials.bearer)
    else:
        get_admin(world, credentials)


def get_admin(world: World, credentials: Credentials) -> str:
    """The subject of an admin's session. Raises Refusal: TOKEN_MISSING, PERMISSION_DENIED, and of the token."""
    claims = read_access_token(world, _bearer(credentials))
    if claims["role"] != PROJECT_ADMIN:
        raise Refusal(Reason.PERMISSION_DENIED, "the token is a user's, not an admin's")
    return str(claims["sub"])


def get_user(world: World, credentials: Credentials) -> User:
    """The user of a session. Raises Refusal: TOKEN_MISSING, PERMISSION_DENIED, IDENTITY_UNKNOWN, and of the token."""
    claims = read_access_token(world, _bearer(credentials))
    if claims["role"] == PROJECT_ADMIN:
        raise Refusal(Reason.PERMISSION_DENIED, "an admin is no user, and has no user's session")
    user = people.find_user(world, str(claims["sub"]))
    if user is None:
        raise Refusal(Reason.IDENTITY_UNKNOWN, "the user of this token was deleted")
    world.entry.note(login=user.key)
    return user


def may_add_users(world: World, provider: Upstream, credentials: Credentials) -> bool:
    """Whether this is an admin, who adds users; anybody else with the anon key or a session signs up.

    Raises Refusal: TOKEN_MISSING, TOKEN_UNKNOWN, and the reasons of `read_access_token` and `cloud.admit`.
    """
    if _has_api_key(credentials):
        _check_api_key(world, credentials)
        return True
    bearer = _bearer(credentials)
    if same_secret(world.settings[SLUG]["anon_key"], bearer):
        return False
    if cloud.is_cloud_token(bearer):
        cloud.admit(world, provider, bearer)
        return True
    return bool(read_access_token(world, bearer)["role"] == PROJECT_ADMIN)


def _bearer(credentials: Credentials) -> str:
    if credentials.bearer is None:
        raise Refusal(Reason.TOKEN_MISSING, "there is no Authorization header that begins with Bearer", "Authorization")
    return credentials.bearer


def _has_api_key(credentials: Credentials) -> bool:
    return credentials.api_key is not None or (credentials.bearer or "").startswith(_API_KEY)


def _check_api_key(world: World, credentials: Credentials) -> None:
    if not same_secret(world.settings[SLUG]["api_key"], credentials.api_key or credentials.bearer):
        raise Refusal(Reason.TOKEN_UNKNOWN, "not the API key of this project", "X-API-Key")
