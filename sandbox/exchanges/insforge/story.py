"""What happens in a login at InsForge, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "begin_oauth": (
        "Your application asked the backend where people sign in, and sent a code_challenge. The backend made a "
        "signed state for this login; its client secret stays with it."
    ),
    "begin_custom_oauth": (
        "Your application asked the backend where people sign in, and sent a code_challenge. The backend made a "
        "signed state for this login; its client secret stays with it."
    ),
    "finish_oauth": (
        "The provider's code came to the backend's own callback. The backend checked that the state is one that it"
        " has signed, swapped the code by itself, and sent the browser on with a one-time code: no token ever was "
        "in an address."
    ),
    "finish_custom_oauth": (
        "The provider's code came to the backend's own callback. The backend checked that the state is one that it"
        " has signed, swapped the code by itself, and sent the browser on with a one-time code: no token ever was "
        "in an address."
    ),
    "finish_shared_oauth": (
        "InsForge Cloud told the backend who has signed in at its own application. The state says which login that was."
    ),
    "exchange_oauth_code": (
        "Your application swapped the one-time code for a session and brought the code_verifier. Its digest is the"
        " code_challenge of the beginning, so a code that somebody has caught is worth nothing to them."
    ),
    "exchange_admin_session": (
        "The dashboard handed the console's code to the project's backend. The backend verified the signature by "
        "InsForge Cloud's published keys, and that the code is for this very project, before it let an "
        "administrator in."
    ),
    "get_session": (
        "Your application asked who is signed in. The access token says so, and is signed by the project's own key."
    ),
    "refresh_session": "Your application swapped the refresh token for a new session, without the person.",
}
