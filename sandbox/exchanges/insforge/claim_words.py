"""What those claims of the tokens mean that are the product's own, for whoever reads a token.

Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

CLAIMS: Mapping[str, str] = {
    "role": "authenticated: a user of the application; project_admin: its owner, who may do everything.",
    "type": "refresh: it renews a session, and is no access token.",
    "csrfNonce": "What the CSRF token of the session is made from, so that no other site can renew it.",
    "sessionType": "Whose session it renews: a user's or the admin's.",
}
