"""Keeps some tests out of the measure of coverage, which would make them half as long again.

They show that real clients, browsers and certifiers get along with the whole, that it stands attacks and races, and how
its processes start and end. That each line is right is for the tests that are nearer to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

_TESTS = Path(__file__).parents[1]
_FOLDERS = ("browser", "conformance", "interop", "plugin", "serving")
_FILES = ("test_attacks*", "*_attacks*", "*hostile*", "*races*", "test_tls*")
# By which coverage finds its way into the processes that a test starts.
_HANDED_ON = "COVERAGE_PROCESS_CONFIG"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run the test and the processes that it starts without being watched, if it is one of these."""
    running = Coverage.current()
    if running is None or not _is_unmeasured(item.path):
        return (yield)
    running.stop()
    handed_on = os.environ.pop(_HANDED_ON, None)
    try:
        return (yield)
    finally:
        if handed_on is not None:
            os.environ[_HANDED_ON] = handed_on
        running.start()


def _is_unmeasured(path: Path) -> bool:
    return any(path.is_relative_to(_TESTS / name) for name in _FOLDERS) or any(path.match(name) for name in _FILES)
