"""The fixture's `insforge-cloud` section: names must be unique and exist, and dashboards must be trusted."""

from __future__ import annotations

import pytest

from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import parse_fixture
from sandbox.providers.insforge_cloud.fixture import check_fixture, is_trusted

PEOPLE = "identities: [{login: a}, {login: b}]\n"
ORGANIZATION = "organizations: [{id: o}]"
PROJECT = "{id: p, organization: o, owner: a}"


def section(*parts: str) -> str:
    return f"{PEOPLE}insforge-cloud: {{{', '.join(parts)}}}"


def complaint(text: str) -> str:
    with pytest.raises(FixtureError) as refused:
        parse_fixture(f"version: 1\n{text}", "f.yaml", (check_fixture,))
    return "\n".join(line.split(": ", 1)[1] for line in str(refused.value).splitlines())


WRONG = {
    "partner twice": (section("partners: [{id: x, secret: s}, {id: x, secret: s}]"),
        "insforge-cloud.partners[1].id: is already taken by insforge-cloud.partners[0].id"),
    "organization twice": (section("organizations: [{id: o}, {id: o}]"),
        "insforge-cloud.organizations[1].id: is already taken by insforge-cloud.organizations[0].id"),
    "project twice": (section(ORGANIZATION, f"projects: [{PROJECT}, {PROJECT}]"),
        "insforge-cloud.projects[1].id: is already taken by insforge-cloud.projects[0].id"),
    "member of nobody": (section("organizations: [{id: o, members: [c]}]"),
        'insforge-cloud.organizations[0].members[0]: must be the login of an identity; found "c"'),
    "owner of nobody": (section(ORGANIZATION, "projects: [{id: p, organization: o, owner: c}]"),
        'insforge-cloud.projects[0].owner: must be the login of an identity; found "c"'),
    "unknown partner": (section(ORGANIZATION, "projects: [{id: p, organization: o, owner: a, partner: x}]"),
        'insforge-cloud.projects[0].partner: must be a partner\'s id; found "x"'),
    "unknown organization": (section("projects: [{id: p, organization: x, owner: a}]"),
        'insforge-cloud.projects[0].organization: must be the id of an organization; found "x"'),
    "a dashboard that nobody trusts": (
        section(ORGANIZATION, "projects: [{id: p, organization: o, owner: a, dashboard_url: 'https://x.test/d'}]"),
        'insforge-cloud.projects[0].dashboard_url: its origin must be among the trusted_origins; found '
        '"https://x.test/d"'),
    "user id twice": (
        "identities: [{login: a, insforge-cloud: {user_id: u}}, {login: b, insforge-cloud: {user_id: u}}]",
        "identities[1].insforge-cloud.user_id: is already taken by identities[0].insforge-cloud.user_id"),
    "an origin with a path": (section("trusted_origins: ['https://x.test/']"),
        "insforge-cloud.trusted_origins[0]: must be an origin such as http://localhost:7130 or "
        'https://*.insforge.app; found "https://x.test/"'),
    "a short secret": (section("secret: short"),
        "insforge-cloud.secret: must be at least 32 characters long; found 5"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_section_is_refused(case):
    text, told = WRONG[case]

    assert complaint(text) == told


def test_a_dashboard_may_be_where_the_section_says():
    trusted = "trusted_origins: ['https://*.x.test', 'http://localhost:7130']"
    projects = (
        "projects: [{id: p, organization: o, owner: a, dashboard_url: 'https://a.x.test/d'}, "
        "{id: q, organization: o, owner: a, dashboard_url: 'http://localhost:7130'}]"
    )

    parse_fixture(f"version: 1\n{section(trusted, ORGANIZATION, projects)}", "f.yaml", (check_fixture,))


@pytest.mark.parametrize(
    ("origin", "trusted"),
    [
        ("https://insforge.dev", True),
        ("https://a.insforge.app", True),
        ("https://a.b.insforge.app", True),
        ("https://insforge.app", False),
        ("https://evilinsforge.app", False),
        ("http://a.insforge.app", False),
        ("https://insforge.dev.evil.test", False),
        ("https://insforge.dev:8443", False),
    ],
)
def test_an_origin_is_trusted_as_a_whole(origin, trusted):
    assert is_trusted(origin, ["https://insforge.dev", "https://*.insforge.app"]) == trusted
