"""The facts of an entry of the fixture, for reading: what is not as usual, in the words of the schema.

Secrets are marked, so that a page shows none before it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.core.fixture_schema import Rule, defaults_left_out, members_of, resolve
from sandbox.core.fixture_writer import write_yaml
from sandbox.core.redaction import is_secret

# What the head of the page tells already, and what is told of a person even if it is as usual.
_IN_HEAD = ("login", "name", "purpose", "service", "client_id", "id")
_ALWAYS = ("password",)
# What ends like a secret's name, and says what secrets are there for.
_NO_SECRETS = ("token_endpoint_auth_method", "plain_pkce")


@dataclass(frozen=True)
class Detail:
    """What is said of a member of a list besides its first words; a flag has no value."""

    name: str
    value: str
    secret: bool


@dataclass(frozen=True)
class Row:
    """A member of a list: its first words, and the rest."""

    text: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A key that has something to say. `text` is for text and code, `rows` for rows."""

    title: str
    kind: Literal["text", "secret", "flag", "rows", "code"]
    text: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Group:
    """Facts that belong together; the first group has no title."""

    title: str
    facts: tuple[Fact, ...]


def list_facts(entry: Mapping[str, Any], rule: Rule) -> list[Group]:
    """What there is to say of a complete entry, without the keys that have their defaults."""
    told = {**{key: entry[key] for key in _ALWAYS if key in entry}, **defaults_left_out(entry, rule)}
    known = members_of(entry, rule)
    nested = [key for key in told if isinstance(told[key], dict)]
    plain = {key: value for key, value in told.items() if key not in nested and key not in _IN_HEAD}
    groups = [Group("", tuple(_facts(plain, known)))]
    for key in nested:
        rules = known.get(key, {})
        groups.append(Group(_title(key, rules), tuple(_facts(told[key], members_of(entry[key], rules)))))
    return [group for group in groups if group.facts]


def _facts(values: Mapping[str, Any], known: Mapping[str, Rule]) -> Iterator[Fact]:
    for key, value in values.items():
        title = _title(key, known.get(key, {}))
        if isinstance(value, list) and value and all(_is_short(member) for member in value):
            yield Fact(title, "rows", rows=tuple(_row(member) for member in value))
        elif isinstance(value, dict | list):
            yield Fact(title, "code", write_yaml(value).rstrip())
        elif _hides(key, value):
            yield Fact(title, "secret", _text(value))
        else:
            yield Fact(title, "flag" if isinstance(value, bool) else "text", _text(value))


def _title(key: str, rule: Rule) -> str:
    return str(resolve(rule).get("title") or key.replace("_", " ").capitalize())


def _is_short(value: Any) -> bool:
    """Whether a member of a list can be told in a line."""
    if isinstance(value, dict):
        return len(value) <= 6 and all(not isinstance(member, dict) and _is_short(member) for member in value.values())
    return not isinstance(value, list) or all(not isinstance(member, dict | list) for member in value)


def _row(member: Any) -> Row:
    if not isinstance(member, dict) or not member:
        return Row(_text(member))
    # An id says less than a name.
    first = next(
        (key for key in ("name", *member) if key in member and not _hides(key, member[key])), next(iter(member))
    )
    rest = {key: value for key, value in member.items() if key != first}
    return Row(
        _text(member[first]),
        tuple(Detail(key, "" if value is True else _text(value), _hides(key, value)) for key, value in rest.items()),
    )


def _hides(key: str, value: Any) -> bool:
    return isinstance(value, str) and is_secret(key) and key not in _NO_SECRETS


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)
