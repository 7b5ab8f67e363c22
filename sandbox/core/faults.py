"""Faults: what a test has armed to go wrong, as rows: armed, listed, removed.

Whom they meet is fault_calls.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.fault_rules import ACTIONS, Rule
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World

MOST_FAULTS = 200
# Who takes or leaves a fault takes it first.
LOCK = "faults"


def arm_fault(
    world: World, service: str, operation: str, reason: Reason, *, detail: str = "", sticky: bool = False
) -> None:
    """Make the next call of `operation` at `service` refuse for `reason`; every call while `sticky`."""
    what = {"reason": reason.value, **({"detail": detail} if detail else {})}
    arm(world, Rule("refuse", what, service, operation, times=None if sticky else 1))


def arm(world: World, rule: Rule) -> tables.Fault:
    """Arm this rule, after those that are armed. Raises Refusal: LIMIT_REACHED."""
    world.store.lock(LOCK)
    faults = list_faults(world)
    if len(faults) >= MOST_FAULTS:
        for fault in filter(is_over, faults):
            world.store.remove(tables.Fault, id=fault.id)
        if not any(map(is_over, faults)):
            raise Refusal(Reason.LIMIT_REACHED, f"{MOST_FAULTS} faults are armed already; remove some")
    row = _row(rule, world.ids.uuid(), serial())
    world.store.add(tables.Fault, **row)
    _note_armed(world)
    return get_fault(world, row["id"])


def seed_faults(world: World, rules: Iterable[Rule]) -> None:
    """Arm what a fixture says, in a world that is being made."""
    rows = [_row(rule, f"fixture-{number}", number) for number, rule in enumerate(rules, 1)]
    if rows:
        world.store.add(tables.Fault, *rows)
        world.faults_armed = True


def list_faults(world: World) -> list[tables.Fault]:
    """All faults, oldest first, with those that are over."""
    return world.store.list(tables.Fault, order=("serial", "id"))


def get_fault(world: World, fault_id: str) -> tables.Fault:
    """The fault with this id. Raises Refusal: OBJECT_UNKNOWN."""
    fault = world.store.find(tables.Fault, id=fault_id)
    if fault is None:
        raise Refusal(Reason.OBJECT_UNKNOWN, f"there is no fault {fault_id!r}", "id")
    return fault


def remove_fault(world: World, fault_id: str) -> None:
    """Remove one fault. Raises Refusal: OBJECT_UNKNOWN."""
    world.store.lock(LOCK)
    get_fault(world, fault_id)
    world.store.remove(tables.Fault, id=fault_id)
    _note_armed(world)


def clear_faults(world: World) -> None:
    """Remove all faults."""
    world.store.lock(LOCK)
    world.store.remove(tables.Fault)
    _note_armed(world)


def describe(fault: tables.Fault) -> dict[str, Any]:
    """The fault as JSON: its rule, with `id`, `name` (a recipe's, or None) and `hits`."""
    match = ("service", "operation", "client_id", "login", "skip", "times", "probability")
    rule = {name: getattr(fault, name) for name in match}
    return {"id": fault.id, "name": fault.name, **rule, **fault.action, "hits": fault.hits}


def name_of(fault: tables.Fault) -> str:
    """What the journal calls it: the recipe's name, or its id."""
    return fault.name or fault.id


def action_of(fault: tables.Fault) -> str:
    """The name of its action."""
    return next(name for name in fault.action if name in ACTIONS)


def particulars_of(fault: tables.Fault) -> Mapping[str, Any]:
    """What its action is told."""
    what: Mapping[str, Any] = fault.action[action_of(fault)]
    return what


def comes_after(fault: tables.Fault) -> bool:
    """Whether it lets the call do its work first."""
    return bool(fault.action.get("after"))


def is_over(fault: tables.Fault) -> bool:
    """Whether it has happened as often as it was to."""
    return fault.times is not None and fault.hits >= fault.skip + fault.times


def disarm(world: World) -> None:
    """Ask no request for faults any more, if all are over."""
    world.store.lock(LOCK)
    _note_armed(world)


def _row(rule: Rule, fault_id: str, place: int) -> dict[str, Any]:
    match = ("name", "service", "operation", "client_id", "login", "skip", "times", "probability")
    after = {"after": True} if rule.after else {}
    return {
        "id": fault_id,
        "serial": place,
        **{name: getattr(rule, name) for name in match},
        "action": {rule.action: dict(rule.what), **after},
        "hits": 0,
    }


def _note_armed(world: World) -> None:
    armed = not all(map(is_over, list_faults(world)))
    world.store.change(tables.World, {"faults_armed": armed})
    world.faults_armed = armed
