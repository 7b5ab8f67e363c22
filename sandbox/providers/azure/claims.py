"""What tokens say: the claims of id_tokens and access tokens, in version 1.0 and 2.0.

Signs nothing and decides nothing about who gets a token.
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.providers.azure import authorities, directory
from sandbox.providers.azure.authorities import V1, V2
from sandbox.providers.azure.directory import SLUG, Tenant, User
from sandbox.providers.azure.resources import GRAPH_ID, Asked, Resource

# https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference#groups-overage-claim
MOST_GROUPS = 200
MOST_IMPLICIT_GROUPS = 6
MFA = "mfa"
_BACKDATED = 300
_LOGIN_HINT = "O."


@dataclass(frozen=True)
class SignIn:
    """How the person signed in: `auth_time` in epoch seconds, `sid` the session if there is one."""

    auth_time: int
    amr: tuple[str, ...] = ("pwd",)
    sid: str | None = None


@dataclass(frozen=True)
class Grant:
    """Who gets tokens for what: a client that acts for a user.

    `names` are the scopes in the access token, `acr` how the client proved itself (0 public, 1 secret, 2
    certificate), `asked_claims` the claims of the id_token that the request names one by one.
    """

    client: tables.Client
    user: User
    asked: Asked
    names: tuple[str, ...]
    sign_in: SignIn
    flow: str
    version: str = V2
    acr: str = "0"
    nonce: str | None = None
    asked_claims: tuple[str, ...] = ()
    from_browser: bool = False


def id_token_claims(world: World, mount: Mount, grant: Grant) -> dict[str, Any]:
    """The claims of the id_token; at_hash and c_hash are the signer's."""
    user, client = grant.user, grant.client
    optional = {*client.settings["optional_claims"]["id_token"], *grant.asked_claims}
    claims: dict[str, Any] = {
        "aud": client.client_id,
        "iss": authorities.issuer(mount, user.tenant.id, grant.version),
        **_times(world, "id_token_ttl"),
        "sub": directory.pairwise_subject(user, client.client_id),
        "oid": user.oid,
        "tid": user.tenant.id,
        "ver": grant.version,
        "nonce": grant.nonce,
        **_opaque(world),
        **_guest(mount, user),
    }
    if "profile" in grant.asked.oidc or grant.version == V1:
        claims |= _names(user, grant.version)
    if "email" in grant.asked.oidc or user.is_guest:
        claims["email"] = _email(user)
    if grant.version == V1:
        claims |= {"amr": list(grant.sign_in.amr)}
    claims |= _chosen(user, grant.sign_in, optional)
    claims |= _groups(world, mount, user, client.settings, implicit=grant.from_browser)
    claims["roles"] = directory.app_roles(world, user, client.client_id) or None
    return _present(claims)


def access_token_claims(world: World, mount: Mount, grant: Grant) -> dict[str, Any]:
    """The claims of an access token in which the client acts for the user."""
    user, resource, client = grant.user, grant.asked.resource, grant.client
    optional = resource.settings["optional_claims"]["access_token"] if resource.client else ()
    # Graph's tokens are nobody's business but Graph's, so the subject there is that of the client's id_token.
    subject_for = client.client_id if resource.id == GRAPH_ID else resource.id
    openid = [name for name in ("openid", "profile", "email") if name in grant.asked.oidc]
    scopes = (*grant.names, *openid) if resource.id == GRAPH_ID else grant.names
    claims: dict[str, Any] = {
        "aud": audience(resource),
        "iss": authorities.issuer(mount, user.tenant.id, resource.version),
        **_times(world, "access_token_ttl"),
        "sub": directory.pairwise_subject(user, subject_for),
        "oid": user.oid,
        "tid": user.tenant.id,
        "ver": resource.version,
        "scp": " ".join(scopes),
        **_client(client, resource.version, grant.acr),
        **_names(user, resource.version),
        **_opaque(world),
        **_guest(mount, user),
        **_chosen(user, grant.sign_in, optional),
        "sid": grant.sign_in.sid,
    }
    if resource.version == V1:
        claims |= {"acr": "1", "amr": list(grant.sign_in.amr)}
    if resource.client:
        claims |= _groups(world, mount, user, resource.settings, implicit=grant.from_browser)
        claims["roles"] = directory.app_roles(world, user, resource.id) or None
    return _present(claims)


