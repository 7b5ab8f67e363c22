"""The map of the house: providers on the left, exchanges on the right, and a line for each way between them.

Pure geometry, in the units of an SVG; knows no service but by the values it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 960
_BOX, _HEIGHT, _GAP = 300, 64, 16


@dataclass(frozen=True)
class Room:
    """A box; `x` and `y` are its upper left corner, `service` what GET /services tells of it."""

    service: Mapping[str, Any]
    x: int
    y: int
    width: int = _BOX
    height: int = _HEIGHT


@dataclass(frozen=True)
class Line:
    """A curve from a provider to an exchange; `path` is the `d` of an SVG path."""

    provider: str
    exchange: str
    path: str


@dataclass(frozen=True)
class Plan:
    """The whole map; `height` in the units of its `WIDTH`."""

    rooms: tuple[Room, ...]
    lines: tuple[Line, ...]
    height: int
    width: int = WIDTH


def draw(services: Sequence[Mapping[str, Any]]) -> Plan:
    """The map of services as GET /services tells of them; each column is centred."""
    columns = [[one for one in services if one["kind"] == kind] for kind in ("provider", "exchange")]
    height = max(_tall(len(column)) for column in columns)
    rooms = {
        one["slug"]: Room(one, x, (height - _tall(len(column))) // 2 + place * (_HEIGHT + _GAP))
        for x, column in zip((0, WIDTH - _BOX), columns, strict=True)
        for place, one in enumerate(column)
    }
    lines = tuple(
        Line(provider, one["slug"], _curve(rooms[provider], rooms[one["slug"]]))
        for one in columns[1]
        for provider in dict.fromkeys(way["provider"] for way in one["ways"])
        if provider in rooms
    )
    return Plan(tuple(rooms.values()), lines, height)


def _tall(count: int) -> int:
    return max(count * (_HEIGHT + _GAP) - _GAP, 0)


def _curve(start: Room, end: Room) -> str:
    begin, stop = start.x + start.width, end.x
    middle = (begin + stop) // 2
    first, last = start.y + start.height // 2, end.y + end.height // 2
    return f"M{begin} {first}C{middle} {first} {middle} {last} {stop} {last}"
