"""Asks a sandbox of this process what a running one would answer, for commands that work offline.

Serves nothing, and leaves the database of the configuration alone.
"""

from __future__ import annotations

from typing import Any

from sandbox.config import Config
from sandbox.factory import create_app


def ask(path: str) -> Any:
    """The JSON of a GET request to the control API of a fresh sandbox on the shipped fixture."""
    app = create_app(Config())
    try:
        answer = app.test_client().get(f"/_sandbox/api{path}")
    finally:
        app.extensions["sandbox"].close()
    if answer.status_code != 200:
        raise RuntimeError(f"GET {path} answers {answer.status_code}")
    return answer.json
