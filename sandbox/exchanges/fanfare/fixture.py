"""The fixture's `fanfare` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.core.fixture_reader import Entry, Finding
from sandbox.core.fixture_rules import entries, repeated
from sandbox.exchanges.fanfare.models import SLUG


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """An organization is listed once, and each has keys of its own."""
    listed = entries(fixture[SLUG]["organizations"], SLUG, "organizations")
    for name in ("id", "publishable_key", "secret_key"):
        yield from repeated(((*at, name), organization[name]) for at, organization in listed)
