"""What the control API answers where a room refuses to do what was asked of it.

Knows no room's words: those of a request that was refused on the way are its caller's to pass on.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, g

from sandbox.core.refusals import Reason, Refusal
from sandbox.web.errors import render_problem

_ASKED_AMISS = frozenset({Reason.FIELD_MISSING, Reason.FIELD_INVALID, Reason.HEADER_INVALID, Reason.SCOPE_INVALID})
_NOT_THERE = frozenset(
    {
        Reason.CLIENT_UNKNOWN,
        Reason.IDENTITY_UNKNOWN,
        Reason.ISSUER_UNKNOWN,
        Reason.OBJECT_UNKNOWN,
        Reason.TARGET_INVALID,
    }
)


def refused(refusal: Refusal, **more: object) -> Response:
    """Problem details: 400 and 404 for what was asked for amiss, 409 for what a room will not do."""
    g.entry.refusal = refusal
    status = HTTPStatus.CONFLICT
    if refusal.reason in _ASKED_AMISS:
        status = HTTPStatus.BAD_REQUEST
    elif refusal.reason in _NOT_THERE:
        status = HTTPStatus.NOT_FOUND
    return render_problem(refusal, status, **more)
