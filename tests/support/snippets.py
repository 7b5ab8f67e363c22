"""Runs a snippet as a reader would: its own text, in a process of its own, answered where it asks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from sandbox import Config
from sandbox.certificates import Certificates
from sandbox.snippets import print_snippet
from sandbox.threads import ThreadServer

PATIENCE = 60  # seconds, on a busy machine
# Nothing listens there: a library that asks any other host than this machine's fails at once.
_NOWHERE = "http://127.0.0.1:9"
_KEPT = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")


def snippet(name: str, server: ThreadServer, ca: Certificates, fixtures: Path | None = None) -> str:
    """The text of `idp-sandbox snippet NAME` for a running server."""
    config = Config(public_url=server.origin, tls_dir=ca.ca_file.parent, fixtures=fixtures)
    return print_snippet(config, name) + "\n"


def clean_environment(folder: Path, **variables: str) -> dict[str, str]:
    """An environment in which a library finds no CA and no host but what it was told."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    proxies = {"HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE, "NO_PROXY": "localhost,127.0.0.1"}
    lower = {name.lower(): value for name, value in proxies.items()}
    return {**kept, **proxies, **lower, "HOME": str(folder), "TMPDIR": str(folder), **variables}


class Program:
    """A running program, which prints and asks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._input, self._output = cast(IO[str], process.stdin), cast(IO[str], process.stdout)
        self._printed = ""

    def wait_for(self, pattern: str) -> str:
        """Read what it prints until a line has this; returns the first group, or all that matched."""
        for line in self._output:
            self._printed += line
            if match := re.search(pattern, line):
                return match[match.lastindex or 0]
        raise AssertionError(f"it ended without {pattern!r}; printed:\n{self._printed}")

    def type(self, line: str) -> None:
        """Answer its question."""
        self._input.write(f"{line}\n")
        self._input.flush()

    def finish(self) -> str:
        """What it prints until it ends, which it must do well."""
        rest = self._output.read()
        assert self._process.wait(PATIENCE) == 0, self._printed + rest
        return rest


@contextmanager
def program(command: list[str], folder: Path, **variables: str) -> Iterator[Program]:
    """Run a program until the block ends."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment(folder, **variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        try:
            yield Program(process)
        finally:
            watch.cancel()
            process.kill()


@contextmanager
def run_python(text: str, folder: Path, **variables: str) -> Iterator[Program]:
    """Run a snippet in Python, with every warning an error."""
    file = folder / "login.py"
    file.write_text(text, encoding="utf-8")
    with program([sys.executable, "-W", "error", "-u", str(file)], folder, **variables) as running:
        yield running


def load(text: str) -> Mapping[str, object]:
    """The names that a snippet defines, for one that is a part of a larger program."""
    names: dict[str, object] = {"__name__": "snippet"}
    exec(compile(text, "snippet", "exec"), names)
    return names
