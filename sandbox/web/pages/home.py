"""The front door: what is here, where it is, who can sign in; and the landing page of the demo.

Adds no behaviour to any room.
"""

from __future__ import annotations

from flask import render_template, request

from sandbox.core import tables
from sandbox.core.identities import face
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.control.services import get_services
from sandbox.web.pages.floor_plan import draw
from sandbox.web.pages.page import pages
from sandbox.web.version import own_version

# How many faces there are on the page; the others are with the cast.
_FACES = 12


@pages.get("/")
def home() -> str:
    """What is here, where the rooms are and who can sign in."""
    world = current_world()
    services = get_services()["services"]
    people = world.store.list(tables.Identity, order=("position", "login"), limit=_FACES)
    return render_template(
        "own/home.html",
        version=own_version(),
        origin=f"{current_mount().origin}{current_mount().world_prefix}",
        services=services,
        titles={one["slug"]: one["title"] for one in services},
        plan=draw(services),
        identities=[face(identity) for identity in people],
        count=world.store.count(tables.Identity),
        snippets=[
            {"name": snippet.name, "title": snippet.title, "language": snippet.language}
            for service in current_house().services.values()
            for snippet in service.snippets
        ],
    )


@pages.get("/_sandbox/callback")
def callback() -> str:
    """A landing page for sign-ins without an application of their own: shows what the provider sent."""
    return render_template(
        "own/callback.html",
        parameters=[{"name": name, "value": value} for name, value in request.args.items(multi=True)],
        succeeded="code" in request.args,
    )
