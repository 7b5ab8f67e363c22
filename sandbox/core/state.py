"""A world's state as a whole: seeded from a fixture.

The tables of tables.py are the registry of everything a world can hold; nothing may be kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from sandbox.core import tables
from sandbox.core.clock import Clock
from sandbox.core.fixtures import Fixture
from sandbox.core.ids import Ids
from sandbox.core.store import Store
from sandbox.core.world import World

Seeder = Callable[[World, Mapping[str, Any]], Mapping[str, Any]]


def seed_world(session: Session, name: str, fixture: Fixture, seeders: Mapping[str, Seeder], ids: Ids) -> World:
    """Make the world called `name` and put the fixture's cast and clients into it.

    `seeders` is `{slug: what puts that room's section of the fixture into the world, and returns its settings}`.
    """
    clock = Clock()
    world = World(Store(session, name), clock, ids, settings={})
    _seed_identities(world, fixture)
    _seed_clients(world, fixture)
    world.settings = {slug: dict(seed(world, fixture.sections[slug])) for slug, seed in seeders.items()}
    world.store.add(
        tables.World,
        fixture=fixture.source,
        clock_offset=clock.offset,
        frozen_at=clock.frozen_at,
        settings=world.settings,
        faults_armed=False,
        created_at=clock.now(),
    )
    return world


def _seed_identities(world: World, fixture: Fixture) -> None:
    own = {"login", "name", "purpose", "password", "deactivated", "emails"}
    rows = [
        {
            **{name: person[name] for name in own},
            "attributes": {slug: about for slug, about in person.items() if slug not in own},
            "position": position,
        }
        for position, person in enumerate(fixture.identities)
    ]
    if rows:
        world.store.add(tables.Identity, *rows)


def _seed_clients(world: World, fixture: Fixture) -> None:
    rows = [{**client, "position": position} for position, client in enumerate(fixture.clients)]
    if rows:
        world.store.add(tables.Client, *rows)
