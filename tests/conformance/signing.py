"""What a client signs with keys of its own: assertions, request objects, DPoP proofs. And what a forger makes.

By joserfc, which shares no code with the sandbox.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import warnings
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "HS256"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def client_key(algorithm: str = "ES256", name: str = "first") -> Any:
    """A key pair of a client; of each name there is one."""
    about: Any = {"kid": f"{name}-{algorithm}", "alg": algorithm, "use": "sig"}
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", about)
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", about)
    return RSAKey.generate_key(2048, about)


def public_jwk(key: Any) -> dict[str, Any]:
    return key.as_dict(private=False)


def jwks(*keys: Any) -> dict[str, Any]:
    """What a client publishes."""
    return {"keys": [public_jwk(key) for key in keys]}


def shared_key(secret: str) -> OctKey:
    return OctKey.import_key(secret)


def sign(claims: dict[str, Any], key: Any, algorithm: str | None = None, **header: Any) -> str:
    """A compact JWS, with the key's id and by the key's algorithm unless another one is named."""
    used = algorithm or key.as_dict().get("alg") or "HS256"
    kid = {} if isinstance(key, OctKey) else {"kid": key.kid}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # EdDSA is Ed25519 by another name
        return jwt.encode({"alg": used, **kid, **header}, claims, key, algorithms=ALGORITHMS)


def verify(token: str, published: dict[str, Any]) -> Any:
    """The header and claims of a token that one of the published keys signed; its kid says which."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.decode(token, KeySet.import_key_set(published), algorithms=ALGORITHMS[:-1])


def assertion_claims(client_id: str, audience: Any, now: int, **changes: Any) -> dict[str, Any]:
    """The claims of a client assertion (RFC 7523 section 3); None leaves one out."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_urlsafe(16),
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def proof(key: Any, method: str, url: str, now: int, *, token: str | None = None, header: Any = None, **claims: Any):
    """A DPoP proof (RFC 9449 section 4.2); `header` and `claims` change it, None leaves a claim out."""
    usual = {"htm": method, "htu": url, "iat": now, "jti": secrets.token_urlsafe(16)}
    if token is not None:
        usual["ath"] = b64(hashlib.sha256(token.encode()).digest())
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    named = {"typ": "dpop+jwt", "jwk": public_jwk(key), **(header or {})}
    return sign(kept, key, **{name: value for name, value in named.items() if value is not None})


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(token: str, number: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a JWT, unverified."""
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    """A token that claims to need no signature."""
    return f"{b64(json.dumps({'alg': 'none', **header}).encode())}.{b64(json.dumps(claims).encode())}."


def confused(claims: dict[str, Any], public_jwk: dict[str, Any], **header: Any) -> str:
    """A token signed by HS256 with the text of a public key, for whoever lets the token choose the algorithm."""
    public = RSAKey.import_key(public_jwk).as_pem(private=False)
    start = f"{b64(json.dumps({'alg': 'HS256', **header}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{start}.{b64(hmac.new(public, start.encode(), hashlib.sha256).digest())}"
