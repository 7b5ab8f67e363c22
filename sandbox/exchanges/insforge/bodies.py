"""Bodies as the vendor's web framework (Express 4, body-parser) reads them, and as its engine (V8) complains of JSON.

JSON is read only where it is announced, forms are read too, and anything else counts as an empty object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from flask import request

from sandbox.core.refusals import Issue, Reason, Refusal

_MOST_FIELDS = 1000
# Whatever comes deeper could be read, but neither kept nor told: Python's own JSON recurses.
_DEEPEST = 500
# V8 quotes so many characters before and after the one it stumbles over.
_CONTEXT = 10
_SPACES = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NESTED = re.compile(r"([^\[]+)\[([^\[\]]*)\]")
_WORDS = {"t": "true", "f": "false", "n": "null"}


def read_body() -> object:
    """The request's body. Raises Refusal: BODY_MALFORMED."""
    if request.mimetype == "application/json":
        return _read_json(request.get_data(cache=True).decode("utf-8-sig", "replace"))
    if request.mimetype == "application/x-www-form-urlencoded":
        return nested(parse_qsl(request.get_data(as_text=True), keep_blank_values=True, errors="replace"))
    return {}


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Pairs of a form or a query: what comes twice is a list, `a[b]` an object."""
    fields: dict[str, Any] = {}
    for name, value in pairs[:_MOST_FIELDS]:
        match = _NESTED.fullmatch(name)
        if match and match[2]:
            inside = fields.setdefault(match[1], {})
            if isinstance(inside, dict):
                inside[match[2]] = value
        elif match or name in fields:
            key = match[1] if match else name
            before = fields.get(key, [])
            fields[key] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            fields[name] = value
    return fields


def _read_json(text: str) -> object:
    if not text:
        return {}
    first = text[_end_of_spaces(text, 0) :][:1]
    if first not in ("{", "["):
        # body-parser is strict by default: it takes objects and lists only, and says so in the engine's words.
        raise _malformed(_unexpected(text, _end_of_spaces(text, 0)))
    try:
        body = json.loads(text, parse_constant=_no_constant)
        # Lone surrogates and infinite numbers are JSON to the vendor; nothing here could store them.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise _malformed(_complaint(text)) from error
    if _is_deep(body):
        raise _malformed("Unexpected end of JSON input")
    return body


def _is_deep(body: object) -> bool:
    level = [body]
    for _ in range(_DEEPEST):
        level = [member for value in level for member in _members(value)]
        if not level:
            return False
    return True


def _members(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _malformed(message: str) -> Refusal:
    issue = Issue((), "message", message, None)
    return Refusal(Reason.BODY_MALFORMED, f"the body is not JSON: {message}", issues=(issue,))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _end_of_spaces(text: str, at: int) -> int:
    match = _SPACES.match(text, at)
    return match.end() if match else at


def _unexpected(text: str, at: int) -> str:
    """V8's words for a character that begins no value."""
    if at >= len(text):
        return "Unexpected end of JSON input"
    if text == "[object Object]":
        return '"[object Object]" is not valid JSON'
    start, end = 0, len(text)
    if len(text) > 2 * _CONTEXT:
        start = at - _CONTEXT if at >= _CONTEXT else 0
        end = at + _CONTEXT if at < len(text) - _CONTEXT or at < _CONTEXT else len(text)
    before, after = "..." if start else "", "..." if end < len(text) else ""
    return f"Unexpected token '{text[at]}', {before}\"{text[start:end]}\"{after} is not valid JSON"


def _complaint(text: str) -> str:
    """What V8 says of a text that is no JSON."""
    scanner = _Scanner(text)
    try:
        scanner.scan()
    except _Complaint as complaint:
        return str(complaint)
    return "Unexpected end of JSON input"


class _Complaint(Exception):
    """Where V8 stumbles, in its words."""


class _Scanner:
    """Walks through a text without recursion, until something is wrong."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.closing: list[str] = []

    def scan(self) -> None:
        """Read one value with all that is in it. Raises _Complaint."""
        self._value()
        while self.closing:
            self._after_value()
        if self._next():
            raise self._at("Unexpected non-whitespace character after JSON")

    def _after_value(self) -> None:
        char, closing = self._next(), self.closing[-1]
        if char == closing:
            self.at += 1
            self.closing.pop()
        elif char == ",":
            self.at += 1
            if closing == "}":
                self._name("Expected double-quoted property name in JSON")
            self._value()
        elif closing == "}":
            raise self._at("Expected ',' or '}' after property value in JSON")
        else:
            raise self._at("Expected ',' or ']' after array element in JSON")

    def _value(self) -> None:
        while True:
            char = self._next()
            if char == '"':
                return self._string()
            if char and char in "-0123456789":
                return self._number()
            if char in _WORDS:
                return self._word(_WORDS[char])
            if not char or char not in "{[":
                raise _Complaint(_unexpected(self.text, self.at))
            self.at += 1
            closing = "}" if char == "{" else "]"
            if self._next() == closing:
                self.at += 1
                return None
            self.closing.append(closing)
            if char == "{":
                self._name("Expected property name or '}' in JSON")

    def _name(self, expected: str) -> None:
        if self._next() != '"':
            raise self._at(expected)
        self._string()
        if self._next() != ":":
            raise self._at("Expected ':' after property name in JSON")
        self.at += 1

    def _string(self) -> None:
        match = _STRING.match(self.text, self.at)
        self.at = match.end() if match else self.at
        char = self.text[self.at : self.at + 1]
        if char == '"':
            self.at += 1
        elif not char:
            raise self._at("Unterminated string in JSON")
        elif char != "\\":
            raise self._at("Bad control character in string literal in JSON")
        else:
            self._escape()

    def _escape(self) -> None:
        self.at += 1
        if self.at >= len(self.text):
            raise _Complaint("Unexpected end of JSON input")
        if self.text[self.at] != "u":
            raise self._at("Bad escaped character in JSON")
        self.at += 1
        while self.text[self.at : self.at + 1] in tuple("0123456789abcdefABCDEF"):
            self.at += 1
        raise self._at("Bad Unicode escape in JSON")

    def _number(self) -> None:
        self.at += self.text[self.at] == "-"
        if not self._digit():
            raise self._at("No number after minus sign in JSON")
        leading_zero = self.text[self.at] == "0"
        self.at += 1
        if leading_zero and self._digit():
            raise self._at("Unexpected number in JSON")
        self._digits()
        if self.text[self.at : self.at + 1] == ".":
            self.at += 1
            if not self._digit():
                raise self._at("Unterminated fractional number in JSON")
            self._digits()
        if self.text[self.at : self.at + 1] in ("e", "E"):
            self.at += 1
            self.at += self.text[self.at : self.at + 1] in ("+", "-")
            if not self._digit():
                raise self._at("Exponent part is missing a number in JSON")
            self._digits()

    def _word(self, word: str) -> None:
        for char in word:
            if self.text[self.at : self.at + 1] != char:
                raise _Complaint(_unexpected(self.text, self.at))
            self.at += 1

    def _digit(self) -> bool:
        return self.text[self.at : self.at + 1] in tuple("0123456789")

    def _digits(self) -> None:
        while self._digit():
            self.at += 1

    def _next(self) -> str:
        self.at = _end_of_spaces(self.text, self.at)
        return self.text[self.at : self.at + 1]

    def _at(self, message: str) -> _Complaint:
        return _Complaint(f"{message} at position {self.at}")
