"""What a tour remembers: its next step, and the requests and answers so far, as JSON.

Judges no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from sandbox.core.redaction import printable
from sandbox.headless import LoginStart
from sandbox.service import current_house
from sandbox.web.steps import Step
from sandbox.web.walking import Seen, body_of

Who = Literal["browser", "application"]
# A body that is larger is cut, in characters.
_LARGEST = 50_000
# What every answer of the sandbox has, and no login is about.
_NOISE = frozenset({"x-content-type-options", "referrer-policy", "content-security-policy", "date", "server"})
_SAID_IN = "main"
_UNSAID = frozenset({"style", "script", "svg", "button", "select"})
# Where the sandbox speaks on the page of a vendor.
_SANDBOXS_OWN = frozenset({"cause", "eyebrow"})
_LINES = frozenset({"p", "h1", "h2", "h3", "li", "dt", "tr", "div"})
_EMPTY_TAGS = frozenset({"img", "input", "br", "hr", "link", "meta", "path", "rect"})


def keep_step(step: Step) -> dict[str, Any]:
    """The step as JSON, with the service and the operation that will answer it."""
    service, operation = find_operation(step.method, step.url)
    return {
        "verb": step.verb,
        "method": step.method,
        "url": step.url,
        "headers": dict(step.headers),
        "json": step.json,
        "form": None if step.form is None else [list(pair) for pair in step.form],
        "start": asdict(step.start) if step.start else None,
        "issuer": step.issuer,
        "service": service,
        "operation": operation,
    }


def restore_step(kept: Mapping[str, Any]) -> Step:
    """The step that was kept."""
    return Step(
        kept["verb"],
        kept["method"],
        kept["url"],
        kept["headers"],
        kept["json"],
        None if kept["form"] is None else tuple((name, value) for name, value in kept["form"]),
        restore_start(kept),
        kept["issuer"],
    )


def restore_start(kept: Mapping[str, Any]) -> LoginStart | None:
    """What is known of the sign-in that was kept."""
    return LoginStart(**kept["start"]) if kept["start"] else None


def find_operation(method: str, url: str) -> tuple[str, str]:
    """The slug of the service that answers there, and the name of its operation; empty if nobody does."""
    parts = urlsplit(url)
    mount, path = current_house().mounts.resolve(parts.scheme, parts.netloc, parts.path)
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(path, method)
    except HTTPException:
        return mount.slug or "", ""
    return mount.slug or "", str(endpoint).rpartition(".")[2]


def describe_request(step: Step) -> dict[str, Any]:
    """`{method, url, headers, body}`; the body is a form's members, JSON, or None."""
    body = dict(step.form) if step.form is not None else step.json
    kind = "application/x-www-form-urlencoded" if step.form is not None else "application/json"
    headers = {**step.headers, **({"Content-Type": kind} if body is not None else {})}
    return {"method": step.method, "url": step.url, "headers": headers, "body": body}


def describe_answer(answer: Response | None) -> dict[str, Any]:
    """`{status, headers, body, page}`; the body is JSON or text, and of a page the words on it.

    The status is None if no answer came.
    """
    if answer is None:
        return {"status": None, "headers": {}, "body": None, "page": False}
    page = answer.mimetype == "text/html"
    headers = {
        name: printable(value)
        for name, value in answer.headers.items()
        if name.lower() not in (*_NOISE, "content-length")
    }
    body = read_words(answer.get_data(as_text=True)) if page else body_of(answer)
    return {"status": answer.status_code, "headers": headers, "body": bounded(body), "page": page}


def describe_way(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """The requests that a browser made on the way: `{method, url, status}` of each."""
    return [
        {"method": one.method, "url": one.url, "status": one.answer.status_code if one.answer else None} for one in seen
    ]


def bounded(value: Any) -> Any:
    """The value, if it is no larger than a tour has room for; else its beginning, as text."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > _LARGEST:
        return f"{printable(text[:1000])}… ({len(text)} characters)"
    return printable(value) if isinstance(value, str) else value


def read_words(html: str) -> str:
    """What a page says, without its markup, its buttons and its frame."""
    parser = _Words()
    parser.feed(html)
    return "\n".join(" ".join(line.split()) for line in "".join(parser.said).splitlines() if line.strip())


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._inside: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _EMPTY_TAGS:
            return
        classes = (dict(attrs).get("class") or "").split()
        self._inside.append((tag, tag in _UNSAID or bool(set(classes) & _SANDBOXS_OWN)))
        if tag in _LINES:
            self.said.append("\n")
        elif tag in ("dd", "td"):
            self.said.append(" ")

    def handle_endtag(self, tag: str) -> None:
        while any(tag == opened for opened, _ in self._inside):
            if self._inside.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        if any(tag == _SAID_IN for tag, _ in self._inside) and not any(unsaid for _, unsaid in self._inside):
            self.said.append(data)
