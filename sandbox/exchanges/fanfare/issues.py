"""Validation issues as the vendor's library (valibot 1) writes them.

Takes the neutral issues of a contract, or a length that is wrong, and says where, what was expected and what came.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.core.refusals import Issue

Json = dict[str, Any]

_KINDS = {"string": "string", "object": "Object"}
_LENGTHS = {"minLength": ("min_length", ">="), "maxLength": ("max_length", "<=")}
_DEEPEST = 50
# Numbers are written without an exponent between these (ECMAScript, Number::toString).
_LARGE, _SMALL = 1e21, 1e-6


def render_issue(issue: Issue, body: object) -> Json:
    """One entry of `issues`; `body` is all that came, of which paths show parts."""
    if issue.keyword == "required":
        return _missing(issue, cut(body))
    path, value = _steps(issue.path, cut(body))
    kind, name, label, expected, received = _described(issue)
    told = f"Expected {expected} but received" if expected else "Received"
    entry: Json = {
        "kind": kind,
        "type": name,
        "input": value,
        "expected": expected,
        "received": received,
        "message": f"Invalid {label}: {told} {received}",
        "path": path,
    }
    return entry | ({"requirement": issue.expected} if issue.keyword in _LENGTHS else {})


def stringify(value: object) -> str:
    """A value as the library names it: texts in quotes, objects by their class."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case int() | float():
            return _number(value)
        case list():
            return "Array"
        case _:
            return "Object"


def cut(value: object, depth: int = _DEEPEST) -> object:
    """A value without what lies too deep in it to be written once more."""
    if depth == 0 and isinstance(value, dict | list):
        return "…"
    if isinstance(value, dict):
        return {name: cut(member, depth - 1) for name, member in value.items()}
    return [cut(member, depth - 1) for member in value] if isinstance(value, list) else value


def length(text: str) -> int:
    """How long a text is to JavaScript: in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def json_length(value: object) -> int:
    """How many characters a value takes as JSON."""
    return length(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _missing(issue: Issue, body: object) -> Json:
    *parents, name = issue.path
    expected = json.dumps(name)
    path, inside = _steps(parents, body)
    path.append({"type": "object", "origin": "key", "input": inside, "key": name})
    message = f"Invalid key: Expected {expected} but received undefined"
    return {
        "kind": "schema",
        "type": "object",
        "expected": expected,
        "received": "undefined",
        "message": message,
        "path": path,
    }


def _described(issue: Issue) -> tuple[str, str, str, str, str]:
    """Kind, type, label, expected and received; what the library has null for is "" here, as its description says."""
    if issue.keyword in _LENGTHS:
        name, sign = _LENGTHS[issue.keyword]
        return "validation", name, "length", f"{sign}{issue.expected}", str(issue.received)
    received = stringify(issue.received)
    if issue.keyword == "type":
        kind = str(issue.expected)
        return "schema", kind, "type", _KINDS[kind], received
    # The one pattern is that of e-mail addresses.
    name, label = ("email", "email") if issue.keyword == "pattern" else ("check", "input")
    return "validation", name, label, "", received


def _steps(keys: Sequence[str | int], body: object) -> tuple[list[Json], Any]:
    """The way to a value, one entry a step, and the value."""
    steps: list[Json] = []
    value: Any = body
    for key in keys:
        inside, value = value, value[key]
        steps.append({"type": "object", "origin": "value", "input": inside, "key": key, "value": value})
    return steps, value


def _number(value: float) -> str:
    """A number as JavaScript writes it, which knows doubles only."""
    try:
        double = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if math.isinf(double):
        return "Infinity" if double > 0 else "-Infinity"
    if double == 0 or _SMALL <= abs(double) < _LARGE:
        return format(Decimal(repr(double or 0.0)), "f").removesuffix(".0")
    digits, _, exponent = repr(double).partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}"
