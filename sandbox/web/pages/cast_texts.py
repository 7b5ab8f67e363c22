"""Entries of the fixture as the YAML that people read and type on a page, and what is wrong with that, line by line.

Saves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.core.fixture_reader import FixtureError, Reader, dotted
from sandbox.core.fixture_schema import Rule, defaults_left_out
from sandbox.core.fixture_writer import write_yaml
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_world
from sandbox.web.issues import explain

_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What nobody shares with anybody, and is made anew where it is left out.
_OWN = ("oid", "user_id", "user_principal_name", "renamed_to", "subject")


# How many of the things that are wrong are told.
_MOST = 50


@dataclass(frozen=True)
class Typed:
    """What was typed: its text, what it says, and who knows its lines."""

    text: str
    value: Any
    reader: Reader

    def problem(self, refusal: Refusal) -> dict[str, Any]:
        """Why it was refused: `{detail, errors: [{pointer, detail}]}`, where a pointer is a line and a place."""
        issues = [issue for issue in refusal.issues if not str(next(iter(issue.path), "")).startswith("?")]
        errors = [{"pointer": self._where(one.path), "detail": explain(one)} for one in issues[:_MOST]]
        if not errors:
            field = refusal.field
            where = self._where((field,)) if field and isinstance(self.value, dict) and field in self.value else ""
            return {"detail": f"{where}{': ' if where else ''}{refusal.detail}.", "errors": []}
        if len(errors) == 1:
            said = errors[0]
            return {"detail": f"{said['pointer']}{': ' if said['pointer'] else ''}{said['detail']}.", "errors": []}
        return {"detail": f"{len(issues)} things do not fit. Nothing was saved.", "errors": errors}

    def _where(self, path: tuple[str | int, ...]) -> str:
        return f"Line {self.reader.line_of(self.value, path)}, {dotted(path)}" if path else ""


def read_typed(text: str) -> Typed:
    """What a text says, YAML or JSON. Raises Refusal: BODY_MISSING, BODY_MALFORMED with the line."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise Refusal(Reason.BODY_MISSING, "There is no text")
    reader = Reader(text, "")
    try:
        return Typed(text, reader.read(), reader)
    except FixtureError as error:
        [problem, *_] = error.problems
        where = f"Line {problem.line}" if problem.line else "The text"
        place = f", {problem.key}: " if problem.key else ": "
        raise Refusal(Reason.BODY_MALFORMED, f"{where}{place}{problem.message}") from error


def write_entry(entry: Mapping[str, Any], rule: Rule) -> str:
    """An entry as people edit it: what has its default is left out, and comes back when it is read."""
    return write_yaml(defaults_left_out(dict(entry), rule))


def make_copy(entry: Mapping[str, Any], key: str, rule: Rule) -> dict[str, Any]:
    """An entry like this one under another name, without what it cannot share."""
    copy: dict[str, Any] = _without_own(defaults_left_out(dict(entry), rule))
    name = str(entry[key])
    copy[key] = current_world().ids.uuid() if _GUID.fullmatch(name) else f"{name[:34]}-copy"
    for shared, made in (("domain", "copy.{}"), ("slug", "{}-copy")):
        if shared in copy and shared != key:
            copy[shared] = made.format(copy[shared])
    return {name: copy[name] for name in ("service", *entry) if name in copy}


def _without_own(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_own(member) for member in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _without_own(member) for name, member in value.items() if name not in _OWN}
    own = kept.get("id")
    if isinstance(own, int):
        del kept["id"]
    elif isinstance(own, str) and _GUID.fullmatch(own):
        kept["id"] = current_world().ids.uuid()
    return kept
