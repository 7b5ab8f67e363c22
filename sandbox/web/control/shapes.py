"""The schemas of the control API: JSON Schema 2020-12, some of them by name, as its description shows them.

Knows no operation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.core.fixtures import shipped

Shape = Mapping[str, Any]

_REFERENCE = "#/components/schemas/"
_NAMED: dict[str, Shape] = {}
# What the definitions of the fixture's schema are called here: `identity` is FixtureIdentity.
_FIXTURE = "Fixture"
_ENTRY = "EntryOf"


def schema(name: str, definition: Shape) -> Shape:
    """Give a schema a name in the description; what it returns refers to it. Raises ValueError for a name twice."""
    if name in _NAMED or name.startswith(_FIXTURE):
        raise ValueError(f"there is a schema called {name} already")
    _NAMED[name] = definition
    return {"$ref": _REFERENCE + name}


def fixture_schema(name: str) -> Shape:
    """The definition called `name` in the schema of fixture files."""
    return {"$ref": _REFERENCE + _in_fixture(name)}


def entry_schema(plural: str) -> Shape:
    """An entry of the lists called so in the sections of a fixture, with the service that it belongs to beside."""
    return {"$ref": f"{_REFERENCE}{_ENTRY}{plural.capitalize()}"}


def record(members: Mapping[str, Shape], *, optional: tuple[str, ...] = ()) -> Shape:
    """An object with these members and no others; all are there but the optional ones."""
    needed = [name for name in members if name not in optional]
    required = {"required": needed} if needed else {}
    return {"type": "object", "additionalProperties": False, "properties": dict(members), **required}


def list_of(member: Shape) -> Shape:
    """A list of such members."""
    return {"type": "array", "items": member}


@cache
def named_schemas() -> Mapping[str, Any]:
    """Every named schema and the fixture's definitions, by name. For when all modules of the API are imported."""
    return {**dict(sorted(_NAMED.items())), **_fixture_schemas()}


def resolve(shape: Shape) -> Shape:
    """The schema that this one refers to, or itself."""
    name = str(shape.get("$ref", "")).removeprefix(_REFERENCE)
    return named_schemas()[name] if name else shape


def complete(shape: Shape) -> Shape:
    """The schema with all that it may refer to, ready to be held against a value."""
    return {**resolve(shape), "components": {"schemas": named_schemas()}}


@cache
def _fixture_schemas() -> Mapping[str, Any]:
    rules = json.loads(shipped("schema.json").read_text("utf-8"))
    whole = {name: rules[name] for name in ("type", "additionalProperties", "required", "properties")}
    definitions = {"document": whole, **rules["$defs"]}
    return {_in_fixture(name): _moved(rule) for name, rule in definitions.items()} | {
        _ENTRY + plural.capitalize(): {"anyOf": _entries(plural, rules)} for plural in ("issuers", "tenants")
    }


def _entries(plural: str, rules: Shape) -> list[Shape]:
    """What the entries of the lists with this name are, by the section that has the list."""
    shapes: list[Shape] = []
    for slug, section in rules["properties"].items():
        listed = _definition(section, rules).get("properties", {}).get(plural)
        if listed:
            shape = _moved(_definition(listed["items"], rules))
            shapes.append({**shape, "properties": {"service": {"const": slug}, **shape["properties"]}})
    return shapes


def _definition(rule: Shape, rules: Shape) -> Shape:
    name = str(rule.get("$ref", "")).removeprefix("#/$defs/")
    found: Shape = rules["$defs"][name] if name else rule
    return found


def _moved(rule: Any) -> Any:
    """The same rule, referring to the definitions where they are here."""
    if isinstance(rule, list):
        return [_moved(member) for member in rule]
    if not isinstance(rule, dict):
        return rule
    return {
        key: _REFERENCE + _in_fixture(value.removeprefix("#/$defs/")) if key == "$ref" else _moved(value)
        for key, value in rule.items()
    }


def _in_fixture(name: str) -> str:
    return _FIXTURE + name[:1].upper() + name[1:]


TEXT: Shape = {"type": "string"}
COUNT: Shape = {"type": "integer", "minimum": 0}
MOMENT: Shape = {"type": "integer", "description": "Epoch seconds."}
NULLABLE: Shape = {"type": ["string", "null"]}
OBJECT: Shape = {"type": "object"}
PROBLEM = schema(
    "Problem",
    {
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail", "reason"],
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "reason": {"type": "string", "description": "The cause, one of docs/reasons.md."},
            "errors": {
                "description": "What is wrong where: a JSON Pointer into the body, or ? and a query parameter.",
                "type": "array",
                "items": record({"pointer": TEXT, "detail": TEXT}),
            },
        },
    },
)
