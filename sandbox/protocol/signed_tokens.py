"""Tokens that an issuer signed for others: which of its keys, whether the signature holds, whether it is good now.

Says which part is at fault. What iss, aud and nonce must be is its caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.core import jwts
from sandbox.core.fault_calls import check_fault
from sandbox.core.flows import follow
from sandbox.core.keys import KEY_TYPES, Key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

FindKeys = Callable[[str], Iterable[Key]]


def verify_token(world: World, token: str, find_keys: FindKeys) -> dict[str, Any]:
    """The claims of a token that one of the issuer's keys signed and that is good now, without leeway.

    `find_keys(algorithm)` gives the issuer's keys, each pinned to what it is good for; to `algorithm` where the issuer
    leaves that open. Raises Refusal, `field` being the part at fault: TOKEN_MALFORMED, TOKEN_ALGORITHM_NOT_ALLOWED,
    TOKEN_KEY_UNKNOWN, TOKEN_KEY_AMBIGUOUS, TOKEN_SIGNATURE_BAD, TOKEN_EXPIRED, TOKEN_NOT_YET_VALID.
    """
    follow(world, token)
    header = _read_header(token)
    algorithm = header.get("alg")
    # A shared secret would be the public key, and none would be nobody's (RFC 8725 sections 2.1 and 3.1).
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise Refusal(
            Reason.TOKEN_ALGORITHM_NOT_ALLOWED, f"alg is {algorithm!r}, not one of {', '.join(KEY_TYPES)}", "alg"
        )
    claims = read_claims(token, _choose(list(find_keys(algorithm)), header.get("kid"), algorithm))
    _check_life(world, claims)
    return claims


def check_keys_fault(world: World, service: str, operation: str) -> None:
    """Refuse as if the issuer did not give its keys, while a fault is armed at their endpoint. Raises Refusal:
    PROVIDER_FAILED (`keys`).
    """
    try:
        check_fault(world, service, operation)
    except Refusal as fault:
        raise Refusal(Reason.PROVIDER_FAILED, fault.detail, "keys") from fault


def read_claims(token: str, key: Key) -> dict[str, Any]:
    """The claims of a token that this key signed. Raises Refusal: TOKEN_MALFORMED (`payload`), TOKEN_SIGNATURE_BAD
    (`signature`).
    """
    try:
        return jwts.verify_signature(token, key)
    except Refusal as refusal:
        part = "payload" if refusal.reason is Reason.TOKEN_MALFORMED else "signature"
        raise Refusal(refusal.reason, refusal.detail, part) from refusal


def _read_header(token: str) -> dict[str, Any]:
    parts = token.count(".") + 1
    if parts != 3:
        raise Refusal(Reason.TOKEN_MALFORMED, f"a compact JWS has 3 parts; this has {parts}", "token")
    try:
        return jwts.read_header(token)
    except (Refusal, RecursionError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"its header cannot be read: {error}", "header") from error


def _choose(keys: list[Key], kid: object, algorithm: str) -> Key:
    named = [key for key in keys if kid is None or key.kid == kid]
    if not named:
        raise Refusal(Reason.TOKEN_KEY_UNKNOWN, f"no key of the issuer has the id {kid!r}", "kid")
    fitting = [key for key in named if key.algorithm == algorithm]
    if not fitting:
        pinned = " or ".join(dict.fromkeys(key.algorithm for key in named))
        raise Refusal(Reason.TOKEN_ALGORITHM_NOT_ALLOWED, f"alg is {algorithm}; the key is for {pinned}", "alg")
    if len(fitting) > 1:
        raise Refusal(
            Reason.TOKEN_KEY_AMBIGUOUS, f"{len(fitting)} keys are for {algorithm}, and the token names none", "kid"
        )
    return fitting[0]


def _check_life(world: World, claims: dict[str, Any]) -> None:
    if "exp" not in claims:
        raise Refusal(Reason.TOKEN_MALFORMED, "the token has no numeric exp", "exp")
    for name in ("exp", "nbf"):
        if name not in claims:
            continue
        try:
            jwts.check_life(world, {name: claims[name]})
        except Refusal as refusal:
            raise Refusal(refusal.reason, refusal.detail, name) from refusal
