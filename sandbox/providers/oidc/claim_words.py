"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "tenant_id": "The tenant that the person belongs to, as the fixture has it.",
    "groups": "The groups that the person is in, as the fixture has them.",
    "roles": "The roles that the person has, as the fixture has them.",
}
