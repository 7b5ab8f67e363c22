"""Flows over HTTP: the logins of a world, each with its requests and what they tell about the client."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox.core import flows, journal
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.verdict import judge_flow
from sandbox.service import current_house, current_world
from sandbox.web.control.addresses import is_own
from sandbox.web.control.api import operation
from sandbox.web.control.exporting import export_har, export_pytest
from sandbox.web.control.guard import check_reveal
from sandbox.web.control.legs import LEG, as_legs
from sandbox.web.control.shapes import NULLABLE, TEXT, Shape, list_of, record, schema
from sandbox.web.control.telling import find_person, tell_flow
from sandbox.web.control.verdict import FINDING

MOST_SHOWN = 200
OUTCOMES = ("succeeded", "refused", "pending")
REFUSED = record({"entry": {"type": "integer"}, "service": TEXT, "reason": TEXT, "detail": TEXT})
_ABOUT: dict[str, Any] = {
    "id": TEXT,
    "began_at": {"type": "integer"},
    "ended_at": {"type": "integer"},
    "services": list_of(TEXT),
    "client_id": NULLABLE,
    "login": NULLABLE,
    "requests": {"type": "integer"},
    "outcome": {"enum": list(OUTCOMES)},
    "people": {
        "type": "object",
        "additionalProperties": TEXT,
        "description": "Who it was at each service, by its slug.",
    },
    "person": {**NULLABLE, "description": "Who it was, by the name that a provider knows."},
    "refusal": {"anyOf": [{"type": "null"}, REFUSED], "description": "What was refused first."},
    "summary": {"type": "string", "description": "What became of it, in one sentence."},
    "last": {"type": "integer", "description": "The id of its newest request."},
}
NUMBERED_FINDING = {
    "allOf": [
        FINDING,
        {"required": ["number"], "properties": {"number": {"type": "integer", "description": "Which entry it is."}}},
    ]
}
FLOW = schema("Flow", {"type": "object", "required": list(_ABOUT), "properties": _ABOUT})
WHOLE_FLOW = schema(
    "WholeFlow",
    {
        "type": "object",
        "required": [*_ABOUT, "entries", "findings"],
        "properties": {
            **_ABOUT,
            "entries": list_of(LEG),
            "findings": list_of(NUMBERED_FINDING),
        },
    },
)
_NEXT = {"type": ["integer", "null"], "description": "What to ask for as `before` to go on; null at the end."}
FLOWS = schema("Flows", record({"flows": list_of(FLOW), "next": _NEXT}))
_QUERY: dict[str, Shape] = {
    "client_id": TEXT,
    "login": TEXT,
    "outcome": {"enum": list(OUTCOMES)},
    "before": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2**63 - 1,
        "description": "Only logins whose newest request is older than this one.",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_SHOWN, "default": 50},
}
_PART: dict[str, dict[str, Any]] = {
    "offset": {"type": "integer", "minimum": 0, "maximum": 2**31, "description": "How many entries to leave out."},
    "limit": {"type": "integer", "minimum": 1, "maximum": journal.MOST_SHOWN},
    "reveal": {"type": "boolean", "description": "Show secrets: on this machine alone."},
    "format": {"enum": ["json", "har", "pytest"], "description": "`har` and `pytest` are for other tools."},
}


@operation("GET", "/flows", "List logins, the latest first", query=_QUERY, answers={200: FLOWS})
def list_flows(*, limit: int | None = None, **chosen: Any) -> dict[str, Any]:
    """`client_id` and `login` are those of any request of a flow.

    Of one `outcome` a part of the list may be shorter than `limit`, and there are more as long as there is a `next`.
    """
    page = flows.list_flows(current_world().store, limit=limit or 50, **chosen)
    return {"flows": [about(flow) for flow in page.flows], "next": page.next}


def about(flow: flows.Flow) -> dict[str, Any]:
    """A flow as it is shown, with what became of it in words."""
    services = current_house().services
    refusal = vars(flow.refusal) if flow.refusal else None
    told = {**vars(flow), "refusal": refusal}
    return {**told, "person": find_person(flow, services), "summary": tell_flow(flow, services)}


@operation(
    "GET",
    "/flows/<flow>",
    "Look at a login",
    query=_PART,
    answers={200: WHOLE_FLOW},
    refuses=(Reason.OBJECT_UNKNOWN, Reason.PERMISSION_DENIED),
    media=("text/plain",),
)
def get_flow(
    flow: str,
    *,
    offset: int | None = None,
    limit: int | None = None,
    reveal: bool | None = None,
    format: str | None = None,  # noqa: A002 - the name in the query
) -> Any:
    """All that is told of the login is told of all its requests, whichever part of them is listed.

    Raises Refusal: OBJECT_UNKNOWN, and PERMISSION_DENIED for `reveal` from where secrets are not shown.
    """
    if reveal:
        check_reveal()
    world = current_world()
    requests = flows.requests_of(world.store, [flow])[flow]
    if not requests:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"the journal has no flow {flow!r}", "flow")
    entries = flows.read_entries(world.store, flow, offset=offset or 0, limit=limit or journal.MOST_SHOWN)
    if format in ("har", "pytest"):
        documents = [journal.as_document(entry, reveal=bool(reveal)) for entry in entries]
        return export_har(documents, f"flow-{flow}") if format == "har" else export_pytest(documents)
    numbers = {request.id: number for number, request in enumerate(requests, 1)}
    legs = as_legs(world, entries, current_house().services, reveal=bool(reveal))
    found = judge_flow(world.store, is_own, flow)
    return {
        **about(flows.summarize(requests)),
        "entries": [{**leg, "number": numbers.get(leg["id"], 0)} for leg in legs],
        "findings": [{**asdict(finding), "number": numbers.get(finding.entry, 0)} for finding in found],
    }
