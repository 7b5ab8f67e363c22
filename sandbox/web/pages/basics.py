"""What is there on every sandbox and for everybody: its health, its style sheets, scripts and pictures."""

from __future__ import annotations

from mimetypes import guess_type

from flask import Response, request

from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_world
from sandbox.web.files import STATIC
from sandbox.web.pages.page import pages
from sandbox.web.version import own_version


@pages.get("/_sandbox/health")
def health() -> dict[str, object]:
    """Answers when the sandbox can: its database was read to get here."""
    return {"status": "ok", "version": own_version(), "world": current_world().name}


@pages.get("/_sandbox/static/<name>")
def static(name: str) -> Response:
    """The style sheets and the pictures of the pages. Raises Refusal: ROUTE_UNKNOWN."""
    # Looked up among the files there are, so that no name is ever taken for a path.
    file = next((file for file in STATIC.iterdir() if file.name == name), None)
    if file is None:
        raise Refusal(Reason.ROUTE_UNKNOWN, f"there is no file called {name!r}")
    response = Response(file.read_bytes(), content_type=guess_type(name)[0] or "application/octet-stream")
    response.headers["Cache-Control"] = "max-age=3600"
    response.add_etag()
    response.make_conditional(request)
    return response
