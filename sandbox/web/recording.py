"""Writes the journal: what a request was and how it was answered, as it was sent.

Judges nothing, and redacts nothing but paths and what rooms remark: that is done when the journal is read.
"""

from __future__ import annotations

from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.core import tables
from sandbox.core.clock import elapsed_us
from sandbox.core.recorded import by_name, keep_body, keep_headers, parse_body, storable
from sandbox.core.redaction import is_secret, printable, redact
from sandbox.core.refusals import Refusal

# What is no one's business in the address of a request (RFC 6749 section 2.3.1, RFC 9700 section 4.3.2).
_NOT_IN_URLS = frozenset({"client_secret", "client_assertion", "access_token", "refresh_token"})


def write_journal(response: Response, operation: str) -> None:
    """Leave the line of this request, which `operation` of its room has answered with `response`."""
    entry = g.entry
    refusal: Refusal | None = entry.refusal
    body = _request_body()
    path, shown_path = _paths()
    g.world.store.add(
        tables.JournalEntry,
        at=g.world.now(),
        duration_us=elapsed_us(g.started),
        service=request.environ["sandbox.mount"].slug or "",
        operation=operation,
        method=request.method,
        path=shown_path,
        status=response.status_code,
        reason=refusal.reason.value if refusal else None,
        detail=printable(refusal.detail) if refusal else None,
        fault=entry.fault,
        flow=entry.flow,
        client_id=entry.client_id and printable(entry.client_id),
        login=entry.login and printable(entry.login),
        facts={**entry.facts, **_facts(body)},
        request={
            "query": storable(request.query_string.decode("latin-1")),
            "headers": keep_headers(request.headers),
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


def _paths() -> tuple[str, str]:
    """The path as it was sent, and as it may be shown."""
    sent: str = request.environ["sandbox.path"]
    shown = sent
    for name, value in (request.view_args or {}).items():
        if is_secret(name):
            shown = shown.replace(str(value), str(redact(value, name)))
    return storable(sent), printable(shown)


def _facts(body: Any) -> dict[str, Any]:
    """What the request shows by itself: how a client proved who it is, and what it put where everybody reads it."""
    facts: dict[str, Any] = {}
    query = request.args if request.query_string else {}
    if in_url := sorted(_NOT_IN_URLS & set(query)):
        facts["in_url"] = in_url
    form = _members(body)
    if isinstance(grant_type := form.get("grant_type"), str):
        facts["grant_type"] = printable(grant_type[:100])
    elif not (g.entry.facts.keys() & {"code", "refresh", "device"}):
        return facts
    header = request.headers.get("Authorization", "")
    if header[:6].lower() == "basic ":
        facts["auth"] = "basic"
    elif "client_assertion" in form:
        facts["auth"] = "assertion"
    else:
        facts["auth"] = "secret" if form.get("client_secret") or query.get("client_secret") else "none"
    return facts


def _members(body: Any) -> dict[str, Any]:
    """The members of a form or a JSON object; nothing of what has none, or is not about a grant."""
    if isinstance(body, str):
        # Hardly any request is, and no other need be read.
        about_grant = "grant_type" in body or g.entry.facts.keys() & {"code", "refresh", "device"}
        members = _parse(body) if about_grant else None
    else:
        members = body and body.get("members")
    return members if isinstance(members, dict) else {}


def _parse(body: str) -> Any:
    if request.mimetype == "application/x-www-form-urlencoded":
        # Whoever answered has read it.
        return by_name(request.form.items(multi=True))
    return parse_body(body, request.mimetype)


def _request_body() -> Any:
    """As recorded.Kept has it."""
    try:
        raw = request.get_data(cache=True)
    except HTTPException as refused:
        # A body over the limit was refused, and is not there.
        return {"told": f"…({refused.name})"}
    if raw and request.mimetype == "multipart/form-data":
        return {"members": _parts()}
    return keep_body(raw, request.mimetype)


def _parts() -> dict[str, Any]:
    fields = by_name((storable(name), storable(value)) for name, value in request.form.items(multi=True))
    return {**fields, **{storable(name): f"…({storable(str(file.filename))})" for name, file in request.files.items()}}


def _response_body(response: Response) -> Any:
    if response.is_streamed or response.direct_passthrough:
        return None
    raw, kind = response.get_data(), response.mimetype or ""
    if raw and (kind == "text/html" or kind.startswith("image/")):
        return {"told": f"…({len(raw)} bytes of {kind})"}
    return keep_body(raw, kind)
