"""What happens in a login at GitHub, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "authorize": (
        "Your application sent the browser to GitHub with its client_id and a random state. GitHub answers only to"
        " the callback URL that the application has registered, and only after the person has agreed, so no other "
        "site can ask in its name."
    ),
    "decide": (
        "The person chose an account and agreed. GitHub redirects to the registered callback with a code that is "
        "good once and for ten minutes; without the application's secret it is worth nothing."
    ),
    "access_token": (
        "Your application's server swapped the code for an access token, and proved with its client secret that "
        "the code was given to it. The token went straight to the server: it never was in the browser's address "
        "bar or history."
    ),
    "device_code": (
        "A device asked for two codes: a short one for a person to type, and a long one that only the device "
        "knows. The device gets its token once the person has let it in."
    ),
    "device": "The person opened the page for devices in a browser where they can sign in.",
    "enter_user_code": (
        "The person typed the short code of the device. It tells GitHub which device is waiting; the person still "
        "has to agree."
    ),
    "get_user": (
        "Your application asked who has signed in, with the access token. The answer is about the person who "
        "agreed, and has as much as was agreed to."
    ),
    "list_user_emails": (
        "Your application asked for the person's addresses. Each says whether it is verified; only a verified one "
        "tells who somebody is."
    ),
}
