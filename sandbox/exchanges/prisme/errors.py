"""How Prisme.ai says no: a flat `{error, message, details?}`, in the words of what the request is about.

A login in the browser that fails is never told in JSON: the browser is sent to sign out. The words are in words.py.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.exchanges.prisme import limits, wire
from sandbox.exchanges.prisme.bodies import complaint, sentence
from sandbox.exchanges.prisme.login.answers import send_to_sign_out
from sandbox.exchanges.prisme.models import SLUG
from sandbox.exchanges.prisme.refusals import MESSAGE, CallerRefused
from sandbox.exchanges.prisme.words import WORDS, Words
from sandbox.service import current_world

_SIGN_OUT = 302


def render_refusal(refusal: Refusal) -> Response:
    """The refusal in the words of its operation, or of the caller's credential."""
    operation = (request.endpoint or "").rpartition(".")[2]
    dialect = refusal.dialect if isinstance(refusal, CallerRefused) else operation
    words = WORDS.get(dialect, WORDS["session"])[refusal.reason]
    if words.status == _SIGN_OUT:
        return send_to_sign_out()
    status, error, message = (words.status, words.error, words.message)
    if words.shipped and _is_shipped():
        status, error, message = words.shipped
    success = {"success": False} if error == "Internal" else {}
    body = {"error": error, "message": _message(refusal, message), **success, **_details(refusal, words)}
    response = wire.render(body, status)
    if words.status == 429 and not _is_shipped():
        _tell_allowance(response, refusal, operation)
    return response


def _message(refusal: Refusal, message: str) -> str:
    if refusal.issues:
        return ", ".join(str(one.expected) if one.keyword == MESSAGE else sentence(one) for one in refusal.issues)
    field = "undefined" if refusal.field is None else refusal.field
    return message.replace("{method}", request.method).replace("{field}", field)


def _details(refusal: Refusal, words: Words) -> dict[str, Any]:
    """What stands beside the message; nothing where the vendor leaves it out."""
    match refusal.reason:
        case Reason.FIELD_MISSING | Reason.FIELD_INVALID:
            found = [complaint(issue) for issue in refusal.issues if issue.keyword != MESSAGE]
            return {"details": found} if found or refusal.field == "expiresAt" else {}
        case Reason.METHOD_NOT_ALLOWED | Reason.MEDIA_TYPE_UNSUPPORTED:
            path = request.path.removeprefix(f"/{SLUG}")
            return {"details": [{"path": path, "message": _message(refusal, words.message)}]}
        case Reason.BODY_TOO_LARGE:
            return {"details": {"length": request.content_length, "limit": request.max_content_length}}
        case Reason.RATE_LIMITED:
            return {"details": {"retryAfter": refusal.retry_after or limits.WINDOW}}
        case _ if words.error == "ConfigurationError":
            return {"details": {"provider": refusal.field} if refusal.field is not None else {}}
        case _:
            return {}


def _tell_allowance(response: Response, refusal: Refusal, operation: str) -> None:
    world, seconds = current_world(), refusal.retry_after or limits.WINDOW
    response.headers["Retry-After"] = str(seconds)
    response.headers["X-RateLimit-Limit"] = str(limits.most_calls(world, operation) or 0)
    response.headers["X-RateLimit-Remaining"] = "0"
    response.headers["X-RateLimit-Reset"] = str(world.now() + seconds)


def _is_shipped() -> bool:
    return bool(current_world().settings[SLUG]["profile"] == "shipped")
