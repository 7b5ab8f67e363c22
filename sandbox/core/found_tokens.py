"""Finds the JWTs in a request and its answer.

Knows nothing of what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Each word is gone through once, however often a token seems to begin in it; a short prefix may stand before one.
_JWT = re.compile(r"(?<![\w-])[\w-]{0,16}?(eyJ[\w-]{8,}+\.[\w-]*+\.[\w-]*+(?:\.[\w-]*+\.[\w-]*+)?)")
_MOST = 50


def find_tokens(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The JWTs of a revealed entry, each with where it is: `response body /id_token`, `request header Authorization`.

    Each is told once, where it comes first; 50 at most.
    """
    found: dict[str, str] = {}
    for side in ("request", "response"):
        for where, text in _texts(document.get(side, {})):
            for token in _JWT.findall(text):
                found.setdefault(token, f"{side} {where}")
                if len(found) == _MOST:
                    return [(where, token) for token, where in found.items()]
    return [(where, token) for token, where in found.items()]


def _texts(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(str(message.get("query") or ""), keep_blank_values=True):
        yield f"query /{name}", value
    for header, value in message.get("headers", {}).items():
        yield from _in_header(header, str(value))
    yield from _in_body(message.get("body"), "")


def _in_header(header: str, value: str) -> Iterator[tuple[str, str]]:
    if header.lower() == "location":
        # Whoever sends a request may call anything an address.
        with suppress(ValueError):
            address = urlsplit(value)
            for part in (address.query, address.fragment):
                yield from ((f"header {header} /{name}", member) for name, member in parse_qsl(part))
    yield f"header {header}", value


def _in_body(body: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(body, str):
        yield f"body {path}".rstrip(), body
    elif isinstance(body, Mapping):
        for name, member in body.items():
            yield from _in_body(member, f"{path}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(body, list):
        for place, member in enumerate(body):
            yield from _in_body(member, f"{path}/{place}")
