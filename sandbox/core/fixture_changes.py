"""What differs between two fixture documents, entry by entry, for people.

Knows no world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

# What tells the entries of a list apart, by whichever of these they have first; a client also by its service.
_KEYS = ("login", "client_id", "id", "slug", "name", "email", "provider", "domain", "key")


@dataclass(frozen=True)
class Change:
    """One difference. `place` is where, in dots and with the entries of lists by their names; None is nothing."""

    kind: Literal["added", "changed", "removed"]
    place: str
    before: Any
    after: Any


def list_changes(before: Any, after: Any, place: str = "") -> Iterator[Change]:
    """The differences, in the order of the second document; what order entries have is none."""
    if before == after:
        return
    old, new = _members(before), _members(after)
    if old is None or new is None or isinstance(before, dict) != isinstance(after, dict):
        yield Change("changed", place, before, after)
        return
    for name in [*new, *(name for name in old if name not in new)]:
        inner = f"{place}[{name}]" if isinstance(after, list) else f"{place}.{name}".removeprefix(".")
        if name not in old:
            yield Change("added", inner, None, new[name])
        elif name not in new:
            yield Change("removed", inner, old[name], None)
        else:
            yield from list_changes(old[name], new[name], inner)


def _members(value: Any) -> Mapping[str, Any] | None:
    """The members by their names; None for what is compared as a whole."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return None
    named = {_name(entry): entry for entry in value}
    return named if len(named) == len(value) and "" not in named else None


def _name(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    key = next((key for key in _KEYS if isinstance(entry.get(key), str)), None)
    if key is None:
        return ""
    return f"{entry['service']} {entry[key]}" if key == "client_id" else str(entry[key])
