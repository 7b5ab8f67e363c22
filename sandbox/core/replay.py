"""A request of the journal as text that sends it again: a curl command, or a test for pytest.

Pure functions of an entry's document (journal.as_document). From one whose secrets are hidden comes a text with gaps.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

FORM = "application/x-www-form-urlencoded"
# What whoever sends the request makes anew, and what only a browser says.
_LEFT_OUT = frozenset(
    ("host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent", "te", "priority")
) | {"upgrade-insecure-requests", "dnt", "cache-control", "pragma", "referer"}
_OF_BROWSERS = ("sec-",)
# Characters of a path that need no escaping (RFC 3986 section 3.3).
_IN_PATHS = "/:@!$&'()*+,;=~-._"
# It becomes a comment, and so is nothing that somebody else can have made up to end one.
_MISSING = re.compile(r"…\(([\w .+/-]{1,200})\)", re.ASCII)
_LOCAL = frozenset(("localhost", "127.0.0.1", "[::1]"))


def as_curl(document: Mapping[str, Any], origin: str) -> str:
    """The curl command that sends the request to `origin` again, for a POSIX shell."""
    request, method = document["request"], document["method"]
    lines = [f"curl -i {_method(method)}{shlex.quote(address_of(document, origin))}"]
    if host := host_of(document, origin):
        lines.append(f"-H {shlex.quote(f'Host: {host}')}")
    parts = parts_of(request)
    for name, value in headers_of(request):
        if parts is None or name.lower() != "content-type":
            # An empty header is taken for one that is to be left out.
            lines.append(f"-H {shlex.quote(f'{name}: {_as_typed(value)}' if value else f'{name};')}")
    for name, value in parts or ():
        lines.append(f"--form-string {shlex.quote(f'{name}={value}')}")
    body = None if parts is not None else body_of(request)
    if body:
        if not any(name.lower() == "content-type" for name, _ in headers_of(request)):
            lines.append("-H 'Content-Type:'")
        lines.append(f"--data-raw {shlex.quote(body)}")
    note = f"# {missing} of the body is not kept.\n" if (missing := missing_of(request)) else ""
    return note + " \\\n  ".join(lines) + "\n"


def _method(method: str) -> str:
    if method in ("GET", "HEAD"):
        return "" if method == "GET" else "--head "
    return f"-X {shlex.quote(method)} "


def address_of(document: Mapping[str, Any], origin: str) -> str:
    """The absolute URL of the request at `origin`."""
    query = document["request"].get("query")
    # Otherwise curl would take brackets and braces for patterns.
    safe = re.sub(r"[\[\]{}\\]", lambda found: quote(found[0]), str(query)) if query else ""
    return f"{origin}{quote(document['path'], safe=_IN_PATHS)}{f'?{safe}' if safe else ''}"


def host_of(document: Mapping[str, Any], origin: str) -> str | None:
    """The host name by which a room of its own was reached, None for the origin's own and for this machine's."""
    sent = next((value for name, value in headers_of(document["request"], everything=True) if name == "Host"), "")
    name = re.sub(r":\d+$", "", sent).lower()
    return None if not name or name in _LOCAL or name == (urlsplit(origin).hostname or "") else sent


def headers_of(request: Mapping[str, Any], *, everything: bool = False) -> Iterator[tuple[str, str]]:
    """The headers that an application has sent of its own, each value by itself."""
    for name, values in request.get("headers", {}).items():
        low = name.lower()
        if everything or not (low in _LEFT_OUT or low.startswith(_OF_BROWSERS)):
            yield from ((name, value) for value in str(values).split("\n"))


def content_type(request: Mapping[str, Any]) -> str:
    """The media type of the request's body, without parameters."""
    given = next((value for name, value in headers_of(request) if name.lower() == "content-type"), "")
    return given.partition(";")[0].strip().lower()


def parts_of(request: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """The fields of a multipart body, None for any other body."""
    body = request.get("body")
    if content_type(request) != "multipart/form-data" or not isinstance(body, Mapping):
        return None
    return [(name, str(one)) for name, value in body.items() for one in (value if isinstance(value, list) else [value])]


def body_of(request: Mapping[str, Any]) -> str | None:
    """The body as text: as it was sent, or as well as can be told from what is shown of it."""
    if isinstance(request.get("text"), str):
        return str(request["text"])
    body = request.get("body")
    if body is None or missing_of(request):
        return None
    if isinstance(body, Mapping) and content_type(request) == FORM:
        pairs = ((name, one) for name, value in body.items() for one in (value if isinstance(value, list) else [value]))
        return "&".join(f"{quote_plus(name)}={quote_plus(str(value), safe='…()')}" for name, value in pairs)
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def missing_of(request: Mapping[str, Any]) -> str | None:
    """What is told in place of a body that is not kept; None if it is."""
    body = request.get("body")
    found = _MISSING.fullmatch(body) if isinstance(body, str) and "text" not in request else None
    return found[1] if found else None


def _as_typed(value: str) -> str:
    """A header's value as text; on the wire it is bytes, which servers read as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
