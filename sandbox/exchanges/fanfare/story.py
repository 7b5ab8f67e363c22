"""What happens in a login at Fanfare, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "authorize": (
        "The brand's server told Fanfare who has signed in at the brand, and got an exchange code. It proved with "
        "its secret key that it is the brand; a browser never has that key."
    ),
    "exchange": (
        "The brand's page swapped the exchange code for a session. The code is good once and for a short time, so "
        "the page needs no secret, only the publishable key that says whose page it is."
    ),
    "refresh": "The page swapped its refresh token for a new session, without the person.",
    "get_me": "The page asked who is signed in. The access token says so.",
    "begin_guest": "The page began a session for somebody who has not signed in.",
}
