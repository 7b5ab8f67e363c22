"""The fixture's `prisme` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sandbox.core.fixture_reader import Entry, Finding, FixtureError
from sandbox.core.fixture_rules import entries, repeated, unknown
from sandbox.exchanges.prisme.models import SLUG
from sandbox.exchanges.prisme.provider_file import RESERVED, read_providers

_AZURE = "azure/"


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """Slugs are unique, applications are registered, and the file of providers can be read."""
    section = fixture[SLUG]
    providers = entries(section["providers"], SLUG, "providers")
    organizations = entries(section["organizations"], SLUG, "organizations")
    users = entries(section["users"], SLUG, "users")
    slugs = [org["slug"] for _, org in organizations]
    yield from repeated(((*at, "slug"), provider["slug"]) for at, provider in providers)
    yield from repeated(((*at, "slug"), org["slug"]) for at, org in organizations)
    yield from repeated(((*at, "email"), user["email"]) for at, user in users)
    for at, provider in providers:
        if provider["slug"] == RESERVED:
            yield (*at, "slug"), "is reserved for local accounts"
        if "://" not in provider["issuer"]:
            service = service_of(provider["issuer"])
            clients = [client["client_id"] for client in fixture["clients"] if client["service"] == service]
            yield from unknown((*at, "client"), provider["client"], clients, f"a client_id at {service}")
        yield from unknown((*at, "organization"), provider["organization"], slugs, "the slug of an organization")
    if section["auth_providers_file"] is not None:
        try:
            read_providers(Path(section["auth_providers_file"]), section["variables"])
        except FixtureError as error:
            yield from (((SLUG, "auth_providers_file"), str(problem)) for problem in error.problems)


def service_of(issuer: str) -> str:
    """Where the clients of an issuer are registered: those of all tenants at one place."""
    return _AZURE[:-1] if issuer.startswith(_AZURE) else issuer
