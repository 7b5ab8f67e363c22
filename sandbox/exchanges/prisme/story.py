"""What happens in a login at Prisme.ai, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "begin_login": (
        "Prisme.ai sent the browser to the login provider with a state of its own, and remembered this browser in "
        "a cookie. Nobody else's browser can finish this login."
    ),
    "finish_login": (
        "The provider's code came to Prisme.ai's own callback. The state and the cookie showed that this browser "
        "began the login; then Prisme.ai swapped the code by itself and left a session in a cookie that no script "
        "can read."
    ),
    "token_exchange": (
        "Your application handed over the id_token that it has. Prisme.ai verified by the issuer's published keys "
        "who made it, that it was made for the agreed application, and that it is still good, and gave a session "
        "of its own (RFC 8693 names such a swap token exchange)."
    ),
    "get_me": "The session told whose it is. Here ends the login.",
    "anonymous_login": "Somebody began a session without signing in.",
    "end_session": "The session's cookies were taken away.",
}
