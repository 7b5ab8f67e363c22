"""Fixture documents that are values already, as a world keeps them: checked and completed as a file would be.

Of two documents that are nearly the same only what differs is checked anew, since a change of one person comes with a
thousand others. Knows no lines: a problem has its place in the document alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sandbox.core.fixture_reader import (
    MAX_DEPTH,
    MAX_NODES,
    Entry,
    Finding,
    FixtureError,
    Place,
    Problem,
    dotted,
    plain,
)
from sandbox.core.fixture_rules import check_common
from sandbox.core.fixture_schema import rules
from sandbox.core.fixtures import Check, Fixture, Folder, explain_errors, fill, fixture_of

# The long lists, whose entries need nothing else of the document to be checked by themselves.
_LISTS = {"identities": "identity", "clients": "client"}


def parse_document(document: Mapping[str, Any], source: str, checks: tuple[Check, ...] = ()) -> Fixture:
    """The fixture that `document` is; `source` names it in messages. Raises FixtureError."""
    digest = hashlib.sha256()
    rest = {key: value for key, value in document.items() if not (key in _LISTS and isinstance(value, list))}
    listed = {key: document[key] for key in _LISTS if key not in rest and key in document}
    filled_lists: dict[str, list[Any]] = {}
    text, findings = _text_of(rest, source), list[Finding]()
    digest.update(text.encode())
    rest = json.loads(text, parse_int=plain, parse_float=plain)
    count = _count(rest, source)
    findings += _errors("document", {**rest, **{key: [] for key in listed}})
    for key, entries in listed.items():
        filled_lists[key] = []
        for number, entry in enumerate(entries):
            text = _text_of(entry, source)
            found, filled, size = _read_entry(_LISTS[key], text)
            findings += (((key, number, *place), message) for place, message in found)
            filled_lists[key].append(filled)
            digest.update(text.encode())
            if (count := count + size) > MAX_NODES:
                raise FixtureError(Problem(source, 0, key, f"more than {MAX_NODES} values"))
    _refuse({**document}, findings, source)
    folder = Folder(Path().absolute())
    filled = fill(rest, rules(), folder) | filled_lists
    filled = {key: filled[key] for key in rules()["properties"] if key in filled}
    _refuse(filled, (finding for check in (check_common, *checks) for finding in check(filled)), source)
    return fixture_of(filled, source, digest, folder)


@lru_cache(maxsize=4096)
def _read_entry(kind: str, text: str) -> tuple[tuple[Finding, ...], Any, int]:
    """What is wrong with an entry, the entry completed (None if something is wrong), and how many values it has."""
    entry = json.loads(text, parse_int=plain, parse_float=plain)
    size = _count(entry, "")
    findings = tuple(_errors(kind, entry))
    if findings:
        return findings, None, size
    return findings, fill(entry, _rule(kind), Folder(Path().absolute())), size


def _rule(kind: str) -> Entry:
    return {"$ref": f"#/$defs/{kind}", "$defs": rules()["$defs"]}


@cache
def _validator(kind: str) -> Any:
    # Imported here: it costs as much as the web framework.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    return Draft202012Validator(rules() if kind == "document" else _rule(kind))


def _errors(kind: str, value: Any) -> Iterable[Finding]:
    return explain_errors(_validator(kind).iter_errors(value))


def _text_of(value: object, source: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FixtureError(Problem(source, 0, "", "holds half a character")) from error
    return text


def _count(document: Any, source: str) -> int:
    """How many values there are. Raises FixtureError for too many, or too deep ones."""
    count, waiting = 0, [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise FixtureError(Problem(source, 0, "", f"is nested more than {MAX_DEPTH} levels deep"))
        if count > MAX_NODES:
            raise FixtureError(Problem(source, 0, "", f"more than {MAX_NODES} values"))
        if isinstance(value, dict):
            waiting += ((member, depth + 1) for member in value.values())
        elif isinstance(value, list):
            waiting += ((member, depth + 1) for member in value)
    return count


def _refuse(document: Any, findings: Iterable[Finding], source: str) -> None:
    """Raise FixtureError if there are findings, in the order of the document."""
    ranks: dict[int, dict[str, int]] = {}
    ordered = sorted({(_rank(document, place, ranks), dotted(place), message) for place, message in findings})
    if ordered:
        raise FixtureError(*(Problem(source, 0, key, message) for _, key, message in ordered))


def _rank(document: Any, place: Place, known: dict[int, dict[str, int]]) -> tuple[int, ...]:
    """Where in the document a place is, or what surrounds it if it is not there.

    `known` remembers the order of each mapping, by its id.
    """
    ranks = []
    for step in place:
        if isinstance(document, dict) and step in document:
            if id(document) not in known:
                known[id(document)] = {name: rank for rank, name in enumerate(document)}
            ranks.append(known[id(document)][str(step)])
        elif isinstance(document, list) and isinstance(step, int):
            ranks.append(step)
        else:
            break
        document = document[step]
    return tuple(ranks)
