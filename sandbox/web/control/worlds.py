"""The worlds: listed, made, deleted, put back to their start, taken and restored as snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.core import documents, snapshots, tables, worlds
from sandbox.core.clock import Clock
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.store import count_in_worlds, count_worlds, list_worlds
from sandbox.core.world import DEFAULT, World, find_world
from sandbox.mounts import Mount
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.control.api import operation
from sandbox.web.control.fixture import check_files, told_by_issues
from sandbox.web.control.shapes import COUNT, MOMENT, OBJECT, TEXT, list_of, schema

_WORLD = schema(
    "World",
    {
        "type": "object",
        "required": [
            "name",
            "url",
            "fixture",
            "created_at",
            "used_at",
            "now",
            "frozen",
            "identities",
            "clients",
            "faults",
        ],
        "additionalProperties": False,
        "properties": {
            "name": TEXT,
            "url": {**TEXT, "description": "The base URL of all that is in the world."},
            "fixture": {**TEXT, "description": "Where it was seeded from."},
            "created_at": MOMENT,
            "used_at": {**MOMENT, "description": "Its last request, give or take a minute; real time."},
            "now": MOMENT,
            "frozen": {"type": "boolean"},
            "identities": COUNT,
            "clients": COUNT,
            "faults": COUNT,
        },
    },
)
_SNAPSHOT = schema(
    "Snapshot",
    {
        "type": "object",
        "required": ["kind", "version", "taken_at", "digest", "fixture", "tables"],
        "properties": {
            "kind": TEXT,
            "version": {"type": "integer"},
            "taken_at": {"type": "integer", "minimum": 0, "maximum": 253_402_300_799},
            "digest": TEXT,
            "fixture": OBJECT,
            "tables": {
                "type": "object",
                "additionalProperties": list_of(OBJECT),
            },
        },
    },
)
_CLOCK = {
    "enum": ["then", "now"],
    "default": "then",
    "description": "Whether time goes on from the moment of the snapshot, or is that of now.",
}
_NEW = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {**TEXT, "description": "Up to 64 letters, digits, - and _."},
        "fixture": {**OBJECT, "description": "A fixture document; the sandbox's own if left out."},
        "from": {**TEXT, "description": "The name of a world to make a copy of."},
        "snapshot": _SNAPSHOT,
        "clock": _CLOCK,
    },
}
# A world with all that its journal may hold.
LARGEST = 64_000_000
_COUNTED = {"identities": tables.Identity, "clients": tables.Client, "faults": tables.Fault}
_SOURCES = ("fixture", "from", "snapshot")


@operation(
    "GET",
    "/worlds",
    "List the worlds",
    answers={
        200: {
            "type": "object",
            "required": ["worlds", "total"],
            "properties": {"worlds": list_of(_WORLD), "total": COUNT},
        }
    },
    query={
        "limit": {"type": "integer", "minimum": 1, "maximum": worlds.MOST_WORLDS},
        "offset": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
    },
)
def get_worlds(limit: int = worlds.MOST_WORLDS, offset: int = 0) -> dict[str, Any]:
    """`{"worlds": [...], "total"}` by name."""
    session = current_world().store.session
    rows = list_worlds(session, limit=limit, offset=offset)
    return {"worlds": _render_all(rows), "total": count_worlds(session)}


@operation(
    "POST",
    "/worlds",
    "Make a world",
    body=_NEW,
    most=LARGEST,
    answers={201: _WORLD},
    refuses=(Reason.FIELD_INVALID, Reason.OBJECT_ALREADY_EXISTS, Reason.OBJECT_UNKNOWN, Reason.LIMIT_REACHED),
)
def add_world(body: dict[str, Any]) -> dict[str, Any]:
    """From the sandbox's fixture, another one, another world or a snapshot."""
    house = current_house()
    start = _start(body)
    session = _let_go().store.session
    worlds.drop_idle_worlds(session, house.config.world_idle)
    below = ("snapshot", "fixture") if "snapshot" in body else ("fixture",)
    with told_by_issues(below=below):
        made = _render(worlds.create_world(session, body["name"], house.origin, house.ids, start=start))
    session.commit()
    return made


