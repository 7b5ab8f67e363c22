"""What the interop tests share: octocat at a browser, and the applications of the shipped cast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.person import Person


@pytest.fixture
def octocat() -> Iterator[Person]:
    """A person who signs in as octocat, over real HTTP."""
    with Person.at_a_browser("octocat") as person:
        yield person
