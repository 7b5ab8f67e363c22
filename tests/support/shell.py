"""Runs the shell examples of the documentation against a live server, and compares what they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.docs.markdown import Example
from tests.support.components import miss
from tests.support.process import PROGRAMS

_DOCUMENTED_PORT = "9400"
_END = "--- end of step\n"


def check_steps(steps: Sequence[Example], port: int, folder: Path) -> None:
    """Run the steps in one bash, the server's port for the documented one; each must print what its page shows.

    On a page `…` stands for anything on its line, and header names have no case, since servers differ there.
    """
    if shutil.which("curl") is None:
        miss("curl", "sudo apt-get install curl")
    script = "".join(f"{step.body}echo '{_END.rstrip()}'\n" for step in steps)
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(_DOCUMENTED_PORT, str(port))],
        cwd=folder,
        env={"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    *printed, rest = run.stdout.split(_END)
    assert rest == ""
    for step, text in zip(steps, printed, strict=True):
        shown = (step.expected or "").replace(_DOCUMENTED_PORT, str(port))
        wanted = re.escape(shown).replace("…", ".+")
        assert re.fullmatch(wanted, text, re.IGNORECASE), f"{step.body}\nprinted:\n{text}"
