"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "projectId": "The project that the code lets its bearer into as an admin.",
    "userId": "The person who has asked for it.",
    "type": "What it is for: project_authorization is a code that a project swaps for an admin's session.",
    "role": "What the person may do: authenticated is anybody who has signed in.",
    "scope": "What the application may do on behalf of the person.",
}
