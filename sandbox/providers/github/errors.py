"""GitHub says no in four dialects; which one is spoken depends on where the request came in."""

from __future__ import annotations

from flask import Response, request

from sandbox.core.refusals import Refusal
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.providers.github.api.errors import WORDS as API_WORDS
from sandbox.providers.github.api.errors import render_api_refusal
from sandbox.providers.github.login.errors import (
    CALLBACK_WORDS,
    PAGE_WORDS,
    TOKEN_WORDS,
    render_callback_refusal,
    render_device_refusal,
    render_page_refusal,
    render_token_refusal,
)

WORDS = {"callback": CALLBACK_WORDS, "token": TOKEN_WORDS, "page": PAGE_WORDS, "api": API_WORDS}


def render_refusal(refusal: Refusal) -> Response:
    """The refusal in the dialect of the endpoint that was called."""
    if isinstance(refusal, RedirectRefusal):
        return render_callback_refusal(refusal)
    path = request.path
    if path.startswith(("/github/api/", "/github/api")):
        return render_api_refusal(refusal)
    if path == "/github/login/oauth/access_token":
        return render_token_refusal(refusal)
    if path == "/github/login/device/code":
        return render_device_refusal(refusal)
    return render_page_refusal(refusal)
