"""The fixture's `github` section: what no schema can say of it, and the teams that one entry stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.core.fixture_reader import Entry, Finding, Place
from sandbox.core.fixture_rules import entries, repeated, show, unknown

# https://docs.github.com/apps/creating-github-apps/registering-a-github-app/about-the-user-authorization-callback-url
MOST_CALLBACKS = 10


def check_fixture(fixture: Entry) -> Iterator[Finding]:
    """The findings in organizations, teams, accounts and applications."""
    people = entries(fixture["identities"], "identities")
    clients = [(at, app) for at, app in entries(fixture["clients"], "clients") if app["service"] == "github"]
    organizations = entries(fixture["github"]["organizations"], "github", "organizations")
    teams = [team for at, entry in organizations for team in entries(entry["teams"], *at, "teams")]
    accounts = [((*at, "github"), person["github"]) for at, person in people]
    logins = [person["login"] for _, person in people]
    owners = logins + [organization["login"] for _, organization in organizations]

    # People and organizations share their names; that people differ is checked for every service.
    names = repeated(((*at, "login"), owner["login"].lower()) for at, owner in people + organizations)
    yield from (finding for finding in names if finding[0][0] == "github")
    yield from repeated(((*at, "id"), account["id"]) for at, account in accounts + organizations)
    yield from repeated(((*at, "id"), team["id"]) for at, entry in teams for team in expand_teams(entry))
    for at, client in clients:
        yield from _client_findings(at, client, owners)
    for at, organization in organizations:
        yield from _organization_findings(at, organization, logins)


def expand_teams(entry: Entry) -> list[Mapping[str, Any]]:
    """The teams that one entry stands for: itself, or `count` numbered ones."""
    team = dict(entry)
    del team["count"]
    if entry["count"] is None:
        return [team]
    return [
        team | {"slug": f"{team['slug']}-{n}", "id": team["id"] + n - 1, "name": f"{team['name']} {n}"}
        for n in range(1, entry["count"] + 1)
    ]


def _client_findings(at: Place, client: Entry, owners: list[str]) -> Iterator[Finding]:
    settings, uris = client["settings"], client["redirect_uris"]
    what = "the login of an identity or organization"
    yield from unknown((*at, "settings", "owner"), settings["owner"], owners, what)
    if client["secret"] is None:
        yield (*at, "secret"), "an application of GitHub has a secret"
    if not uris:
        yield (*at, "redirect_uris"), "at least one callback is needed"
    if settings["type"] == "oauth-app" and len(uris) > 1:
        yield (*at, "redirect_uris", 1), "an OAuth app has one callback; only a GitHub App may have more"
    if len(uris) > MOST_CALLBACKS:
        yield (*at, "redirect_uris", MOST_CALLBACKS), f"a GitHub App has at most {MOST_CALLBACKS} callbacks"


def _organization_findings(at: Place, organization: Entry, logins: list[str]) -> Iterator[Finding]:
    members = [member["login"] for member in organization["members"]]
    places = [((*at, "members", n, "login"), login) for n, login in enumerate(members)]
    yield from repeated(places)
    for place, login in places:
        yield from unknown(place, login, logins, "the login of an identity")
    teams = entries(organization["teams"], *at, "teams")
    parents = {team["slug"]: team["parent"] for _, entry in teams for team in expand_teams(entry)}
    yield from repeated(((*at, "slug"), team["slug"]) for at, entry in teams for team in expand_teams(entry))
    for team_at, entry in teams:
        yield from _parent_findings((*team_at, "parent"), entry, parents)
        places = [((*team_at, "members", n), login) for n, login in enumerate(entry["members"])]
        yield from repeated(places)
        for place, login in places:
            yield from unknown(place, login, members, f"a member of {organization['login']}")


def _parent_findings(at: Place, entry: Entry, parents: Mapping[str, str | None]) -> Iterator[Finding]:
    parent, below = entry["parent"], {entry["slug"]}
    yield from unknown(at, parent, parents, "the slug of a team of this organization")
    while parent is not None and parent not in below:
        below.add(parent)
        parent = parents.get(parent)
    if parent is not None:
        yield at, f"leads in a circle, by way of {show(parent)}"
