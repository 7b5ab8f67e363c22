"""A Node.js script that is asked line by line, so that the tests of a module wait for one start of Node.js alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from tests.support.components import NODE_SCRIPTS

PATIENCE = 60  # seconds for an answer, on a busy machine


class Conversation:
    """With a script that passes its steps to `converse`; see conversation.mjs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._input, self._output = cast(IO[str], process.stdin), cast(IO[str], process.stdout)

    def ask(self, step: str, **given: Any) -> Any:
        """Go one step; what it returned, or what the library's exception says."""
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            self._input.write(json.dumps({"step": step, "given": given}) + "\n")
            self._input.flush()
            line = self._output.readline()
        finally:
            watch.cancel()
        assert line, f"the script has ended, or did not answer {step!r} in {PATIENCE} seconds"
        answer = json.loads(line)
        assert "defect" not in answer, answer["defect"]
        return answer["answer"]


@contextmanager
def converse(script: str, ca_file: Path) -> Iterator[Conversation]:
    """Run a script of tests/interop/node until the block ends; Node.js trusts the CA as its users are told to."""
    with subprocess.Popen(
        [str(shutil.which("node")), "--import", "./prelude.mjs", script],
        cwd=NODE_SCRIPTS,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(ca_file)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Conversation(process)
        finally:
            process.kill()
