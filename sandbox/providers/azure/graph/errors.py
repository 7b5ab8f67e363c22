"""How Microsoft Graph says no: an error with a code, a message and the ids of the request.

https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, g, request

from sandbox.core.clock import Clock
from sandbox.core.refusals import Issue, Reason, Refusal, by_reason
from sandbox.providers.azure.graph.headers import add_headers, request_ids
from sandbox.providers.azure.graph.wire import render_json
from sandbox.providers.azure.resources import GRAPH_ID
from sandbox.service import current_mount, current_world


@dataclass(frozen=True)
class Words:
    """A status, a code and a message; `{value}` in it stands for what was asked for."""

    status: int
    code: str
    message: str


_TOKEN = "InvalidAuthenticationToken"
_BAD_TOKEN = Words(401, _TOKEN, "Access token validation failure.")
_MALFORMED = Words(400, "BadRequest", "The request is malformed.")

WORDS = by_reason(
    [
        (Words(401, _TOKEN, "Access token is empty."), [Reason.TOKEN_MISSING]),
        (
            Words(401, _TOKEN, "IDX14100: JWT is not well formed, there are no dots (.)."),
            [Reason.TOKEN_MALFORMED],
        ),
        (_BAD_TOKEN, [Reason.TOKEN_UNKNOWN, Reason.TOKEN_SIGNATURE_BAD, Reason.TOKEN_KEY_UNKNOWN]),
        (Words(401, _TOKEN, "Access token validation failure. Invalid audience."), [Reason.TOKEN_AUDIENCE_WRONG]),
        (
            Words(401, _TOKEN, "Lifetime validation failed, the token is expired."),
            [Reason.TOKEN_EXPIRED, Reason.TOKEN_NOT_YET_VALID],
        ),
        (
            Words(
                401,
                _TOKEN,
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
                "TokenIssuedBeforeRevocationTimestamp",
            ),
            [Reason.TOKEN_REVOKED],
        ),
        (
            Words(
                401,
                "Authorization_IdentityNotFound",
                "The identity of the calling application could not be established.",
            ),
            [Reason.IDENTITY_UNKNOWN, Reason.IDENTITY_OF_ANOTHER_TENANT, Reason.ISSUER_UNKNOWN],
        ),
        (
            Words(401, "Authorization_IdentityDisabled", "The identity of the calling application is disabled."),
            [Reason.IDENTITY_DEACTIVATED],
        ),
        (
            Words(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
            [Reason.SCOPE_INSUFFICIENT, Reason.PERMISSION_DENIED],
        ),
        (
            Words(400, "BadRequest", "/me request is only valid with delegated authentication flow."),
            [Reason.TOKEN_TYPE_WRONG],
        ),
        (
            Words(
                404,
                "Request_ResourceNotFound",
                "Resource '{value}' does not exist or one of its queried reference-property objects are not present.",
            ),
            [Reason.OBJECT_UNKNOWN],
        ),
        (
            Words(
                400,
                "Request_BadRequest",
                "Invalid value specified for property '{value}' of resource 'DirectoryObject'.",
            ),
            [Reason.FIELD_MISSING, Reason.FIELD_INVALID],
        ),
        (
            Words(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
                "JSON format.",
            ),
            [Reason.BODY_MISSING, Reason.BODY_MALFORMED],
        ),
        (Words(400, "BadRequest", "Resource not found for the segment '{value}'."), [Reason.ROUTE_UNKNOWN]),
        (
            Words(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."),
            [Reason.METHOD_NOT_ALLOWED],
        ),
        (Words(413, "RequestEntityTooLarge", "The request entity is too large."), [Reason.BODY_TOO_LARGE]),
        (Words(415, "BadRequest", "The media type is not supported."), [Reason.MEDIA_TYPE_UNSUPPORTED]),
        (Words(421, "BadRequest", "The request was sent to the wrong host."), [Reason.HOST_UNKNOWN]),
        (Words(429, "TooManyRequests", "Too many requests."), [Reason.RATE_LIMITED, Reason.LIMIT_REACHED]),
        (
            Words(503, "ServiceUnavailable", "The service is unavailable."),
            [Reason.PROVIDER_FAILED, Reason.DATABASE_UNAVAILABLE],
        ),
        (Words(500, "InternalServerError", "An internal server error occurred."), [Reason.INTERNAL_ERROR]),
    ],
    otherwise=_MALFORMED,
)

_NO_PHOTO = Words(
    404,
    "ImageNotFound",
    "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown.",
)
# What is wrong with an option of the query.
_QUERY_WORDS = {
    "$": Words(400, "BadRequest", "The query parameter '{value}' is not supported."),
    "$select": Words(
        400,
        "BadRequest",
        "Parsing OData Select and Expand failed: Could not find a property named '{value}' on type '{expected}'.",
    ),
    "$orderby": Words(400, "BadRequest", "Could not find a property named '{value}' on type '{expected}'."),
    "$filter": Words(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified: {value}"),
    "$count": Words(400, "Request_BadRequest", "$count is not currently supported."),
    "$top": Words(
        400,
        "Request_UnsupportedQuery",
        "Invalid page size specified: '{value}'. Must be between 1 and 999 inclusive.",
    ),
    "$skiptoken": Words(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    ),
}
_FILTERED_REFERENCE = Words(
    400,
    "Request_UnsupportedQuery",
    "The specified filter to the reference property query is currently not supported.",
)


def render_graph_refusal(refusal: Refusal) -> Response:
    """The refusal as Microsoft Graph words it."""
    issue = refusal.issues[0] if refusal.issues else None
    words = _words(refusal, issue)
    value = str(issue.received if issue else _value(refusal))
    expected = str(issue.expected if issue else "")
    request_id, client_request_id = request_ids()
    now = current_world().now() if "world" in g else Clock().now()
    response = render_json(
        {
            "error": {
                "code": words.code,
                "message": words.message.format(value=value, expected=expected),
                "innerError": {
                    "date": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        },
        words.status,
    )
    response.content_type = "application/json"
    if words.status == 401:
        authority = current_mount().url("/common/oauth2/authorize")
        challenge = f'Bearer realm="", authorization_uri="{authority}", client_id="{GRAPH_ID}"'
        response.headers["WWW-Authenticate"] = challenge
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return add_headers(response)


def _words(refusal: Refusal, issue: Issue | None) -> Words:
    if issue and issue.expected == "reference":
        return _FILTERED_REFERENCE
    if issue and issue.path[0] in _QUERY_WORDS:
        return _QUERY_WORDS[str(issue.path[0])]
    if refusal.reason is Reason.OBJECT_UNKNOWN and refusal.field == "photo":
        return _NO_PHOTO
    return WORDS[refusal.reason]


def _value(refusal: Refusal) -> str:
    """What the refusal is about; a path that is nowhere is known by its end."""
    return refusal.field or request.path.rstrip("/").rpartition("/")[2]
