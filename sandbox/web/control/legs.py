"""The requests of one login as its legs: what happened, where the browser went on to, what was said, which tokens came.

Looks at entries of the journal and at nothing else; secrets stay hidden unless they are to be revealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core import journal, tables
from sandbox.core.explaining import LONGEST, find_tokens
from sandbox.core.world import World
from sandbox.service import Service
from sandbox.web.control.addresses import find_room
from sandbox.web.control.journal import ENTRY
from sandbox.web.control.shapes import NULLABLE, TEXT, list_of, record, schema
from sandbox.web.control.wire_words import find_location, name_parameters, read_error
from sandbox.web.explained import explain_here

APPLICATION = "application"
_TOKEN = {
    "type": "object",
    "required": ["where", "explained"],
    "properties": {
        "where": {"type": "string", "description": "Such as `response body /id_token`."},
        "token": {"type": "string", "description": "Only if secrets are revealed."},
        "explained": {"type": "object", "description": "As `POST /tokens/explain` tells it."},
    },
}
_ERROR = record({"code": NULLABLE, "text": NULLABLE})
LEG = schema(
    "Leg",
    {
        "description": "A request of a login and its answer, with what they mean.",
        "allOf": [
            ENTRY,
            {
                "type": "object",
                "required": ["number", "story", "onward", "error", "tokens"],
                "properties": {
                    "number": {"type": "integer", "description": "Its place in the login, from 1 on."},
                    "story": {**NULLABLE, "description": "What just happened, and why it is safe."},
                    "onward": {
                        "anyOf": [
                            {"type": "null"},
                            record({"to": {"const": APPLICATION}, "brings": list_of(TEXT)}),
                        ],
                        "description": "Where the answer sends the browser, and the names of what it carries.",
                    },
                    "error": {
                        "anyOf": [{"type": "null"}, _ERROR],
                        "description": "What a refusal says on the wire, in the vendor's words.",
                    },
                    "tokens": list_of(_TOKEN),
                },
            },
        ],
    },
)


def as_legs(
    world: World, entries: Iterable[tables.JournalEntry], services: Mapping[str, Service], *, reveal: bool
) -> list[dict[str, Any]]:
    """The entries as legs; each token is explained once, where it comes first."""
    met: set[str] = set()
    return [_as_leg(world, entry, services, met, reveal=reveal) for entry in entries]


def _as_leg(
    world: World, entry: tables.JournalEntry, services: Mapping[str, Service], met: set[str], *, reveal: bool
) -> dict[str, Any]:
    true = journal.as_document(entry, reveal=True)
    shown = true if reveal else journal.as_document(entry)
    location = find_location(true["response"])
    carried = name_parameters(location) if location else []
    is_refused = entry.reason is not None or entry.status >= 400 or "error" in carried
    service = services.get(entry.service)
    return {
        **shown,
        "story": service.stories.get(entry.operation) if service else None,
        "onward": _read_onward(true["caller"], location, carried),
        "error": read_error(shown["response"]) if is_refused else None,
        "tokens": list(_explain_new(world, true, met, reveal=reveal)),
    }


def _read_onward(caller: str, location: str | None, carried: list[str]) -> dict[str, Any] | None:
    if caller != journal.BROWSER or location is None:
        return None
    # What stays in the sandbox comes back as a request of its own.
    return {"to": APPLICATION, "brings": carried} if find_room(location) is None else None


def _explain_new(world: World, true: Mapping[str, Any], met: set[str], *, reveal: bool) -> Iterable[dict[str, Any]]:
    for where, token in find_tokens(true):
        if token in met or len(token) > LONGEST:
            continue
        met.add(token)
        yield {"where": where, **({"token": token} if reveal else {}), "explained": explain_here(world, token)}
