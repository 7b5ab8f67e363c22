"""Reads what a call of the control API brings: its query and its JSON body, held against their schemas.

Knows no operation. What it lets through every database can store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from flask import request

from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.schemas import Contract
from sandbox.service import read_json
from sandbox.web.control.shapes import Shape, resolve
from sandbox.web.issues import SAID, explain, pointer, unknown_members

# Deeper than a fixture may be, and far from what a call stack holds.
_DEEPEST = 60
_LAST_INTEGER = 2**63 - 1
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_WORDS = {"true": True, "false": False}


def read_query(known: Mapping[str, Shape], contract: Contract) -> dict[str, Any]:
    """The query by name, each value of the type of its schema; what is left out and has no default is not in it.

    Raises Refusal: FIELD_INVALID, FIELD_REPEATED.
    """
    given = {name: _convert(known[name], values[0]) if name in known else None for name, values in _lists().items()}
    issues = unknown_members((), {f"?{name}": None for name in given}, {f"?{name}": None for name in known})
    if not issues and given:
        found = contract.issues(given)
        issues = [Issue((f"?{issue.path[0]}",), SAID, explain(issue), None) for issue in found]
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        issues += [_unstorable((f"?{name}",)) for name, value in texts.items() if _bad(value)]
    _refuse(issues, "the query")
    return {name: rule["default"] for name, rule in known.items() if "default" in rule} | given


def check_body(body: Any, contract: Contract, shape: Shape) -> Any:
    """The body, if it fits and can be stored. Raises Refusal: BODY_MALFORMED for depth, FIELD_INVALID."""
    check_storable(body)
    issues = list(contract.issues(body))
    if isinstance(body, dict) and any(issue.keyword == "additionalProperties" and not issue.path for issue in issues):
        issues = [issue for issue in issues if issue.keyword != "additionalProperties" or issue.path]
        issues += unknown_members((), body, resolve(shape)["properties"])
    _refuse(issues, "the body")
    return _whole(body, shape)


def read_object() -> dict[str, Any]:
    """The JSON body, an object that somebody else will hold against its schema.

    Raises Refusal: BODY_MISSING, BODY_MALFORMED, FIELD_INVALID.
    """
    return as_object(read_json())


def as_object(body: object) -> dict[str, Any]:
    """What came as a body, if it is an object that can be stored. Raises Refusal: BODY_MALFORMED, FIELD_INVALID."""
    check_storable(body)
    if not isinstance(body, dict):
        _refuse([Issue((), "type", "object", body)], "the body")
    return cast(dict[str, Any], body)


def check_storable(body: object) -> None:
    """Refuse what no database has a place for. Raises Refusal: BODY_MALFORMED for depth, FIELD_INVALID."""
    issues = []
    for path, value in _walk(body):
        if isinstance(value, str) and _bad(value):
            issues.append(_unstorable(path))
        elif isinstance(value, int) and abs(value) > _LAST_INTEGER:
            issues.append(Issue(path, SAID, "is a number beyond 64 bits", None))
    _refuse(issues, "the body")


def _whole(value: Any, shape: Shape) -> Any:
    """The same value, with each whole number that is written as 5.0, as JSON Schema allows, the integer that it is."""
    rule = resolve(shape)
    if isinstance(value, float):
        types = [option.get("type") for option in (rule, *rule.get("anyOf", ()))]
        return int(value) if value.is_integer() and ("integer" in types or ["integer", "null"] in types) else value
    members = rule.get("properties")
    if isinstance(value, dict) and members:
        return {name: _whole(member, members[name]) if name in members else member for name, member in value.items()}
    return value


def _walk(body: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """Every key and value with its path."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), body)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > _DEEPEST:
            raise Refusal(Reason.BODY_MALFORMED, f"the body is nested more than {_DEEPEST} levels deep")
        yield path, value
        if isinstance(value, dict):
            yield from (((*path, name), name) for name in value if _bad(name))
            waiting.extend(((*path, name), member) for name, member in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, place), member) for place, member in enumerate(value))


def _lists() -> dict[str, list[str]]:
    given = request.args.to_dict(flat=False)
    repeated = [name for name, values in given.items() if len(values) > 1]
    if repeated:
        detail = f"{repeated[0]} comes more than once in the query"
        raise Refusal(Reason.FIELD_REPEATED, detail, issues=(Issue((f"?{repeated[0]}",), SAID, "comes twice", None),))
    return given


def _convert(rule: Shape, text: str) -> object:
    kind = rule.get("type")
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    return _WORDS.get(text, text) if kind == "boolean" else text


def _bad(text: str) -> bool:
    return "\0" in text


def _unstorable(path: tuple[str | int, ...]) -> Issue:
    return Issue(path, SAID, "holds the character NUL", None)


def _refuse(issues: list[Issue], what: str) -> None:
    if issues:
        first = f"{pointer(issues[0].path)} {explain(issues[0])}"
        raise Refusal(Reason.FIELD_INVALID, f"{what} does not fit: {first[:500]}", issues=tuple(issues))
