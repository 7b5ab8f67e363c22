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
        "idtokenhint",
        "authtoken",
        "subjecttoken",
        "actortoken",
        "logouttoken",
        "registrationaccesstoken",
        "assertion",
        "request",
        "dpop",
        "authorization",
        "proxyauthorization",
        "cookie",
        "setcookie",
        "clientsecret",
        "clientassertion",
        "secret",
        "xpartnershipsecret",
        "password",
        "key",
        "apikey",
        "xapikey",
        "xsecretkey",
        # Public, but what is pasted there by mistake is not.
        "xpublishablekey",
        "code",
        "devicecode",
        "usercode",
        "otp",
        "otpcode",
        "exchangecode",
        "newpassword",
        "codeverifier",
    )
)
_SHOWN = 4
_LONGEST = 4_000
_DEEPEST = 20
# The first word of an Authorization header may be shown if it is one of these; anything else may be a secret itself.
_SCHEMES = frozenset(("basic", "bearer", "digest", "token"))


@dataclass
class Entry:
    """The line being written: rules add to it what only they know.

    `flow` links all requests of one login; `client_id` and `login` name the application and the person;
    `refusal` is the true cause when the answer is a refusal, and `fault` what was made to go wrong on purpose.
    """

    flow: str | None = None
    client_id: str | None = None
    login: str | None = None
    refusal: Refusal | None = None
    fault: str | None = None
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)

    def note(self, *, flow: str | None = None, client_id: str | None = None, login: str | None = None) -> None:
        """Add what has become known; what is known already is never forgotten."""
        self.flow = flow or self.flow
        self.client_id = client_id or self.client_id
        self.login = login or self.login


def redact(value: object, name: str = "", depth: int = 0) -> Any:
    """`value` (JSON-like) with every secret in it cut to its first characters, and all that is long or deep cut off."""
    if isinstance(value, Mapping | list | tuple) and depth == _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        # What lies below a secret's name is a part of it.
        return {str(key): redact(it, name if is_secret(name) else str(key), depth + 1) for key, it in value.items()}
    if isinstance(value, list | tuple):
        return [redact(member, name, depth + 1) for member in value]
    if value is not None and is_secret(name):
        return _hidden(str(value))
    return value if value is None or isinstance(value, bool | int | float) else printable(str(value))


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
    """A URL with the secrets in its query and fragment redacted."""
    address, hash_sign, fragment = url.partition("#")
    address, mark, query = address.partition("?")
    return printable(address) + mark + redact_query(query) + hash_sign + redact_query(fragment)


def is_secret(name: str) -> bool:
    """Whether what travels under this name must not be written down."""
    known = name.lower().replace("-", "").replace("_", "") in _SECRET_NAMES
    return known or name.lower().endswith(("_code", "-token", "_token")) or name.endswith("Token")


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
    known = space and scheme.lower() in _SCHEMES
    return f"{scheme} …({len(rest)})" if known else f"…({len(credentials)})"
