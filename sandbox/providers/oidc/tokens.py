"""The tokens of an issuer: access tokens (RFC 9068 or opaque), id_tokens, refresh tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.core import jwts, tables
from sandbox.core.tokens import ACCESS, REFRESH, issue_token, lock_tokens
from sandbox.core.world import World
from sandbox.protocol.authorization import AuthorizationRequest
from sandbox.protocol.claims import STANDARD_CLAIMS, asked_claims, released
from sandbox.protocol.id_tokens import sign_id_token
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.people import claims_of, get_active, subject

REFRESH_TOKEN = "refresh_token"
# The levels of authentication there are, weakest first.
ACR_VALUES = ("1", "2")


@dataclass(frozen=True)
class Sign:
    """How and when a person signed in: auth_time (epoch seconds), acr, amr and sid of a token."""

    sid: str | None = None
    auth_time: int | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()

    def store(self) -> dict[str, Any]:
        """The sign-in as it is stored, for `restore`."""
        return dict(vars(self))

    @classmethod
    def restore(cls, stored: dict[str, Any]) -> Sign:
        """The sign-in as it was stored with a code or a token."""
        return cls(**{**stored, "amr": tuple(stored["amr"])})


def sign_of(session: tables.SignInSession, request: AuthorizationRequest) -> Sign:
    """What a session says of a sign-in; its acr is the first requested one there is, since a button is worth any."""
    acr = next((value for value in request.acr_values if value in ACR_VALUES), session.acr)
    return Sign(session.sid, session.auth_time, acr, tuple(session.amr))


@dataclass(frozen=True)
class Grant:
    """What a client was granted, and so what its tokens are made from.

    `login` is "" where no person is involved. `claims` is the claims parameter, `audience` the resources asked for,
    `jkt` the thumbprint of the key the tokens are bound to, `nonce` that of the authorization request, `actor` the
    login of who acts for the person (RFC 8693 section 4.1).
    """

    login: str
    scopes: tuple[str, ...]
    flow: str
    sign: Sign = field(default_factory=Sign)
    claims: dict[str, Any] = field(default_factory=dict)
    audience: tuple[str, ...] = ()
    jkt: str | None = None
    nonce: str | None = None
    actor: str | None = None

    def store(self) -> dict[str, Any]:
        """The grant as it is stored with a token, for `restore`."""
        return {**vars(self), "sign": self.sign.store()}

    @classmethod
    def restore(cls, token: tables.Token) -> Grant:
        """The grant behind a token that was issued before."""
        stored = token.data["grant"]
        sign = Sign.restore(stored["sign"])
        return cls(**{**stored, "sign": sign, "scopes": tuple(stored["scopes"]), "audience": tuple(stored["audience"])})


@dataclass(frozen=True)
class IssuedTokens:
    """What a token request yields; `expires_in` in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    scopes: tuple[str, ...]
    id_token: str | None = None
    refresh_token: str | None = None
    issued_token_type: str | None = None


def issue_tokens(
    world: World,
    issuer: Issuer,
    client: tables.Client,
    grant: Grant,
    *,
    refresh_token: str | None = None,
    lasting: Grant | None = None,
) -> IssuedTokens:
    """Issue all that a grant is good for: an id_token with openid, a refresh token with offline_access.

    `refresh_token` is one that stays valid; a new one is for `lasting`, where `grant` is only a part of it (RFC 6749
    section 6). Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    refreshed = refresh_token is not None or lasting is not None
    lasting = lasting or grant
    lock_tokens(world, issuer.service, grant.login or client.client_id)
    access_token = issue_access_token(world, issuer, client, grant)
    id_token = None
    if "openid" in grant.scopes and grant.login:
        id_token = make_id_token(world, issuer, client, grant, access_token=access_token, refreshed=refreshed)
    if refresh_token is None and REFRESH_TOKEN in client.settings["grant_types"] and "offline_access" in lasting.scopes:
        refresh_token = _issue_refresh_token(world, issuer, client, lasting)
    return IssuedTokens(
        access_token,
        "DPoP" if grant.jkt else "Bearer",
        issuer.settings["access_token_ttl"],
        grant.scopes,
        id_token,
        refresh_token,
    )


def issue_access_token(world: World, issuer: Issuer, client: tables.Client, grant: Grant) -> str:
    """An access token alone; it is remembered whatever its format, so that it can be revoked and introspected.

    Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    ttl = issuer.settings["access_token_ttl"]
    claims = _access_token_claims(world, issuer, client, grant, ttl)
    if (client.settings["access_token_format"] or issuer.settings["access_token_format"]) == "jwt":
        with issuer.misbehaviour.issuing(world, ACCESS):
            value = jwts.issue(world, ACCESS, claims, issuer.signing_key(world), {"typ": "at+jwt"})
    else:
        value = world.ids.text(43)
    _remember(world, issuer, client, grant, value, kind=ACCESS, ttl=ttl, data={"claims": claims})
    return value


