"""A world as one request sees it: its store, clock, ids, faults and the journal entry being written.

Lives for one unit of work and never commits; who opened it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sandbox.core import tables
from sandbox.core.clock import Clock
from sandbox.core.drafts import Forger
from sandbox.core.ids import Ids
from sandbox.core.journal import Entry
from sandbox.core.session import Session
from sandbox.core.store import Store

DEFAULT = "default"
# What a world may be called, as a step of a URL's path.
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_NAME = re.compile(NAME)


@dataclass
class World:
    """What rules are given to work with.

    `settings` is `{slug: what that room's seeding left for every request}`; `entry` is the line of the journal that
    this unit of work will leave behind, `used_at` as in tables.World. While there is a `forgery`, what is issued
    comes out as it says. `apart` opens the world in a unit of work of its own, where that is possible.
    """

    store: Store
    clock: Clock
    ids: Ids
    settings: Mapping[str, Mapping[str, Any]]
    faults_armed: bool = False
    used_at: int = 0
    entry: Entry = field(default_factory=Entry)
    forgery: Forger | None = None
    apart: Callable[[], AbstractContextManager[World]] | None = None
    _moment: int | None = None

    @property
    def name(self) -> str:
        """The world's name, as in `/w/{name}/`."""
        return self.store.world

    def now(self) -> int:
        """The world's time in epoch seconds: one moment for the whole unit of work, so that lifetimes come out even."""
        if self._moment is None:
            self._moment = self.clock.now()
        return self._moment

    def set_clock(self, clock: Clock) -> None:
        """Make `clock` this world's clock, for every process that serves it."""
        self.clock, self._moment = clock, None
        self.store.change(tables.World, {"clock_offset": clock.offset, "frozen_at": clock.frozen_at})


def find_world(session: Session, name: str, ids: Ids) -> World | None:
    """Open the world called `name`, or None if there is none."""
    store = Store(session, name)
    # Not every database can be asked for what is no name.
    row = store.head() if _NAME.fullmatch(name) else None
    if row is None:
        return None
    return World(
        store=store,
        clock=Clock(row.clock_offset, row.frozen_at),
        ids=ids,
        settings=store.recall("settings", store.settings),
        faults_armed=row.faults_armed,
        used_at=row.used_at,
    )
