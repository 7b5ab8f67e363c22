"""The clock of a world over the control API: read, set, frozen, advanced, and what is good until when.

Nothing waits: time passes when it is told to.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sandbox.core.clock import Clock, iso
from sandbox.core.expiring import list_expiring
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_world
from sandbox.web.control.api import operation
from sandbox.web.control.shapes import MOMENT, TEXT, list_of, record, schema

_STEP = {"type": "integer", "minimum": -(10**12), "maximum": 10**12}
# The machine's own time, as `now`.
REAL = "real"
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}

CLOCK = schema(
    "Clock",
    record(
        {
            "now": MOMENT,
            "iso": {"type": "string", "description": "The same moment, in UTC."},
            "frozen": {"type": "boolean", "description": "Whether it stands still."},
            "offset": {"type": "integer", "description": "How many seconds it goes ahead of the machine's own."},
        }
    ),
)
SETTING = schema(
    "ClockSetting",
    {
        **record(
            {
                "now": {
                    "description": "Epoch seconds, ISO 8601 with its zone, or `real` for the machine's own time.",
                    "anyOf": [{"type": "integer"}, {"type": "string"}],
                },
                "frozen": {"type": "boolean"},
            },
            optional=("now", "frozen"),
        ),
        "minProperties": 1,
    },
)
_EXPIRING = schema(
    "Expiring",
    record(
        {
            "what": {"enum": ["code", "token"]},
            "service": TEXT,
            "kind": {**TEXT, "description": "What the service calls it."},
            "client_id": TEXT,
            "login": TEXT,
            "expires_at": MOMENT,
        }
    ),
)
STEP = schema("ClockStep", {**record(dict.fromkeys(_SECONDS, _STEP), optional=tuple(_SECONDS)), "minProperties": 1})


@operation("GET", "/clock", "Read the clock", answers={200: CLOCK})
def get_clock() -> dict[str, Any]:
    """What time it is in this world."""
    return _render()


@operation("PUT", "/clock", "Set, freeze or thaw the clock", body=SETTING, answers={200: CLOCK})
def set_clock(body: dict[str, Any]) -> dict[str, Any]:
    """What is left out stays as it is: a frozen clock that is set stands still at its new time."""
    clock = current_world().clock
    if body.get("now") == REAL:
        clock = Clock() if clock.frozen_at is None else Clock().frozen()
    elif "now" in body:
        clock = _at(clock, _parse_moment(body["now"]))
    if "frozen" in body:
        clock = clock.frozen() if body["frozen"] else clock.thawed()
    current_world().set_clock(clock)
    return _render()


@operation("POST", "/clock/advance", "Let time pass", body=STEP, answers={200: CLOCK})
def advance_clock(body: dict[str, Any]) -> dict[str, Any]:
    """All that is given is added up. Negative numbers go back."""
    world = current_world()
    seconds = sum(_SECONDS[unit] * number for unit, number in body.items())
    try:
        world.set_clock(world.clock.advanced(seconds))
    except ValueError as error:
        raise Refusal(Reason.FIELD_INVALID, str(error)) from error
    return _render()


@operation(
    "GET",
    "/clock/expiring",
    "What expires next",
    query={"limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
    answers={200: record({"expiring": list_of(_EXPIRING)})},
)
def get_expiring(limit: int = 50) -> dict[str, Any]:
    """The codes and tokens that are good now, and will not be good for ever; what expires first comes first."""
    return {"expiring": [asdict(one) for one in list_expiring(current_world(), limit)]}


def _render() -> dict[str, Any]:
    clock = current_world().clock
    now = clock.now()
    offset = clock.offset if clock.frozen_at is None else now - Clock().now()
    return {"now": now, "iso": iso(now), "frozen": clock.frozen_at is not None, "offset": offset}


def _at(clock: Clock, epoch: int) -> Clock:
    try:
        return clock.at(epoch)
    except ValueError as error:
        raise Refusal(Reason.FIELD_INVALID, str(error), "now") from error


def _parse_moment(value: int | float | str) -> int:
    """Epoch seconds. Raises Refusal: FIELD_INVALID."""
    if not isinstance(value, str):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("it names no time zone, such as Z")
        return int(moment.timestamp())
    except (ValueError, OverflowError) as error:
        raise Refusal(Reason.FIELD_INVALID, f"now = {value[:100]!r} is no date and time: {error}", "now") from error
