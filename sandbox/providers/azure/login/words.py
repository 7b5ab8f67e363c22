"""The numbers and words with which Entra ID says no at its login endpoints.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes; numbers that the page does not have are from
public reports of what the service answers. Renders nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.core.refusals import Reason, by_reason
from sandbox.providers.azure.login.vocabulary import INVALID, Words
from sandbox.providers.azure.login.words_clients import CLIENT_WORDS
from sandbox.providers.azure.login.words_people import PEOPLE_WORDS

WORDS: Mapping[Reason, Words] = by_reason([*CLIENT_WORDS, *PEOPLE_WORDS], otherwise=INVALID)

# What a few places say instead, by the reason and the field that a refusal names.
AT: Mapping[tuple[Reason, str], Words] = {
    (Reason.FIELD_MISSING, "authorize redirect_uri"): Words(900971, "invalid_request", "No reply address provided."),
    (Reason.ISSUER_UNKNOWN, "authorization_endpoint"): Words(50049, "invalid_instance", "Unknown or invalid instance."),
    (Reason.CHALLENGE_INVALID, "code_challenge_method"): Words(
        50147, "invalid_request", "The size of the code challenge parameter isn't valid."
    ),
    (Reason.SCOPE_INVALID, "client_credentials"): Words(
        1002012,
        "invalid_scope",
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    ),
    (Reason.FIELD_INVALID, "prompt"): Words(90023, "invalid_request", "Unsupported 'prompt' value."),
}


def find_number(number: int) -> Words | None:
    """The error with this number, or None."""
    return next((words for words in (*WORDS.values(), *AT.values()) if words.number == number), None)
