"""Requests of the journal as an HTTP Archive (HAR 1.2), as browsers' developer tools open it.

A pure function of the entries' documents: where secrets are hidden in them, they are hidden here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.replay import FORM, address_of, body_of, content_type, headers_of, host_of, parts_of

_UNKNOWN = -1
_STATUSES = frozenset(HTTPStatus)


def as_har(documents: Iterable[Mapping[str, Any]], origin: str, version: str) -> dict[str, Any]:
    """The archive of these entries, in their order; `origin` is where they would be sent again."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "idp-sandbox", "version": version},
            "pages": [],
            "entries": [_entry(document, origin) for document in documents],
        }
    }


def _entry(document: Mapping[str, Any], origin: str) -> dict[str, Any]:
    milliseconds = document["duration_us"] / 1000
    told = {f"_{name}": document[name] for name in ("service", "operation", "flow", "reason", "caller")}
    return {
        "startedDateTime": _iso(document["at"]),
        "time": milliseconds,
        "request": _request(document, origin),
        "response": _response(document),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": document["detail"] or "",
        **told,
    }


def _request(document: Mapping[str, Any], origin: str) -> dict[str, Any]:
    request = document["request"]
    host = host_of(document, origin)
    base = f"{origin.partition('://')[0]}://{host}" if host else origin
    query = request.get("query") or ""
    whole = {
        "method": document["method"],
        "url": address_of(document, base),
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(request, "cookie"),
        "headers": _headers(request),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)],
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }
    post = _post_data(request)
    return {**whole, "postData": post} if post else {**whole, "bodySize": 0}


def _post_data(request: Mapping[str, Any]) -> dict[str, Any] | None:
    text, parts, kind = body_of(request), parts_of(request), content_type(request)
    if parts is not None:
        return {"mimeType": kind, "params": [{"name": name, "value": value} for name, value in parts], "text": ""}
    if text is None:
        return None
    pairs = parse_qsl(text, keep_blank_values=True) if kind == FORM else []
    return {"mimeType": kind, "params": [{"name": name, "value": value} for name, value in pairs], "text": text}


def _response(document: Mapping[str, Any]) -> dict[str, Any]:
    response, status = document["response"], document["status"]
    body = response.get("text", response.get("body"))
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body, ensure_ascii=False)
    given = {name.lower(): value for name, value in response.get("headers", {}).items()}
    length = given.get("content-length", "")
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in _STATUSES else "",
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(response, "set-cookie"),
        "headers": _headers(response),
        "content": {
            "size": int(length) if length.isdecimal() and len(length) < 16 else len(text.encode()),
            "mimeType": given.get("content-type", ""),
            "text": text,
        },
        "redirectURL": given.get("location", ""),
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }


def _headers(message: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers_of(message, everything=True)]


def _cookies(message: Mapping[str, Any], header: str) -> list[dict[str, str]]:
    found = []
    for name, value in headers_of(message, everything=True):
        if name.lower() == header:
            try:
                found += [{"name": one.key, "value": one.value} for one in SimpleCookie(value).values()]
            except CookieError:
                continue
    return found


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
