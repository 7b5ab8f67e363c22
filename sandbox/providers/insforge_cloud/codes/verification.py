"""Whether a token is one of the cloud's, judged as the consumers' JOSE library does it, step by step.

The library takes a key set by its text: a key fits if `kid` (where the token names one) and `alg` are the same. Says
which step refused, and leaves the words to its caller.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from math import inf
from typing import Any

from sandbox.core.flows import follow
from sandbox.core.keys import Key
from sandbox.core.keysets import published_keys
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World
from sandbox.protocol.signed_tokens import check_keys_fault, read_claims
from sandbox.providers.insforge_cloud.codes.models import ALGORITHM
from sandbox.providers.insforge_cloud.people import SLUG

# Which of them a key is there for is another question.
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
# A fault that is armed here, at the key set's endpoint, is what an exchange in this process meets as well.
KEYS_OPERATION = "keys"


def verify(world: World, token: str) -> dict[str, Any]:
    """The claims of a token that the cloud signed and that is good now: no leeway, and iat may lie in the future.

    Raises Refusal, `field` being the part at fault: TOKEN_MALFORMED, TOKEN_ALGORITHM_NOT_ALLOWED, TOKEN_KEY_UNKNOWN,
    TOKEN_KEY_AMBIGUOUS, TOKEN_SIGNATURE_BAD, TOKEN_NOT_YET_VALID, TOKEN_EXPIRED, PROVIDER_FAILED.
    """
    follow(world, token)
    header = _read_header(token)
    if header.get("alg") not in ALGORITHMS:
        raise Refusal(
            Reason.TOKEN_ALGORITHM_NOT_ALLOWED, f"alg is {header.get('alg')!r}, not {' or '.join(ALGORITHMS)}", "alg"
        )
    check_keys_fault(world, SLUG, KEYS_OPERATION)
    claims = read_claims(token, _find_key(published_keys(world, SLUG, (ALGORITHM,)), header))
    _check_life(world, claims)
    return claims


def _read_header(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise Refusal(Reason.TOKEN_MALFORMED, f"a compact JWS has 3 parts; this has {len(parts)}", "token")
    try:
        header = json.loads(base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError) as error:
        raise Refusal(Reason.TOKEN_MALFORMED, f"its header is no JSON: {error}", "header") from error
    if not isinstance(header, dict):
        raise Refusal(Reason.TOKEN_MALFORMED, "its header is no JSON object", "header")
    return header


def _find_key(keys: Sequence[Key], header: dict[str, Any]) -> Key:
    kid, algorithm = header.get("kid"), header["alg"]
    fitting = [key for key in keys if key.algorithm == algorithm and (not isinstance(kid, str) or key.kid == kid)]
    if not fitting:
        raise Refusal(Reason.TOKEN_KEY_UNKNOWN, f"no published key for {algorithm} has the id {kid!r}", "kid")
    if len(fitting) > 1:
        raise Refusal(
            Reason.TOKEN_KEY_AMBIGUOUS, f"{len(fitting)} published keys are for {algorithm}, and it names none", "kid"
        )
    return fitting[0]


def _check_life(world: World, claims: dict[str, Any]) -> None:
    for name in ("iat", "nbf", "exp"):
        moment = claims.get(name, 0)
        # JSON as Python reads it also has infinities and NaN.
        if not isinstance(moment, int | float) or isinstance(moment, bool) or not -inf < moment < inf:
            raise Refusal(Reason.TOKEN_MALFORMED, f"its {name} is no number", name)
    now = world.now()
    if claims.get("nbf", now) > now:
        raise Refusal(Reason.TOKEN_NOT_YET_VALID, f"the token is good in {int(claims['nbf'] - now)} s", "nbf")
    if "exp" in claims and claims["exp"] <= now:
        raise Refusal(Reason.TOKEN_EXPIRED, f"the token expired {int(now - claims['exp'])} s ago", "exp")
