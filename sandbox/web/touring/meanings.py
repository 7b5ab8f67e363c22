"""What each parameter of a login's requests is for, in a sentence.

Knows those of the standards, and what all services have in common; of any other it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.web.steps import Step
from sandbox.web.touring.fields import list_places, read

MEANINGS: Mapping[str, str] = {
    "client_id": "Which application asks. It is public.",
    "client_secret": "What only the application's own server knows: it proves who asks.",
    "redirect_uri": "Where the answer goes. It must be registered, so that it goes nowhere else.",
    "response_type": "What comes back: code, for a code that is worth nothing without the application.",
    "response_mode": "How the answer comes back: in the query, in the fragment, or in a form.",
    "scope": "What the application wants to be allowed; openid asks for an id_token.",
    "state": "A random value of this browser's login. The callback must bring it back.",
    "nonce": "A random value that the id_token must hold, so that an old one is of no use.",
    "code_challenge": "The digest of a secret that the application keeps until it swaps the code (PKCE).",
    "code_challenge_method": "How the digest was made; S256 is SHA-256.",
    "code_verifier": "The secret behind the code_challenge: only who began the login knows it.",
    "grant_type": "What is swapped for tokens.",
    "code": "The code that the browser brought. It is good once, and for a short time.",
    "exchangeCode": "What the exchange gave for a person who is signed in. It is good once.",
    "provider": "Whose login it is.",
    "subject_token": "The id_token of the person, which the exchange verifies by itself.",
    "authToken": "What the exchange gave for a person who has signed in. It is good once.",
    "access_token": "What the provider's API takes for the person's consent.",
    "issuer": "Who vouches for the person.",
    "subject": "Who the person is, as the issuer calls them.",
    "claims": "What is known of the person.",
    "prompt": "Whether a person must be asked again.",
    "login_hint": "Who is expected to sign in.",
    "resource": "The API that the token is for.",
    "Authorization": "The secret key of the application's own server.",
    "slug": "Whose customers sign in.",
}


def explain(step: Step, sent: Step) -> list[dict[str, Any]]:
    """`{name, where, value, meaning, changed}` of each field of `sent`, and of those that it lacks of `step`."""
    told = []
    for place, name in dict.fromkeys([*list_places(step), *list_places(sent)]):
        was, value = read(step, place), read(sent, place)
        meaning = MEANINGS.get(name, "")
        told.append({"name": name, "where": place[0], "value": value, "meaning": meaning, "changed": was != value})
    return told
