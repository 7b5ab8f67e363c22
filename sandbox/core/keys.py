"""Keys that sign: shared secrets (HS256) and key pairs (RS256, PS256, ES256, EdDSA).

Parses each key once and pins the one algorithm it is for; signs nothing itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt import PyJWK, PyJWTError
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

# Algorithms a key pair may be pinned to, and the type of key each takes (RFC 7518 section 3.1, RFC 8037).
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
ASYMMETRIC = tuple(KEY_TYPES)
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Key:
    """A key and the one algorithm it may be used with (RFC 8725 section 3.1: no algorithm confusion)."""

    kid: str
    algorithm: str
    signing: Any
    verifying: Any

    @cached_property
    def jwk(self) -> Mapping[str, Any]:
        """The public half as a JWK (RFC 7517). Raises ValueError for a shared secret, which has none."""
        if self.is_shared:
            raise ValueError("a shared secret is never published")
        return {**_public_members(self.verifying), "use": "sig", "alg": self.algorithm, "kid": self.kid}

    @property
    def is_shared(self) -> bool:
        """Whether this is a shared secret, which has no public half."""
        return isinstance(self.signing, bytes)

    @cached_property
    def public_pem(self) -> bytes:
        """The public half as PEM (SubjectPublicKeyInfo)."""
        pem: bytes = self.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    @cached_property
    def certificate(self) -> bytes:
        """A self-signed X.509 certificate of an RSA key (DER), the same in every run."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp-sandbox")])
        unsigned = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=self.verifying,
            serial_number=int.from_bytes(hashlib.sha256(self.kid.encode()).digest()[:8]) or 1,
            not_valid_before=datetime(2020, 1, 1, tzinfo=UTC),
            not_valid_after=datetime(2050, 1, 1, tzinfo=UTC),
        )
        return unsigned.sign(self.signing, hashes.SHA256()).public_bytes(Encoding.DER)


@lru_cache(maxsize=64)
def secret_key(secret: str, algorithm: str = "HS256") -> Key:
    """A shared secret as a key."""
    raw = secret.encode()
    return Key(kid="", algorithm=algorithm, signing=raw, verifying=raw)


@lru_cache(maxsize=256)
def load_key(pem: bytes, algorithm: str | None = None, kid: str | None = None) -> Key:
    """A private key of the sandbox's own from PEM; without a `kid` that is its RFC 7638 thumbprint.

    `algorithm` chooses PS256 for an RSA key, which is for RS256 otherwise. Raises ValueError for other types.
    """
    # Checking an RSA key for consistency costs 35 ms, and nobody else's key is ever loaded.
    private = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    match private:
        case rsa.RSAPrivateKey():
            usual = "RS256"
        case ec.EllipticCurvePrivateKey():
            usual = "ES256"
        case ed25519.Ed25519PrivateKey():
            usual = "EdDSA"
        case _:
            raise ValueError(f"no algorithm for a {type(private).__name__}")
    public = private.public_key()
    kid = kid or thumbprint(_public_members(public))
    return Key(kid=kid, algorithm=algorithm or usual, signing=private, verifying=public)


def load_public_key(pem: bytes, algorithm: str, kid: str) -> Key:
    """Somebody else's public key, or the one of a certificate, from PEM, pinned to `algorithm`.

    Raises ValueError if it is not good for that.
    """
    try:
        parsed = x509.load_pem_x509_certificate(pem).public_key() if b"CERTIFICATE" in pem else load_pem_public_key(pem)
        return public_key({**_public_members(parsed), "kid": kid}, algorithm)
    except (UnsupportedAlgorithm, TypeError, AttributeError, PyJWTError) as error:
        raise ValueError(f"the PEM cannot be read: {error}") from error


def public_key(jwk: Mapping[str, Any], algorithm: str) -> Key:
    """Somebody else's public key, pinned to `algorithm`. Raises ValueError if it is not good for it.

    Private and symmetric members are refused, since whoever publishes these has made a mistake.
    """
    if jwk.get("kty") != KEY_TYPES.get(algorithm):
        raise ValueError(f"a key of type {jwk.get('kty')!r} does not verify {algorithm}")
    if "d" in jwk or "k" in jwk:
        raise ValueError("the JWK holds a private key")
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise ValueError(f"the JWK is for {jwk.get('alg') or jwk.get('use')}, not for {algorithm}")
    try:
        public = PyJWK(dict(jwk), algorithm).key
    except (PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"the JWK cannot be read: {error}") from error
    kid = jwk.get("kid")
    return Key(kid=kid if isinstance(kid, str) else "", algorithm=algorithm, signing=None, verifying=public)


def generate_pem() -> bytes:
    """A new RSA key of 2048 bits. Costs about 100 ms."""
    return _pem(rsa.generate_private_key(65537, 2048))


def derive_pem(pem: bytes, algorithm: str, owner: str) -> bytes:
    """The ES256 or EdDSA key that `owner` gets out of an RSA key, the same in every run."""
    seed = hashlib.sha256(owner.encode() + pem).digest()
    if algorithm == "EdDSA":
        return _pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed))
    return _pem(ec.derive_private_key(int.from_bytes(seed) % (_P256_ORDER - 1) + 1, ec.SECP256R1()))


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """The RFC 7638 thumbprint of a public JWK. Raises ValueError, KeyError if it is none."""
    required = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}[jwk["kty"]]
    canonical = json.dumps({name: jwk[name] for name in required}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _pem(private: PrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_members(public: Any) -> dict[str, Any]:
    match public:
        case rsa.RSAPublicKey():
            members = RSAAlgorithm.to_jwk(public, as_dict=True)
        case ec.EllipticCurvePublicKey():
            members = ECAlgorithm.to_jwk(public, as_dict=True)
        case _:
            members = OKPAlgorithm.to_jwk(public, as_dict=True)
    return {name: value for name, value in members.items() if name != "key_ops"}
