"""Tokens: issues access tokens, id_tokens and refresh tokens, and remembers them for Graph and for later.

https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.core import jwts, keysets, tables
from sandbox.core.keys import Key
from sandbox.core.tokens import ACCESS, REFRESH, issue_token, lock_tokens
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.protocol.id_tokens import sign_id_token
from sandbox.providers.azure import claims, directory
from sandbox.providers.azure.authorities import V1
from sandbox.providers.azure.claims import MFA, Grant
from sandbox.providers.azure.directory import SLUG, Tenant, User
from sandbox.providers.azure.resources import DEFAULT, OFFLINE, Resource

ALGORITHM = "RS256"


@dataclass(frozen=True)
class IssuedTokens:
    """What a token request yields. `scope` is what was granted; `resource` the API as the request called it.

    Times are epoch seconds, `expires_in` seconds; `account` is the client_info of the user.
    """

    access_token: str
    expires_in: int
    not_before: int
    expires_on: int
    resource: str
    scope: str | None = None
    id_token: str | None = None
    refresh_token: str | None = None
    account: dict[str, str] | None = None


@dataclass(frozen=True)
class RefreshTerms:
    """How long a refresh token may live and where it is good.

    `authority` is the key of the path it was issued on; `ends_at` the moment at which all refresh tokens of a
    single-page application's sign-in die.
    """

    authority: str
    is_spa: bool = False
    ends_at: int | None = None


def key(world: World) -> Key:
    """The key that signs today, for all tenants."""
    return keysets.signing_key(world, SLUG, ALGORITHM)


def issue_tokens(world: World, mount: Mount, grant: Grant, *, refreshable: RefreshTerms | None) -> IssuedTokens:
    """Issue what the grant's scopes ask for; `refreshable` None: no refresh token in any case."""
    access_token = issue_access_token(world, mount, grant)
    now, ttl = world.now(), world.settings[SLUG]["access_token_ttl"]
    return IssuedTokens(
        access_token=access_token,
        expires_in=ttl - 1,
        not_before=now,
        expires_on=now + ttl,
        resource=grant.asked.resource.asked,
        scope=granted_text(grant),
        id_token=issue_id_token(world, mount, grant) if _wants_id_token(grant) else None,
        refresh_token=_issue_refresh_token(world, grant, refreshable) if refreshable else None,
        account=account(world, grant.user),
    )


def issue_access_token(world: World, mount: Mount, grant: Grant) -> str:
    """A token in which the application acts for the user; Graph finds it again, own APIs check its signature."""
    # Somebody may revoke this person's tokens meanwhile.
    lock_tokens(world, SLUG, grant.user.login)
    resource = grant.asked.resource
    content = claims.access_token_claims(world, mount, grant)
    value = jwts.issue(world, ACCESS, content, key(world), _header(world, resource))
    data = _token_data(content) | {"app_only": False, "roles": content.get("roles", [])}
    _remember(
        world,
        value,
        ACCESS,
        grant.client,
        login=grant.user.login,
        scopes=str(content["scp"]),
        flow=grant.flow,
        ttl=world.settings[SLUG]["access_token_ttl"],
        data={**data, MFA: MFA in grant.sign_in.amr, "auth_time": grant.sign_in.auth_time, "sid": grant.sign_in.sid},
    )
    return value


def issue_id_token(
    world: World, mount: Mount, grant: Grant, *, access_token: str | None = None, code: str | None = None
) -> str:
    """An id_token, bound to what the authorization endpoint issues beside it."""
    return sign_id_token(
        world, claims.id_token_claims(world, mount, grant), key(world), access_token=access_token, code=code
    )


def issue_app_token(
    world: World,
    mount: Mount,
    client: tables.Client,
    *,
    tenant: Tenant,
    resource: Resource,
    acr: str,
    roles: list[str],
) -> IssuedTokens:
    """A token in which the application acts for itself."""
    content = claims.app_token_claims(world, mount, client, tenant=tenant, resource=resource, acr=acr, roles=roles)
    flow, ttl = world.ids.text(16), world.settings[SLUG]["access_token_ttl"]
    world.entry.note(flow=flow)
    data = _token_data(content) | {"app_only": True, "roles": roles}
    value = jwts.issue(world, ACCESS, content, key(world), _header(world, resource))
    _remember(world, value, ACCESS, client, login="", scopes="", flow=flow, ttl=ttl, data=data)
    return IssuedTokens(value, ttl - 1, world.now(), world.now() + ttl, resource.asked)


def account(world: World, user: User) -> dict[str, str]:
    """The account of a user, as MSAL tells accounts apart."""
    home = directory.find_user(world, user.home, user.login)
    return claims.client_info(user, home.oid if home else user.oid)


def _issue_refresh_token(world: World, grant: Grant, terms: RefreshTerms) -> str | None:
    if OFFLINE not in grant.asked.oidc and grant.version != V1:
        return None
    settings, sign_in = world.settings[SLUG], grant.sign_in
    ttl, ends_at = settings["refresh_token_ttl"], terms.ends_at
    if terms.is_spa:
        ends_at = ends_at or world.now() + settings["spa_refresh_token_ttl"]
        ttl = ends_at - world.now()
    value = f"1.A{world.ids.text(160)}"
    data = {
        "tenant": grant.user.tenant.id,
        "authority": terms.authority,
        "version": grant.version,
        "is_spa": terms.is_spa,
        "ends_at": ends_at,
        "auth_time": sign_in.auth_time,
        "amr": list(sign_in.amr),
        "sid": sign_in.sid,
    }
    scopes = " ".join(grant.asked.text)
    _remember(
        world, value, REFRESH, grant.client, login=grant.user.login, scopes=scopes, flow=grant.flow, ttl=ttl, data=data
    )
    return value


def _remember(
    world: World,
    value: str,
    kind: str,
    client: tables.Client,
    *,
    login: str,
    scopes: str,
    flow: str,
    ttl: int,
    data: dict[str, Any],
) -> None:
    issue_token(
        world,
        value,
        service=SLUG,
        kind=kind,
        client_id=client.client_id,
        login=login,
        scopes=scopes,
        family=flow,
        flow=flow,
        ttl=ttl,
        data={"client_id": client.client_id, **data},
    )


def _token_data(content: dict[str, Any]) -> dict[str, Any]:
    return {"tenant": content["tid"], "aud": content["aud"], "version": content["ver"], "oid": content["oid"]}


def _header(world: World, resource: Resource) -> dict[str, str] | None:
    # Tokens of version 1.0 name the certificate too.
    return {"x5t": certificate_thumbprint(key(world))} if resource.version == V1 else None


def certificate_thumbprint(signer: Key) -> str:
    """The x5t of a key: the SHA-1 of its certificate, base64url (RFC 7515 section 4.1.7)."""
    digest = hashlib.sha1(signer.certificate, usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _wants_id_token(grant: Grant) -> bool:
    return "openid" in grant.asked.oidc or grant.version == V1


def granted_text(grant: Grant) -> str:
    """The granted scopes as the request wrote them; `.default` is followed by what it stands for."""
    words: dict[str, None] = {}
    for scope in grant.asked.of_first:
        words[scope.asked] = None
        if scope.name == DEFAULT:
            words |= dict.fromkeys(scope.asked.removesuffix(DEFAULT) + name for name in grant.names)
    openid = [word for word in grant.asked.oidc if word != OFFLINE]
    return " ".join((*words, *openid))
