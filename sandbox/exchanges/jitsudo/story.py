"""What happens in a login at JITSudo, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "create_login_url": (
        "Your application asked where the people of this tenant sign in. JITSudo made a state that it has signed, "
        "for this redirect URI and one login alone."
    ),
    "get_auth_providers": "Your application asked which issuer the people of this domain sign in at.",
    "exchange_code": (
        "Your application brought the code, and JITSudo swapped it at the issuer with its own client secret. It "
        "verified the id_token, and that its person belongs to the tenant, before it gave a JWT of its own."
    ),
    "landing": "The browser came back to JITSudo's own callback page.",
}
