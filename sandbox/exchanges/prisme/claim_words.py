"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "prismeaiSessionId": "The session that the token belongs to; it ends with a sign-out.",
}
