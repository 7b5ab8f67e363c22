"""Keeps some tests out of the measure of coverage, which would make them half as long again.

They show that real clients, browsers and certifiers get along with the whole. That each line is right is for the tests
that are nearer to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

_TESTS = Path(__file__).parents[1]
_UNMEASURED = ("browser", "conformance", "interop")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run the test without being watched, if it is one of these."""
    running = Coverage.current()
    if running is None or not any(item.path.is_relative_to(_TESTS / name) for name in _UNMEASURED):
        return (yield)
    running.stop()
    try:
        return (yield)
    finally:
        running.start()
