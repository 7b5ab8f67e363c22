"""Fixture files: the cast, the clients and one section per service, read from YAML or JSON.

Checks everything before anything is seeded, names the line of each problem, and fills in the schema's defaults so
that no reader needs its own. Seeds nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.core.fixture_reader import MAX_BYTES, Entry, Finding, FixtureError, Place, Problem, Reader
from sandbox.core.fixture_rules import KINDS, check_common, hint, show

# What a room finds wrong with a fixture whose every key is there.
Check = Callable[[Entry], Iterator[Finding]]

_COMMON = {"$schema", "version", "identities", "clients", "faults"}
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Fixture:
    """A checked and complete fixture. `sections` is `{slug: that service's part}`, `files` what they name.

    `digest` is the SHA-256 of the text and of those files. `document` is all of it in one, as a file would have it with
    nothing left out.
    """

    source: str
    digest: str
    identities: tuple[Mapping[str, Any], ...] = field(hash=False)
    clients: tuple[Mapping[str, Any], ...] = field(hash=False)
    sections: Mapping[str, Mapping[str, Any]] = field(hash=False)
    files: tuple[Path, ...] = ()
    document: Mapping[str, Any] = field(hash=False, default_factory=dict)


def shipped(name: str) -> Path:
    """The path of a file that comes with the sandbox, in a wheel or in the repository."""
    packaged = _PACKAGE / "_fixtures" / name
    return packaged if packaged.exists() else _PACKAGE.parent / "fixtures" / name


def load_fixture(path: Path, checks: tuple[Check, ...] = (), schema: Path | None = None) -> Fixture:
    """The fixture in the file at `path`; `checks` are the rooms' own. Raises FixtureError."""
    source = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FixtureError(Problem(source, 0, "", f"cannot be read: {error.strerror}")) from error
    if len(data) > MAX_BYTES:
        raise FixtureError(Problem(source, 0, "", f"is larger than {MAX_BYTES} bytes"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FixtureError(Problem(source, line, "", "is not UTF-8")) from error
    fixture = parse_fixture(text, source, checks, schema)
    # The files that it names may hold something else by now.
    return _parse(text, source, checks, schema) if fixture.files else fixture


@lru_cache(maxsize=16)
def parse_fixture(text: str, source: str, checks: tuple[Check, ...] = (), schema: Path | None = None) -> Fixture:
    """The fixture that `text` is; `source` names it in messages. Raises FixtureError.

    The same text is parsed once in a process: a fixture is only ever read.
    """
    return _parse(text, source, checks, schema)


def _parse(text: str, source: str, checks: tuple[Check, ...], schema: Path | None) -> Fixture:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise FixtureError(Problem(source, line, "", "holds half a character")) from error
    schema_text = (schema or shipped("schema.json")).read_text("utf-8")
    rules = json.loads(schema_text)
    reader = Reader(text, source)
    document = reader.read()
    if not _is_known_good(text, schema_text):
        reader.check(document, _schema_findings(document, rules))
    folder = Folder(Path(source).absolute().parent)
    filled = fill(document, rules, folder)
    reader.check(document, (finding for check in (check_common, *checks) for finding in check(filled)))
    return fixture_of(filled, source, hashlib.sha256(data), folder)


def fixture_of(filled: Mapping[str, Any], source: str, digest: Any, folder: Folder) -> Fixture:
    """The fixture that a checked and complete document is; `digest` is a hash of its text, `folder` its files."""
    for file in folder.files:
        digest.update(file.read_bytes())
    sections = {key: value for key, value in filled.items() if key not in _COMMON}
    identities, clients = tuple(filled["identities"]), tuple(filled["clients"])
    document = {key: value for key, value in filled.items() if key != "$schema"}
    return Fixture(source, digest.hexdigest(), identities, clients, sections, tuple(folder.files), document)


class Folder:
    """Where the paths of a fixture lead on from, and the files that they have led to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.files: list[Path] = []

    def find(self, name: str) -> str:
        self.files.append(self._path / name)
        return str(self._path / name)


def digest_with_schema(text: str, schema_text: str) -> str:
    """What tells that a text has been held against this schema: the SHA-256 of both, in hex."""
    return hashlib.sha256(f"{schema_text}\0{text}".encode()).hexdigest()


def _is_known_good(text: str, schema_text: str) -> bool:
    """Whether this is the shipped cast, which the tests have checked: it would cost each start more than all the rest.

    Any other text, the shipped one with a change in it too, has another digest.
    """
    known = shipped("default.sha256")
    return known.is_file() and digest_with_schema(text, schema_text) == known.read_text("ascii").strip()


def _schema_findings(document: Any, schema: Entry) -> Iterator[Finding]:
    # Imported here: it costs as much as the web framework.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    yield from explain_errors(Draft202012Validator(schema).iter_errors(document))


def explain_errors(errors: Iterable[Any]) -> Iterator[Finding]:
    """The errors of a validator of this schema, with their places."""
    for error in errors:
        yield from _explain(error, tuple(error.absolute_path))


def _explain(error: Any, place: Place) -> Iterator[Finding]:
    """What a person can do about an error of the validator."""
    found, wanted, keyword = error.instance, error.validator_value, error.validator
    match keyword:
        case "additionalProperties":
            known = error.schema["properties"]
            for key in found.keys() - known.keys():
                advice = hint(key, known) or f"; known are {', '.join(known)}"
                yield (*place, key), f"is not a known key{advice}"
        case "required":
            yield from ((place, f'"{key}" is missing') for key in wanted if key not in found)
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            allowed = " or ".join(KINDS.get(kind, kind) for kind in kinds)
            quotes = "; put it in quotes" if "string" in kinds and isinstance(found, int | float) else ""
            yield place, f"must be {allowed}; found {show(found)}{quotes}"
        case "enum" | "const":
            options = wanted if isinstance(wanted, list) else [wanted]
            allowed = " or ".join(map(show, options))
            yield place, f"must be {allowed}; found {show(found)}{hint(found, options)}"
        case "pattern":
            yield place, f"{error.schema['patternErrorMessage']}; found {show(found)}"
        case _:
            bound = "at least" if keyword.startswith("min") else "at most"
            unit = {"Length": " characters long", "Items": " in number"}.get(keyword[3:], "")
            count = found if isinstance(found, int | float) else len(found)
            yield place, f"must be {bound} {wanted}{unit}; found {count}"


def fill(value: Any, schema: Entry, folder: Folder) -> Any:
    """A copy of a value that is valid by this schema, complete: see `_fill`."""
    return _fill(value, schema, schema["$defs"], folder)


def _fill(value: Any, schema: Entry, shared: Entry, folder: Folder) -> Any:
    """A copy of a valid `value` in which each absent key has the schema's default, and paths lead on from `folder`."""
    if "$ref" in schema:
        schema = {**shared[schema["$ref"].removeprefix("#/$defs/")], **schema}
    if isinstance(value, list):
        return [_fill(entry, schema["items"], shared, folder) for entry in value]
    if isinstance(value, dict) and "properties" in schema:
        rules = {**schema["properties"], **properties_by_case(value, schema)}
        return {
            key: _fill(value.get(key, rule.get("default")), rule, shared, folder)
            for key, rule in rules.items()
            if key in value or "default" in rule
        }
    if isinstance(value, float) and "integer" in schema.get("type", ()) and value.is_integer():
        # JSON Schema takes 5.0 for a whole number, which not all that is done with those does.
        return int(value)
    return folder.find(value) if schema.get("isPath") and value is not None else value


def properties_by_case(value: Entry, schema: Entry) -> Entry:
    """The properties that depend on another's value: what a client's settings are depends on its service."""
    return {
        key: rule
        for case in schema.get("allOf", ())
        if all(re.search(test["pattern"], str(value.get(key, ""))) for key, test in case["if"]["properties"].items())
        for key, rule in case["then"]["properties"].items()
    }
