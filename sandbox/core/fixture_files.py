"""Which files of the machine a fixture document names.

Reads none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sandbox.core.fixture_reader import Place
from sandbox.core.fixtures import shipped

_REFERENCE = re.compile(r'"(#/\$defs/[^"]+)"')


def named_files(document: object) -> Iterator[tuple[Place, str]]:
    """Every text of a document, valid or not, that stands where the schema has a path, with its place."""
    yield from _find(document, _schema(), ())


@cache
def _schema() -> Mapping[str, Any]:
    schema: dict[str, Any] = json.loads(shipped("schema.json").read_text("utf-8"))
    return schema


def _find(value: object, rule: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, str]]:
    if "$ref" in rule:
        if not _holds_path(rule["$ref"]):
            return
        rule = {**_schema()["$defs"][rule["$ref"].removeprefix("#/$defs/")], **rule}
    if isinstance(value, str) and rule.get("isPath"):
        yield place, value
    if isinstance(value, list) and "items" in rule:
        for number, member in enumerate(value):
            yield from _find(member, rule["items"], (*place, number))
    if isinstance(value, dict):
        for properties in (rule, *(case["then"] for case in rule.get("allOf", ()))):
            for key, member in properties.get("properties", {}).items():
                if key in value:
                    yield from _find(value[key], member, (*place, key))


@cache
def _holds_path(reference: str) -> bool:
    """Whether a path can be anywhere in what this definition describes; a thousand people need no search for one."""
    rules = json.dumps(_schema()["$defs"][reference.removeprefix("#/$defs/")])
    return '"isPath"' in rules or any(_holds_path(inner) for inner in set(_REFERENCE.findall(rules)))
