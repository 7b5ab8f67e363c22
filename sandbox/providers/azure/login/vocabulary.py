"""The shape of Entra ID's errors: a number, an OAuth error, and a text with blanks. Holds no table of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """An error: `AADSTS{number}: {text}`, with names in braces for what a request has put there.

    `error` is the OAuth error of a JSON answer with this status, `redirected` that of a redirect where it differs.
    """

    number: int
    error: str
    text: str
    status: int = 400
    suberror: str = ""
    redirected: str = ""


INVALID = Words(9002313, "invalid_request", "Invalid request. Request is malformed or invalid.")
