"""Comparing secrets in a time that tells nothing of them."""

from __future__ import annotations

import hmac


def same_secret(expected: str | None, presented: str | None) -> bool:
    """Whether what somebody presents is the secret; nobody presents a secret that is not there."""
    if expected is None or presented is None:
        return False
    # What is presented may be any text, half a character included.
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "surrogatepass"))
