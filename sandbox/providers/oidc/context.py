"""What the views of this room share: the issuer that a request is for, and the proof of possession it carries."""

from __future__ import annotations

from flask import request

from sandbox.core import tables
from sandbox.protocol.dpop import check_proof
from sandbox.providers.oidc.issuers import Issuer, get_issuer
from sandbox.service import current_mount, current_world


def current_issuer(name: str) -> Issuer:
    """The issuer of this request. Raises Refusal: ISSUER_UNKNOWN, HTTPS_REQUIRED."""
    return get_issuer(current_world(), current_mount(), name)


def check_dpop(issuer: Issuer, client: tables.Client, endpoint: str) -> str | None:
    """The key of the request's DPoP proof; None if there is no proof and none is needed.

    Raises Refusal: DPOP_PROOF_MISSING, DPOP_PROOF_INVALID.
    """
    proofs = request.headers.getlist("DPoP")
    if not proofs and not issuer.settings["require_dpop"] and not client.settings["dpop_bound_access_tokens"]:
        return None
    return check_proof(current_world(), proofs, method=request.method, url=endpoint)
