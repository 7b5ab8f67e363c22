"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "consumerId": "The consumer, by an id of Fanfare's own.",
    "organizationId": "The brand that the session is at.",
    "sessionId": "The session that the token belongs to.",
    "isGuest": "Nobody has signed in: the consumer is a guest.",
    "type": "What it is for: refresh renews the session, beacon reports from a page that is being left.",
}
