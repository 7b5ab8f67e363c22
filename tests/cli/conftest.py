"""The command line, run in this process, and against a sandbox that is served for the test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config
from sandbox.config import PREFIX
from tests.support.commands import run_here

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config() -> Config:
    return Config(approval="hint")


@pytest.fixture
def command(tmp_path: Path) -> Program:
    """`command("routes", "--json")` runs it in a folder of its own; variables of its environment are given by name."""
    return partial(run_here, tmp_path)


@pytest.fixture
def program(live: Any, command: Program) -> Program:
    """`program("clock", "freeze")` runs it against `live`, as `command` does."""

    def program(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return command(*arguments, **{f"{PREFIX}URL": live.origin, **variables})

    return program


@pytest.fixture
def said(program: Program) -> Callable[..., Any]:
    """What a command prints with --json, which must succeed: `said("clock")["now"]`."""

    def said(*arguments: str) -> Any:
        ended = program(*arguments, "--json")
        assert (ended.returncode, ended.stderr) == (0, "")
        return json.loads(ended.stdout)

    return said
