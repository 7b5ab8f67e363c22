"""`clock`: show and move the time of a world."""

from __future__ import annotations

import re
from typing import Any

import click

from sandbox.cli.options import DefaultGroup
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_fields, echo_json

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType[dict[str, int]]):
    """A span of time such as `90s`, `11m`, `2h`, `3d` or `1h30m`, also negative; as `{"minutes": 11}`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        """Read it. Raises click.BadParameter for anything else."""
        match = re.fullmatch(r"([+-]?)((?:[0-9]{1,9}[smhd])+)", str(value).strip().lower())
        parts = re.findall(r"([0-9]+)([smhd])", match[2]) if match else []
        if not match or len({unit for _, unit in parts}) != len(parts):
            self.fail(f"{value!r} is no span of time, such as 90s, 11m, 2h, 3d or 1h30m", param, ctx)
        sign = -1 if match[1] == "-" else 1
        return {_UNITS[unit]: sign * int(number) for number, unit in parts}


@click.group(cls=DefaultGroup, default="show")
def clock() -> None:
    """Show the time of a world, or move it."""


@clock.command()
@remote
def show(sandbox: Remote, as_json: bool) -> None:
    """Show the time; this is what `clock` alone does."""
    _echo(sandbox.call("GET", "/clock"), as_json)


@clock.command("set")
@click.argument("when")
@remote
def set_clock(sandbox: Remote, as_json: bool, when: str) -> None:
    """Set the time to WHEN: 2026-01-31T12:00:00Z, or epoch seconds."""
    now = int(when) if re.fullmatch(r"[0-9]{1,15}", when) else when
    _echo(sandbox.call("PUT", "/clock", {"now": now}), as_json)


@clock.command()
@remote
def freeze(sandbox: Remote, as_json: bool) -> None:
    """Let no time pass."""
    _echo(sandbox.call("PUT", "/clock", {"frozen": True}), as_json)


@clock.command()
@remote
def thaw(sandbox: Remote, as_json: bool) -> None:
    """Let time pass again, from where it was frozen."""
    _echo(sandbox.call("PUT", "/clock", {"frozen": False}), as_json)


# A span that goes back, -2h, is no option, and asks for no help.
@clock.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("span", type=Duration())
@remote
def advance(sandbox: Remote, as_json: bool, span: dict[str, int]) -> None:
    """Let a SPAN of time pass at once: 90s, 11m, 2h, 3d, 1h30m; back with a minus."""
    _echo(sandbox.call("POST", "/clock/advance", span), as_json)


COMMANDS = (clock,)


def _echo(time: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(time)
        return
    state = "frozen" if time["frozen"] else "running"
    echo_fields({"time": time["iso"], "epoch": time["now"], "clock": f"{state}, {time['offset']:+} s from real time"})
