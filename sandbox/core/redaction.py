"""What of a request and its answer may be written down: secrets are cut to their first characters, all is bounded.

Goes by names, since a secret cannot be told by its looks; what looks like a token is hidden wherever it is.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

# What a presented secret travels under, in any room's spelling (compared without case, `-`, `_`, `.` and spaces).
_SECRET_NAMES = frozenset(
    (
        "request",
        "dpop",
        "key",
        "idtokenhint",
        "samlresponse",
        "pwd",
        "pass",
        "pin",
        "jwt",
        "xjwt",
        "bearer",
        "xbearer",
        "xauth",
        "credential",
        "credentials",
        "signature",
        # Public, but what is pasted there by mistake is not.
        "xpublishablekey",
    )
)
_SECRET_ENDINGS = (
    *("token", "tokens", "code", "codes", "cookie", "cookies", "verifier", "assertion", "otp", "signature"),
    "authorization",
)
_SECRET_KEYS = ("apikey", "apikeys", "secretkey", "privatekey", "accesskey", "signingkey", "masterkey", "servicekey")
_SECRET_PARTS = ("password", "passwd", "passphrase", "passcode", "secret")
# Endings that make of a secret's name that of something about it.
_HARMLESS = ("expiresat", "expiresin", "ttl")
_PRIVATE_JWK = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_SEPARATORS = str.maketrans("", "", "-_. []")
_SHOWN = 4
_LONGEST = 4_000
_LONGEST_CLAIM = 200
_WHOLE = 16_000
_MOST = 200
_DEEPEST = 20
# The first word of an Authorization header may be shown if it is one of these; anything else may be a secret itself.
_SCHEMES = frozenset(("basic", "bearer", "digest", "dpop", "token"))
_ERROR_CODES = frozenset(("code", "errorcode", "statuscode"))
_WORDS = re.compile(r"[A-Za-z][A-Za-z_. -]{0,63}")
_JWT = re.compile(r"eyJ[\w-]{8,}+\.[\w-]*+\.[\w-]*+")
# In text of no known form: a name, what parts it from its value, and the value, in quotes or not, closed or not.
_PAIR = re.compile(r"""([\w.-]{1,64})(["']?\s*(?:[=:>]|\\")\s*)("[^"]*|'[^']*|[^\s&,;<"'}][^&,;<"'}\r\n]*)""")
# Who an address names before its host, and a parameter of an address.
_USER = re.compile(r"//(?!…@)[^/@\s]{1,2000}+@")
_PARAMETER = re.compile(r"""([?&#])([\w.%\[\]-]{1,64})=([^&#\s"'<>,;…]++)(?!…)""")
_CREDENTIALS = re.compile(r"\b(Basic|Bearer|DPoP|token)\s+[\w.~+/=-]+", re.IGNORECASE)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_WORD = re.compile(r"[\w.~+/=-]{20,}")


class _Redactor:
    """Redacts one value, and stops once it has written down as much as there may be of it."""

    def __init__(self, *, is_error: bool) -> None:
        self._is_error = is_error
        self._left = _WHOLE

    def redact(self, value: object, name: str, depth: int) -> Any:
        if self._left <= 0 or (depth == _DEEPEST and isinstance(value, Mapping | list | tuple)):
            return "…"
        if isinstance(value, Mapping):
            return self._mapping(value, name, depth)
        if isinstance(value, list | tuple):
            self._left -= 2
            members = [self.redact(member, name, depth + 1) for member in value[:_MOST]]
            return [*members, f"…({len(value)})"] if len(value) > _MOST else members
        shown = self._scalar(value, name, depth)
        self._left -= len(shown) if isinstance(shown, str) else 4
        return shown

    def _mapping(self, value: Mapping[Any, Any], name: str, depth: int) -> dict[str, Any]:
        private = "kty" in value
        # What lies below a secret's name is a part of it.
        below = name if name and is_secret(name) else None
        shown: dict[str, Any] = {}
        for key, member in value.items():
            if self._left <= 0 or len(shown) == _MOST:
                shown["…"] = f"…({len(value)})"
                break
            label = str(key)
            self._left -= len(label)
            hidden = "secret" if private and label in _PRIVATE_JWK else below or label
            shown[printable(label)] = self.redact(member, hidden, depth + 1)
        return shown

    def _scalar(self, value: object, name: str, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if is_secret(name):
            # A number of this size is no secret but a status, and an error's code is a word.
            if isinstance(value, int) and abs(value) < 1000:
                return value
            text = str(value)
            if self._is_error and _plain(name) in _ERROR_CODES and _WORDS.fullmatch(text):
                return text
            return _hidden(text)
        if isinstance(value, int | float):
            # What is no JSON number, no database takes as one.
            return value if isinstance(value, int) or math.isfinite(value) else str(value)
        return self._text(str(value), depth)

    def _text(self, text: str, depth: int) -> str:
        if text[:1] in ("{", "[") and len(text) <= _WHOLE and depth < _DEEPEST:
            with suppress(ValueError, RecursionError):
                told = json.loads(text)
                shown = self.redact(told, "", depth + 1)
                return printable(text) if shown == told else printable(json.dumps(shown, ensure_ascii=False))
        if "eyJ" in text or "://" in text:
            return _redact_prose(text)
        return printable(_hide_in_addresses(text))


def redact(value: object, name: str = "", *, is_error: bool = False) -> Any:
    """`value` (JSON-like) with every secret in it cut to its first characters, and all that is long or deep cut off.

    `is_error` leaves the words under `code` that errors have there.
    """
    return _Redactor(is_error=is_error).redact(value, name, 0)


def redact_query(query: str) -> str:
    """A query string (`a=b&c=d`) with the secrets in it redacted."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return printable("&".join(f"{quote(name)}={_redact_value(name, value)}" for name, value in pairs))


def redact_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, with credentials redacted to their scheme and URLs as in `redact_url`."""
    return {name: _redact_header(name, value) for name, value in headers}


def redact_url(url: str) -> str:
    """A URL with its credentials and the secrets in its query and fragment redacted."""
    address, hash_sign, fragment = url.partition("#")
    address, mark, query = address.partition("?")
    scheme, slashes, rest = address.partition("://")
    if slashes and "@" in rest.partition("/")[0]:
        address = f"{scheme}://…@{rest.partition('@')[2]}"
    return printable(address) + mark + redact_query(query) + hash_sign + redact_query(fragment)


def redact_text(text: str) -> str:
    """Text of no known form: what follows a secret's name is hidden, and so is every word as long as a token."""
    text = text[: 2 * _LONGEST]
    text = _CREDENTIALS.sub(lambda found: f"{found[1]} …", text)
    text = _PAIR.sub(lambda found: f"{found[1]}{found[2]}…" if is_secret(found[1]) else found[0], text)
    return printable(_LONG_WORD.sub(lambda found: _hidden(found[0]), text))


@lru_cache(maxsize=2048)
def is_secret(name: str) -> bool:
    """Whether what travels under this name must not be written down."""
    plain = _plain(name[:200])
    if plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDINGS) or plain.endswith(_SECRET_KEYS):
        return True
    return any(part in plain for part in _SECRET_PARTS) and not plain.endswith(_HARMLESS)


def printable(text: str) -> str:
    """`text` as every database can store it: no NUL, no lone surrogate, bounded."""
    if len(text) <= _LONGEST and text.isascii():
        return text.replace("\0", "\ufffd")
    safe = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…({len(safe)})"


def xml_text(text: str) -> str:
    """`text` without the characters that XML 1.0 has no way to write (section 2.2)."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _plain(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


def _hidden(secret: str) -> str:
    if not secret:
        return ""
    # What is shown lets a reader tell two secrets apart; of a short one that would be too much.
    shown = f"{printable(secret[:_SHOWN]) if len(secret) > 2 * _SHOWN else ''}…({len(secret)})"
    return shown + _claims_of(secret) if secret.startswith("eyJ") else shown


def _claims_of(token: str) -> str:
    """Who issued a JWT, for whom and until when: no secrets, and most of what is asked about it."""
    payload = token.split(".", 2)[1] if token.count(".") == 2 and len(token) < _WHOLE else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return ""
    if not isinstance(claims, dict):
        return ""
    told = {name: claims[name] for name in ("iss", "aud", "exp") if isinstance(claims.get(name), str | int | list)}
    return f" {printable(json.dumps(told, ensure_ascii=False))[:_LONGEST_CLAIM]}" if told else ""


def _redact_value(name: str, value: str) -> str:
    if is_secret(name):
        return _hidden(value)
    return quote(redact(value))


def _redact_prose(text: str) -> str:
    """A value that may be a URL with secrets in it, or have a JWT among its words."""
    if "://" in text and not re.search(r"\s", text):
        text = redact_url(text)
    return printable(_hide_jwts(_hide_in_addresses(text)))


def _hide_in_addresses(text: str) -> str:
    """Text with the secrets hidden that are in the addresses in it, and whatever else may stay as it is."""
    if not any(mark in text for mark in "?#&@"):
        return text
    text = _USER.sub("//…@", text[: 2 * _LONGEST])
    return _PARAMETER.sub(
        lambda found: f"{found[1]}{found[2]}={_hidden(found[3])}" if is_secret(unquote(found[2])) else found[0], text
    )


def _hide_jwts(text: str) -> str:
    # Looking for each of thousands of beginnings in a long text takes long, and no more than this is shown.
    return _JWT.sub(lambda found: _hidden(found[0]), text[: 2 * _LONGEST])


def _redact_header(name: str, value: str) -> str:
    if name.lower() in ("location", "referer"):
        return redact_url(value)
    if is_secret(name):
        return _scheme(value)
    scheme, space, rest = value.partition(" ")
    if space and scheme.lower() in _SCHEMES and not name.lower().endswith("-authenticate"):
        return f"{scheme} …({len(rest)})"
    # Proxies tell under many names which address was asked for, and an answer may link to others.
    value = _hide_in_addresses(value)
    return printable(_hide_jwts(value)) if "eyJ" in value else printable(value)


def _scheme(credentials: str) -> str:
    scheme, space, rest = credentials.partition(" ")
    known = space and scheme.lower() in _SCHEMES
    return f"{scheme} …({len(rest)})" if known else f"…({len(credentials)})"
