"""The options that commands share: those of the table in config.py, and --json.

Reads no value; a command gets them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

from sandbox.config import Config, environment_name

Command = Callable[..., None]
Decorator = Callable[[Command], Command]


def configured(*names: str) -> Decorator:
    """The options of these names, as the table of options has them, and the file they may come from."""

    def add(command: Command) -> Command:
        for option in reversed(fields(Config)):
            if option.name in names:
                command = _option(option)(command)
        file = click.Path(path_type=Path)
        return click.option("--config", "file", type=file, metavar="FILE", help="Options as a YAML file.")(command)

    return add


def _option(option: Field[Any]) -> Decorator:
    default = "" if option.default in (None, (), False) else f" [default: {option.default}]"
    metavar = option.metadata["metavar"]
    return click.option(
        f"--{option.name.replace('_', '-')}",
        option.name,
        metavar=metavar,
        # A switch has no value. Left out it is None, which decides nothing: the environment may have it.
        is_flag=not metavar,
        default=None,
        help=f"{option.metadata['help']} Environment: {environment_name(option.name)}.{default}",
    )


as_json: Decorator = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def complete_service(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The services whose names begin so, for the shell."""
    # Imported here, so that nothing else waits for the rooms.
    from sandbox.services import SERVICES  # noqa: PLC0415

    return [slug for slug in SERVICES if slug.startswith(incomplete)]


class DefaultGroup(click.Group):
    """A group that runs its command `default` where the command line names none."""

    def __init__(self, *arguments: Any, default: str, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words; what begins with an option other than --help is the default command's."""
        named = args and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        # A shell that completes wants the names of the commands.
        if not named and not ctx.resilient_parsing:
            args = [self._default, *args]
        return super().parse_args(ctx, args)
