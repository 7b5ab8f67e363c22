"""The lines that point each client library at this origin, as a page for copying."""

from __future__ import annotations

from flask import render_template

from sandbox.service import current_house, current_mount, current_world
from sandbox.web.pages.page import pages
from sandbox.web.snippets import show_all


@pages.get("/_sandbox/snippets")
def snippets() -> str:
    """GET /_sandbox/snippets."""
    sandbox, mount = current_house(), current_mount()
    return render_template(
        "own/snippets.html",
        origin=mount.origin,
        config=sandbox.config,
        shown=list(show_all(sandbox.services.values(), current_world(), mount, sandbox.config)),
    )
