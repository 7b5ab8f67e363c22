"""What is wrong with a value, as the sandbox itself tells it: JSON Schema issues in words, with their JSON Pointers.

Speaks for no room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sandbox.core.fixture_rules import KINDS, hint, show
from sandbox.core.refusals import Issue, Refusal

# An issue that brings its own words, as those of a fixture do: `expected` is what to say.
SAID = "said"
_MOST = 50
_WORDS = {
    SAID: "{}",
    "required": "is missing",
    "additionalProperties": "has a member that is not known here",
    "anyOf": "has none of the shapes that are allowed here",
    "oneOf": "has none of the shapes that are allowed here, or more than one",
    "not": "has a shape that is not allowed here",
    "minProperties": "must have at least {} of its members",
    "maxProperties": "must have at most {} of its members",
}


def problems(refusal: Refusal) -> list[dict[str, str]]:
    """The members of `errors` of RFC 9457: `[{pointer, detail}]`; none if the refusal is about no part of a body.

    A pointer is a JSON Pointer as a URI fragment (RFC 6901 section 6); `?limit` points at a query parameter.
    """
    if refusal.issues:
        return [{"pointer": pointer(issue.path), "detail": explain(issue)} for issue in refusal.issues[:_MOST]]
    if refusal.field:
        return [{"pointer": pointer(tuple(refusal.field.split("."))), "detail": refusal.detail}]
    return []


def pointer(path: tuple[str | int, ...]) -> str:
    """`("emails", 0)` -> `#/emails/0`; a path that begins with `?` is a query parameter's name."""
    if path and str(path[0]).startswith("?"):
        return str(path[0])
    return "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def explain(issue: Issue) -> str:
    """What is wrong, in a sentence without a subject: `must be text; found 5`."""
    wanted = cast(Any, issue.expected)
    if issue.keyword in _WORDS:
        return _WORDS[issue.keyword].format(wanted)
    if issue.keyword in ("type", "enum", "const"):
        options = wanted if isinstance(wanted, list) else [wanted]
        if issue.keyword == "type":
            kinds = " or ".join(str(KINDS.get(kind, kind)) for kind in options)
            return f"must be {kinds}; found {show(issue.received)}"
        found = f"{show(issue.received)}{hint(issue.received, options)}"
        return f"must be {' or '.join(map(show, options))}; found {found}"
    return _bound(issue)


def unknown_members(path: tuple[str | int, ...], found: Mapping[str, Any], known: Mapping[str, Any]) -> list[Issue]:
    """An issue for each member that is not known, with what was probably meant."""
    listed = f"; known are {', '.join(known)}"
    return [
        Issue((*path, name), SAID, f"is not known here{hint(name, known) or listed}", None)
        for name in found
        if name not in known
    ]


def _bound(issue: Issue) -> str:
    wanted, found = issue.expected, issue.received
    units = {"Length": " characters long", "Items": " in number"}
    if issue.keyword[:3] in ("min", "max"):
        count = len(found) if isinstance(found, str | list | dict) else found
        bound = "at least" if issue.keyword.startswith("min") else "at most"
        return f"must be {bound} {wanted}{units.get(issue.keyword[3:], '')}; found {count}"
    return f"does not fit {issue.keyword} {show(wanted)}; found {show(found)}"
