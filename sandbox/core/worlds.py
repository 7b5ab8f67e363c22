"""The worlds of one sandbox: made, put back to their start, deleted.

What a world begins with is seeded elsewhere, and written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.core import documents, snapshots, tables
from sandbox.core.clock import Clock, real_now, serial
from sandbox.core.ids import Ids
from sandbox.core.keysets import name_first_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.rows import TABLES, Row, Rows, remove_rows, write_rows
from sandbox.core.session import Session
from sandbox.core.state import Origin, first_rows
from sandbox.core.store import Store, count_worlds, list_worlds
from sandbox.core.world import DEFAULT, NAME, World, find_world

# Each takes some hundred rows, and who calls paths below /w/ makes one by that.
MOST_WORLDS = 1_000
# How exact `used_at` is, in seconds: a write for each request would be dear.
_USED = 60
# The document of a world that goes back to something else than the sandbox's own fixture.
_START = "start"
# The document that marks the rows which new worlds are copies of.
_TEMPLATE = "template"
# The lock of a world: each request that works in it shares it, and who makes or removes the world takes it.
_LOCK = "world"
_KEYS, _WORLDS = "signing_keys", "worlds"


def create_world(
    session: Session, name: str, origin: Origin, ids: Ids, *, start: Mapping[str, Any] | None = None
) -> World:
    """Make the world called `name`, from the sandbox's own fixture unless a `start` says otherwise.

    A start is `{"document": fixture document}` or `{"snapshot": snapshot, "clock": "then" or "now"}`; `reset` goes back
    to it.

    Raises Refusal: FIELD_INVALID for an impossible name and as in snapshots.rows_of, OBJECT_ALREADY_EXISTS,
    LIMIT_REACHED; FixtureError for a document that is no fixture.
    """
    if not re.fullmatch(NAME, name):
        detail = f"{name!r} is no name of a world: up to 64 letters, digits, - and _ are"
        raise Refusal(Reason.FIELD_INVALID, detail, "name")
    store = Store(session, name)
    # Of two first calls at once one makes the world.
    store.lock(_LOCK)
    if store.find(tables.World) is not None:
        raise Refusal(Reason.OBJECT_ALREADY_EXISTS, f"there is a world called {name!r} already", "name")
    if count_worlds(session) >= MOST_WORLDS:
        raise Refusal(Reason.LIMIT_REACHED, f"there are {MOST_WORLDS} worlds already; delete some", "name")
    # What a request that was at work has left in a world of this name when it was deleted.
    remove_rows(store)
    return _begin(store, origin, ids, start)


def open_world(session: Session, name: str, origin: Origin, ids: Ids) -> World:
    """The world called `name`, made if nobody was faster, and nobody else's until the unit of work ends.

    Raises Refusal as `create_world`.
    """
    Store(session, name).lock(_LOCK)
    return find_world(session, name, ids) or create_world(session, name, origin, ids)


def share_world(session: Session, name: str, ids: Ids) -> World | None:
    """The world called `name`, to work in it beside others, or None if there is none.

    Nobody resets or removes it on PostgreSQL before the unit of work ends; on SQLite that is to be seen when it does.
    """
    Store(session, name).share(_LOCK)
    return find_world(session, name, ids)


def rejoin_world(world: World) -> None:
    """Work on in a world after a unit of work has ended, with its settings of now; if it is gone, as it was."""
    world.store.share(_LOCK)
    if world.store.head() is not None:
        world.settings = world.store.recall("settings", world.store.settings)


def start_document(world: World, origin: Origin) -> Mapping[str, Any]:
    """The fixture document that `reset_world` goes back to, complete."""
    start = world.store.find(tables.Document, name=_START)
    if start is None:
        return origin.fixture.document
    given = start.content["snapshot"]["fixture"] if "snapshot" in start.content else start.content["document"]
    return origin.parse(given, f"world {world.name}").document


def reset_world(world: World, origin: Origin) -> None:
    """Make the world what it was when it began, and forget all that has come of it."""
    start = _empty(world)
    _begin(world.store, origin, world.ids, start)


def restore_world(world: World, rows: Rows) -> None:
    """Make the world what these rows of a snapshot say; what `reset` goes back to stays."""
    start = _empty(world)
    _fill(world.store, rows, world.ids)
    if start is not None:
        world.store.add(tables.Document, name=_START, content=start)


def _empty(world: World) -> dict[str, Any] | None:
    """Remove all of the world; returns what it began with, if that was not the sandbox's own fixture."""
    world.store.lock(_LOCK)
    start = world.store.find(tables.Document, name=_START)
    remove_rows(world.store)
    return start.content if start else None


