"""Writes the journal: what a request was and how it was answered, with every secret redacted.

Judges nothing.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.core import tables
from sandbox.core.clock import elapsed_us
from sandbox.core.redaction import is_secret, printable, redact, redact_headers, redact_query, redact_text
from sandbox.core.refusals import Refusal

# A body that is larger is told by its length alone.
_LARGEST = 100_000
# What is no one's business in the address of a request (RFC 6749 section 2.3.1, RFC 9700 section 4.3.2).
_NOT_IN_URLS = frozenset({"client_secret", "client_assertion", "access_token", "refresh_token"})


def write_journal(response: Response, operation: str) -> None:
    """Leave the line of this request, which `operation` of its room has answered with `response`."""
    entry = g.entry
    refusal: Refusal | None = entry.refusal
    sent = _request_body()
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
        facts={**entry.facts, **_facts(sent)},
        request={
            "query": redact_query(request.query_string.decode("latin-1")),
            "headers": redact_headers(request.headers),
            "body": redact(sent) if isinstance(sent, dict | list) else sent,
            **redact(entry.request),
        },
        response={
            "headers": redact_headers(response.headers),
            "body": _response_body(response),
            **redact(entry.response),
        },
    )


def _path() -> str:
    path: str = request.environ["sandbox.path"]
    for name, value in (request.view_args or {}).items():
        if is_secret(name):
            path = path.replace(str(value), str(redact(value, name)))
    return printable(path)


def _facts(sent: Any) -> dict[str, Any]:
    """What the request shows by itself: how a client proved who it is, and what it put where everybody reads it."""
    facts: dict[str, Any] = {}
    query = request.args if request.query_string else {}
    if in_url := sorted(_NOT_IN_URLS & set(query)):
        facts["in_url"] = in_url
    form = sent if isinstance(sent, dict) else {}
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


def _request_body() -> Any:
    """The body as its members where it has a known form, and else as text that is redacted already."""
    try:
        raw = request.get_data(cache=True)
    except HTTPException as refused:
        # A body over the limit was refused, and is not there.
        return f"…({refused.name})"
    if not raw:
        return None
    if request.mimetype == "multipart/form-data":
        files: dict[str, Any] = {name: f"…({file.filename})" for name, file in request.files.items()}
        return {**_by_name(request.form.items(multi=True)), **files}
    return _parsed(raw, request.mimetype, form_expected=request.mimetype == "application/x-www-form-urlencoded")


def _response_body(response: Response) -> Any:
    if response.is_streamed or response.direct_passthrough:
        return None
    raw, kind = response.get_data(), response.mimetype or ""
    if not raw:
        return None
    if kind == "text/html" or kind.startswith("image/"):
        return f"…({len(raw)} bytes of {kind})"
    body = _parsed(raw, kind, form_expected=kind == "application/x-www-form-urlencoded")
    return redact(body, is_error=response.status_code >= 400) if isinstance(body, dict | list) else body


def _parsed(raw: bytes, kind: str, *, form_expected: bool) -> Any:
    text = _decoded(raw) if len(raw) <= _LARGEST else None
    if text is None:
        return f"…({len(raw)} bytes of {printable(kind) or 'no type'})"
    if form_expected:
        return _by_name(parse_qsl(text, keep_blank_values=True, errors="replace"))
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else redact_text(text)
    except (ValueError, RecursionError):
        return redact_text(text)


def _decoded(raw: bytes) -> str | None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _by_name(pairs: Any) -> dict[str, Any]:
    """The values by name; a list of them where a name came more than once."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values
