"""The control API described: OpenAPI 3.1 for programs and a page for people, both made from the table of operations.

Has no words of its own for any operation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify

from sandbox.core.refusals import Reason
from sandbox.service import current_mount
from sandbox.web.control.api import OPERATIONS, Operation
from sandbox.web.control.guard import HEADER
from sandbox.web.control.shapes import PROBLEM, named_schemas
from sandbox.web.errors import API, WORDS
from sandbox.web.errors import PROBLEM as PROBLEM_TYPE

pages = Blueprint("description", __name__)

_JSON = "application/json"
_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
# What every call may be told, besides what is wrong with its own parts.
_ALWAYS = (
    Reason.BODY_MALFORMED,
    Reason.TOKEN_MISSING,
    Reason.PERMISSION_DENIED,
    Reason.HOST_UNKNOWN,
    Reason.BODY_TOO_LARGE,
    Reason.LIMIT_REACHED,
    Reason.DATABASE_UNAVAILABLE,
)


@pages.get("/_sandbox/openapi.json")
def describe() -> Response:
    """The description of the API of this world."""
    mount = current_mount()
    return jsonify({**_description(), "servers": [{"url": f"{mount.origin}{mount.world_prefix}{API}"}]})


def list_by_tag() -> list[tuple[str, list[dict[str, object]]]]:
    """The operations by their part of the API, each with what a person wants to know of it."""
    tags = dict.fromkeys(one.tag for one in OPERATIONS)
    return [(tag, [_row(one) for one in OPERATIONS if one.tag == tag]) for tag in tags]


def template(rule: str) -> str:
    """A Flask rule as a path template (OpenAPI 3.1 section 4.8.8): `/worlds/<name>` -> `/worlds/{name}`."""
    return _VARIABLE.sub(r"{\2}", rule)


def statuses(one: Operation) -> list[int]:
    """Every status with which the operation can refuse."""
    reasons = [*_ALWAYS, *one.refuses]
    if one.query:
        reasons.append(Reason.FIELD_INVALID)
    if one.body is not None:
        reasons += [Reason.BODY_MISSING, Reason.FIELD_INVALID]
    if _VARIABLE.search(one.path):
        reasons.append(Reason.ROUTE_UNKNOWN)
    return sorted({*(WORDS[reason].value for reason in reasons), *one.also})


@cache
def _description() -> Mapping[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(template(one.path), {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "The control API of idp-sandbox",
            "version": "1",
            "description": "Everything about a world: its people, clock, faults, keys, journal.",
            "license": {"name": "see the file LICENSE"},
        },
        "paths": paths,
        "components": {
            "schemas": named_schemas(),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": HEADER,
                    "description": "Needed beyond loopback, and where the sandbox was given a token.",
                }
            },
        },
        "security": [{}, {"token": []}],
    }


def _operation(one: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": one.name, "summary": one.summary, "tags": [one.tag]}
    if parameters := [*_in_path(one.path), *_in_query(one.query)]:
        described["parameters"] = parameters
    if one.body is not None:
        content = {media: {"schema": one.body} for media in (_JSON, *one.takes)}
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = {
        **{str(status): _answer(shape, one.media) for status, shape in one.answers.items()},
        **_refusals(one),
    }
    return described


def _answer(shape: Mapping[str, Any] | None, media: Iterable[str]) -> dict[str, Any]:
    if shape is None:
        return {"description": "Done."}
    # In YAML it is the same value; what other types hold, no JSON Schema says.
    others = {one: {"schema": shape} if one.endswith("yaml") else {} for one in media}
    return {"description": "Done.", "content": {_JSON: {"schema": shape}, **others}}


def _refusals(one: Operation) -> dict[str, Any]:
    problem = {"content": {PROBLEM_TYPE: {"schema": PROBLEM}}}
    told = {status.value: status.phrase for status in WORDS.values()} | {409: "Conflict"}
    return {str(status): {"description": f"Refused: {told[status]}.", **problem} for status in statuses(one)}


def _in_path(path: str) -> Iterable[dict[str, Any]]:
    for kind, name in _VARIABLE.findall(path):
        shape = {"type": "integer", "minimum": 0} if kind == "int" else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": shape}


def _in_query(query: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for name, shape in query.items():
        about = {"description": shape["description"]} if "description" in shape else {}
        rule = {key: value for key, value in shape.items() if key != "description"}
        yield {"name": name, "in": "query", **about, "schema": rule}


def _row(one: Operation) -> dict[str, Any]:
    return {
        "name": one.name,
        "method": one.method,
        "path": template(one.path),
        "summary": one.summary,
        "query": list(one.query),
        "statuses": [*one.answers, *statuses(one)],
    }
