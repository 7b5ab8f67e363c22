"""What of a request and its answer is kept, as it was sent, and how it is shown: with every secret in it redacted.

Only `show` with `reveal` gives the true values; who may ask for them is not decided here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.redaction import printable, redact, redact_headers, redact_query, redact_text

# A body that is larger, in bytes, is told by its length alone; no other value is kept that is longer, in characters.
LARGEST = 100_000
_FORM = "application/x-www-form-urlencoded"
# Deeper JSON is shown as the text that it is.
_DEEPEST = 60
_OWN = frozenset(("query", "headers", "body", "path"))

# {"query": str (requests only), "headers": [[name, value]], "body": str | {"members": {...}} | {"told": str} | None,
#  "path": str where the path has a secret, and what rooms remark, redacted}
Kept = Mapping[str, Any]


def keep_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Headers as they are kept: in their order, those that came twice twice."""
    return [[name, storable(value)] for name, value in headers]


def keep_body(raw: bytes, kind: str) -> str | dict[str, str] | None:
    """A body as it is kept: its text, or how long it was if it is no text or too long. `kind` is its media type."""
    if not raw:
        return None
    if len(raw) <= LARGEST and b"\0" not in raw:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    return {"told": f"…({len(raw)} bytes of {printable(kind) or 'no type'})"}


def storable(text: str) -> str:
    """`text` as every database can store it: no NUL, no lone surrogate, bounded."""
    if len(text) <= LARGEST and "\0" not in text and text.isascii():
        return text
    safe = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return safe if len(safe) <= LARGEST else f"{safe[:LARGEST]}…({len(safe)})"


def parse_body(text: str, kind: str) -> Any:
    """The body as its members where it has a known form; otherwise the text itself."""
    if kind == _FORM:
        return by_name(parse_qsl(text, keep_blank_values=True, errors="replace"))
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The values by name; a list of them where a name came more than once."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def show(kept: Kept, *, reveal: bool = False, is_error: bool = False) -> dict[str, Any]:
    """A request or an answer for others: `{"query"?, "headers": {...}, "body", ...}`, all of it JSON-like.

    With `reveal` the values are true, and `text` is the body as it was sent, if it was text. What was redacted before
    it was kept (as in a snapshot) stays so. A header that came more than once has its values on lines of their own.
    `is_error` tells of an answer that is one.
    """
    headers = kept.get("headers")
    if not isinstance(headers, list):
        return {"headers": {}, "body": None, **kept}
    shown: dict[str, Any] = {}
    if "query" in kept:
        shown["query"] = kept["query"] if reveal else redact_query(kept["query"])
    shown["headers"] = _show_headers(headers, reveal=reveal)
    body = kept.get("body")
    shown["body"] = _show_body(body, media_type(headers), reveal=reveal, is_error=is_error)
    if reveal and isinstance(body, str):
        shown["text"] = body
    return shown | {name: value for name, value in kept.items() if name not in _OWN}


def redacted(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a journal's row with all secrets in them hidden for good."""
    shown = {
        "request": show(row["request"]),
        "response": show(row["response"], is_error=row["status"] >= 400),
    }
    return {**row, **shown}


def is_redacted(row: Mapping[str, Any]) -> bool:
    """Whether the values of a journal's row are as `redacted` leaves them."""
    return all(isinstance(row[side].get("headers", {}), dict) for side in ("request", "response"))


def media_type(headers: Iterable[Iterable[str]]) -> str:
    """The media type that these headers tell, without its parameters; "" if they tell none."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return ""


def _show_headers(headers: list[list[str]], *, reveal: bool) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in headers:
        text = value if reveal else redact_headers([(name, value)])[name]
        shown[name] = f"{shown[name]}\n{text}" if name in shown else text
    return shown


def _show_body(body: Any, kind: str, *, reveal: bool, is_error: bool) -> Any:
    if isinstance(body, Mapping) and "told" in body:
        return body["told"]
    members = parse_body(body, kind) if isinstance(body, str) else body["members"] if body else None
    if isinstance(members, str):
        return members if reveal else redact_text(members)
    if not reveal:
        return redact(members, is_error=is_error)
    try:
        return _plain(members, 0)
    except ValueError:
        return body


def _plain(value: Any, depth: int) -> Any:
    """The same value as every page and every JSON writer takes it. Raises ValueError if it is nested too deeply."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth == _DEEPEST and isinstance(value, dict | list):
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {_plain(name, 0): _plain(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member, depth + 1) for member in value]
    return value
