"""Entra ID and Microsoft Graph say no in two dialects; which one is spoken depends on where the request came in."""

from __future__ import annotations

from flask import Response, request

from sandbox.core.refusals import Refusal
from sandbox.protocol.authorization import RedirectRefusal
from sandbox.providers.azure.graph.errors import WORDS as GRAPH_WORDS
from sandbox.providers.azure.graph.errors import render_graph_refusal
from sandbox.providers.azure.graph.headers import is_graph
from sandbox.providers.azure.headers import speaks_json
from sandbox.providers.azure.login.errors import render_json_refusal, render_page_refusal, render_redirect_refusal
from sandbox.providers.azure.login.words import WORDS as LOGIN_WORDS

WORDS = {"login": LOGIN_WORDS, "graph": GRAPH_WORDS}


def render_refusal(refusal: Refusal) -> Response:
    """The refusal in the dialect of the endpoint that was called."""
    if isinstance(refusal, RedirectRefusal):
        return render_redirect_refusal(refusal)
    if is_graph(request.path):
        return render_graph_refusal(refusal)
    return render_json_refusal(refusal) if speaks_json(request.path) else render_page_refusal(refusal)
