"""The example for JavaScript projects, run as it stands: its types, its tests with Vitest and those with Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.threads import ThreadServer
from tests.support.components import miss

EXAMPLE = Path(__file__).parents[2] / "examples" / "javascript"
PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture(scope="module")
def programs() -> Path:
    """Where the programs of the example's packages are."""
    if shutil.which("node") is None:
        miss("Node.js", "sudo apt-get install nodejs npm")
    programs = EXAMPLE / "node_modules" / ".bin"
    if not programs.is_dir():
        miss("the packages of examples/javascript", "npm ci --prefix examples/javascript")
    return programs


def run(program: Path, *arguments: str, **variables: str) -> str:
    finished = subprocess.run(
        [program, *arguments],
        cwd=EXAMPLE,
        env={**os.environ, "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.node
def test_its_types_are_sound(programs):
    run(programs / "tsc")


@pytest.mark.node
def test_its_tests_pass_with_vitest(programs, live: ThreadServer):
    printed = run(programs / "vitest", "run", IDP_SANDBOX_URL=live.origin)

    assert "5 passed" in printed


@pytest.mark.node
def test_its_tests_pass_with_playwright(programs, live: ThreadServer, chromium_path, tmp_path):
    printed = run(
        programs / "playwright",
        "test",
        "--reporter=line",
        IDP_SANDBOX_URL=live.origin,
        CHROMIUM=chromium_path,
        PLAYWRIGHT_OUTPUT=str(tmp_path),
    )

    assert "2 passed" in printed


def test_it_depends_on_nothing_but_fetch():
    assert "import " not in (EXAMPLE / "sandbox.ts").read_text(encoding="utf-8")
