"""The fixture document of a world: what its cast and settings are today, as one value, and how it is changed.

Reads no file and knows no room's section.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.core import faults, tables
from sandbox.core.keysets import name_first_key
from sandbox.core.rows import TABLES, Row, Rows, key_of
from sandbox.core.state import Origin, seeded_rows
from sandbox.core.world import World

NAME = "fixture"
# What of a seeding is the world's own: its row, and the keys that it makes itself.
_OWN = ("worlds", "signing_keys")


def current_document(world: World, origin: Origin) -> Mapping[str, Any]:
    """The world's fixture as it is now, complete."""
    changed = world.store.find(tables.Document, name=NAME)
    return changed.content if changed else origin.fixture.document


def lock_document(world: World) -> None:
    """Let nobody else change the document before this unit of work ends; for who reads it to change it in part."""
    world.store.lock("fixture")


def change_document(world: World, origin: Origin, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make `document` the world's fixture; returns it, complete.

    What the two fixtures would seed is compared, and the difference is made in the world: what has come of its people
    and applications since stays. Raises FixtureError, and then nothing has changed.
    """
    name = f"world {world.name}"
    new = origin.parse(document, name)
    lock_document(world)
    # Who arms a fault says so as well, and waits for whoever changes the cast.
    world.store.lock(faults.LOCK)
    old = origin.parse(current_document(world, origin), name)
    at = world.now()
    before, after = seeded_rows(old, origin.seeders, at), seeded_rows(new, origin.seeders, at)
    for table in TABLES:
        if table not in _OWN:
            _change_rows(world, table, before.get(table, []), after.get(table, []))
    _name_keys(world, before, after)
    world.settings = after["worlds"][0]["settings"]
    armed = bool(world.store.count(tables.Fault))
    world.store.change(tables.World, {"settings": dict(world.settings), "faults_armed": armed})
    world.store.put(tables.Document, name=NAME, content=dict(new.document))
    return new.document


def _change_rows(world: World, name: str, before: list[Row], after: list[Row]) -> None:
    table = TABLES[name]
    key = key_of(table)
    old = {tuple(row[column] for column in key): row for row in before}
    new = {tuple(row[column] for column in key): row for row in after}
    for gone in old.keys() - new.keys():
        world.store.remove(table, **dict(zip(key, gone, strict=True)))
    for known, row in new.items():
        if old.get(known) != row:
            world.store.put(table, **row)


def _name_keys(world: World, before: Rows, after: Rows) -> None:
    """Rooms that call their first key by a name of the fixture sign with a key of the new name from now on."""
    old, new = (
        {(key["service"], key["algorithm"], key["kid"]) for key in rows.get("signing_keys", ())}
        for rows in (before, after)
    )
    for service, algorithm, kid in sorted(new - old):
        world.store.change(
            tables.SigningKey, {"retired_at": world.now()}, service=service, algorithm=algorithm, retired_at=None
        )
        name_first_key(world, service, algorithm, kid)
