"""The fixture's `insforge-cloud` section: what no schema can say of it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sandbox.core.fixture_reader import Entry, Finding, Place
from sandbox.core.fixture_rules import entries, repeated, show, unknown
from sandbox.providers.insforge_cloud.people import SLUG


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """Names must be unique, and exist: of partners, organizations, projects, members and owners."""
    section = fixture[SLUG]
    logins = [person["login"] for person in fixture["identities"]]
    partners = entries(section["partners"], SLUG, "partners")
    organizations = entries(section["organizations"], SLUG, "organizations")
    projects = entries(section["projects"], SLUG, "projects")
    people = entries(fixture["identities"], "identities")

    for listed in (partners, organizations):
        yield from repeated(((*at, "id"), entry["id"]) for at, entry in listed)
    # A project goes by either name.
    yield from repeated(
        ((*at, key), project[key]) for at, project in projects for key in ("id", "uuid") if project[key] is not None
    )
    yield from repeated(((*at, SLUG, "user_id"), person[SLUG]["user_id"]) for at, person in people)
    for at, organization in organizations:
        for n, login in enumerate(organization["members"]):
            yield from unknown((*at, "members", n), login, logins, "the login of an identity")
    for at, project in projects:
        yield from unknown((*at, "owner"), project["owner"], logins, "the login of an identity")
        yield from unknown(
            (*at, "partner"), project["partner"], [entry["id"] for _, entry in partners], "a partner's id"
        )
        yield from unknown(
            (*at, "organization"),
            project["organization"],
            [entry["id"] for _, entry in organizations],
            "the id of an organization",
        )
        yield from _dashboard_findings((*at, "dashboard_url"), project["dashboard_url"], section["trusted_origins"])


def is_trusted(origin: str, patterns: list[str]) -> bool:
    """Whether an origin is one of `patterns`, of which `https://*.example.com` means every host below."""
    scheme, _, host = origin.partition("://")
    for pattern in patterns:
        wanted, _, name = pattern.partition("://")
        below = name.startswith("*.") and host.endswith(name[1:]) and len(host) > len(name) - 1
        if wanted == scheme and (host == name or below):
            return True
    return False


def _dashboard_findings(at: Place, url: str | None, trusted: list[str]) -> Iterator[Finding]:
    if url is None:
        return
    parts = urlsplit(url)
    if not is_trusted(f"{parts.scheme}://{parts.netloc}", trusted):
        yield at, f"its origin must be among the trusted_origins; found {show(url)}"
