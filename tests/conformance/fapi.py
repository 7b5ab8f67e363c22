"""Clients of the issuer `fapi`: private_key_jwt, pushed requests, PKCE and DPoP, as FAPI 2.0 wants them."""

from __future__ import annotations

from typing import Any

from tests.conformance.relying_party import CALLBACK, RelyingParty, change_client
from tests.conformance.signing import client_key
from tests.conftest import HouseClient

DUMMY = f"{CALLBACK}?dummy1=lorem&dummy2=ipsum"


def fapi_client(sandbox: HouseClient, algorithm: str = "ES256", name: str = "first", **metadata: Any) -> RelyingParty:
    """A client as a FAPI 2.0 certification registers it: with keys, and an assertion for the issuer alone."""
    rp = RelyingParty.register(
        sandbox,
        "fapi",
        key=client_key(algorithm, name),
        token_endpoint_auth_method="private_key_jwt",
        dpop_bound_access_tokens=True,
        require_pushed_authorization_requests=True,
        **{"grant_types": ["authorization_code", "refresh_token"], **metadata},
    )
    change_client(sandbox, "fapi", rp.client_id, assertion_audience="issuer")
    rp.par = rp.pkce = True
    rp.dpop = client_key(algorithm, f"{name}-dpop")
    return rp