def app_token_claims(
    world: World,
    mount: Mount,
    client: tables.Client,
    *,
    tenant: Tenant,
    resource: Resource,
    acr: str,
    roles: list[str],
) -> dict[str, Any]:
    """The claims of an access token in which the client acts for itself."""
    oid = directory.service_principal_id(tenant, client.client_id)
    claims = {
        "aud": audience(resource),
        "iss": authorities.issuer(mount, tenant.id, resource.version),
        "idp": authorities.issuer(mount, tenant.id, resource.version),
        **_times(world, "access_token_ttl"),
        "sub": oid,
        "oid": oid,
        "tid": tenant.id,
        "ver": resource.version,
        "idtyp": "app",
        "roles": roles or None,
        **_client(client, resource.version, acr),
        **_opaque(world),
    }
    return _present(claims)


def audience(resource: Resource) -> str:
    """The `aud` of an access token: version 2.0 has the id of the API, version 1.0 what the request called it."""
    if resource.id == GRAPH_ID or resource.version == V2:
        return resource.id
    return resource.asked.rstrip("/") or resource.id


def login_hint(user: User) -> str:
    """The value of the claim `login_hint`, which is good as login_hint and as logout_hint."""
    name = f"{user.login}@{user.tenant.id}".encode()
    return _LOGIN_HINT + base64.urlsafe_b64encode(name).rstrip(b"=").decode()


def read_login_hint(value: str) -> str:
    """The login in a `login_hint` claim; anything else comes back as it is."""
    if not value.startswith(_LOGIN_HINT):
        return value
    try:
        text = base64.urlsafe_b64decode(value.removeprefix(_LOGIN_HINT) + "==").decode()
    except ValueError:
        return value
    return text.rpartition("@")[0] or value


def client_info(user: User, home_oid: str) -> dict[str, str]:
    """The account as MSAL knows it: `uid` and `utid`, those of the home tenant for a guest too."""
    return {"uid": home_oid, "utid": user.home.id}


def _times(world: World, ttl: str) -> dict[str, int]:
    settings = world.settings[SLUG]
    since = world.now() - (_BACKDATED if settings["backdated_nbf"] else 0)
    return {"iat": since, "nbf": since, "exp": world.now() + settings[ttl]}


def _opaque(world: World) -> dict[str, str]:
    # What nobody outside can read.
    return {"aio": f"A{world.ids.text(43)}", "rh": f"1.A{world.ids.text(24)}.", "uti": world.ids.text(22)}


def _client(client: tables.Client, version: str, acr: str) -> dict[str, str]:
    if version == V1:
        return {"appid": client.client_id, "appidacr": acr}
    return {"azp": client.client_id, "azpacr": acr}


def _names(user: User, version: str) -> dict[str, str | None]:
    if version == V2:
        return {"name": user.display_name, "preferred_username": user.home_upn}
    return {
        "name": user.display_name,
        "unique_name": user.home_upn,
        "upn": user.upn,
        "given_name": user.given_name,
        "family_name": user.surname,
        "ipaddr": "127.0.0.1",
    }


def _guest(mount: Mount, user: User) -> dict[str, str]:
    return {"idp": authorities.issuer(mount, user.home.id, V1)} if user.is_guest else {}


def _email(user: User) -> str | None:
    return user.mail or (user.home_upn if user.is_guest else None)


def _chosen(user: User, sign_in: SignIn, names: Iterable[str]) -> dict[str, Any]:
    """The optional claims of these names. https://learn.microsoft.com/entra/identity-platform/optional-claims-reference"""
    chosen = set(names)
    known = {
        "acct": int(user.is_guest),
        "auth_time": sign_in.auth_time,
        "email": _email(user),
        "family_name": user.surname,
        "given_name": user.given_name,
        "ipaddr": "127.0.0.1",
        "login_hint": login_hint(user),
        "preferred_username": user.home_upn,
        "sid": sign_in.sid,
        "tenant_region_scope": user.tenant.region_scope,
        "upn": user.upn,
        "verified_primary_email": [user.mail] if user.mail and user.mail_is_verified else None,
        "xms_edov": user.mail_is_verified if user.mail else None,
        "xms_pl": user.preferred_language,
    }
    return {name: value for name, value in known.items() if name in chosen}


def _groups(world: World, mount: Mount, user: User, settings: Mapping[str, Any], *, implicit: bool) -> dict[str, Any]:
    kind = settings["group_claims"]
    if kind == "none":
        return {}
    ids = directory.group_ids(world, user, kind=kind)
    if implicit and len(ids) > MOST_IMPLICIT_GROUPS:
        return {"hasgroups": True}
    if len(ids) > MOST_GROUPS:
        endpoint = authorities.graph_url(mount, f"/v1.0/users/{user.oid}/getMemberObjects")
        return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}
    return {"groups": ids} if ids else {}


def _present(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}
