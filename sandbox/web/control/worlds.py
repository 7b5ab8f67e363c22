"""The worlds: listed, made, deleted, put back to their start, taken and restored as snapshots."""

from __future__ import annotations

from typing import Any

from sandbox.core import documents, snapshots, tables, worlds
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.store import list_worlds
from sandbox.core.world import DEFAULT, World, find_world
from sandbox.mounts import Mount
from sandbox.service import current_house, current_mount, current_world
from sandbox.web.control.api import operation, schema
from sandbox.web.control.fixture import check_files, told_by_issues

_COUNT = {"type": "integer", "minimum": 0}
_EPOCH = {"type": "integer"}
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
            "name": {"type": "string"},
            "url": {"type": "string", "description": "The base URL of all that is in the world."},
            "fixture": {"type": "string", "description": "Where it was seeded from."},
            "created_at": _EPOCH,
            "used_at": {**_EPOCH, "description": "Its last request, give or take a minute; real time."},
            "now": _EPOCH,
            "frozen": {"type": "boolean"},
            "identities": _COUNT,
            "clients": _COUNT,
            "faults": _COUNT,
        },
    },
)
_SNAPSHOT = schema(
    "Snapshot",
    {
        "type": "object",
        "required": ["kind", "version", "taken_at", "digest", "fixture", "tables"],
        "properties": {
            "kind": {"type": "string"},
            "version": {"type": "integer"},
            "taken_at": {"type": "integer", "minimum": 0, "maximum": 253_402_300_799},
            "digest": {"type": "string"},
            "fixture": {"type": "object"},
            "tables": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "object"}},
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
        "name": {"type": "string", "description": "Up to 64 letters, digits, - and _."},
        "fixture": {"type": "object", "description": "A fixture document; the sandbox's own if left out."},
        "from": {"type": "string", "description": "The name of a world to make a copy of."},
        "snapshot": _SNAPSHOT,
        "clock": _CLOCK,
    },
}
# A world with all that its journal may hold.
_LARGEST = 64_000_000
_SOURCES = ("fixture", "from", "snapshot")


@operation(
    "GET",
    "/worlds",
    "List the worlds",
    answers={
        200: {
            "type": "object",
            "required": ["worlds"],
            "properties": {"worlds": {"type": "array", "items": _WORLD}},
        }
    },
)
def get_worlds() -> dict[str, Any]:
    """`{"worlds": [...]}` by name."""
    rows = list_worlds(current_world().store.session)
    return {"worlds": [_render(_get(row.world)) for row in rows]}


@operation(
    "POST",
    "/worlds",
    "Make a world",
    body=_NEW,
    most=_LARGEST,
    answers={201: _WORLD},
    refuses=(Reason.FIELD_INVALID, Reason.OBJECT_ALREADY_EXISTS, Reason.OBJECT_UNKNOWN, Reason.LIMIT_REACHED),
)
def add_world(body: dict[str, Any]) -> dict[str, Any]:
    """From the sandbox's fixture, another one, another world or a snapshot."""
    house, session = current_house(), current_world().store.session
    start = _start(body)
    worlds.drop_idle_worlds(session, house.config.world_idle)
    with told_by_issues(below=("fixture",)):
        return _render(worlds.create_world(session, body["name"], house.origin, house.ids, start=start))


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
    worlds.delete_world(_get(name))


@operation("POST", "/reset", "Put this world back to its start", answers={204: None})
def reset() -> None:
    """Everything that has come of the world is forgotten."""
    worlds.reset_world(current_world(), current_house().origin)


@operation(
    "GET",
    "/snapshot",
    "Take a snapshot of this world",
    answers={200: _SNAPSHOT},
    query={"journal": {"type": "boolean", "default": True, "description": "Whether the journal comes too."}},
)
def take_snapshot(journal: bool) -> dict[str, Any]:
    """The world as one document."""
    world = current_world()
    return snapshots.take(world, documents.current_document(world, current_house().origin), journal=journal)


@operation(
    "PUT",
    "/snapshot",
    "Restore a snapshot in this world",
    body=_SNAPSHOT,
    most=_LARGEST,
    answers={204: None},
    query={"clock": _CLOCK},
    refuses=(Reason.FIELD_INVALID,),
)
def restore_snapshot(body: dict[str, Any], clock: Any) -> None:
    """The next request behaves as if nothing had happened since. Raises Refusal: FIELD_INVALID."""
    check_files(body["fixture"], "fixture")
    worlds.restore_world(current_world(), snapshots.rows_of(body, clock=clock))


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
        source = _get(body["from"])
        snapshot = snapshots.take(source, documents.current_document(source, current_house().origin))
    return snapshot and {"snapshot": snapshot, "clock": body.get("clock", "then")}


def _get(name: str) -> World:
    house = current_house()
    world = find_world(current_world().store.session, name, house.ids)
    if world is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no world called {name!r}", "name")
    return world


def _render(world: World) -> dict[str, Any]:
    row = world.store.find(tables.World)
    prefix = "" if world.name == DEFAULT else f"/w/{world.name}"
    return {
        "name": world.name,
        "url": Mount(current_mount().origin, world.name, prefix, None).url(""),
        "fixture": row.fixture if row else "",
        "created_at": row.created_at if row else 0,
        "used_at": world.used_at,
        "now": world.now(),
        "frozen": world.clock.frozen_at is not None,
        "identities": world.store.count(tables.Identity),
        "clients": world.store.count(tables.Client),
        "faults": world.store.count(tables.Fault),
    }
