"""How each kind of token is used at the room that issues it, and by whose key it can be verified."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from tests.support.fanfare import PK

API, LOGIN = "/_sandbox/api/tokens", "/_sandbox/api/login"
OIDC, AZURE = ("oidc-client", "sandbox-secret"), "11111111-1111-4111-8111-111111111111"
CONTOSO, MASTER = "/contoso.test/oauth2/v2.0/token", "7e4a47c0-0000-4000-8000-000000000001"
JITSUDO, INSFORGE = "sandbox-jitsudo-jwt-secret-0123456789", "sandbox-jwt-secret-0123456789abcdef"
CLOUD, GMI = "sandbox-insforge-cloud-secret-for-local-use-only", "sandbox-gmi-secret-for-local-use-only"
Answer = Any
Call = Callable[[Any, str], Answer]


@dataclass(frozen=True)
class Use:
    """A kind of token in use: `call(client, token)` is good with a good one; `expired` is what it says of an old one.

    `keys` is where the keys are published, or the secret. A kind that no endpoint takes has no call, and one that has
    no end is never too old.
    """

    call: Call | None
    expired: tuple[int, str] | None
    keys: str | None = None


def bearer(path: str, **headers: str) -> Call:
    return lambda client, token: client.get(path, headers={"Authorization": f"Bearer {token}", **headers})


def header(path: str, name: str, **headers: str) -> Call:
    return lambda client, token: client.get(path, headers={name: token, **headers})


def form(path: str, name: str, /, auth: Any = None, **fields: str) -> Call:
    given = {"headers": {"Accept": "application/json"}, "auth": auth}
    return lambda client, token: client.post(path, data={**fields, name: token}, **given)


def json_body(path: str, name: str, method: str = "post", headers: Mapping[str, str] | None = None) -> Call:
    return lambda client, token: getattr(client, method)(path, json={name: token}, headers=headers)


def admin_cookie(client: Any, token: str) -> Answer:
    """The refresh token of an admin comes in a cookie, and its CSRF token in a header."""
    claims = jwt.decode(token, options={"verify_signature": False})
    said = f"insforge:csrf:v1:admin:{claims['sub']}:{claims['csrfNonce']}"
    csrf = hmac.new(INSFORGE.encode(), said.encode(), hashlib.sha256).hexdigest()
    client.set_cookie("insforge_admin_refresh_token", token)
    return client.post("/api/auth/admin/refresh", headers={"X-CSRF-Token": csrf})


def sign_up(client: Any, token: str) -> Answer:
    new = {"email": "new@example.test", "password": "sandbox-password"}
    return client.post("/api/auth/users", json=new, headers={"Authorization": f"Bearer {token}"})


_AZURE_KEYS, _PAGE = "/common/discovery/v2.0/keys", {"X-Publishable-Key": PK}
_CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "grant_type": "refresh_token"}
_ENTRA = {**_CLIENT, "client_id": AZURE}
_DEVICE = {"CE-ClientId": "sandbox"}
_CLI = {"client_id": "clf_NK8cMUs41gm8ZcfdtSguVw", "grant_type": "refresh_token"}
_FANFARE_KEYS, _CLOUD_KEYS = "/_sandbox/fanfare/jwks.json", "/insforge-cloud/.well-known/jwks.json"

USES: dict[tuple[str, str], Use] = {
    ("github", "access_token"): Use(bearer("/api/v3/user"), (401, "Bad credentials")),
    ("github", "refresh_token"): Use(
        form("/login/oauth/access_token", "refresh_token", **_CLIENT), (200, "bad_refresh_token")
    ),
    ("azure", "id_token"): Use(None, None, _AZURE_KEYS),
    ("azure", "id_token_v1"): Use(None, None, _AZURE_KEYS),
    ("azure", "access_token"): Use(bearer("/v1.0/me"), (401, "InvalidAuthenticationToken"), _AZURE_KEYS),
    ("azure", "app_access_token"): Use(bearer("/v1.0/users"), (401, "InvalidAuthenticationToken"), _AZURE_KEYS),
    ("azure", "refresh_token"): Use(form(CONTOSO, "refresh_token", **_ENTRA), (400, "AADSTS700082")),
    ("insforge-cloud", "code"): Use(
        json_body("/api/auth/admin/sessions/exchange", "code"), (400, "claim timestamp check failed"), _CLOUD_KEYS
    ),
    ("insforge-cloud", "access_token"): Use(
        bearer("/insforge-cloud/auth/v1/profile"), (401, "Invalid authentication credentials"), CLOUD
    ),
    ("insforge-cloud", "refresh_token"): Use(
        form("/api/oauth/v1/token", "refresh_token", **_CLI), (400, "invalid_grant")
    ),
    ("oidc", "id_token"): Use(None, None, "/oidc/main/jwks"),
    ("oidc", "access_token"): Use(bearer("/oidc/main/userinfo"), (401, "invalid_token"), "/oidc/main/jwks"),
    ("oidc", "refresh_token"): Use(
        form("/oidc/main/token", "refresh_token", OIDC, grant_type="refresh_token"), (400, "invalid_grant")
    ),
    ("oidc", "logout_token"): Use(None, None, "/oidc/main/jwks"),
    ("gmi", "auth_token"): Use(
        json_body("/api/v1/me/sessions", "authToken", headers=_DEVICE), (400, "Invalid authToken."), GMI
    ),
    ("gmi", "access_token"): Use(bearer("/api/v1/me/profile"), (401, "Expired access token."), GMI),
    ("gmi", "refresh_token"): Use(
        json_body("/api/v1/me/sessions", "refreshToken", "patch", _DEVICE), (400, "Invalid refreshToken."), GMI
    ),
    ("gmi", "api_key"): Use(bearer("/api/v1/me/api-keys/current"), (401, "Expired access token."), GMI),
    ("insforge", "access_token"): Use(
        bearer("/api/auth/sessions/current"), (401, "Invalid token"), "/.well-known/jwks.json"
    ),
    ("insforge", "refresh_token"): Use(
        json_body("/api/auth/refresh?client_type=mobile", "refreshToken"),
        (401, "Invalid or expired refresh token"),
        INSFORGE,
    ),
    ("insforge", "admin_access_token"): Use(
        bearer("/api/auth/admin/sessions/current"), (401, "Invalid token"), "/.well-known/jwks.json"
    ),
    ("insforge", "admin_refresh_token"): Use(admin_cookie, (401, "Invalid or expired refresh token"), INSFORGE),
    ("insforge", "api_key"): Use(header("/api/auth/config", "X-API-Key"), None),
    ("insforge", "anon_key"): Use(sign_up, None),
    ("fanfare", "access_token"): Use(bearer("/consumers/me", **_PAGE), (401, "Authentication required"), _FANFARE_KEYS),
    ("fanfare", "refresh_token"): Use(
        json_body("/auth/refresh", "refreshToken", headers=_PAGE), (401, "invalid refresh token"), _FANFARE_KEYS
    ),
    ("fanfare", "beacon_token"): Use(None, None, _FANFARE_KEYS),
    ("fanfare", "guest_token"): Use(bearer("/consumers/me", **_PAGE), (401, "Authentication required"), _FANFARE_KEYS),
    ("jitsudo", "system_token"): Use(
        bearer("/v1/domains", **{"X-Tenant-ID": MASTER}), (401, "Authentication required"), JITSUDO
    ),
    ("jitsudo", "api_key"): Use(header("/v1/tenants", "X-API-Key", **{"X-Tenant-ID": MASTER}), None),
    ("prisme", "session"): Use(bearer("/v2/me"), (401, "jwt expired"), "/oidc/jwks"),
    ("prisme", "access_token"): Use(bearer("/v2/me"), (401, "Expired access token")),
}


def verify(client: Any, token: str, keys: str) -> dict[str, Any]:
    """The claims of a token that PyJWT takes for good, by the published keys or the shared secret."""
    algorithm = jwt.get_unverified_header(token)["alg"]
    options: Any = {"verify_aud": False, "require": ["exp"]}
    if not keys.startswith("/"):
        claims: dict[str, Any] = jwt.decode(token, keys, ["HS256"], options=options)
        return claims
    published = jwt.PyJWKSet.from_dict(client.get(keys).json)
    kid = jwt.get_unverified_header(token).get("kid")
    key = next(one for one in published.keys if kid in (None, one.key_id))
    assert algorithm != "HS256"
    found: dict[str, Any] = jwt.decode(token, key, [key.algorithm_name], options=options)
    return found
