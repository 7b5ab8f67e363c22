"""Writes the journal: what a request was and how it was answered, as it was sent.

Judges nothing, and redacts nothing but paths and what rooms remark: that is done when the journal is read.
"""

from __future__ import annotations

from typing import Any

from flask import Request, Response
from werkzeug.exceptions import HTTPException

from sandbox.core import tables
from sandbox.core.clock import elapsed_us
from sandbox.core.journal import Entry
from sandbox.core.recorded import by_name, keep_body, keep_headers, parse_body, storable
from sandbox.core.redaction import is_secret, printable, redact
from sandbox.core.refusals import Refusal
from sandbox.core.world import World

# What is no one's business in the address of a request (RFC 6749 section 2.3.1, RFC 9700 section 4.3.2).
_NOT_IN_URLS = frozenset({"client_secret", "client_assertion", "access_token", "refresh_token"})


def write_journal(world: World, sent: Request, response: Response, *, operation: str, started: int) -> None:
    """Leave the line of a request, begun at the tick `started`, which `operation` of its room has answered."""
    entry = world.entry
    refusal: Refusal | None = entry.refusal
    body = _request_body(sent)
    path, shown_path = _paths(sent)
    world.store.add(
        tables.JournalEntry,
        at=world.now(),
        duration_us=elapsed_us(started),
        service=sent.environ["sandbox.mount"].slug or "",
        operation=operation,
        method=sent.method,
        path=shown_path,
        status=response.status_code,
        reason=refusal.reason.value if refusal else None,
        detail=printable(refusal.detail) if refusal else None,
        fault=entry.fault,
        flow=entry.flow,
        client_id=entry.client_id and printable(entry.client_id),
        login=entry.login and printable(entry.login),
        facts={**entry.facts, **_facts(sent, entry, body)},
        request={
            "query": storable(sent.query_string.decode("latin-1")),
            "headers": keep_headers(sent.headers),
            "body": body,
            **({"path": path} if path != shown_path else {}),
            **redact(entry.request),
        },
        response={
            "headers": keep_headers(response.headers),
            "body": _response_body(response),
            **redact(entry.response),
        },
    )


def _paths(sent: Request) -> tuple[str, str]:
    """The path as it was sent, and as it may be shown."""
    path: str = sent.environ["sandbox.path"]
    shown = path
    for name, value in (sent.view_args or {}).items():
        if is_secret(name):
            shown = shown.replace(str(value), str(redact(value, name)))
    return storable(path), printable(shown)


def _facts(sent: Request, entry: Entry, body: Any) -> dict[str, Any]:
    """What the request shows by itself: how a client proved who it is, and what it put where everybody reads it."""
    facts: dict[str, Any] = {}
    query = sent.args if sent.query_string else {}
    if in_url := sorted(_NOT_IN_URLS & set(query)):
        facts["in_url"] = in_url
    form = _members(sent, entry, body)
    if isinstance(grant_type := form.get("grant_type"), str):
        facts["grant_type"] = printable(grant_type[:100])
    elif not _is_about_grant(entry):
        return facts
    header = sent.headers.get("Authorization", "")
    if header[:6].lower() == "basic ":
        facts["auth"] = "basic"
    elif "client_assertion" in form:
        facts["auth"] = "assertion"
    else:
        facts["auth"] = "secret" if form.get("client_secret") or query.get("client_secret") else "none"
    return facts


def _is_about_grant(entry: Entry) -> bool:
    return bool(entry.facts.keys() & {"code", "refresh", "device"})


def _members(sent: Request, entry: Entry, body: Any) -> dict[str, Any]:
    """The members of a form or a JSON object; nothing of what has none, or is not about a grant."""
    if isinstance(body, str):
        # Hardly any request is, and no other need be read.
        members = _parse(sent, body) if "grant_type" in body or _is_about_grant(entry) else None
    else:
        members = body and body.get("members")
    return members if isinstance(members, dict) else {}


def _parse(sent: Request, body: str) -> Any:
    if sent.mimetype == "application/x-www-form-urlencoded":
        # Whoever answered has read it.
        return by_name(sent.form.items(multi=True))
    return parse_body(body, sent.mimetype)


def _request_body(sent: Request) -> Any:
    """As recorded.Kept has it."""
    try:
        raw = sent.get_data(cache=True)
    except HTTPException as refused:
        # A body over the limit was refused, and is not there.
        return {"told": f"…({refused.name})"}
    if raw and sent.mimetype == "multipart/form-data":
        return {"members": _parts(sent)}
    return keep_body(raw, sent.mimetype)


def _parts(sent: Request) -> dict[str, Any]:
    fields = by_name((storable(name), storable(value)) for name, value in sent.form.items(multi=True))
    return {**fields, **{storable(name): f"…({storable(str(file.filename))})" for name, file in sent.files.items()}}


def _response_body(response: Response) -> Any:
    if response.is_streamed or response.direct_passthrough:
        return None
    raw, kind = response.get_data(), response.mimetype or ""
    if raw and (kind == "text/html" or kind.startswith("image/")):
        return {"told": f"…({len(raw)} bytes of {kind})"}
    return keep_body(raw, kind)