def make_id_token(
    world: World,
    issuer: Issuer,
    client: tables.Client,
    grant: Grant,
    *,
    access_token: str | None = None,
    code: str | None = None,
    refreshed: bool = False,
) -> str:
    """The id_token of a grant; with the person's claims too, unless this issuer leaves them to userinfo.

    `refreshed` tells that it is not the first one of its login. Raises Refusal: IDENTITY_UNKNOWN, IDENTITY_DEACTIVATED.
    """
    identity = get_active(world, grant.login)
    now, sign = world.now(), grant.sign
    available = {**issuer.settings["claims"], **client.settings["claims"], **claims_of(identity)}
    scopes = () if issuer.settings["lean_id_token"] and (access_token or code) else grant.scopes
    claims = {
        **released(available, scopes, asked_claims(grant.claims, "id_token")),
        "iss": issuer.url,
        "sub": subject(identity),
        "aud": client.client_id,
        "exp": now + issuer.settings["id_token_ttl"],
        "iat": now,
        "auth_time": sign.auth_time,
        "nonce": grant.nonce,
        "acr": sign.acr,
        "amr": list(sign.amr) or None,
        "sid": sign.sid,
    }
    key = issuer.signing_key(world, client.settings["id_token_signed_response_alg"])
    with issuer.misbehaviour.issuing(world, "id_token", refreshed=refreshed):
        return sign_id_token(world, claims, key, access_token=access_token, code=code)


def _issue_refresh_token(world: World, issuer: Issuer, client: tables.Client, grant: Grant) -> str:
    value = world.ids.text(43)
    _remember(world, issuer, client, grant, value, kind=REFRESH, ttl=issuer.settings["refresh_token_ttl"], data={})
    return value


def _remember(
    world: World,
    issuer: Issuer,
    client: tables.Client,
    grant: Grant,
    value: str,
    *,
    kind: str,
    ttl: int,
    data: dict[str, Any],
) -> None:
    issue_token(
        world,
        value,
        service=issuer.service,
        kind=kind,
        client_id=client.client_id,
        login=grant.login,
        scopes=" ".join(grant.scopes),
        family=grant.flow,
        flow=grant.flow,
        ttl=ttl,
        data={**data, "grant": grant.store()},
    )


def _access_token_claims(world: World, issuer: Issuer, client: tables.Client, grant: Grant, ttl: int) -> dict[str, Any]:
    """RFC 9068 section 2.2, and those of the person that are no standard ones: groups, roles and the like."""
    identity = get_active(world, grant.login) if grant.login else None
    own = {**issuer.settings["claims"], **client.settings["claims"]}
    if identity and not issuer.settings["lean_id_token"]:
        given = released(claims_of(identity), grant.scopes)
        own |= {name: value for name, value in given.items() if name not in STANDARD_CLAIMS}
    audience = list(grant.audience) or [issuer.settings["audience"] or issuer.url]
    claims = {
        **own,
        "iss": issuer.url,
        "sub": subject(identity) if identity else client.client_id,
        "aud": audience[0] if len(audience) == 1 else audience,
        "client_id": client.client_id,
        "scope": " ".join(grant.scopes),
        "iat": world.now(),
        "exp": world.now() + ttl,
        "jti": world.ids.text(22),
        "auth_time": grant.sign.auth_time,
        "acr": grant.sign.acr,
        "cnf": {"jkt": grant.jkt} if grant.jkt else None,
        "act": {"sub": grant.actor} if grant.actor else None,
    }
    return {name: value for name, value in claims.items() if value is not None}
