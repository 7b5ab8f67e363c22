"""What the schema of fixture files tells of a value: the rules of its members, and which of them say nothing new.

Checks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.core.fixtures import properties_by_case, shipped

Rule = Mapping[str, Any]


@cache
def rules() -> Rule:
    """The schema of a whole fixture."""
    found: dict[str, Any] = json.loads(shipped("schema.json").read_text("utf-8"))
    return found


def resolve(rule: Rule) -> Rule:
    """The rule with what it refers to."""
    return {**rules()["$defs"][rule["$ref"].removeprefix("#/$defs/")], **rule} if "$ref" in rule else rule


def entry_rule(*path: str) -> Rule:
    """The rule of the entries of the list at this place: `("clients",)`. Raises KeyError if there is no such list."""
    rule = rules()
    for step in path:
        rule = resolve(rule)["properties"][step]
    entries: Rule = rule["items"]
    return entries


def members_of(value: Mapping[str, Any], rule: Rule) -> Mapping[str, Rule]:
    """The rules of a mapping's members; some depend on what others of them are. Empty if any member may be there."""
    rule = resolve(rule)
    return {**rule.get("properties", {}), **properties_by_case(value, rule)}


def defaults_left_out(value: Any, rule: Rule | None = None) -> Any:
    """A complete value (a document, if there is no `rule`) without the keys that have the schema's defaults.

    What is left out comes back when it is read.
    """
    rule = resolve(rules() if rule is None else rule)
    if isinstance(value, list) and "items" in rule:
        return [defaults_left_out(entry, rule["items"]) for entry in value]
    if not (isinstance(value, dict) and "properties" in rule):
        return value
    known = members_of(value, rule)
    kept = {key: (defaults_left_out(member, known.get(key, {})), known.get(key, {})) for key, member in value.items()}
    return {key: member for key, (member, rule) in kept.items() if "default" not in rule or member != rule["default"]}
