"""The control API's description, as a page."""

from __future__ import annotations

from flask import render_template

from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_mount
from sandbox.web.control.guard import HEADER
from sandbox.web.control.openapi import list_by_tag
from sandbox.web.errors import API
from sandbox.web.pages.page import pages


@pages.get("/_sandbox/docs")
def docs() -> str:
    """GET /_sandbox/docs."""
    mount = current_mount()
    base = f"{mount.origin}{mount.world_prefix}"
    return render_template(
        "own/docs.html",
        base=f"{base}{API}",
        description=f"{base}{OWN_PREFIX}/openapi.json",
        header=HEADER,
        groups=list_by_tag(),
    )
