"""How the sandbox itself says no: on its own pages, in its control API, and to whoever asks for what is nowhere.

Speaks for no room.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, jsonify, make_response, render_template, request

from sandbox.core.refusals import Reason, Refusal, by_reason
from sandbox.web.issues import problems

# Where the control API lives in every world; what is said there is JSON, whoever asks.
API = "/_sandbox/api"
PROBLEM = "application/problem+json"

_STATUS = {
    Reason.TOKEN_MISSING: HTTPStatus.UNAUTHORIZED,
    Reason.TOKEN_UNKNOWN: HTTPStatus.UNAUTHORIZED,
    Reason.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    Reason.OBJECT_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.OBJECT_ALREADY_EXISTS: HTTPStatus.CONFLICT,
    Reason.LIMIT_REACHED: HTTPStatus.TOO_MANY_REQUESTS,
    Reason.HOST_UNKNOWN: HTTPStatus.MISDIRECTED_REQUEST,
    Reason.ROUTE_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Reason.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.MEDIA_TYPE_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.DATABASE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.INTERNAL_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
}

WORDS = by_reason(((status, [reason]) for reason, status in _STATUS.items()), otherwise=HTTPStatus.BAD_REQUEST)


def render_refusal(refusal: Refusal) -> Response:
    """A page for a browser, RFC 9457 problem details for everyone else and for all of the control API."""
    status = WORDS[refusal.reason]
    response = _page(refusal, status) if _is_page() else render_problem(refusal, status)
    if status is HTTPStatus.UNAUTHORIZED:
        # A browser asks its person for the token as a password; the control API takes it in a header of its own.
        response.headers["WWW-Authenticate"] = 'Basic realm="idp-sandbox"' if _is_page() else "X-Sandbox-Token"
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def render_problem(refusal: Refusal, status: HTTPStatus, **more: object) -> Response:
    """RFC 9457 problem details, with `more` members."""
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": refusal.detail,
        "reason": refusal.reason,
    }
    errors = problems(refusal) if status is HTTPStatus.BAD_REQUEST else []
    problem = jsonify({**content, **({"errors": errors} if errors else {}), **more})
    problem.status = str(status.value)
    problem.content_type = PROBLEM
    return problem


def _is_page() -> bool:
    in_api = request.path == API or request.path.startswith(f"{API}/")
    return not in_api and request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def _page(refusal: Refusal, status: HTTPStatus) -> Response:
    page = render_template(
        "error.html",
        vendor=None,
        status=status.value,
        title=status.phrase,
        message=refusal.detail,
        reason=refusal.reason.value,
        detail=refusal.detail,
    )
    return make_response(page, status)