@operation("GET", "/worlds/<name>", "Look at a world", answers={200: _WORLD}, refuses=(Reason.OBJECT_UNKNOWN,))
def get_world(name: str) -> dict[str, Any]:
    """One world. Raises Refusal: OBJECT_UNKNOWN."""
    return _render(_get(name))


@operation(
    "DELETE",
    "/worlds/<name>",
    "Delete a world with all that is in it",
    answers={204: None},
    refuses=(Reason.OBJECT_UNKNOWN, Reason.PERMISSION_DENIED),
)
def delete_world(name: str) -> None:
    """Raises Refusal: OBJECT_UNKNOWN, PERMISSION_DENIED."""
    session = _let_go().store.session
    worlds.delete_world(session, name)
    session.commit()


@operation("POST", "/reset", "Put this world back to its start", answers={204: None})
def reset() -> None:
    """Everything that has come of the world is forgotten."""
    worlds.reset_world(_alone(), current_house().origin)


@operation(
    "GET",
    "/snapshot",
    "Take a snapshot of this world",
    answers={200: _SNAPSHOT},
    query={"journal": {"type": "boolean", "default": True, "description": "Whether the journal comes too."}},
)
def take_snapshot(journal: bool) -> dict[str, Any]:
    """The world as one document."""
    # What others do meanwhile would be there in part.
    world = _alone()
    return snapshots.take(world, documents.current_document(world, current_house().origin), journal=journal)


@operation(
    "PUT",
    "/snapshot",
    "Restore a snapshot in this world",
    body=_SNAPSHOT,
    most=LARGEST,
    answers={204: None},
    query={"clock": _CLOCK},
    refuses=(Reason.FIELD_INVALID,),
)
def restore_snapshot(body: dict[str, Any], clock: Any) -> None:
    """The next request behaves as if nothing had happened since. Raises Refusal: FIELD_INVALID."""
    origin = current_house().origin
    check_files(body["fixture"], "fixture")
    with told_by_issues(below=("fixture",)):
        rows = snapshots.rows_of(body, origin, clock=clock)
    worlds.restore_world(_alone(), rows)


def _start(body: dict[str, Any]) -> dict[str, Any] | None:
    given = [name for name in _SOURCES if name in body]
    if len(given) > 1:
        raise Refusal(Reason.FIELD_INVALID, f"a world comes from one of {', '.join(_SOURCES)}, not from two", given[1])
    if "fixture" in body:
        check_files(body["fixture"], "fixture")
        return {"document": body["fixture"]}
    snapshot = body.get("snapshot")
    if snapshot:
        check_files(snapshot["fixture"], "snapshot", "fixture")
    if "from" in body:
        _get(body["from"])
        source = _alone(body["from"])
        snapshot = snapshots.take(source, documents.current_document(source, current_house().origin))
    return snapshot and {"snapshot": snapshot, "clock": body.get("clock", "then")}


def _let_go() -> World:
    """This world, no longer shared: who shares one, as every request does, cannot wait until nobody does."""
    world = current_world()
    world.store.session.commit()
    return world


def _alone(name: str | None = None) -> World:
    """This world or another, in which nobody else is at work until the request ends."""
    house, world = current_house(), _let_go()
    return worlds.open_world(world.store.session, name or world.name, house.origin, house.ids)


def _get(name: str) -> World:
    house = current_house()
    world = find_world(current_world().store.session, name, house.ids)
    if world is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no world called {name!r}", "name")
    return world


def _render(world: World) -> dict[str, Any]:
    row = world.store.find(tables.World)
    if row is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no world called {world.name!r}", "name")
    return _render_all([row])[0]


def _render_all(rows: Sequence[tables.World]) -> list[dict[str, Any]]:
    session, names = current_world().store.session, [row.world for row in rows]
    counts = {name: count_in_worlds(session, table, names) for name, table in _COUNTED.items()}
    return [
        {
            "name": row.world,
            "url": _base_url(row.world),
            "fixture": row.fixture,
            "created_at": row.created_at,
            "used_at": row.used_at,
            "now": Clock(row.clock_offset, row.frozen_at).now(),
            "frozen": row.frozen_at is not None,
            **{name: found.get(row.world, 0) for name, found in counts.items()},
        }
        for row in rows
    ]


def _base_url(name: str) -> str:
    prefix = "" if name == DEFAULT else f"/w/{name}"
    return Mount(current_mount().origin, name, prefix, None).url("")
