"""What happened in a world, in plain text for people: the requests of each login in order, and what was found in them.

Asks nothing; it is given values.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from sandbox.client.values import Request, Verdict

WIDTH = 100
_INDENT = " " * 11
# All requests of a world have it, so it tells nothing.
_WORLD = re.compile(r"^/w/[^/]+")


def render_timeline(requests: Sequence[Request], verdicts: Sequence[Verdict] = ()) -> str:
    """The requests by login, then what was found, in lines of at most 100 columns."""
    return "\n".join(part for part in (render_requests(requests), render_verdicts(verdicts)) if part)


def render_requests(requests: Iterable[Request]) -> str:
    """The requests, those of one login together; logins are in the order in which they began."""
    lines: list[str] = []
    together = _by_flow(requests)
    for flow, members in groupby(together, key=lambda request: request.flow):
        shown = list(members)
        lines += ["", _heading(flow, shown)] if lines else [_heading(flow, shown)]
        for request in shown:
            lines += _request_lines(request)
    return "\n".join(lines) or "no requests"


def render_verdicts(verdicts: Iterable[Verdict]) -> str:
    """What was found in the requests of each client that has findings."""
    lines: list[str] = []
    for verdict in verdicts:
        if verdict.findings:
            lines += ["", f"{verdict.client_id} at {verdict.service}: {'passed' if verdict.passed else 'failed'}"]
        for finding in verdict.findings:
            lines += _wrap(f"{finding.severity} {finding.code}: {finding.text}", "  - ", "    ")
    return "\n".join(lines)


def _by_flow(requests: Iterable[Request]) -> list[Request]:
    ordered = list(requests)
    began = {request.flow: request.id for request in reversed(ordered)}
    return sorted(ordered, key=lambda request: (began[request.flow], request.id))


def _heading(flow: str | None, requests: Sequence[Request]) -> str:
    who = next((request.login for request in reversed(requests) if request.login), None)
    client = next((request.client_id for request in reversed(requests) if request.client_id), None)
    about = [f"login {flow}" if flow else "outside of any login"]
    about += [f"{who} at {client}" if who and client else who or client or ""]
    return _cut(": ".join(part for part in about if part), WIDTH)


def _request_lines(request: Request) -> Iterator[str]:
    moment = datetime.fromtimestamp(request.at, UTC).strftime("%H:%M:%S")
    line = f"  {moment} {request.status} {request.method:<6} {_WORLD.sub('', request.path) or '/'}"
    yield _cut(line, WIDTH)
    yield _cut(f"{_INDENT}{request.service} {request.operation}, {request.duration_us / 1000:.1f} ms", WIDTH)
    if request.fault:
        yield from _wrap(f"made to go wrong by {request.fault}", f"{_INDENT}! ", f"{_INDENT}  ")
    if request.reason:
        words = f"{request.reason}: {request.detail}" if request.detail else request.reason
        yield from _wrap(words, f"{_INDENT}> ", f"{_INDENT}  ")


def _wrap(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
