"""Reads YAML or JSON into plain values, and remembers the line of every key and entry, so that a problem has a place.

Knows no schema: what may stand where is fixtures.py's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_NODES = 200_000

Place = tuple[str | int, ...]
Finding = tuple[Place, str]
Entry = Mapping[str, Any]

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A word without quotes means what it means in JSON, and is text if it means nothing there: `no`, a date, 007.
_JSON_WORD = re.compile(r"null|true|false|-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?")
# JSON writes a character beyond U+FFFF as two escapes, which YAML does not know.
_ESCAPED_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


@dataclass(frozen=True)
class Problem:
    """One thing to mend; `line` is 0 where the file as a whole is meant, `key` is "" at its top."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.key, self.message) if part)


class FixtureError(ValueError):
    """The file is no fixture; one line of text per problem."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Reader:
    """Builds plain values from YAML events, and remembers the line of every key and entry.

    PyYAML's own construction keeps no lines, lets a second key win silently and follows every alias.
    """

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.text = _ESCAPED_PAIR.sub(_join_pair, text) if text.lstrip().startswith("{") else text
        self.events: Iterator[Any] = yaml.parse(self.text, Loader=_PARSER)
        self.nodes = 0
        self.anchors: dict[str, tuple[Any, int]] = {}
        # {id of a mapping or list: {its key or index: line}}; the document keeps each of them alive.
        self.lines: dict[int, dict[str | int, int]] = {}

    def read(self) -> Any:
        """The one document of the text."""
        try:
            opened = (event for event in self.events if isinstance(event, yaml.DocumentStartEvent))
            documents = [self._value((), next(self.events)) for _ in opened]
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = f"{error.problem} {error.context or ''}".rstrip()
            raise self._error(mark.line + 1 if mark else 0, (), message) from error
        except yaml.reader.ReaderError as error:
            before = self.text.partition(chr(error.character))[0]
            raise self._error(before.count("\n") + 1, (), error.reason) from error
        if len(documents) != 1:
            raise self._error(0, (), f"must hold one document; found {len(documents)}")
        return documents[0]

    def check(self, document: Any, findings: Iterable[Finding]) -> None:
        """Raise FixtureError if there are findings, each with its line and in the order of lines."""
        problems = {
            Problem(self.source, self.line_of(document, place), dotted(place), message) for place, message in findings
        }
        if problems:
            raise FixtureError(*sorted(problems, key=lambda problem: (problem.line, str(problem))))

    def line_of(self, document: Any, place: Place) -> int:
        """The line of the place, or of what surrounds it if it is not in the text."""
        # The first that was read is the topmost.
        line = next(iter(self.lines.get(id(document), {}).values()), 1)
        for step in place:
            lines = self.lines.get(id(document), {})
            if step not in lines:
                break
            document, line = document[step], lines[step]
        return line

    def _value(self, place: Place, event: Any) -> Any:
        line, before = event.start_mark.line + 1, self.nodes
        self.nodes += 1
        if len(place) > MAX_DEPTH:
            raise self._error(line, place[:3], f"is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self._error(line, place, f"*{event.anchor} stands before its anchor, or inside it")
            value, size = self.anchors[event.anchor]
            self.nodes += size
        elif event.tag is not None:
            raise self._error(line, place, f"must have no YAML tag; found {event.tag}")
        elif isinstance(event, yaml.ScalarEvent):
            value = plain(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(place)
        else:
            value = self._mapping(place)
        if self.nodes > MAX_NODES:
            raise self._error(line, place, f"more than {MAX_NODES} values, counting each use of an alias")
        if event.anchor and not isinstance(event, yaml.AliasEvent):
            self.anchors[event.anchor] = value, self.nodes - before
        return value

    def _list(self, place: Place) -> list[Any]:
        entries: list[Any] = []
        lines = self.lines[id(entries)] = {}
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            lines[len(entries)] = event.start_mark.line + 1
            entries.append(self._value((*place, len(entries)), event))
        return entries

    def _mapping(self, place: Place) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        lines = self.lines[id(entries)] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line, key = event.start_mark.line + 1, getattr(event, "value", None)
            if key is None:
                raise self._error(line, place, "a key must be a word")
            if key in entries:
                raise self._error(line, (*place, key), f"is already given in line {lines[key]}")
            lines[key] = line
            entries[key] = self._value((*place, key), next(self.events))
        return entries

    def _error(self, line: int, place: Place, message: str) -> FixtureError:
        return FixtureError(Problem(self.source, line, dotted(place), message))


def plain(text: str) -> Any:
    """The value of a word without quotes."""
    word = text if text not in {"", "~"} else "null"
    value = json.loads(word) if _JSON_WORD.fullmatch(word) else word
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _join_pair(match: re.Match[str]) -> str:
    return str(json.loads(f'"{match[0]}"'))


def dotted(place: Place) -> str:
    """A place as people write it: `clients[2].redirect_uris[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
