"""Puts the fixture's `insforge-cloud` section into a world: it is read as it stands, and names the first key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core.keysets import name_first_key
from sandbox.core.world import World
from sandbox.providers.insforge_cloud.people import SLUG


def seed(world: World, section: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the key with which project-authorization codes are signed; the section is the room's settings."""
    name_first_key(world, SLUG, "RS256", section["kid"])
    return section
