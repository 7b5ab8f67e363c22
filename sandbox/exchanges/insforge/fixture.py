"""The fixture's `insforge` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.core.fixture_reader import Entry, Finding
from sandbox.core.fixture_rules import entries, repeated, unknown
from sandbox.exchanges.insforge.models import SLUG
from sandbox.exchanges.insforge.oauth.legs import BUILT_IN


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """Each provider is configured once, and with an application that is registered there."""
    section = fixture[SLUG]
    built_in = entries(section["oauth"], SLUG, "oauth")
    custom = entries(section["custom_oauth"], SLUG, "custom_oauth")
    yield from repeated(((*at, "provider"), config["provider"]) for at, config in built_in)
    yield from repeated(((*at, "key"), config["key"]) for at, config in custom)
    for at, config in built_in:
        service = BUILT_IN[config["provider"]].service
        yield from unknown((*at, "client"), config["client"], _clients(fixture, service), f"a client_id at {service}")
    for at, config in custom:
        service = f"oidc/{config['issuer']}"
        yield from unknown((*at, "client"), config["client"], _clients(fixture, service), f"a client_id at {service}")


def _clients(fixture: Entry, service: str) -> list[str]:
    return [client["client_id"] for client in fixture["clients"] if client["service"] == service]
