"""What happens in a login at GMI Cloud, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "exchange_authorization_code": (
        "Your application handed GitHub's code to GMI Cloud, which swapped it at GitHub with a client secret of "
        "its own. A code is good once, so nobody can use it a second time."
    ),
    "create_auth_token_oauth": (
        "GMI Cloud looked up at GitHub whose access token this is, and gave an authToken for that person. It asks "
        "GitHub itself instead of believing what it is told."
    ),
    "create_auth_token": "GMI Cloud checked the person's password and gave an authToken, which is not a session yet.",
    "create_session": (
        "The authToken became a session for one device. It is good once and for a short time, and the access token"
        " that came of it is signed, so GMI Cloud knows its own tokens again."
    ),
    "refresh_session": "Your application swapped the refresh token for a new session, without the person.",
    "get_profile": "Your application asked who is signed in. The access token alone says so.",
}
