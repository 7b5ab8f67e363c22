"""The command line, run in this process, and against a sandbox that is served for the test."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config
from sandbox.cli import main
from sandbox.config import PREFIX

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config() -> Config:
    return Config(approval="hint")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`command("routes", "--json")` runs it in a folder of its own; variables of its environment are given by name.

    tests.support.process runs it as a process, which takes ten times as long.
    """

    def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        with monkeypatch.context() as own, redirect_stdout(stdout), redirect_stderr(stderr):
            own.chdir(tmp_path)
            own.setenv(f"{PREFIX}TLS_DIR", str(tmp_path / "tls"))
            for name, value in variables.items():
                own.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
        return subprocess.CompletedProcess(arguments, int(end.value.code or 0), stdout.getvalue(), stderr.getvalue())

    return command


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
