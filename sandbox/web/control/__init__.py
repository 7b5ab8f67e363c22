"""The control API: everything about a world, over HTTP, below `/_sandbox/api`.

Each module puts its operations into the table of api.py when it is imported here.
"""

from __future__ import annotations

from sandbox.web.control import (
    belonging,
    cast,
    clock,
    faults,
    fixture,
    flows,
    journal,
    keys,
    login,
    mailbox,
    openapi,
    services,
    tokens,
    tours,
    verdict,
    worlds,
)
from sandbox.web.control.api import OPERATIONS, make_routes

__all__ = [
    "OPERATIONS",
    "belonging",
    "cast",
    "clock",
    "control",
    "faults",
    "fixture",
    "flows",
    "journal",
    "keys",
    "login",
    "mailbox",
    "openapi",
    "services",
    "tokens",
    "tours",
    "verdict",
    "worlds",
]

control = make_routes()
control.register_blueprint(openapi.pages)
