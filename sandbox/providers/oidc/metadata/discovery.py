"""The discovery document (OIDC Discovery 1.0, RFC 8414): exactly what works at this issuer, and nothing else."""

from __future__ import annotations

from typing import Any

from sandbox.core.keys import ASYMMETRIC
from sandbox.protocol.claims import STANDARD_CLAIMS
from sandbox.protocol.dpop import ALGORITHMS as DPOP_ALGORITHMS
from sandbox.protocol.interaction import PROMPTS
from sandbox.protocol.request_objects import ALGORITHMS as REQUEST_OBJECT_ALGORITHMS
from sandbox.protocol.responses import RESPONSE_MODES
from sandbox.providers.oidc.issuers import Issuer
from sandbox.providers.oidc.token.grants import GRANTS
from sandbox.providers.oidc.tokens import ACR_VALUES

PROTOCOL_CLAIMS = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid")
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")
ASSERTION_ALGORITHMS = (*ASYMMETRIC, "HS256")
_ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "jwks_uri": "/jwks",
    "end_session_endpoint": "/logout",
    "revocation_endpoint": "/revoke",
    "introspection_endpoint": "/introspect",
    "device_authorization_endpoint": "/device_authorization",
    "pushed_authorization_request_endpoint": "/par",
}


def metadata(issuer: Issuer) -> dict[str, Any]:
    """The document of this issuer."""
    settings = issuer.settings
    document: dict[str, Any] = {
        "issuer": issuer.url,
        **{name: issuer.endpoint(path) for name, path in _ENDPOINTS.items()},
        "response_types_supported": list(issuer.response_types),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": [*GRANTS, "implicit"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ASYMMETRIC),
        "userinfo_signing_alg_values_supported": list(ASYMMETRIC),
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(AUTH_METHODS[:-1]),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "scopes_supported": list(issuer.scopes),
        "claim_types_supported": ["normal"],
        "claims_supported": [*PROTOCOL_CLAIMS, *STANDARD_CLAIMS, *settings["claims"]],
        "claims_parameter_supported": True,
        "code_challenge_methods_supported": ["S256", "plain"] if settings["plain_pkce"] else ["S256"],
        "request_parameter_supported": settings["request_objects"],
        "request_uri_parameter_supported": settings["request_objects"],
        "require_request_uri_registration": False,
        "request_object_signing_alg_values_supported": list(REQUEST_OBJECT_ALGORITHMS),
        "acr_values_supported": list(ACR_VALUES),
        "display_values_supported": ["page"],
        "prompt_values_supported": sorted(PROMPTS),
        "authorization_response_iss_parameter_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "require_pushed_authorization_requests": settings["require_pushed_authorization_requests"],
        "dpop_signing_alg_values_supported": list(DPOP_ALGORITHMS),
        "ui_locales_supported": ["en"],
    }
    if settings["dynamic_registration"]:
        document["registration_endpoint"] = issuer.endpoint("/register")
    return document
