"""Demonstrating proof of possession: DPoP (RFC 9449).

Checks the proof of one request; whether a client must send one is its caller's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sandbox.core import jwts
from sandbox.core.keys import ASYMMETRIC, public_key, thumbprint
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.client_assertions import check_unused

ALGORITHMS = ASYMMETRIC
# Seconds by which a proof may be older or newer than now (RFC 9449 section 11.1 leaves it to the server).
WINDOW = 60
_PORTS = {"http": 80, "https": 443}


def check_proof(world: World, proofs: Sequence[str], *, method: str, url: str, access_token: str | None = None) -> str:
    """The RFC 7638 thumbprint of the key that made the one proof for this request (RFC 9449 section 4.3).

    `url` is the endpoint's own, without query. Raises Refusal: DPOP_PROOF_MISSING, DPOP_PROOF_INVALID.
    """
    if not proofs:
        raise Refusal(Reason.DPOP_PROOF_MISSING, "the request has no DPoP header")
    if len(proofs) > 1 or "," in proofs[0]:
        raise _invalid("there is more than one DPoP header")
    jwk, claims = _verify(proofs[0])
    if claims.get("htm") != method:
        raise _invalid(f"htm is {claims.get('htm')!r}, the request a {method}")
    if _normal(claims.get("htu")) != _normal(url):
        raise _invalid(f"htu is {claims.get('htu')!r}, the request went to {url}")
    made_at = claims.get("iat")
    # NaN is a float that is never more than anything.
    is_recent = isinstance(made_at, int | float) and abs(world.now() - made_at) <= WINDOW
    if not is_recent:
        raise _invalid(f"iat must be within {WINDOW} s of now")
    if access_token is not None and claims.get("ath") != _hash(access_token):
        raise _invalid("ath is not the hash of the access token")
    jkt = thumbprint(jwk)
    check_unused(world, f"dpop {jkt}", claims.get("jti"), Reason.DPOP_PROOF_INVALID, until=claims["iat"] + WINDOW)
    return jkt


def check_binding(expected: str | None, jkt: str | None) -> None:
    """Hold the key of a proof against the one a code, request or token is bound to. Raises Refusal: as above."""
    if expected is None or expected == jkt:
        return
    if jkt is None:
        raise Refusal(Reason.DPOP_PROOF_MISSING, "this is bound to a key, and the request has no DPoP header")
    raise _invalid("the proof was made by another key than the one this is bound to")


def _verify(proof: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        header = jwts.read_header(proof)
    except Refusal as refusal:
        raise _invalid(refusal.detail) from refusal
    jwk = header.get("jwk")
    if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS or not isinstance(jwk, dict):
        raise _invalid(f"the header must have typ dpop+jwt, a jwk and an alg of {', '.join(ALGORITHMS)}")
    try:
        key = public_key(jwk, header["alg"])
        claims = jwts.verify_signature(proof, key)
        thumbprint(jwk)
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(f"the jwk cannot be used: {error}") from error
    except Refusal as refusal:
        raise _invalid(refusal.detail) from refusal
    return jwk, claims


def _normal(url: object) -> tuple[str, str, int | None, str] | None:
    """What of a URL is compared: scheme, host, port and path (RFC 9449 section 4.3, RFC 3986 section 6.2)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme), parts.path or "/"
    except ValueError:
        return None


def _hash(access_token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=").decode()


def _invalid(why: str) -> Refusal:
    return Refusal(Reason.DPOP_PROOF_INVALID, why, "DPoP")
