"""What a login consists of: requests with gaps, filled anew for each login, and what is kept of each answer.

Sends nothing; that is generator.py for the timed part and verifying.py for the login that is looked at closely.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

# What a request may leave open: `$state`. The last two are taken from earlier answers; `cookie` is each client's own,
# and `lot` is the same for LOT logins, for servers that count how often somebody comes.
_GAP = re.compile(r"\$(state|nonce|challenge|verifier|cookie|lot|code|token)\b")
LOT = 1_000
CODE = r"[?&]code=([^&\s]+)"


@dataclass(frozen=True)
class Step:
    """One request of a login. `keeps` maps a gap to the pattern that finds its value in the answer.

    `needs` must be in the answer's body, or the login has failed: a status alone would not show that a token came.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The step as JSON for the process that sends it."""
        return vars(self) | {"headers": dict(self.headers), "keeps": dict(self.keeps)}


class Request:
    """A step made ready to be sent often."""

    def __init__(self, step: Step, host: str) -> None:
        headers = {"Host": host, "User-Agent": "bench", "Accept": "application/json", **step.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = _compile(f"{step.method} {step.path} HTTP/1.1\r\n{lines}")
        self._body = _compile(step.body)
        self._has_body = step.method == "POST"
        self.keeps = [(name.encode(), re.compile(pattern.encode())) for name, pattern in step.keeps.items()]
        self.needs = step.needs.encode()

    def render(self, values: Mapping[bytes, bytes]) -> bytes:
        """The bytes of the request with these values in its gaps. Raises KeyError if one is missing."""
        if not self._has_body:
            return self._head % values + b"\r\n"
        body = self._body % values
        return b"%bContent-Length: %d\r\n\r\n%b" % (self._head % values, len(body), body)


def _compile(text: str) -> bytes:
    return _GAP.sub(r"%(\1)b", text.replace("%", "%%")).encode()


def new_values(cookie: str = "", lot: str = "") -> dict[bytes, bytes]:
    """State, nonce and a PKCE pair (RFC 7636, S256) that no login has had, and what is the caller's."""
    chance = os.urandom(48).hex().encode()
    verifier = chance[:48]
    challenge = urlsafe_b64encode(sha256(verifier).digest()).rstrip(b"=")
    chosen = {b"state": chance[48:72], b"nonce": chance[72:], b"verifier": verifier, b"challenge": challenge}
    return chosen | {b"cookie": cookie.encode(), b"lot": lot.encode()}
