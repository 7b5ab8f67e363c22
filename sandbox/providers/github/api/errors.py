"""How GitHub's API says no: a JSON object with a message, and the status.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flask import Response, request

from sandbox.core.refusals import Issue, Reason, Refusal, by_reason
from sandbox.providers.github.api import access
from sandbox.providers.github.api.wire import render_json
from sandbox.providers.github.people import github_id
from sandbox.service import current_mount, current_world

Words = tuple[int, str]

_REST_DOCS = "https://docs.github.com/rest"
_GRAPHQL_DOCS = "https://docs.github.com/graphql"
_LOGIN_DOCS = f"{_GRAPHQL_DOCS}/guides/forming-calls-with-graphql#authentication"
_SSO_DOCS = "https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/"

_BAD_CREDENTIALS = (401, "Bad credentials")
_NO_CREDENTIALS = (401, "Requires authentication")
_NOT_FOUND = (404, "Not Found")
_INVALID = (422, "Validation Failed")
_NO_QUERY = (400, "A query attribute must be specified and must be a string.")
_NO_USER_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
    "(https://docs.github.com/rest/overview/resources-in-the-rest-api#user-agent-required).\n"
)

WORDS = by_reason(
    [
        (
            _BAD_CREDENTIALS,
            [
                Reason.CLIENT_UNKNOWN,
                Reason.CLIENT_SECRET_WRONG,
                Reason.TOKEN_UNKNOWN,
                Reason.TOKEN_EXPIRED,
                Reason.TOKEN_REVOKED,
                Reason.TOKEN_MALFORMED,
                Reason.TOKEN_TYPE_WRONG,
                Reason.IDENTITY_UNKNOWN,
            ],
        ),
        (_NO_CREDENTIALS, [Reason.TOKEN_MISSING, Reason.CLIENT_SECRET_MISSING]),
        ((403, "Sorry. Your account was suspended."), [Reason.IDENTITY_DEACTIVATED]),
        ((403, "This application has been suspended"), [Reason.CLIENT_SUSPENDED]),
        ((403, "Your token has not been granted the required scopes."), [Reason.SCOPE_INSUFFICIENT]),
        ((403, "Resource not accessible by integration"), [Reason.PERMISSION_DENIED]),
        ((403, "API rate limit exceeded for {who}."), [Reason.RATE_LIMITED]),
        (
            (403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."),
            [Reason.LIMIT_REACHED],
        ),
        (
            (
                403,
                "Resource protected by organization SAML enforcement. You must grant your OAuth token access to "
                "this organization.",
            ),
            [Reason.SSO_REQUIRED],
        ),
        ((403, _NO_USER_AGENT), [Reason.HEADER_INVALID]),
        # GitHub tells a path it does not have from a method that the path does not have as little.
        (
            _NOT_FOUND,
            [
                Reason.OBJECT_UNKNOWN,
                Reason.TOKEN_OF_ANOTHER_CLIENT,
                Reason.ROUTE_UNKNOWN,
                Reason.METHOD_NOT_ALLOWED,
            ],
        ),
        ((413, "Payload Too Large"), [Reason.BODY_TOO_LARGE]),
        ((415, "Unsupported Media Type"), [Reason.MEDIA_TYPE_UNSUPPORTED]),
        ((421, "Misdirected Request"), [Reason.HOST_UNKNOWN]),
        ((400, "Problems parsing JSON"), [Reason.BODY_MISSING, Reason.BODY_MALFORMED]),
        ((500, "Server Error"), [Reason.INTERNAL_ERROR]),
        ((502, "Server Error"), [Reason.PROVIDER_FAILED]),
        (
            (
                503,
                "No server is currently available to service your request. Sorry about that. Please try resubmitting "
                "your request and contact us if the problem persists.",
            ),
            [Reason.DATABASE_UNAVAILABLE],
        ),
        (_INVALID, [Reason.FIELD_MISSING, Reason.FIELD_INVALID]),
    ],
    otherwise=_INVALID,
)

# A token that an application asks about is an object like any other, not the application's credentials.
_TOKEN_NOT_FOUND = dict.fromkeys(
    (
        Reason.TOKEN_UNKNOWN,
        Reason.TOKEN_EXPIRED,
        Reason.TOKEN_REVOKED,
        Reason.TOKEN_OF_ANOTHER_CLIENT,
        Reason.TOKEN_TYPE_WRONG,
    ),
    _NOT_FOUND,
)
_QUERY_WORDS = {
    Reason.TOKEN_MISSING: (401, "This endpoint requires you to be authenticated."),
    Reason.FIELD_MISSING: _NO_QUERY,
    Reason.FIELD_INVALID: (400, "A query must be a string, and its variables a JSON object."),
}
# Where an operation has words of its own.
_OPERATION_WORDS: Mapping[str, Mapping[Reason, Words]] = {
    "list_user_emails": {Reason.SCOPE_INSUFFICIENT: _NOT_FOUND},
    "list_user_orgs": {
        Reason.SCOPE_INSUFFICIENT: (
            403,
            "You need at least read:org scope or user scope to list your organizations.",
        )
    },
    "list_org_teams": {Reason.SCOPE_INSUFFICIENT: _NOT_FOUND},
    "check_team_member": {Reason.SCOPE_INSUFFICIENT: _NOT_FOUND},
    "check_token": _TOKEN_NOT_FOUND,
    "reset_token": _TOKEN_NOT_FOUND,
    "delete_token": _TOKEN_NOT_FOUND,
    "delete_grant": _TOKEN_NOT_FOUND,
    "scope_token": _TOKEN_NOT_FOUND,
    "run_query": _QUERY_WORDS,
}


def render_api_refusal(refusal: Refusal) -> Response:
    """The refusal in the words of the API."""
    operation = request.endpoint.rpartition(".")[2] if request.endpoint else ""
    status, message = _OPERATION_WORDS.get(operation, {}).get(refusal.reason) or WORDS[refusal.reason]
    match refusal.reason:
        case Reason.HEADER_INVALID:
            return Response(message, status, content_type="text/plain; charset=utf-8")
        case Reason.RATE_LIMITED:
            return _render_rate_limit(operation, status, message)
        case Reason.SSO_REQUIRED:
            return _render_sso(refusal, status, message)
        case Reason.BODY_MALFORMED if refusal.issues:
            message = "Body should be a JSON object"
        case Reason.FIELD_MISSING | Reason.FIELD_INVALID if status == 422:
            return _render_error(status, message, errors=_render_errors(refusal))
    return _render_error(status, message)


def _render_error(
    status: int, message: str, *, docs: str | None = None, errors: list[dict[str, str]] | None = None
) -> Response:
    body: dict[str, object] = {"message": message}
    if errors is not None:
        body["errors"] = errors
    return render_json(body | {"documentation_url": docs or _docs(status), "status": str(status)}, status)


def _docs(status: int) -> str:
    if not request.path.endswith("/graphql"):
        return _REST_DOCS
    return _LOGIN_DOCS if status == 401 else _GRAPHQL_DOCS


def _render_errors(refusal: Refusal) -> list[dict[str, str]]:
    missing = refusal.reason is Reason.FIELD_MISSING
    codes = {issue.field: _code(issue) for issue in refusal.issues} or (
        {refusal.field: "missing_field" if missing else "invalid"} if refusal.field else {}
    )
    resource = "OauthAccess" if "/applications/" in request.path else "OrganizationMembership"
    return [{"resource": resource, "field": field, "code": code} for field, code in codes.items()]


def _code(issue: Issue) -> str:
    return "missing_field" if access.is_blank(issue) else "invalid"


def _render_rate_limit(operation: str, status: int, message: str) -> Response:
    caller = access.known_caller()
    who = f"user ID {github_id(caller.identity)}" if caller else request.remote_addr
    message = message.format(who=who)
    if operation == "run_query":
        # https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        return render_json({"errors": [{"type": "RATE_LIMITED", "message": message}]})
    return _render_error(status, message, docs=f"{_REST_DOCS}/using-the-rest-api/rate-limits-for-the-rest-api")


def _render_sso(refusal: Refusal, status: int, message: str) -> Response:
    response = _render_error(status, message, docs=_SSO_DOCS)
    if organization := refusal.field or (request.view_args or {}).get("org"):
        url = current_mount().url(f"/orgs/{quote(organization, safe='')}/sso")
        ticket = current_world().ids.hex(40)
        response.headers["X-GitHub-SSO"] = f"required; url={url}?authorization_request={ticket}"
    return response
