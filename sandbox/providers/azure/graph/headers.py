"""The headers that every answer of Microsoft Graph carries, and what a browser of another origin may do.

Renders no body.
"""

from __future__ import annotations

from flask import Response, g, request

from sandbox.service import current_world

_ROOTS = ("/azure/v1.0", "/azure/beta", "/azure/oidc/userinfo")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Location, Preference-Applied, Content-Range, Retry-After, "
    "WWW-Authenticate, request-id, client-request-id, ReadWriteConsistencyToken, SdkVersion",
}
_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, ConsistencyLevel, Prefer, SdkVersion, "
    "client-request-id, return-client-request-id",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
_LONGEST_ID = 128
_NO_ID = "00000000-0000-0000-0000-000000000000"


def is_graph(path: str) -> bool:
    """Whether a path of the application is one of Microsoft Graph's, userinfo included."""
    return any(path == root or path.startswith(f"{root}/") for root in _ROOTS)


def request_ids() -> tuple[str, str]:
    """The id of this request, and the one that the client gave it, or the same."""
    if "graph_request_id" not in g:
        # A host that is not ours, and a world that is not there, are refused before there are ids.
        g.graph_request_id = current_world().ids.uuid() if "world" in g else _NO_ID
    own: str = g.graph_request_id
    given = request.headers.get("client-request-id", "")
    return own, given if given.isprintable() and 0 < len(given) <= _LONGEST_ID else own


def after_graph_request(response: Response) -> Response:
    """Put the headers on an answer of Microsoft Graph; answers of the room's other parts stay as they are.

    A preflight is answered 204.
    """
    if not is_graph(request.path):
        return response
    if request.method == "OPTIONS" and response.status_code < 400:
        response = Response(status=204, headers=_PREFLIGHT)
        response.headers.remove("Content-Type")
    return add_headers(response)


def add_headers(response: Response) -> Response:
    """Put the headers on an answer."""
    own, given = request_ids()
    response.headers.update({**_CORS, "request-id": own, "client-request-id": given, "OData-Version": "4.0"})
    return response
