"""Fanfare's tokens without a login: of a session that is begun as the exchange begins one."""

from __future__ import annotations

from sandbox.core.identities import check_active, primary_email
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH
from sandbox.core.world import World
from sandbox.exchanges.fanfare import consumers, rules
from sandbox.exchanges.fanfare.access import organizations
from sandbox.exchanges.fanfare.models import ExternalIdentity, Organization, Session
from sandbox.headless import JWT, Mintable, MintRequest

# How the brand calls its people, where nobody has logged in.
_PROVIDER, _ISSUER = "shop", "https://shop.test"


def mint_access_token(world: World, asked: MintRequest) -> str:
    """A consumer's access token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).access_token


def mint_refresh_token(world: World, asked: MintRequest) -> str:
    """A consumer's refresh token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).refresh_token


def mint_beacon_token(world: World, asked: MintRequest) -> str:
    """A consumer's beacon token. Raises Refusal: as `_begin`."""
    return _begin(world, asked).beacon_token


def mint_guest_token(world: World, asked: MintRequest) -> str:
    """The access token of a new guest. Raises Refusal: CLIENT_UNKNOWN."""
    return rules.begin_guest(world, _organization(world, asked)).access_token


def _begin(world: World, asked: MintRequest) -> Session:
    """A session of the consumer that this person is. Raises Refusal: FIELD_MISSING, IDENTITY_DEACTIVATED,
    CLIENT_UNKNOWN.
    """
    identity = asked.person
    check_active(identity)
    organization, email = _organization(world, asked), primary_email(identity)
    claims = {"email": email["email"] if email else None, "fullName": identity.name}
    vouched = ExternalIdentity(_PROVIDER, _ISSUER, identity.login, None, claims)
    consumer, _ = consumers.resolve(world, organization.id, vouched)
    return rules.sign_in(world, consumer)


def _organization(world: World, asked: MintRequest) -> Organization:
    """The organization that is named as the client, or the first one. Raises Refusal: CLIENT_UNKNOWN."""
    for organization in organizations(world):
        if asked.client in (None, organization.id):
            return organization
    raise Refusal(Reason.CLIENT_UNKNOWN, f"no organization {asked.client!r} in the fixture", "client")


_PARAMETERS = ("identity", "client")
MINTS = {
    ACCESS: Mintable(JWT, "A consumer's access token; the client is an organization.", mint_access_token, _PARAMETERS),
    REFRESH: Mintable(JWT, "A consumer's refresh token.", mint_refresh_token, _PARAMETERS),
    "beacon_token": Mintable(JWT, "A consumer's beacon token.", mint_beacon_token, _PARAMETERS),
    "guest_token": Mintable(JWT, "The access token of a new guest.", mint_guest_token, ("client",), ACCESS),
}
