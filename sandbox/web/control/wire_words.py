"""What an answer in the journal says of itself: the error it tells in its vendor's words, where it sends a browser.

Reads documents of the journal alone; the true cause of a refusal is the entry's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Where vendors have the word of an error, and the sentence; the first that is there counts.
_CODES = ("error", "errorCode", "error_code", "code", "title")
_TEXTS = ("error_description", "message", "detail", "description", "error_message", "reason")
_CHALLENGE = re.compile(r'(error|error_description)="([^"]*)"')
_LONGEST = 2_000


def read_error(response: Mapping[str, Any]) -> dict[str, str | None] | None:
    """The error that an answer tells, `{"code": word, "text": sentence}`, where one may be None; None if it has none.

    Looks at its body, at the address that it sends the browser to, and at its challenge (RFC 6750 section 3).
    """
    headers = _headers(response)
    body = response.get("body")
    sources: list[Mapping[str, Any]] = [body] if isinstance(body, Mapping) else []
    if isinstance(body, list):
        sources += [member for member in body[:1] if isinstance(member, Mapping)]
    sources += [dict(_parameters(headers.get("location", "")))]
    sources += [dict(_CHALLENGE.findall(headers.get("www-authenticate", "")))]
    for source in sources:
        if found := _error_in(source):
            return found
    return None


def _error_in(source: Mapping[str, Any]) -> dict[str, str | None] | None:
    inner = source.get("error")
    if isinstance(inner, Mapping):
        return _error_in(inner) or None
    if isinstance(errors := source.get("errors"), list) and errors and isinstance(errors[0], Mapping):
        return _error_in({**errors[0], **{k: v for k, v in source.items() if k != "errors"}})
    code, text = _first(source, _CODES), _first(source, _TEXTS)
    return {"code": code, "text": text} if code or text else None


def find_location(response: Mapping[str, Any]) -> str | None:
    """Where the answer sends the browser, or None."""
    return _headers(response).get("location") or None


def name_parameters(address: str) -> list[str]:
    """The names of what an address carries, in its query and its fragment."""
    return list(dict.fromkeys(name for name, _ in _parameters(address)))


def _parameters(address: str) -> list[tuple[str, str]]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    return [pair for text in (parts.query, parts.fragment) for pair in parse_qsl(text, keep_blank_values=True)]


def _headers(response: Mapping[str, Any]) -> dict[str, str]:
    headers = response.get("headers")
    return {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {}


def _first(source: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = source.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)[:_LONGEST]
    return None
