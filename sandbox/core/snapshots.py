"""A world as one JSON document, taken and put back: its cast, codes, tokens, keys, clock, faults and journal.

Keeps none itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from sandbox.core.clock import Clock, real_now
from sandbox.core.fault_rules import check_action
from sandbox.core.recorded import is_redacted, redacted
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.row_shapes import misfits
from sandbox.core.rows import TABLES, Rows, read_rows
from sandbox.core.state import Origin, first_rows
from sandbox.core.world import World

KIND = "idp-sandbox snapshot"
VERSION = 1
# What a world goes back to is no part of what it is.
_LEFT_OUT = ("documents",)


def take(world: World, fixture: Mapping[str, Any], *, journal: bool = True) -> dict[str, Any]:
    """The world as it is; `fixture` is its fixture document, `journal` whether what it remembers of requests comes too.

    `{kind, version, taken_at (epoch seconds, the world's), digest, fixture, tables: {name: [row]}}`.
    """
    tables = read_rows(world.store, without=_LEFT_OUT if journal else (*_LEFT_OUT, "journal"))
    if "journal" in tables:
        # A snapshot is a file that goes places. Its keys sign in this sandbox alone; what an application sent here by
        # mistake may be good elsewhere, and nobody beyond this machine may see it in the journal either.
        tables["journal"] = [redacted(row) for row in tables["journal"]]
    content = {"kind": KIND, "version": VERSION, "taken_at": world.now(), "fixture": dict(fixture), "tables": tables}
    return {**content, "digest": _digest(content)}


def rows_of(snapshot: Mapping[str, Any], origin: Origin, *, clock: Literal["then", "now"] = "then") -> Rows:
    """The rows of a snapshot, for `create_world` and `reset_world`.

    With the clock of `then` it is the moment of the snapshot again and time goes on from there; with `now` what has
    expired since has expired. Raises Refusal: FIELD_INVALID for what is no snapshot, one of another version, or one
    that was changed; FixtureError for one whose document is no fixture.
    """
    if snapshot.get("kind") != KIND:
        raise _invalid("this is no snapshot of a world", "kind")
    if snapshot.get("version") != VERSION:
        raise _invalid(
            f"the snapshot has version {snapshot.get('version')!r}; this sandbox reads version {VERSION}", "version"
        )
    content = {name: value for name, value in snapshot.items() if name != "digest"}
    if snapshot.get("digest") != _digest(content):
        raise _invalid("the snapshot is not as it was taken: its digest is another", "digest")
    tables: dict[str, list[dict[str, Any]]] = dict(snapshot["tables"])
    _check_shape(tables)
    [about] = tables["worlds"]
    if clock == "then" and about["frozen_at"] is None:
        about = {**about, "clock_offset": snapshot["taken_at"] - real_now()}
    try:
        Clock(about["clock_offset"], about["frozen_at"]).advanced(0)
    except ValueError as error:
        raise _invalid(f"the clock of the snapshot shows no time: {error}", "tables") from error
    fixture = origin.parse(snapshot["fixture"], "the snapshot")
    # What the rooms look up in the settings at every request, nobody else can have made.
    tables["worlds"] = [{**about, "settings": first_rows(fixture, origin.seeders)["worlds"][0]["settings"]}]
    tables["documents"] = [{"name": "fixture", "content": dict(fixture.document)}]
    return tables


def _check_shape(tables: Mapping[str, list[dict[str, Any]]]) -> None:
    # The digest tells that nothing was lost on the way; this, that whoever wrote it knew the same tables.
    for name, rows in tables.items():
        if name not in TABLES:
            raise _invalid(f"this sandbox has no table {name!r}", "tables")
        if misfit := next(misfits(TABLES[name], rows), None):
            raise _invalid(f"the rows of {name} are not as this sandbox has them: {misfit}", "tables")
    if not all(is_redacted(row) for row in tables.get("journal", ())):
        raise _invalid("the rows of journal are not as this sandbox has them: they are not redacted", "tables")
    if misfit := next((wrong for row in tables.get("faults", ()) for wrong in check_action(row["action"])), None):
        raise _invalid(f"the rows of faults are not as this sandbox has them: {misfit}", "tables")
    if len(tables.get("worlds", ())) != 1:
        raise _invalid("the snapshot must hold one world", "tables")


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _invalid(detail: str, field: str) -> Refusal:
    return Refusal(Reason.FIELD_INVALID, detail, field)
