"""The fixture document of a world: read as JSON or YAML, replaced as a whole, and changed in part by cast.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from flask import Response, request

from sandbox.core import documents
from sandbox.core.fixture_changes import list_changes
from sandbox.core.fixture_files import named_files
from sandbox.core.fixture_reader import MAX_BYTES, FixtureError, Problem, Reader, dotted
from sandbox.core.fixture_schema import defaults_left_out
from sandbox.core.fixture_writer import write_document
from sandbox.core.refusals import Issue, Reason, Refusal
from sandbox.core.worlds import start_document
from sandbox.service import current_house, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.reading import as_object, read_object
from sandbox.web.control.shapes import COUNT, TEXT, fixture_schema, list_of, record, schema
from sandbox.web.issues import SAID

_STEP = re.compile(r"[^.\[\]]+")
_PLACE = re.compile("[0-9]{1,9}")
_DOCUMENT = fixture_schema("document")
_CHANGE = schema(
    "Difference",
    record(
        {
            "kind": {"enum": ["added", "changed", "removed"]},
            "place": {**TEXT, "description": "Where, with the entries of lists by their names."},
            "before": {"description": "Null for what was added."},
            "after": {"description": "Null for what was removed."},
        }
    ),
)


@operation(
    "GET",
    "/fixture",
    "Read the fixture of this world as it is now",
    answers={200: _DOCUMENT},
    query={
        "format": {"enum": ["json", "yaml"], "default": "json"},
        "defaults": {"type": "boolean", "default": True, "description": "Whether keys with their default are there."},
    },
    media=("application/yaml",),
)
def get_fixture(format: str = "json", defaults: bool = True) -> Any:  # noqa: A002 - the name of the parameter
    """The whole document; as a file it makes the same world, whether complete or not."""
    document = current()
    if format == "yaml":
        return Response(write_document(document, defaults=defaults), content_type="application/yaml")
    return dict(document) if defaults else defaults_left_out(document)


@operation(
    "GET",
    "/fixture/changes",
    "List what differs from the fixture that a reset goes back to",
    answers={200: record({"changes": list_of(_CHANGE), "total": COUNT})},
    query={"limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
)
def list_fixture_changes(limit: int = 100) -> dict[str, Any]:
    """Entry by entry; the order of entries is no difference."""
    world, origin = current_world(), current_house().origin
    found = list(list_changes(start_document(world, origin), current()))
    return {"changes": [asdict(change) for change in found[:limit]], "total": len(found)}


def _read_body() -> dict[str, Any]:
    """The document of the body. Raises Refusal: BODY_MISSING, BODY_MALFORMED, FIELD_INVALID."""
    if not request.mimetype.endswith("yaml"):
        return read_object()
    raw = request.get_data()
    if not raw.strip():
        raise Refusal(Reason.BODY_MISSING, "the request has no body")
    try:
        return as_object(Reader(raw.decode("utf-8-sig"), "").read())
    except (UnicodeDecodeError, FixtureError) as error:
        raise Refusal(Reason.BODY_MALFORMED, f"the body is not YAML: {error}") from error


@operation(
    "PUT",
    "/fixture",
    "Replace the fixture of this world",
    body=_DOCUMENT,
    takes=("application/yaml",),
    answers={200: _DOCUMENT},
    refuses=(Reason.FIELD_INVALID,),
    reader=_read_body,
    most=MAX_BYTES,
)
def replace_fixture(body: dict[str, Any]) -> dict[str, Any]:
    """What differs is changed in the world; what has come of its people since stays. Raises Refusal: FIELD_INVALID."""
    return dict(save_document(body))


def open_document() -> dict[str, Any]:
    """The document of this world, for changing: nobody else changes it until the request ends."""
    documents.lock_document(current_world())
    return read_document()


def current() -> Mapping[str, Any]:
    """The document of this world, only for reading."""
    return documents.current_document(current_world(), current_house().origin)


def read_document() -> dict[str, Any]:
    """A copy of the document of this world."""
    copy: dict[str, Any] = json.loads(json.dumps(current()))
    return copy


def save_document(document: Mapping[str, Any], entry: tuple[str | int, ...] = ()) -> Mapping[str, Any]:
    """Make it this world's; returns it, complete. `entry` leads to the part of it that the request has brought.

    Raises Refusal: FIELD_INVALID, and then nothing has changed.
    """
    check_files(document)
    with told_by_issues(entry):
        return documents.change_document(current_world(), current_house().origin, document)


@contextmanager
def told_by_issues(entry: tuple[str | int, ...] = (), *, below: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn what is wrong with a fixture document into a Refusal: FIELD_INVALID, with an issue for each problem.

    The request has brought the part of it to which `entry` leads; `below` is where the request has that.
    """
    try:
        yield
    except FixtureError as error:
        issues = tuple(_issue(problem, entry, below) for problem in error.problems)
        first = error.problems[0]
        detail = f"{first.key}: {first.message}" if first.key else first.message
        raise Refusal(Reason.FIELD_INVALID, detail, issues=issues) from error


def _issue(problem: Problem, entry: tuple[str | int, ...], below: tuple[str, ...]) -> Issue:
    path = _path(problem.key)
    if path[: len(entry)] == entry:
        return Issue((*below, *path[len(entry) :]), SAID, problem.message, None)
    # Another part of the fixture minds what has come.
    return Issue((), SAID, f"{problem.key}: {problem.message}", None)


def check_files(document: Mapping[str, Any], *below: str) -> None:
    """Refuse a document that names files which the sandbox's own fixture does not name. Raises Refusal: FIELD_INVALID.

    Whoever may change a world need not be somebody who may read this machine's files.
    """
    known = {str(path) for path in current_house().origin.fixture.files}
    issues = tuple(
        Issue((*below, *place), SAID, "must be a file that the sandbox's own fixture names, by its whole path", None)
        for place, name in named_files(document)
        if name not in known
    )
    if issues:
        detail = f"{dotted(issues[0].path)}: a fixture that comes over the control API names no files of its own"
        raise Refusal(Reason.FIELD_INVALID, detail, issues=issues)


def _path(key: str) -> tuple[str | int, ...]:
    return tuple(int(step) if _PLACE.fullmatch(step) else step for step in _steps(key))


def _steps(key: str) -> Iterator[str]:
    return (match[0] for match in _STEP.finditer(key))
