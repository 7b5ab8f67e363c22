"""The journal over HTTP: requests by what is known of them, also those that are yet to come.

Writes nothing into it: that is recording.py's.
"""

from __future__ import annotations

import threading
from typing import Any

from sandbox.core import journal, tables
from sandbox.core.clock import elapsed_us, tick
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.turns import given_up
from sandbox.service import current_world
from sandbox.web.control.api import operation
from sandbox.web.control.exporting import REVEAL, export_curl, export_pytest
from sandbox.web.control.guard import check_reveal
from sandbox.web.control.shapes import COUNT, NULLABLE, OBJECT, TEXT, Shape, list_of, schema

LONGEST_WAIT = 30
# How long a new entry may go unnoticed by who waits for it, in seconds.
_PAUSE = 0.1

ENTRY = schema(
    "Entry",
    {
        "type": "object",
        "description": "A request and its answer, secrets redacted. `flow` links the requests of one login.",
        "required": ["id", "at", "service", "operation", "method", "path", "status", "request", "response"],
        "properties": {
            "id": COUNT,
            "at": {"type": "integer", "description": "Epoch seconds, by the clock of the world."},
            "duration_us": COUNT,
            "service": TEXT,
            "operation": TEXT,
            "method": TEXT,
            "path": TEXT,
            "status": {"type": "integer"},
            "reason": NULLABLE,
            "detail": NULLABLE,
            "fault": NULLABLE,
            "flow": NULLABLE,
            "client_id": NULLABLE,
            "login": NULLABLE,
            "caller": {"enum": ["browser", "application"], "description": "Who has asked: a person's browser, or not."},
            "request": OBJECT,
            "response": OBJECT,
        },
    },
)
ENTRIES = schema(
    "Entries",
    {
        "type": "object",
        "required": ["entries", "last"],
        "properties": {
            "entries": list_of(ENTRY),
            "last": {"type": "integer", "description": "What to ask for as `after` next."},
        },
    },
)
_EQUAL = ("service", "operation", "client_id", "login", "flow", "reason", "method", "path", "fault")
_QUERY: dict[str, Shape] = {
    **dict.fromkeys(_EQUAL, TEXT),
    "status": {"type": "string", "pattern": "^[1-5]([0-9]{2}|xx)$", "description": "`401`, or `4xx` for all of them."},
    "after": {**COUNT, "description": "Only entries with a greater id."},
    "limit": {"type": "integer", "minimum": 1, "maximum": journal.MOST_SHOWN},
    "wait": {
        "type": "integer",
        "minimum": 0,
        "maximum": LONGEST_WAIT,
        "description": "Seconds to wait for an entry if there is none yet.",
    },
}


@operation("GET", "/journal", "List requests, oldest first", query=_QUERY, answers={200: ENTRIES})
def list_journal(
    *,
    status: str | None = None,
    after: int | None = None,
    limit: int | None = None,
    wait: int | None = None,
    **equal: Any,
) -> dict[str, Any]:
    """Of a full journal the newest are listed, unless `after` says where to go on."""
    world, began = current_world(), tick()
    where = {**equal, "status": _statuses(status), "limit": limit or journal.MOST_SHOWN}
    while True:
        newest = journal.last_id(world.store)
        found = journal.list_entries(world.store, after=after, **where)
        left = (wait or 0) - elapsed_us(began) / 1_000_000
        if found or left <= 0:
            break
        # The next look must see what others have written since.
        world.store.session.rollback()
        with given_up():
            threading.Event().wait(min(_PAUSE, left))
    last = found[-1].id if found else max(after or 0, newest)
    return {"entries": [journal.as_document(entry) for entry in found], "last": last}


@operation("DELETE", "/journal", "Forget all requests", answers={204: None})
def clear_journal() -> None:
    """Ids go on from where they were."""
    journal.clear(current_world().store)


@operation(
    "GET",
    "/journal/<int:entry_id>",
    "Look at a request",
    query={"reveal": REVEAL, "format": {"enum": ["json", "curl", "pytest"], "default": "json"}},
    answers={200: ENTRY},
    refuses=(Reason.OBJECT_UNKNOWN, Reason.PERMISSION_DENIED),
    media=("text/plain",),
)
def get_entry(entry_id: int, *, reveal: bool = False, format: str = "json") -> Any:  # noqa: A002 - the name in the query
    """A test signs in anew if the request needs it. Raises Refusal: OBJECT_UNKNOWN, PERMISSION_DENIED."""
    if reveal:
        check_reveal()
    entry = _get_entry(entry_id)
    document = journal.as_document(entry, reveal=reveal)
    if format == "curl":
        return export_curl(document)
    if format == "pytest":
        earlier = journal.list_entries(current_world().store, flow=entry.flow) if entry.flow else []
        before = [journal.as_document(one, reveal=reveal) for one in earlier if one.id < entry_id]
        return export_pytest([document], before)
    return document


def _get_entry(entry_id: int) -> tables.JournalEntry:
    # No database has numbers beyond these.
    entry = journal.find_entry(current_world().store, entry_id) if entry_id < 2**63 else None
    if entry is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"the journal has no entry {entry_id}", "id")
    return entry


def _statuses(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    return (int(text[0]) * 100, int(text[0]) * 100 + 99) if text.endswith("xx") else (int(text), int(text))
