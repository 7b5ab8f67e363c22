"""Flows over HTTP: the logins of a world, each with its requests and what they tell about the client."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.core import flows, journal
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.verdict import judge_flow
from sandbox.service import current_world
from sandbox.web.control.api import operation, schema
from sandbox.web.control.journal import ENTRY
from sandbox.web.control.verdict import FINDING, is_own

MOST_SHOWN = 200
_TEXT = {"type": "string"}
_OPTIONAL = {"type": ["string", "null"]}
_ABOUT: dict[str, Any] = {
    "id": _TEXT,
    "began_at": {"type": "integer"},
    "ended_at": {"type": "integer"},
    "services": {"type": "array", "items": _TEXT},
    "client_id": _OPTIONAL,
    "login": _OPTIONAL,
    "requests": {"type": "integer"},
    "outcome": {"enum": ["succeeded", "refused", "pending"]},
}
FLOW = schema("Flow", {"type": "object", "required": list(_ABOUT), "properties": _ABOUT})
WHOLE_FLOW = schema(
    "WholeFlow",
    {
        "type": "object",
        "required": [*_ABOUT, "entries", "findings"],
        "properties": {
            **_ABOUT,
            "entries": {"type": "array", "items": ENTRY},
            "findings": {"type": "array", "items": FINDING},
        },
    },
)
FLOWS = schema(
    "Flows", {"type": "object", "required": ["flows"], "properties": {"flows": {"type": "array", "items": FLOW}}}
)
_QUERY: dict[str, dict[str, Any]] = {
    "client_id": _TEXT,
    "login": _TEXT,
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_SHOWN, "default": 50},
}


@operation("GET", "/flows", "List logins, the latest first", query=_QUERY, answers={200: FLOWS})
def list_flows(*, client_id: str | None = None, login: str | None = None, limit: int | None = None) -> dict[str, Any]:
    """`client_id` and `login` are those of any request of a flow."""
    found = flows.list_flows(current_world().store, client_id=client_id, login=login, limit=limit or 50)
    return {"flows": [asdict(flow) for flow in found]}


@operation(
    "GET",
    "/flows/<flow>",
    "Look at a login",
    answers={200: WHOLE_FLOW},
    refuses=(Reason.OBJECT_UNKNOWN,),
)
def get_flow(flow: str) -> dict[str, Any]:
    """Raises Refusal: OBJECT_UNKNOWN."""
    store = current_world().store
    entries = journal.list_entries(store, flow=flow)
    if not entries:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"the journal has no flow {flow!r}", "flow")
    return {
        **asdict(flows.summarize(entries)),
        "entries": [journal.as_document(entry) for entry in entries],
        "findings": [asdict(finding) for finding in judge_flow(store, is_own, flow)],
    }
