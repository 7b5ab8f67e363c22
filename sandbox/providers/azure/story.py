"""What happens in a login at Entra ID, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "authorize": (
        "Your application sent the browser to its tenant's sign-in with a random state, and a nonce for the "
        "id_token. Entra ID compares the redirect URI with those registered, so the answer goes to nobody else."
    ),
    "authorize_v1": (
        "Your application sent the browser to the older sign-in endpoint. The same holds there: only a registered "
        "redirect URI gets an answer."
    ),
    "token": (
        "Your application's server swapped the code for tokens, and proved that the code was given to it: with its"
        " secret, and with the code_verifier if it began with PKCE. The id_token is signed, so your application "
        "can check by itself who made it, for whom, and for which login."
    ),
    "token_v1": (
        "Your application's server swapped the code for tokens of version 1.0. The code is good once, and for this"
        " application alone."
    ),
    "device_code": (
        "A device asked for a code that a person types elsewhere. The device gets its tokens once they have signed in."
    ),
    "device": "The person opened the page where codes of devices are typed.",
    "enter_user_code": (
        "The person typed the code of the device, and sees which application is waiting before they agree."
    ),
    "discover": (
        "Your application read where the tenant's endpoints and keys are. The document names its issuer, which "
        "must be the one that was asked."
    ),
    "keys": (
        "Your application fetched the public keys that verify id_tokens. They can check a signature, and make none."
    ),
    "get_me": (
        "Your application asked Microsoft Graph who has signed in, with an access token that is good for Graph alone."
    ),
    "get_userinfo": "Your application asked for the claims of the person who has signed in, with the access token.",
}
