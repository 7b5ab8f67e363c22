"""How a world begins: seeded from a fixture, or as rows that were seeded before.

Changes no world that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine

from sandbox.core import tables
from sandbox.core.clock import Clock, real_now, serial
from sandbox.core.database import create_schema, in_memory
from sandbox.core.fault_rules import make_rule
from sandbox.core.faults import seed_faults
from sandbox.core.fixture_documents import parse_document
from sandbox.core.fixtures import Check, Fixture
from sandbox.core.identities import found_by
from sandbox.core.ids import Ids
from sandbox.core.recipes import recipe_rules
from sandbox.core.rows import Rows, read_rows
from sandbox.core.session import Session
from sandbox.core.store import Store
from sandbox.core.world import World

Seeder = Callable[[World, Mapping[str, Any]], Mapping[str, Any]]
# `((slug, what puts that room's section of the fixture into a world, and returns its settings), ...)`.
Seeders = tuple[tuple[str, Seeder], ...]


@dataclass(frozen=True)
class Origin:
    """What the worlds of a sandbox come from: its fixture, what its rooms make of one, and what they check in one."""

    fixture: Fixture
    seeders: Seeders
    checks: tuple[Check, ...]

    def parse(self, document: Mapping[str, Any], name: str) -> Fixture:
        """A document as a fixture; `name` stands for its file in messages. Raises FixtureError."""
        return parse_document(document, name, self.checks)


def seed_world(
    session: Session, name: str, fixture: Fixture, seeders: Seeders, ids: Ids, *, clock: Clock | None = None
) -> World:
    """Make the world called `name` and put the fixture's cast and clients into it."""
    clock = clock or Clock()
    world = World(Store(session, name), clock, ids, settings={})
    _seed_identities(world, fixture)
    _seed_clients(world, fixture)
    seed_faults(world, (make_rule(given, recipe_rules()) for given in fixture.document.get("faults", ())))
    world.settings = {slug: dict(seed(world, fixture.sections[slug])) for slug, seed in seeders}
    world.store.add(
        tables.World,
        fixture=fixture.source,
        clock_offset=clock.offset,
        frozen_at=clock.frozen_at,
        settings=world.settings,
        faults_armed=world.faults_armed,
        created_at=clock.now(),
        used_at=real_now(),
        version=serial(),
    )
    return world


def seeded_rows(fixture: Fixture, seeders: Seeders, at: int) -> Rows:
    """What a world holds that is seeded from this fixture at this moment (epoch seconds)."""

    def seed(engine: Engine) -> Rows:
        with Session(engine) as session, session.begin():
            create_schema(session.connection())
            world = seed_world(session, "seed", fixture, seeders, Ids(), clock=Clock(frozen_at=at))
            rows = read_rows(world.store)
            rows["worlds"][0]["frozen_at"] = None
            return rows

    return in_memory(seed)


@lru_cache(maxsize=16)
def first_rows(fixture: Fixture, seeders: Seeders) -> Rows:
    """What a new world holds; worked out once in a process, at whatever time it is then."""
    return seeded_rows(fixture, seeders, real_now())


def _seed_identities(world: World, fixture: Fixture) -> None:
    own = {"login", "name", "purpose", "password", "deactivated", "emails"}
    rows = [
        {
            **{name: person[name] for name in own},
            "attributes": {slug: about for slug, about in person.items() if slug not in own},
            "found_by": found_by(person),
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
