"""How the sandbox itself says no, on its own pages and to whoever asks for what is nowhere.

Speaks for no room.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, jsonify, make_response, render_template, request

from sandbox.core.refusals import Reason, Refusal, by_reason

_STATUS = {
    Reason.HOST_UNKNOWN: HTTPStatus.MISDIRECTED_REQUEST,
    Reason.ROUTE_UNKNOWN: HTTPStatus.NOT_FOUND,
    Reason.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Reason.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Reason.MEDIA_TYPE_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Reason.INTERNAL_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
}

WORDS = by_reason(((status, [reason]) for reason, status in _STATUS.items()), otherwise=HTTPStatus.BAD_REQUEST)


def render_refusal(refusal: Refusal) -> Response:
    """A page for a browser, RFC 9457 problem details for everyone else."""
    status = WORDS[refusal.reason]
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
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
    problem = jsonify(
        type="about:blank",
        title=status.phrase,
        status=status.value,
        detail=refusal.detail,
        reason=refusal.reason,
    )
    problem.status = str(status.value)
    problem.content_type = "application/problem+json"
    return problem
