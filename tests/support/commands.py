"""The commands that there are, read off click's own tree, and how one is run in this process."""

from __future__ import annotations

import gc
import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click
import pytest

from sandbox.cli import cli, main
from sandbox.config import PREFIX


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            yield from _leaves(member, (*path, name))
    else:
        yield " ".join(path), command


# Every command that can be run, by its name as it is typed.
COMMANDS = dict(_leaves(cli))


def run_here(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process to its end, in a folder and an environment of its own.

    tests.support.process runs it as a process, which takes ten times as long.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as own, redirect_stdout(stdout), redirect_stderr(stderr):
        own.chdir(folder)
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            own.delenv(name)
        own.setenv(f"{PREFIX}TLS_DIR", str(folder / "tls"))
        for name, value in variables.items():
            own.setenv(name, value)
        try:
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
        finally:
            # A server that starts does without.
            gc.enable()
    return subprocess.CompletedProcess(arguments, int(end.value.code or 0), stdout.getvalue(), stderr.getvalue())
