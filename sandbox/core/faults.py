"""Faults: refusals that a test provokes, so that a client meets each of the vendor's words on demand.

Draws no answers itself: it raises the Reason that the fault names, and the room speaks.
"""

from __future__ import annotations

from sandbox.core import tables
from sandbox.core.clock import serial
from sandbox.core.refusals import Reason, Refusal
from sandbox.core.world import World


def arm_fault(
    world: World, service: str, operation: str, reason: Reason, *, detail: str = "", sticky: bool = False
) -> None:
    """Make the next call of `operation` at `service` refuse for `reason`; every call while `sticky`."""
    world.store.add(
        tables.Fault,
        id=world.ids.uuid(),
        serial=serial(),
        name=None,
        service=service,
        operation=operation,
        client_id=None,
        login=None,
        skip=0,
        times=None if sticky else 1,
        probability=1.0,
        action={"refuse": {"reason": reason.value, "detail": detail or "a fault provoked on purpose"}},
        hits=0,
    )
    world.store.change(tables.World, {"faults_armed": True})
    world.faults_armed = True


def check_fault(world: World, service: str, operation: str) -> None:
    """Raise the Refusal that a fault provokes here, if there is one; a one-shot fault has one taker."""
    if not world.faults_armed:
        return
    for fault in world.store.list(tables.Fault, order=("serial",), service=service, operation=operation):
        if fault.times is None or world.store.remove(tables.Fault, id=fault.id):
            refuse = fault.action["refuse"]
            raise Refusal(Reason(refuse["reason"]), refuse["detail"])
