"""Proof Key for Code Exchange, RFC 7636.

Which methods a client may use, and whether it must, is the room's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from sandbox.core.refusals import Reason, Refusal

PLAIN = "plain"
S256 = "S256"
# 43 to 128 unreserved characters (RFC 7636 section 4.1); an S256 challenge is always 43 (section 4.2).
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def s256(code_verifier: str) -> str:
    """BASE64URL(SHA256(ASCII(code_verifier))), RFC 7636 section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def check_challenge(challenge: str | None, method: str | None, *, methods: tuple[str, ...] = (S256, PLAIN)) -> None:
    """Check the two parameters of an authorization request. Raises Refusal: CHALLENGE_INVALID.

    A challenge without method is `plain` (RFC 7636 section 4.3).
    """
    if challenge is None:
        if method is not None:
            raise Refusal(Reason.CHALLENGE_INVALID, "code_challenge_method needs a code_challenge", "code_challenge")
        return
    used = method if method is not None else PLAIN
    if used not in methods:
        raise Refusal(
            Reason.CHALLENGE_INVALID,
            f"code_challenge_method {used!r} is not supported; use {' or '.join(methods)}",
            "code_challenge_method",
        )
    form = _S256_CHALLENGE if used == S256 else _VERIFIER
    if not form.fullmatch(challenge):
        raise Refusal(Reason.CHALLENGE_INVALID, f"code_challenge is not a valid {used} challenge", "code_challenge")


def check_verifier(challenge: str | None, method: str | None, verifier: str | None) -> None:
    """Hold a code_verifier against the challenge of its authorization request (RFC 7636 section 4.6).

    A verifier without earlier challenge is ignored here. Raises Refusal: VERIFIER_MISSING, VERIFIER_MISMATCH.
    """
    if challenge is None:
        return
    if not verifier:
        raise Refusal(Reason.VERIFIER_MISSING, "the authorization request had a code_challenge", "code_verifier")
    if not _VERIFIER.fullmatch(verifier):
        raise Refusal(Reason.VERIFIER_MISMATCH, "a code_verifier has 43 to 128 unreserved characters", "code_verifier")
    answer = s256(verifier) if method == S256 else verifier
    if not hmac.compare_digest(answer, challenge):
        raise Refusal(Reason.VERIFIER_MISMATCH, "the code_verifier does not match the code_challenge", "code_verifier")
