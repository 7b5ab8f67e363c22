"""The only user of PyJWT: signs claims, and verifies tokens against one key and its one algorithm.

Checks signature and expiry; what the other claims mean is its caller's.
"""

from __future__ import annotations

from typing import Any

import jwt

from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World


def sign(claims: dict[str, Any], key: Key) -> str:
    """The claims as a compact JWS, with the key's id in the header where it has one."""
    return jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={"kid": key.kid} if key.kid else None)


def verify(world: World, token: str, key: Key) -> dict[str, Any]:
    """The claims of a token that `key` signed and that is good now, by the world's clock.

    Raises Refusal: TOKEN_MALFORMED, TOKEN_SIGNATURE_BAD, TOKEN_EXPIRED.
    """
    try:
        # Time is checked below: the library would read the real clock.
        claims: dict[str, Any] = jwt.decode(
            token,
            key.verifying,
            algorithms=[key.algorithm],
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise Refusal(Reason.TOKEN_SIGNATURE_BAD, f"the token was not signed by this key: {error}") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"not a JWT: {error}") from error
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int):
        raise Refusal(Reason.TOKEN_MALFORMED, "the token has no numeric exp")
    if world.now() >= expires_at:
        raise Refusal(Reason.TOKEN_EXPIRED, f"the token expired {world.now() - expires_at} s ago")
    return claims
