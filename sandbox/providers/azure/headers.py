"""The headers that every answer of Entra ID's endpoints for programs carries, and what other origins may do.

Renders no body; Graph has headers of its own.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redirect-uris-for-single-page-apps-spas
"""

from __future__ import annotations

import re

from flask import Response, request

from sandbox.providers.azure.login.wire import correlation_id, trace_id

_DISCOVERY = re.compile(r"/azure/[^/]+/(v2\.0/\.well-known|\.well-known|discovery|userrealm|UserRealm)(/|$)")
_TOKEN = re.compile(r"/azure/[^/]+/oauth2/(v2\.0/)?(token|devicecode)/?$")
_SERVER = "2.1.0 - SANDBOX"
_CACHED = {"Cache-Control": "max-age=86400, private"}
_NEVER_CACHED = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, client-request-id, return-client-request-id, "
    "x-anchormailbox, x-client-sku, x-client-ver, x-client-os, x-client-cpu, x-client-current-telemetry, "
    "x-client-last-telemetry, x-ms-lib-capability",
    "Access-Control-Max-Age": "86400",
}


def speaks_json(path: str) -> bool:
    """Whether programs rather than people call this path of the application."""
    return bool(_DISCOVERY.match(path) or _TOKEN.match(path))


def after_request(response: Response) -> Response:
    """Put the headers on an answer for programs; pages stay as they are."""
    is_discovery, is_token = bool(_DISCOVERY.match(request.path)), bool(_TOKEN.match(request.path))
    if not (is_discovery or is_token):
        return response
    cached = is_discovery and response.status_code == 200
    response.headers.update(_CACHED if cached else _NEVER_CACHED)
    response.headers.update(
        {
            "x-ms-request-id": trace_id(),
            "x-ms-ests-server": _SERVER,
            "client-request-id": correlation_id(),
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, OPTIONS" if is_discovery else "POST, OPTIONS",
            "Access-Control-Expose-Headers": "client-request-id, x-ms-request-id, x-ms-clitelem",
        }
    )
    if is_token:
        response.headers.setdefault("x-ms-clitelem", "1,0,0,,")
    if request.method == "OPTIONS":
        response.headers.update(_PREFLIGHT)
    return response
