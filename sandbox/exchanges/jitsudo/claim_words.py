"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "tenant_id": "The tenant that the user belongs to: all that the token lets do is in it.",
    "groups": "The groups that the provider has told of the user; policies go by them.",
}
