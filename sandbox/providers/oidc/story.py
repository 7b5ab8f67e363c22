"""What happens in a login at an OpenID Provider, and why it is safe, for people who look on."""

from __future__ import annotations

from collections.abc import Mapping

STORIES: Mapping[str, str] = {
    "authorize": (
        "Your application sent the browser to the issuer with a random state, and a nonce for the id_token. The "
        "issuer answers only at the redirect URI that is registered, compared letter by letter, so a code goes to "
        "nobody else."
    ),
    "decide": (
        "The person chose an account and agreed. The issuer redirects to the registered redirect URI with a code "
        "that is good once and for a short time, and names itself in iss, so that no other issuer can pass for it."
    ),
    "push": (
        "Your application left its authorization request with the issuer, server to server, and got an address for"
        " it. Nobody can read or change the request in the browser."
    ),
    "token": (
        "Your application's server swapped the code for tokens, and proved that the code was given to it. The "
        "id_token is signed and says who made it, for whom, for how long and for which login, so your application "
        "can check all of that by itself."
    ),
    "device_authorization": (
        "A device asked for two codes: a short one for a person to type, and a long one that only the device knows."
    ),
    "device": "The person opened the page where codes of devices are typed.",
    "enter_user_code": (
        "The person typed the code of the device. They still have to agree, and see for which application."
    ),
    "discovery": (
        "Your application read where the issuer's endpoints and keys are. The document names its issuer, which "
        "must be the one that was asked."
    ),
    "keys": "Your application fetched the public keys of the issuer. They can check a signature, and make none.",
    "userinfo": (
        "Your application asked for the person's claims with the access token. Their sub must be that of the "
        "id_token, or they are about somebody else."
    ),
    "introspect": "An API asked the issuer whether a token is good. Only a registered client may ask.",
    "revoke": "Your application gave a token back, and it is worth nothing any more.",
    "end_session": (
        "Your application sent the browser to the issuer to end the session there too. It is sent on only to a "
        "registered address."
    ),
}
