"""GMI Cloud's tokens without a login: issued by rules.py, for a user made as a first login would."""

from __future__ import annotations

from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.exchanges.gmi import people, rules
from sandbox.exchanges.gmi.headless import DEVICE
from sandbox.exchanges.gmi.models import ApiKeyRequest, SessionTokens, User
from sandbox.exchanges.gmi.wire import parse_client_id
from sandbox.headless import JWT, Mintable, MintRequest

# The provider that the user is said to have come from.
_IDP = "github"
_SCOPE = "ie_model"


def mint_auth_token(world: World, asked: MintRequest) -> str:
    """An authToken, which needs no second factor. Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED."""
    return rules.issue_auth_token(world, _open_user(world, asked), _IDP, second_factor=False)


def mint_access_token(world: World, asked: MintRequest) -> str:
    """A session's access token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A session's refresh token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).refresh_token


def mint_api_key(world: World, asked: MintRequest) -> str:
    """An API key of the user's organization. Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED, LIMIT_REACHED."""
    key = ApiKeyRequest("minted", _SCOPE, _SCOPE, None)
    return rules.create_api_key(world, _open_user(world, asked), key)


def _begin(world: World, asked: MintRequest) -> SessionTokens:
    """A session. Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED, HEADER_INVALID."""
    user, device = _open_user(world, asked), parse_client_id(asked.client or DEVICE)
    people.record_login(world, user, _IDP)
    flow = world.entry.flow or world.ids.text(16)
    return rules.issue_session(world, user, device, session_id=world.ids.uuid(), flow=flow)


def _open_user(world: World, asked: MintRequest) -> User:
    return people.open_user(world, asked.person)


_PARAMETERS = ("identity", "client")
MINTS = {
    rules.AUTH_TOKEN: Mintable(JWT, "An authToken, good for one session.", mint_auth_token, ("identity",)),
    ACCESS: Mintable(JWT, "A session's access token; the client is a device.", mint_access_token, _PARAMETERS),
    REFRESH: Mintable(JWT, "A session's refresh token; the client is a device.", mint_refresh_token, _PARAMETERS),
    rules.API_KEY: Mintable(JWT, "An API key of the user's organization.", mint_api_key, ("identity",)),
}
