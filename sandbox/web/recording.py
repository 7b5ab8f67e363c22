"""Writes the journal: what a request was and how it was answered, with every secret redacted.

Judges nothing.
"""

from __future__ import annotations

from flask import Response, g, request

from sandbox.core import tables
from sandbox.core.clock import elapsed_us
from sandbox.core.journal import is_secret, printable, redact, redact_headers, redact_query
from sandbox.core.refusals import Refusal


def write_journal(response: Response, operation: str) -> None:
    """Leave the line of this request, which `operation` of its room has answered with `response`."""
    entry = g.entry
    refusal: Refusal | None = entry.refusal
    g.world.store.add(
        tables.JournalEntry,
        at=g.world.now(),
        duration_us=elapsed_us(g.started),
        service=request.environ["sandbox.mount"].slug or "",
        operation=operation,
        method=request.method,
        path=_path(),
        status=response.status_code,
        reason=refusal.reason.value if refusal else None,
        detail=printable(refusal.detail) if refusal else None,
        fault=entry.fault,
        flow=entry.flow,
        client_id=entry.client_id and printable(entry.client_id),
        login=entry.login and printable(entry.login),
        request={
            "query": redact_query(request.query_string.decode("latin-1")),
            "headers": redact_headers(request.headers),
            **redact(entry.request),
        },
        response={"headers": redact_headers(response.headers), **redact(entry.response)},
    )


def _path() -> str:
    path: str = request.environ["sandbox.path"]
    for name, value in (request.view_args or {}).items():
        if is_secret(name):
            path = path.replace(str(value), str(redact(value, name)))
    return printable(path)
