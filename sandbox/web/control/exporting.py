"""Requests of the journal for other tools: a curl command, a test for pytest, an HTTP Archive.

Makes the answers; the texts are made by core/replay.py, replay_tests.py and har.py, and who may see secrets is decided
by guard.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify

from sandbox.core.har import as_har
from sandbox.core.replay import as_curl
from sandbox.core.replay_tests import as_pytest
from sandbox.service import current_mount
from sandbox.web.version import own_version

REVEAL = {
    "type": "boolean",
    "default": False,
    "description": "With all secrets; only for who is on the machine of the sandbox.",
}

Document = Mapping[str, Any]


def export_curl(document: Document) -> Response:
    """The command that sends the request again to where the reader has found the sandbox."""
    return _text(as_curl(document, current_mount().origin))


def export_pytest(documents: Sequence[Document], before: Sequence[Document] = ()) -> Response:
    """The module whose test sends these requests again."""
    return _text(as_pytest(documents, before=before))


def export_har(documents: Sequence[Document], name: str) -> Response:
    """The archive of these requests, for saving as `name`.har."""
    response = jsonify(as_har(documents, current_mount().origin, own_version()))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.har"'
    return response


def _text(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=utf-8")
