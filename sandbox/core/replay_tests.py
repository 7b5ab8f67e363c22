"""Requests of the journal as a test for pytest, which asks the same of a new sandbox and expects the same answers.

A sign-in is done anew, and what comes of it goes to where the old values went; what only a page knows cannot be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.core.replay import FORM, body_of, content_type, headers_of, host_of, missing_of, parts_of

_WORLD = re.compile(r"^/w/[^/]+(?=/)")
_MODULE = '''"""{title}

It needs the plugin of idp-sandbox: each test has a sandbox of its own, as `idp`. Run it with `pytest`.
"""

import requests


def test_{name}(idp):
{body}
'''
# Shorter values are found by chance.
_SHORTEST = 8
_USUAL = (("accept", "*/*"),)
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def as_pytest(documents: Sequence[Mapping[str, Any]], *, before: Sequence[Mapping[str, Any]] = ()) -> str:
    """A module with one test: what applications sent in these requests, and that they are answered as they were.

    `before` are earlier requests of the same login, whose sign-in is done anew if a value of it is needed.
    """
    writer = _Writer()
    for document in before:
        writer.see(document)
    asked = [document for document in documents if document["caller"] == "application" or len(documents) == 1]
    for document in documents:
        if document not in asked:
            writer.see(document)
    for document in asked:
        writer.ask(document)
    if not asked:
        writer.lines += ["# No application has asked for anything here."]
    last = asked[-1] if asked else documents[-1] if documents else {"service": "", "operation": "nothing", "status": 0}
    body = "\n".join(f"    {line}" if line else "" for line in writer.lines or ["pass"]).rstrip()
    title = f"{last['service']} {last['operation']} answers with {last['status']}.".strip()
    return _MODULE.format(title=title, name=_identifier(last), body=body)


def _identifier(document: Mapping[str, Any]) -> str:
    words = f"{document['service']} {document['operation']} answers with {document['status']}"
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


class _Writer:
    """Writes the lines of a test; `_known` is {a value that will be another: the expression for the new one}."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: dict[str, str] = {}
        self._logins: list[tuple[dict[str, str], Mapping[str, Any]]] = []
        self._begun: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._answers = 0

    def see(self, document: Mapping[str, Any]) -> None:
        """Remember how a browser's sign-in began, and what it ended with."""
        query = dict(parse_qsl(document["request"].get("query") or "", keep_blank_values=True))
        if "client_id" in query:
            self._begun[document["service"], query["client_id"]] = document
        location = next((value for name, value in document["response"]["headers"].items() if name == "Location"), "")
        try:
            parts = urlsplit(location)
        except ValueError:
            return
        brought = dict(parse_qsl(parts.query) or parse_qsl(parts.fragment))
        begun = self._begun.get((document["service"], document["client_id"] or ""))
        if "code" in brought and begun:
            self._logins.append((brought, {**begun, "login": document["login"]}))

    def ask(self, document: Mapping[str, Any]) -> None:
        """Write the request and what is expected of it, after the sign-in that it needs."""
        sent = json.dumps(document["request"])
        for brought, begun in list(self._logins):
            if brought["code"] in sent:
                self._sign_in(brought, begun)
                self._logins.remove((brought, begun))
        self._answers += 1
        name = f"answer_{self._answers}" if self._answers > 1 else "answer"
        if missing := missing_of(document["request"]):
            self.lines += [f"# {missing} of the body is not kept."]
        self.lines += [f"{name} = requests.request(", *(f"    {line}," for line in self._arguments(document)), ")", ""]
        self.lines += [f"assert {name}.status_code == {document['status']}"]
        if document["reason"]:
            self.lines += [f'assert {name}.headers["X-Sandbox-Reason"].startswith({document["reason"]!r})']
        self.lines += [""]
        self._learn(document["response"].get("body"), f"{name}.json()")

    def _sign_in(self, brought: Mapping[str, str], begun: Mapping[str, Any]) -> None:
        name = f"login_{len(self._known)}" if self._known else "login"
        query = begun["request"]["query"]
        url = f'f"{{idp.url}}{_escaped(_path(begun) + "?" + query)}"'
        self.lines += [f"{name} = idp.login({begun['service']!r}, as_={begun['login']!r}, url={url})", ""]
        self._known[brought["code"]] = f"{name}.code"

    def _arguments(self, document: Mapping[str, Any]) -> Iterable[str]:
        request = document["request"]
        query = f"?{request['query']}" if request.get("query") else ""
        yield repr(document["method"])
        yield f'f"{{idp.url}}{self._in_text(_path(document) + query)}"'
        body, written = self._body(request)
        host = host_of(document, "http://localhost")
        headers = {"Host": host} if host else {}
        headers |= {
            name: value
            for name, value in headers_of(request)
            if (name.lower(), value) not in _USUAL and not (written and name.lower() == "content-type")
        }
        if headers:
            yield f"headers={self._value(headers)}"
        yield from body
        yield "allow_redirects=False"
        yield "timeout=10"

    def _body(self, request: Mapping[str, Any]) -> tuple[list[str], bool]:
        """The arguments for the body, and whether they bring a media type of their own."""
        if (parts := parts_of(request)) is not None:
            return [f"files={self._value([(name, (None, value)) for name, value in parts])}"], True
        text, members, kind = body_of(request), request.get("body"), content_type(request)
        if text is None:
            return [], False
        if isinstance(members, Mapping) and kind == FORM:
            return [f"data={self._value(members)}"], True
        if isinstance(members, Mapping | list) and kind == "application/json" and not _repeats(text):
            return [f"json={self._value(members)}"], True
        return [f"data={self._value(text)}.encode()"], False

    def _value(self, value: Any) -> str:
        """A value as Python, with the expressions for what will be another."""
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{name!r}: {self._value(member)}" for name, member in value.items()) + "}"
        if isinstance(value, list | tuple):
            inner = ", ".join(self._value(member) for member in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
        if not isinstance(value, str) or not any(old in value for old in self._known):
            return repr(value)
        return self._known.get(value) or f'f"{self._in_text(value)}"'

    def _in_text(self, text: str) -> str:
        """Text within an f-string in double quotes."""
        # All at once: an expression is no text in which another value might be found.
        known = "|".join(map(re.escape, sorted(self._known, key=len, reverse=True)))
        pieces = re.split(f"({known})", text) if known else [text]
        expressions = (self._known.get(piece, "").replace('"', "'") for piece in pieces)
        return "".join(
            f"{{{expression}}}" if place % 2 else _escaped(piece)
            for place, (piece, expression) in enumerate(zip(pieces, expressions, strict=True))
        )

    def _learn(self, body: Any, expression: str, *, secret: bool = False) -> None:
        if isinstance(body, Mapping):
            for name, member in body.items():
                # Whatever somebody else has named a member becomes no code.
                if _NAME.fullmatch(name):
                    self._learn(member, f'{expression}["{name}"]', secret=True)
        elif isinstance(body, str) and secret and len(body) >= _SHORTEST and re.fullmatch(r"[\w.~+/=:-]+", body):
            self._known[body] = expression


def _path(document: Mapping[str, Any]) -> str:
    return _WORLD.sub("", document["path"]) or "/"


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")


def _repeats(text: str) -> bool:
    """Whether a member comes twice in JSON, which no Python value tells."""
    found: list[bool] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len(dict(pairs)) < len(pairs))
        return dict(pairs)

    try:
        json.loads(text, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return True
    return any(found)
