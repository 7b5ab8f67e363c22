"""The libraries that people log in to GitHub with, and the OAuth app of the fixture that each is shown with."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.core import tables
from sandbox.core.world import World
from sandbox.mounts import Mount
from sandbox.service import NothingFitsError, Snippet


def _facts(world: World, mount: Mount) -> Mapping[str, str]:
    for client in world.store.list(tables.Client, order=("position",), service="github"):
        if client.secret and not client.settings["suspended"]:
            return {
                "login": mount.url("/login"),
                "api": mount.url("/api/v3"),
                "client_id": client.client_id,
                "client_secret": client.secret,
                "redirect_uri": client.redirect_uris[0],
            }
    raise NothingFitsError("the fixture has no application of GitHub with a secret")


SNIPPETS = (
    Snippet("pygithub", "PyGithub", "python", _facts),
    Snippet("octokit", "Octokit for Node.js", "javascript", _facts),
)
