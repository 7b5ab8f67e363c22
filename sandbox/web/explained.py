"""Has a token explained with what the rooms know of their own tokens, in the world of this request.

Explains nothing itself: that is core/explaining.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.explaining import Room, explain
from sandbox.core.world import World
from sandbox.headless import JWT
from sandbox.service import Service, Upstream, current_house, current_world, reached_by


def explain_here(world: World, token: str) -> dict[str, Any]:
    """What `explain` tells of this token; `world` is that of the request."""
    return explain(world, token, {slug: _room(service) for slug, service in _services().items()})


def _services() -> dict[str, Service]:
    return dict(current_house().services)


def _room(service: Service) -> Room:
    kinds = [kind for kind, mintable in service.mints.items() if mintable.format == JWT]
    return Room(service.title, service.claims, kinds, service.name_key, _issuers_of(service))


def _issuers_of(service: Service) -> Callable[[str], str | None] | None:
    """How the room's issuers are found by their URLs, whichever way they were reached; None for a room without."""
    upstream = service.upstream
    if upstream is None or type(upstream).find_issuer is Upstream.find_issuer:
        return None

    def find(url: str) -> str | None:
        house, world = current_house(), current_world()
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if not house.mounts.knows_host(parts.netloc):
            return None
        mount, _ = house.mounts.resolve(parts.scheme, parts.netloc, parts.path)
        if mount.world != world.name:
            return None
        with reached_by(mount.at(service.slug)):
            # Not every issuer that a room has is one that others may ask it for.
            return upstream.find_issuer(world, url) or ""

    return find
