"""Discovery: the documents that tell a client where everything is, and the keys.

Nothing is listed that does not work. https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

from sandbox.core import keysets
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.providers.azure.authorities import V1, Authority, graph_url, issuer, netloc
from sandbox.providers.azure.directory import SLUG
from sandbox.providers.azure.login.rules import RESPONSE_TYPES
from sandbox.providers.azure.tokens import ALGORITHM, certificate_thumbprint

ALIASES = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")
API_VERSIONS = ("1.0", "1.1")
_CLAIMS = (
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host", "aud"),
    *("exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash"),
    "email",
)
DISCOVERY = "/.well-known/openid-configuration"


def describe(authority: Authority, version: str) -> dict[str, object]:
    """The discovery document of a tenant, in the version whose endpoints it lists."""
    endpoints, base = ("/oauth2", "") if version == V1 else ("/oauth2/v2.0", "/v2.0")
    mount = authority.mount
    return {
        "token_endpoint": authority.url(f"{endpoints}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": authority.url(f"/discovery{base}/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "response_types_supported": [name for name in RESPONSE_TYPES if name != "token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer(mount, authority.issuer_id, version),
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": graph_url(mount, "/oidc/userinfo"),
        "authorization_endpoint": authority.url(f"{endpoints}/authorize"),
        "device_authorization_endpoint": authority.url(f"{endpoints}/devicecode"),
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": authority.url(f"{endpoints}/logout"),
        "claims_supported": list(_CLAIMS),
        "tenant_region_scope": authority.tenant.region_scope if authority.tenant else None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": netloc(graph_url(mount, "/v1.0/me")),
        "rbac_url": "https://pas.windows.net",
    }


def list_keys(world: World, authority: Authority, version: str) -> dict[str, object]:
    """The keys that verify tokens, the signing one first; all tenants share them."""
    signed_by = issuer(authority.mount, authority.issuer_id, version)
    return {"keys": [_describe_key(key, signed_by) for key in keysets.published_keys(world, SLUG, (ALGORITHM,))]}


def describe_instance(mount: Mount, query: Mapping[str, str]) -> dict[str, object]:
    """Where the discovery document of an authority is, and which host names mean the same cloud.

    Raises Refusal: FIELD_MISSING, FIELD_INVALID, ISSUER_UNKNOWN for a host of no cloud.
    """
    version, endpoint = query.get("api-version"), query.get("authorization_endpoint")
    if not version or not endpoint:
        absent = "authorization_endpoint" if version else "api-version"
        raise Refusal(Reason.FIELD_MISSING, f"the request has no {absent}", absent)
    if version not in API_VERSIONS:
        raise Refusal(Reason.FIELD_INVALID, f"api-version is one of {', '.join(API_VERSIONS)}", "api-version")
    own = netloc(mount.origin)
    try:
        parts = urlsplit(endpoint)
        host, path = parts.netloc.lower(), parts.path
    except ValueError:
        host = path = ""
    if host not in (*ALIASES, own):
        raise Refusal(Reason.ISSUER_UNKNOWN, f"{host!r} is no host of this cloud", "authorization_endpoint")
    tenant, base = path.strip("/").split("/")[0] or "common", "/v2.0" if "/v2.0" in path else ""
    vendor = {"preferred_network": ALIASES[0], "preferred_cache": ALIASES[1], "aliases": list(ALIASES)}
    # The sandbox is a cloud of its own beside the vendor's, unless it stands in for the vendor.
    here = [] if own in ALIASES else [{"preferred_network": own, "preferred_cache": own, "aliases": [own]}]
    return {
        "tenant_discovery_endpoint": mount.url(f"/{tenant}{base}{DISCOVERY}"),
        "api-version": version,
        "metadata": [vendor, *here],
    }


def _describe_key(key: Key, signed_by: str) -> dict[str, object]:
    certificate = base64.b64encode(key.certificate).decode()
    members = {**key.jwk, "x5t": certificate_thumbprint(key), "x5c": [certificate], "issuer": signed_by}
    order = ("kty", "use", "alg", "kid", "x5t", "n", "e", "x5c", "issuer")
    return {name: members[name] for name in order}
