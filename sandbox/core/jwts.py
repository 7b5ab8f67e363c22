"""The only user of PyJWT: signs claims, and verifies tokens against keys that are each good for one algorithm.

Checks signature and life; what the other claims mean is its caller's.
"""

from __future__ import annotations

import base64
import json
import math
import warnings
from collections.abc import Iterable
from typing import Any

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from sandbox.core.drafts import Draft
from sandbox.core.keys import Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

# Secrets of a fixture are made to be read and typed, and protect nothing.
warnings.simplefilter("ignore", InsecureKeyLengthWarning)

# Time is checked below: the library would read the real clock.
_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_sub": False,
    "verify_jti": False,
}
_UNVERIFIED: Any = {**_SIGNATURE_ONLY, "verify_signature": False}


def issue(world: World, kind: str, claims: dict[str, Any], key: Key, headers: dict[str, Any] | None = None) -> str:
    """The claims as a token for somebody, of this `kind` (`id_token`, `access_token` ...).

    Where tokens of that kind are to be forged in this unit of work, it comes out forged.
    """
    world.entry.note_issued(kind)
    if world.forgery and world.forgery.covers(kind):
        world.entry.facts.setdefault("forged", {})[kind] = world.forgery.tamper
        return world.forgery.forge(world, Draft(dict(claims), key, dict(headers or {})))
    return sign(claims, key, headers)


def sign(claims: dict[str, Any], key: Key, headers: dict[str, Any] | None = None) -> str:
    """The claims as a compact JWS, with the key's id in the header where it has one."""
    kid = {"kid": key.kid} if key.kid else {}
    return jwt.encode(claims, key.signing, algorithm=key.algorithm, headers={**kid, **(headers or {})})


def sign_unchecked(claims: dict[str, Any], key: Key, headers: dict[str, Any] | None = None) -> str:
    """As `sign`, of whatever is given: no claim and no key is checked, and a header that is None is left out.

    A key of the algorithm `none` leaves the signature empty. For tokens that are wrong on purpose.
    """
    own = {"alg": key.algorithm, "typ": "JWT", "kid": key.kid or None, **(headers or {})}
    header = {name: value for name, value in own.items() if value is not None}
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    signature = jwt.get_algorithm_by_name(key.algorithm).sign(signed.encode(), key.signing)
    return f"{signed}.{_base64url(signature)}"


def read_header(token: str) -> dict[str, Any]:
    """The header of a token, unverified. Raises Refusal: TOKEN_MALFORMED."""
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"not a JWT: {error}") from error


def read_claims(token: str) -> dict[str, Any]:
    """The claims of a token, unverified: good for finding out whose keys to ask. Raises Refusal: TOKEN_MALFORMED."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options=_UNVERIFIED)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"not a JWT: {error}") from error
    return claims


def is_signed_by(key: Key, signed: bytes, signature: bytes) -> bool:
    """Whether this key has made the signature, by its one algorithm; what is signed need not be claims."""
    if not key.algorithm or key.verifying is None:
        return False
    try:
        return bool(jwt.get_algorithm_by_name(key.algorithm).verify(signed, key.verifying, signature))
    except (jwt.PyJWTError, ValueError):
        return False


def verify(world: World, token: str, keys: Key | Iterable[Key], *, leeway: int = 0) -> dict[str, Any]:
    """The claims of a token that one of `keys` signed and that is good now, by the world's clock.

    `leeway` in seconds. Raises Refusal: the reasons of `verify_signature` and `check_life`; TOKEN_MALFORMED also if
    there is no exp.
    """
    claims = verify_signature(token, keys)
    if "exp" not in claims:
        raise Refusal(Reason.TOKEN_MALFORMED, "the token has no numeric exp")
    check_life(world, claims, leeway=leeway)
    return claims


def verify_signature(token: str, keys: Key | Iterable[Key]) -> dict[str, Any]:
    """The claims of a token that one of `keys` signed, however old.

    Raises Refusal: TOKEN_MALFORMED, TOKEN_KEY_UNKNOWN if its kid is none of theirs, TOKEN_SIGNATURE_BAD.
    """
    known = [keys] if isinstance(keys, Key) else list(keys)
    header = read_header(token)
    kid, algorithm = header.get("kid"), header.get("alg")
    if kid and any(key.kid for key in known):
        known = [key for key in known if key.kid == kid]
        if not known:
            raise Refusal(Reason.TOKEN_KEY_UNKNOWN, f"no key of the issuer has the id {kid!r}")
    # The key says which algorithm is right, never the token (RFC 8725 section 3.1).
    for key in (key for key in known if key.algorithm == algorithm):
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key.verifying, algorithms=[key.algorithm], options=_SIGNATURE_ONLY
            )
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            continue
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Refusal(Reason.TOKEN_MALFORMED, f"not a JWT: {error}") from error
        return claims
    expected = " or ".join(dict.fromkeys(key.algorithm for key in known)) or "nothing"
    raise Refusal(
        Reason.TOKEN_SIGNATURE_BAD, f"no key of the issuer made this {algorithm} signature; {expected} is expected"
    )


def check_life(world: World, claims: dict[str, Any], *, leeway: int = 0) -> None:
    """Check exp, nbf and iat as far as they are there. Raises Refusal: TOKEN_MALFORMED, TOKEN_EXPIRED,
    TOKEN_NOT_YET_VALID.
    """
    for name in ("exp", "nbf", "iat"):
        if name in claims and not _is_moment(claims[name]):
            raise Refusal(Reason.TOKEN_MALFORMED, f"the token has no numeric {name}")
    now = world.now()
    if "exp" in claims and now >= claims["exp"] + leeway:
        raise Refusal(Reason.TOKEN_EXPIRED, f"the token expired {int(now - claims['exp'])} s ago")
    for name in ("nbf", "iat"):
        if name in claims and claims[name] > now + leeway:
            early = int(claims[name] - now)
            raise Refusal(Reason.TOKEN_NOT_YET_VALID, f"the token's {name} lies {early} s in the future")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _is_moment(value: object) -> bool:
    """Whether this is a NumericDate (RFC 7519 section 2); JSON as Python reads it also has infinities and NaN."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)
