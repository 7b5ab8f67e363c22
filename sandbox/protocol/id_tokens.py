"""id_tokens: their protocol claims, at_hash and c_hash (OIDC Core sections 2, 3.1.3.6 and 3.3.2.11).

What a person's own claims are is the room's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from sandbox.core import jwts
from sandbox.core.flows import mark
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

# All algorithms in use hash by SHA-256, but EdDSA, which takes the hash of its curve (Ed25519: SHA-512).
_HASHES = {"EdDSA": hashlib.sha512}


def left_half_hash(value: str, algorithm: str) -> str:
    """The left half of the hash of a token or code, base64url: what at_hash, c_hash and s_hash hold."""
    whole = _HASHES.get(algorithm, hashlib.sha256)(value.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()


def sign_id_token(
    world: World, claims: dict[str, Any], key: Key, *, access_token: str | None = None, code: str | None = None
) -> str:
    """The id_token with these claims, bound to what was issued beside it; claims that are None are left out."""
    bound = {name: value for name, value in claims.items() if value is not None}
    if access_token is not None:
        bound["at_hash"] = left_half_hash(access_token, key.algorithm)
    if code is not None:
        bound["c_hash"] = left_half_hash(code, key.algorithm)
    token = jwts.issue(world, "id_token", bound, key)
    mark(world, token)
    return token


def check_typ(token: str) -> None:
    """Refuse other tokens that an issuer signs, such as access tokens and logout tokens (RFC 8725 section 3.11).

    Raises Refusal: TOKEN_MALFORMED, TOKEN_TYPE_WRONG.
    """
    typ = jwts.read_header(token).get("typ")
    if typ not in (None, "JWT"):
        raise Refusal(Reason.TOKEN_TYPE_WRONG, f"an id_token has the typ JWT, not {typ!r}")


def verify_hint(token: str, keys: Iterable[Key], issuer: str) -> dict[str, Any]:
    """The claims of an id_token_hint: ours, however old (OIDC Core section 3.1.2.1).

    Raises Refusal: those of `jwts.verify_signature` and `check_typ`, TOKEN_ISSUER_WRONG.
    """
    claims = jwts.verify_signature(token, keys)
    check_typ(token)
    if claims.get("iss") != issuer:
        raise Refusal(Reason.TOKEN_ISSUER_WRONG, f"the id_token is of {claims.get('iss')!r}, not of {issuer}")
    # Signed userinfo has no exp.
    if not isinstance(claims.get("sub"), str) or "exp" not in claims:
        raise Refusal(Reason.TOKEN_MALFORMED, "the id_token has no sub or no exp")
    return claims
