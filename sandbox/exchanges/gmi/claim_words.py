"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "userId": "The user, by an id of GMI Cloud's own.",
    "orgId": "The organization that the session is in.",
    "role": "What the user may do in it.",
    "sessionId": "The session that the token belongs to; it ends with a sign-out.",
    "clientId": "The device that the session was opened on.",
    "type": "What it is for: auth opens one session, refresh renews one, api_key calls without any.",
    "idp": "How the person has signed in.",
    "is2FARequired": "Whether a second factor is needed to open the session.",
    "id": "The API key, by its id.",
    "scope": "What the API key may be used for.",
}
