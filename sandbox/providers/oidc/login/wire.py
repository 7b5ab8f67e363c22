"""The parameters of the login endpoints, and the answers that are no pages."""

from __future__ import annotations

from flask import Response, jsonify, request

from sandbox.protocol.parameters import single_values
from sandbox.protocol.pushed_requests import TTL

_SEVERAL = frozenset({"resource"})


def parse_authorize() -> dict[str, str]:
    """The parameters of an authorization request, which comes by GET or POST (OIDC Core section 3.1.2.1).

    Raises Refusal: FIELD_REPEATED.
    """
    values = request.form if request.method == "POST" else request.args
    return single_values(values.items(multi=True), several=_SEVERAL)


def parse_form() -> dict[str, str]:
    """The parameters of a form. Raises Refusal: FIELD_REPEATED."""
    return single_values(request.form.items(multi=True), several=_SEVERAL)


def render_pushed(request_uri: str) -> Response:
    """The answer to a pushed request (RFC 9126 section 2.2)."""
    response = jsonify(request_uri=request_uri, expires_in=TTL)
    response.status_code = 201
    return response