def delete_world(session: Session, name: str) -> None:
    """Delete all of it.

    Raises Refusal: OBJECT_UNKNOWN, PERMISSION_DENIED for the default world, which is always there.
    """
    if name == DEFAULT:
        raise Refusal(Reason.PERMISSION_DENIED, "the default world is always there; reset it instead", "name")
    store = Store(session, name)
    store.lock(_LOCK)
    # Not every database can be asked for what is no name.
    if not re.fullmatch(NAME, name) or store.find(tables.World) is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no world called {name!r}", "name")
    remove_rows(store)


def drop_idle_worlds(session: Session, idle: int) -> int:
    """Delete the worlds that had no request for `idle` seconds (0: none); returns how many there were."""
    return sum(drop_idle_world(session, name, idle) for name in list_idle_worlds(session, idle))


def list_idle_worlds(session: Session, idle: int) -> list[str]:
    """The names of the worlds that had no request for `idle` seconds (0: none)."""
    return [row.world for row in list_worlds(session) if idle and row.world != DEFAULT and _is_idle(row, idle)]


def drop_idle_world(session: Session, name: str, idle: int) -> bool:
    """Delete the world unless somebody has come to it since it was listed; tells whether it was deleted."""
    store = Store(session, name)
    if not store.try_lock(_LOCK):
        return False
    row = store.find(tables.World)
    if row is None or not _is_idle(row, idle):
        return False
    remove_rows(store)
    return True


def _is_idle(row: tables.World, idle: int) -> bool:
    # As old as what is noted may be, it was used since.
    return row.used_at < real_now() - idle - _USED


def note_use(world: World) -> bool:
    """Remember that the world is in use, if that was last noted some time ago. Tells whether anything was written."""
    now = real_now()
    if now - world.used_at < _USED:
        return False
    world.store.change(tables.World, {"used_at": now})
    return True


def _begin(store: Store, origin: Origin, ids: Ids, start: Mapping[str, Any] | None) -> World:
    """Fill an empty world with what it begins with."""
    if start is None:
        return _copy_template(store, origin, ids)
    if "snapshot" in start:
        world = _fill(store, snapshots.rows_of(start["snapshot"], origin, clock=start["clock"]), ids)
    else:
        fixture = origin.parse(start["document"], f"world {store.world}")
        rows = dict(first_rows(fixture, origin.seeders))
        keys = rows.pop(_KEYS, [])
        world = _fill(store, rows, ids)
        _name_keys(world, keys)
        store.add(tables.Document, name=documents.NAME, content=dict(fixture.document))
    store.add(tables.Document, name=_START, content=dict(start))
    return world


def _copy_template(store: Store, origin: Origin, ids: Ids) -> World:
    """Fill a world as the sandbox's own fixture would, by rows that are in the database already.

    No request ever reaches the world that they are in: its name is none.
    """
    name = f"~{origin.fixture.digest[:16]}"
    template = Store(store.session, name)
    rows = first_rows(origin.fixture, origin.seeders)
    if template.find(tables.Document, name=_TEMPLATE) is None:
        template.lock(_LOCK)
        if template.find(tables.Document, name=_TEMPLATE) is None:
            write_rows(template, {table: members for table, members in rows.items() if table not in (_KEYS, _WORLDS)})
            template.add(tables.Document, name=_TEMPLATE, content={})
    world = _fill(store, {_WORLDS: rows[_WORLDS]}, ids)
    for table in rows.keys() - {_KEYS, _WORLDS}:
        store.copy(TABLES[table], name)
    _name_keys(world, rows.get(_KEYS, []))
    return world


def _fill(store: Store, rows: Rows, ids: Ids) -> World:
    [about] = rows[_WORLDS]
    now = real_now()
    store.add(tables.World, **{**about, "created_at": now, "used_at": now, "version": serial()})
    write_rows(store, {table: members for table, members in rows.items() if table != _WORLDS})
    clock = Clock(about["clock_offset"], about["frozen_at"])
    return World(store, clock, ids, about["settings"], faults_armed=about["faults_armed"], used_at=now)


def _name_keys(world: World, keys: list[Row]) -> None:
    """Make the first keys of rooms that call them by a name: of those of a seeding, a world takes the names alone."""
    for key in keys:
        name_first_key(world, key["service"], key["algorithm"], key["kid"])
