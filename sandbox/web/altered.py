"""Answers that come out otherwise than their room has written them: members changed, repeated, left out, broken.

Knows neither faults nor who is to meet them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from flask import Response

Pairs = list[tuple[str, Any]]

_FORM = "application/x-www-form-urlencoded"
# What tells a redirect back to a client from any other, and what tells an authorization request from that.
_TOLD = re.compile(r"code|error|id_token|access_token|response|\w+_(code|error)")
_ASKED = "redirect_uri"
_POSTED = '<form class="stack" id="form-post"'
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">\s*')


def make_answer(status: int, body: object, headers: Mapping[str, str], content_type: str | None) -> Response:
    """An answer of nobody's: a text as it is, any other value as JSON, None as nothing."""
    text = body if isinstance(body, str) else "" if body is None else _dump(body)
    kind = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    response = Response(text, status, content_type=content_type or kind)
    response.headers.extend(headers)
    return response


def malform(response: Response) -> None:
    """Leave out the last character that says something."""
    body = body_of(response).rstrip()
    response.set_data(body[:-1])


def has_members(response: Response, names: Collection[str] = ()) -> bool:
    """Whether the body is a JSON object or a form, with at least one of these members if there are any."""
    found = _read(response)
    return found is not None and (not names or any(name in names for name, _ in found[0]))


def repeat_members(response: Response, names: Collection[str]) -> None:
    """Have these members of a JSON object or a form twice."""
    found = _read(response)
    if found is not None:
        pairs, write = found
        twice = [pair for pair in pairs for _ in range(2 if pair[0] in names else 1)]
        response.set_data(write(twice))


def change_members(response: Response, new: Mapping[str, Any], gone: Collection[str]) -> None:
    """Set and remove members of a JSON object or a form, by their JSON pointers (RFC 6901).

    What leads nowhere is passed over; objects on the way to a new member are made.
    """
    found = _read(response)
    if found is None:
        return
    pairs, write = found
    content = dict(pairs)
    for pointer in gone:
        _remove(content, _steps(pointer))
    for pointer, value in new.items():
        _set(content, _steps(pointer), value)
    response.set_data(write(list(content.items())))


def is_callback(response: Response) -> bool:
    """Whether the answer sends a browser back to a client with a result: by a redirect, or by a form that posts."""
    if response.mimetype == "text/html" and _POSTED.encode() in body_of(response):
        return True
    location = urlsplit(response.headers.get("Location", ""))
    told = {name for part in (location.query, location.fragment) for name, _ in _pairs(part)}
    redirects = response.status_code in (301, 302, 303, 307, 308)
    return redirects and any(map(_TOLD.fullmatch, told)) and _ASKED not in told


def change_callback(response: Response, new: Mapping[str, str], gone: Collection[str]) -> None:
    """Set and remove parameters of the answer to a client."""

    def change(pairs: Pairs) -> Pairs:
        changed = {name: value for name, value in pairs if name not in gone} | dict(new)
        return list(changed.items())

    if "Location" not in response.headers:
        _change_form(response, change)
        return
    location = urlsplit(response.headers["Location"])
    # The parameters are where the result is; what else the client has in its URI stays as it is.
    part = "fragment" if any(_TOLD.fullmatch(name) for name, _ in _pairs(location.fragment)) else "query"
    pairs = change(_pairs(getattr(location, part)))
    written = urlencode(pairs, quote_via=quote, errors="replace")
    response.headers["Location"] = urlunsplit(location._replace(**{part: written}))


def body_of(response: Response) -> bytes:
    """The body, also that of a file."""
    response.direct_passthrough = False
    return response.get_data()


def _change_form(response: Response, change: Callable[[Pairs], Pairs]) -> None:
    page = body_of(response).decode()
    inputs = [(unescape(name), unescape(value)) for name, value in _HIDDEN.findall(page)]
    written = "\n  ".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in change(inputs)
    )
    first = _HIDDEN.search(page)
    start = first.start() if first else page.index(_POSTED)
    response.set_data(page[:start] + written + "\n  " + _HIDDEN.sub("", page[start:]))


def _read(response: Response) -> tuple[Pairs, Callable[[Pairs], str]] | None:
    """The members of the body, and how they are written; None if there are none."""
    raw = body_of(response)
    if response.mimetype == _FORM:
        return _pairs(raw.decode("utf-8", "replace")), lambda pairs: urlencode(pairs, errors="replace")
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return (list(content.items()), _write_object) if isinstance(content, dict) else None


def _write_object(pairs: Pairs) -> str:
    return "{" + ",".join(f"{_dump(name)}:{_dump(value)}" for name, value in pairs) + "}"


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _pairs(text: str) -> Pairs:
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _remove(content: Any, steps: list[str]) -> None:
    for step in steps[:-1]:
        content = _member(content, step)
    last = steps[-1]
    if isinstance(content, dict):
        content.pop(last, None)
    elif isinstance(content, list) and _index(content, last) is not None:
        del content[int(last)]


def _set(content: Any, steps: list[str], value: object) -> None:
    for step in steps[:-1]:
        if isinstance(content, dict):
            content.setdefault(step, {})
        content = _member(content, step)
    last = steps[-1]
    if isinstance(content, dict):
        content[last] = value
    elif isinstance(content, list) and last == "-":
        content.append(value)
    elif isinstance(content, list) and _index(content, last) is not None:
        content[int(last)] = value


def _member(content: Any, step: str) -> Any:
    if isinstance(content, dict):
        return content.get(step)
    index = _index(content, step) if isinstance(content, list) else None
    return None if index is None else content[index]


def _index(members: list[Any], step: str) -> int | None:
    known = step.isascii() and step.isdigit() and len(step) < 10 and int(step) < len(members)
    return int(step) if known else None
