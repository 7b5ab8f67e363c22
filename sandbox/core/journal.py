"""The journal: one line for each request, with the true cause of each refusal and every secret redacted.

Draws no pages and judges no client; it remembers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from sandbox.core.refusals import Refusal

# What a presented secret travels under, in any room's spelling (compared without case, `-` and `_`).
_SECRET_NAMES = frozenset(
    (
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "token",
        "authtoken",
        "subjecttoken",
        "authorization",
        "cookie",
        "setcookie",
        "clientsecret",
        "clientassertion",
        "secret",
        "password",
        "key",
        "apikey",
        "code",
        "devicecode",
        "usercode",
        "otpcode",
        "codeverifier",
    )
)
_SHOWN = 4
_LONGEST = 4_000


@dataclass
class Entry:
    """The line being written: rules add to it what only they know.

    `flow` links all requests of one login; `client_id` and `login` name the application and the person;
    `refusal` is the true cause when the answer is a refusal.
    """

    flow: str | None = None
    client_id: str | None = None
    login: str | None = None
    refusal: Refusal | None = None
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)

    def note(self, *, flow: str | None = None, client_id: str | None = None, login: str | None = None) -> None:
        """Add what has become known; what is known already is never forgotten."""
        self.flow = flow or self.flow
        self.client_id = client_id or self.client_id
        self.login = login or self.login


def redact(value: object, name: str = "") -> Any:
    """`value` (JSON-like) with every secret in it cut to its first characters, and long texts cut short."""
    if isinstance(value, Mapping):
        return {str(key): redact(member, str(key)) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [redact(member, name) for member in value]
    if not isinstance(value, str):
        return value if value is None or isinstance(value, bool | int | float) else printable(str(value))
    if is_secret(name):
        return _hidden(value)
    return printable(value)


def redact_query(query: str) -> str:
    """A query string (`a=b&c=d`) with the secrets in it redacted."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return printable(
        "&".join(f"{quote(name)}={_hidden(value) if is_secret(name) else quote(value)}" for name, value in pairs)
    )


def redact_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, with credentials redacted to their scheme and URLs as in `redact_url`."""
    return {name: _redact_header(name, value) for name, value in headers}


def redact_url(url: str) -> str:
    """A URL with the secrets in its query redacted."""
    address, mark, query = url.partition("?")
    return printable(address) + mark + redact_query(query)


def is_secret(name: str) -> bool:
    """Whether what travels under this name must not be written down."""
    return name.lower().replace("-", "").replace("_", "") in _SECRET_NAMES


def printable(text: str) -> str:
    """`text` as every database can store it: no NUL, no lone surrogate, bounded."""
    safe = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…({len(safe)})"


def _hidden(secret: str) -> str:
    if not secret:
        return ""
    # What is shown lets a reader tell two secrets apart; of a short one that would be too much.
    return f"{printable(secret[:_SHOWN]) if len(secret) > 2 * _SHOWN else ''}…({len(secret)})"


def _redact_header(name: str, value: str) -> str:
    if name.lower() in ("location", "referer"):
        return redact_url(value)
    return _scheme(value) if is_secret(name) else printable(value)


def _scheme(credentials: str) -> str:
    scheme, space, rest = credentials.partition(" ")
    return f"{printable(scheme)} …({len(rest)})" if space else f"…({len(credentials)})"
