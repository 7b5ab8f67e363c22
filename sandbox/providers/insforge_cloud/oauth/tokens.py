"""Access and refresh tokens of the cloud: HS256 JWTs that it alone verifies, and what they open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.identities import check_active, get_identity
from sandbox.core.ids import ALPHANUMERIC
from sandbox.core.keys import secret_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.tokens import ACCESS, REFRESH, get_access_token, issue_token
from sandbox.core.world import World
from sandbox.providers.insforge_cloud.people import SLUG, describe

ACCESS_TTL = 3600
REFRESH_TTL = 2_592_000
SCOPES = ("user:read", "organizations:read", "projects:read", "projects:write")
ISSUER, AUDIENCE = "insforge", "insforge-api"


@dataclass(frozen=True)
class IssuedTokens:
    """What a token request yields."""

    access_token: str
    refresh_token: str
    scopes: tuple[str, ...]
    expires_in: int = ACCESS_TTL


def issue_tokens(world: World, client_id: str, login: str, scopes: tuple[str, ...], flow: str) -> IssuedTokens:
    """An access token and a refresh token. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED."""
    identity = get_identity(world, login)
    check_active(identity)
    claims = _claims(world, identity, client_id, scopes)
    issued = IssuedTokens(
        jwts.issue(world, ACCESS, claims, secret_key(world.settings[SLUG]["secret"])),
        world.ids.text(43, ALPHANUMERIC),
        scopes,
    )
    for value, kind, ttl in ((issued.access_token, ACCESS, ACCESS_TTL), (issued.refresh_token, REFRESH, REFRESH_TTL)):
        issue_token(
            world,
            value,
            service=SLUG,
            kind=kind,
            client_id=client_id,
            login=login,
            scopes=" ".join(scopes),
            family=flow,
            flow=flow,
            ttl=ttl,
        )
    return issued


def get_caller(world: World, access_token: str, *, scope: str | None = None) -> tables.Token:
    """The live token that a caller presents, if it reaches as far as `scope`.

    Raises Refusal: the reasons of `jwts.verify` and `get_access_token`, SCOPE_INSUFFICIENT, IDENTITY_UNKNOWN,
    IDENTITY_DEACTIVATED.
    """
    jwts.verify(world, access_token, secret_key(world.settings[SLUG]["secret"]))
    token = get_access_token(world, access_token, service=SLUG)
    check_active(get_identity(world, token.login))
    if scope is not None and scope not in token.scopes.split():
        raise Refusal(Reason.SCOPE_INSUFFICIENT, f"the token has not the scope {scope}", "scope")
    return token


def _claims(world: World, identity: tables.Identity, client_id: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    user = describe(identity)
    claims = {
        "sub": user.id,
        "email": user.email,
        "role": "authenticated",
        "client_id": client_id,
        "scope": " ".join(scopes),
        "iat": world.now(),
        "exp": world.now() + ACCESS_TTL,
        "iss": ISSUER,
        "aud": AUDIENCE,
        # Not the vendor's: two tokens of one second must differ.
        "jti": world.ids.text(22),
    }
    return {name: value for name, value in claims.items() if value is not None}
