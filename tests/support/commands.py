"""The commands that there are, read off click's own tree."""

from __future__ import annotations

from collections.abc import Iterator

import click

from sandbox.cli import cli


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            yield from _leaves(member, (*path, name))
    else:
        yield " ".join(path), command


# Every command that can be run, by its name as it is typed.
COMMANDS = dict(_leaves(cli))
