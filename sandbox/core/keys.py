"""Keys that sign: shared secrets (HS256) and key pairs (RS256, ES256, EdDSA).

Parses each key once and pins the one algorithm it is for; signs nothing itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Key:
    """A key and the one algorithm it may be used with (RFC 8725 section 3.1: no algorithm confusion)."""

    kid: str
    algorithm: str
    signing: Any
    verifying: Any

    def jwk(self) -> dict[str, Any]:
        """The public half as a JWK (RFC 7517). Raises ValueError for a shared secret, which has none."""
        if isinstance(self.signing, bytes):
            raise ValueError("a shared secret is never published")
        return {**_public_members(self.verifying), "use": "sig", "alg": self.algorithm, "kid": self.kid}


@lru_cache(maxsize=64)
def secret_key(secret: str, algorithm: str = "HS256") -> Key:
    """A shared secret as a key."""
    raw = secret.encode()
    return Key(kid="", algorithm=algorithm, signing=raw, verifying=raw)


@lru_cache(maxsize=64)
def load_key(pem: bytes) -> Key:
    """A private key from PEM; its `kid` is the RFC 7638 thumbprint. Parsed once: an RSA key costs 35 ms."""
    private = load_pem_private_key(pem, password=None)
    match private:
        case rsa.RSAPrivateKey():
            algorithm = "RS256"
        case ec.EllipticCurvePrivateKey():
            algorithm = "ES256"
        case ed25519.Ed25519PrivateKey():
            algorithm = "EdDSA"
        case _:
            raise ValueError(f"no algorithm for a {type(private).__name__}")
    public = private.public_key()
    return Key(kid=thumbprint(_public_members(public)), algorithm=algorithm, signing=private, verifying=public)


def thumbprint(jwk: dict[str, Any]) -> str:
    """The RFC 7638 thumbprint of a public JWK."""
    required = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}[jwk["kty"]]
    canonical = json.dumps({name: jwk[name] for name in required}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _public_members(public: Any) -> dict[str, Any]:
    match public:
        case rsa.RSAPublicKey():
            members = RSAAlgorithm.to_jwk(public, as_dict=True)
        case ec.EllipticCurvePublicKey():
            members = ECAlgorithm.to_jwk(public, as_dict=True)
        case _:
            members = OKPAlgorithm.to_jwk(public, as_dict=True)
    return {name: value for name, value in members.items() if name != "key_ops"}
