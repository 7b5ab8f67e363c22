"""What is loaded when: a client loads nothing of the server, and the package nothing that nobody asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sandbox

HEAVY = ("flask", "sqlalchemy", "granian", "jwt", "cryptography", "yaml", "requests", "playwright")


def loaded_by(code: str) -> set[str]:
    """Which heavy libraries a fresh Python has after this."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*(set(sys.modules) & set({HEAVY!r})))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(run.stdout.split())


def test_the_package_alone_loads_nothing():
    assert loaded_by("import sandbox") == set()


def test_the_plugin_loads_nothing_until_a_test_asks():
    assert loaded_by("import sandbox.pytest_plugin") == set()


def test_the_helper_for_playwright_loads_nothing():
    assert loaded_by("import sandbox.playwright") == set()


def test_a_client_loads_nothing_of_the_server():
    assert loaded_by("from sandbox import SandboxClient, SandboxError") == {"requests"}


def test_a_sandbox_does_not_load_the_server_of_processes():
    assert "granian" not in loaded_by("from sandbox import Sandbox")


def test_every_public_name_is_there_and_no_other():
    for name in sandbox.__all__:
        assert getattr(sandbox, name)
    assert set(sandbox.__all__) <= set(dir(sandbox))
    with pytest.raises(AttributeError, match="no attribute 'Provider'"):
        sandbox.Provider  # noqa: B018 - what is asked for
