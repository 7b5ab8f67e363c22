"""The worlds of a server: made, listed, deleted.

Steers none of them; `SandboxClient.world` gives the client of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sandbox.client.http import Http
from sandbox.client.values import World


class Worlds:
    """`idp.worlds`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self) -> list[World]:
        """All of them."""
        return [World.read(world) for world in self._http.get("/worlds")["worlds"]]

    def get(self, name: str) -> World:
        """One of them. Raises SandboxError (404) if there is none."""
        return World.read(self._http.get(f"/worlds/{quote(name, safe='')}"))

    def create(
        self,
        name: str,
        *,
        fixture: Mapping[str, Any] | None = None,
        copy_of: str | None = None,
        snapshot: Mapping[str, Any] | None = None,
        clock: str | None = None,
    ) -> World:
        """Make one: from the server's own fixture, a fixture document, another world, or a snapshot.

        `clock` is `then` or `now`, of a snapshot. Raises SandboxError: 400, 409.
        """
        given = {"name": name, "fixture": fixture, "from": copy_of, "snapshot": snapshot, "clock": clock}
        body = {member: value for member, value in given.items() if value is not None}
        return World.read(self._http.post("/worlds", body))

    def delete(self, name: str) -> None:
        """Delete one and all that is in it. Raises SandboxError: 404, and 409 for the default world."""
        self._http.delete(f"/worlds/{quote(name, safe='')}")
