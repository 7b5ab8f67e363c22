"""The fixture's `gmi` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.core.fixture_reader import Entry, Finding
from sandbox.core.fixture_rules import unknown


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """GMI's application must be an OAuth app that is registered at GitHub."""
    at_github = [client for client in fixture["clients"] if client["service"] == "github"]
    apps = [client["client_id"] for client in at_github if client["settings"]["type"] == "oauth-app"]
    yield from unknown(("gmi", "client"), fixture["gmi"]["client"], apps, "the client_id of a GitHub OAuth app")
