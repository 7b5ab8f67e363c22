"""What a process remembers of the worlds: rows of the cast and what is made of them, for one version of a world.

Whoever changes the cast gives the world's row another version in the same transaction, and each unit of work reads
that row first. So whatever is remembered is as old as what was read, and no process has to tell another.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sandbox.core.tables import Base, Client, Document, Group, Identity, Membership, SigningKey

Known = dict[Hashable, Any]

# What is read at every request and hardly ever changes.
CAST: frozenset[type[Base]] = frozenset({Client, Document, Group, Identity, Membership, SigningKey})
# What one may look for is without end, and so may be the worlds of a sandbox, and a name that somebody makes up.
_MOST_KNOWN, _MOST_WORLDS, _LONGEST = 4_000, 100, 500


class Remembered:
    """Whatever is worth keeping of the worlds of one sandbox; all of it is read-only."""

    def __init__(self) -> None:
        self._worlds: dict[str, tuple[int, Known]] = {}

    def of(self, world: str, version: int) -> Known:
        """What is known of a world in this version."""
        # Two threads may do this at once: then one of them has learned something in vain.
        found = self._worlds.get(world)
        if found is not None and found[0] == version:
            return found[1]
        if len(self._worlds) >= _MOST_WORLDS:
            self._worlds.clear()
        known: Known = {}
        self._worlds[world] = version, known
        return known


def remember(known: Known, key: Hashable, value: object) -> None:
    """Know this from now on, unless it goes by a name that is too long to be kept."""
    if _is_long(key):
        return
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value


def _is_long(key: object) -> bool:
    if isinstance(key, tuple):
        return any(map(_is_long, key))
    return isinstance(key, str) and len(key) > _LONGEST
