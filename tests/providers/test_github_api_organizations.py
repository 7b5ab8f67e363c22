"""GitHub's organizations, memberships and teams: who belongs where, and who may see it."""

from __future__ import annotations

import pytest

from sandbox.core import tables
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.support.github_api import NOT_FOUND, SAML, api, app_token, oauth_token, refusal

BASE = "http://localhost/api/v3"
ORGANIZATION = [
    "login",
    "id",
    "node_id",
    "url",
    "repos_url",
    "events_url",
    "hooks_url",
    "issues_url",
    "members_url",
    "public_members_url",
    "avatar_url",
    "description",
]


def logins(response):
    return [entry["login"] for entry in response.json]


def test_the_organizations(sandbox):
    response = api(sandbox, "/user/orgs", oauth_token(sandbox, scopes="read:org"))
    (organization,) = response.json

    assert list(organization) == ORGANIZATION
    assert (organization["login"], organization["id"]) == ("octo-org", 3001)
    assert organization["node_id"] == "MDEyOk9yZ2FuaXphdGlvbjMwMDE="
    assert organization["members_url"] == f"{BASE}/orgs/octo-org/members{{/member}}"
    assert "Link" not in response.headers


@pytest.mark.parametrize("scope", ["user", "read:org", "admin:org"])
def test_scopes_that_list_the_organizations(sandbox, scope):
    assert logins(api(sandbox, "/user/orgs", oauth_token(sandbox, scopes=scope))) == ["octo-org"]


def test_a_github_app_needs_no_scope(sandbox):
    assert logins(api(sandbox, "/user/orgs", app_token(sandbox))) == ["octo-org"]


INSUFFICIENT = refusal(403, "Your token has not been granted the required scopes.")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param(
            "/user/orgs",
            refusal(403, "You need at least read:org scope or user scope to list your organizations."),
            id="organizations",
        ),
        pytest.param("/user/teams", INSUFFICIENT, id="teams"),
        pytest.param("/user/memberships/orgs", INSUFFICIENT, id="memberships"),
        pytest.param("/user/memberships/orgs/octo-org", INSUFFICIENT, id="membership"),
        pytest.param("/orgs/octo-org/teams", NOT_FOUND, id="teams-of-an-organization"),
        pytest.param("/teams/4001/members/octocat", NOT_FOUND, id="team-member"),
    ],
)
def test_without_a_scope(sandbox, path, answer):
    response = api(sandbox, path, oauth_token(sandbox, scopes="user:email"))

    assert (response.status_code, response.json) == answer
    assert response.headers["X-Sandbox-Reason"].startswith("SCOPE_INSUFFICIENT;")


def test_an_invitation_is_no_membership(sandbox):
    token = oauth_token(sandbox, "invited", "read:org")

    assert api(sandbox, "/user/orgs", token).json == []
    assert api(sandbox, "/user/memberships/orgs/octo-org", token).json["state"] == "pending"


def test_the_memberships(sandbox):
    (membership,) = api(sandbox, "/user/memberships/orgs", oauth_token(sandbox, "admin", "read:org")).json

    assert list(membership) == ["url", "state", "role", "organization_url", "organization", "user"]
    assert (membership["state"], membership["role"]) == ("active", "admin")
    assert membership["url"] == f"{BASE}/user/memberships/orgs/octo-org"
    assert list(membership["organization"]) == ORGANIZATION
    assert membership["user"]["login"] == "admin"


@pytest.mark.parametrize(("state", "count"), [("active", 0), ("pending", 1), (None, 1)])
def test_memberships_by_state(sandbox, state, count):
    query = {"state": state} if state else {}

    assert (
        len(api(sandbox, "/user/memberships/orgs", oauth_token(sandbox, "invited", "read:org"), **query).json) == count
    )


def test_memberships_have_two_states_only(sandbox):
    response = api(sandbox, "/user/memberships/orgs", oauth_token(sandbox, scopes="read:org"), state="gone")

    errors = [{"resource": "OrganizationMembership", "field": "state", "code": "invalid"}]
    assert (response.status_code, response.json) == refusal(422, "Validation Failed", errors=errors)


@pytest.mark.parametrize("organization", ["contoso", "nowhere"])
def test_no_membership(sandbox, organization):
    response = api(sandbox, f"/user/memberships/orgs/{organization}", oauth_token(sandbox, scopes="read:org"))

    assert (response.status_code, response.json) == NOT_FOUND


def test_the_teams(sandbox):
    (team,) = api(sandbox, "/user/teams", oauth_token(sandbox, scopes="repo")).json

    assert (team["id"], team["slug"], team["name"]) == (4001, "justice-league", "Justice League")
    assert (team["url"], team["parent"], team["members_count"]) == (f"{BASE}/teams/4001", None, 2)
    assert (team["organization"]["login"], team["organization"]["id"]) == ("octo-org", 3001)


def test_a_team_names_the_one_above_it(sandbox):
    teams = api(sandbox, "/orgs/octo-org/teams", oauth_token(sandbox, scopes="read:org")).json

    assert [(team["slug"], team["parent"] and team["parent"]["id"]) for team in teams] == [
        ("justice-league", None),
        ("sidekicks", 4001),
    ]


def test_an_outsider_sees_no_teams(sandbox):
    response = api(sandbox, "/orgs/octo-org/teams", oauth_token(sandbox, "alice", "read:org"))

    assert (response.status_code, response.json) == NOT_FOUND


@pytest.mark.parametrize(
    ("query", "relations"),
    [
        ({"per_page": 1}, {"next": 2, "last": 3}),
        ({"per_page": 1, "page": 2}, {"prev": 1, "next": 3, "last": 3, "first": 1}),
        ({"per_page": 1, "page": 3}, {"prev": 2, "first": 1}),
        ({"per_page": 1, "page": 9}, {"prev": 3, "first": 1}),
        ({"per_page": 2}, {"next": 2, "last": 2}),
        ({"per_page": 3}, {}),
        ({}, {}),
    ],
)
def test_the_link_header_leads_to_the_other_pages(sandbox, query, relations):
    link = api(sandbox, "/user/orgs", oauth_token(sandbox, "joiner", "read:org"), **query).headers.get("Link", "")

    size = f"per_page={query.get('per_page')}&"
    assert link == ", ".join(
        f'<{BASE}/user/orgs?{size}page={page}>; rel="{relation}"' for relation, page in relations.items()
    )


def test_a_page_past_the_end_is_empty(sandbox):
    response = api(sandbox, "/user/orgs", oauth_token(sandbox, scopes="read:org"), per_page=1, page=2)

    assert (response.status_code, response.json) == (200, [])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 30),
        ({"per_page": 100}, 100),
        ({"per_page": 101}, 100),
        ({"per_page": 100, "page": 2}, 20),
        ({"per_page": 0}, 30),
        ({"per_page": -1}, 30),
        ({"per_page": "many"}, 30),
        ({"per_page": "9" * 5000}, 30),
        ({"page": 0}, 30),
        ({"page": "٣"}, 30),
        ({"page": 999_999_999}, 0),
    ],
)
def test_pages_of_120_teams(sandbox, query, count):
    assert len(api(sandbox, "/user/teams", oauth_token(sandbox, "joiner", "read:org"), **query).json) == count


def test_links_stay_where_the_request_came_in(sandbox):
    token = oauth_token(sandbox, "joiner", "read:org")
    response = sandbox.get(
        "/user/orgs?per_page=2", headers={"Authorization": f"token {token}"}, base_url="http://api.github.com"
    )

    assert response.headers["Link"].startswith('<http://api.github.com/user/orgs?per_page=2&page=2>; rel="next"')


@pytest.mark.parametrize(
    ("caller", "scope", "login", "status"),
    [
        pytest.param("octocat", "read:org", "joiner", 204, id="member-asks-about-a-private-member"),
        pytest.param("octocat", "read:org", "OctoCat", 204, id="letter-case"),
        pytest.param("octocat", "read:org", "invited", 404, id="invited-is-no-member"),
        pytest.param("octocat", "read:org", "alice", 404, id="no-member"),
        pytest.param("octocat", "read:org", "nobody", 404, id="nobody"),
        pytest.param("octocat", "", "joiner", 302, id="member-without-the-scope"),
        pytest.param("alice", "read:org", "octocat", 302, id="outsider"),
        pytest.param("invited", "read:org", "octocat", 302, id="invited-asks"),
        pytest.param(None, "", "octocat", 302, id="anonymous"),
    ],
)
def test_whether_someone_is_a_member(sandbox, caller, scope, login, status):
    token = oauth_token(sandbox, caller, scope) if caller else None
    response = api(sandbox, f"/orgs/octo-org/members/{login}", token)

    assert response.status_code == status
    public = f"{BASE}/orgs/octo-org/public_members/{login}"
    assert response.headers.get("Location") == (public if status == 302 else None)


@pytest.mark.parametrize(
    ("login", "status"), [("octocat", 204), ("joiner", 404), ("invited", 404), ("alice", 404), ("nobody", 404)]
)
def test_whether_someone_is_a_public_member(sandbox, login, status):
    assert api(sandbox, f"/orgs/octo-org/public_members/{login}").status_code == status


@pytest.mark.parametrize(
    ("caller", "team", "login", "status"),
    [
        pytest.param("octocat", 4001, "admin", 204, id="member"),
        pytest.param("octocat", 4001, "joiner", 404, id="in-the-organization-only"),
        pytest.param("octocat", 4002, "octocat", 404, id="in-the-team-above-only"),
        pytest.param("octocat", 4002, "admin", 204, id="in-the-team-below"),
        pytest.param("octocat", 4999, "octocat", 404, id="unknown-team"),
        pytest.param("octocat", 3001, "octocat", 404, id="an-organization's-id"),
        pytest.param("octocat", 99999999999999999999, "octocat", 404, id="absurd-id"),
        pytest.param("alice", 4001, "octocat", 404, id="outsider-asks"),
    ],
)
def test_whether_someone_is_in_a_team(sandbox, caller, team, login, status):
    response = api(sandbox, f"/teams/{team}/members/{login}", oauth_token(sandbox, caller, "read:org"))

    assert response.status_code == status


def test_members_of_a_child_team_are_members_of_its_parents(sandbox):
    with sandbox.world() as world:
        member = {"role": "member", "state": "active", "public": False}
        world.store.add(tables.Membership, service="github", group="octo-org/sidekicks", login="joiner", **member)
    token = oauth_token(sandbox, scopes="read:org")

    assert api(sandbox, "/teams/4001/members/joiner", token).status_code == 204


def test_team_membership_needs_a_token(sandbox):
    assert api(sandbox, "/teams/4001/members/octocat").status_code == 401


def test_an_organization(sandbox):
    organization = api(sandbox, "/orgs/Octo-Org").json

    assert list(organization)[: len(ORGANIZATION)] == ORGANIZATION
    assert (organization["name"], organization["type"]) == ("Octo Org", "Organization")
    assert organization["html_url"] == "http://localhost/octo-org"


@pytest.mark.parametrize("path", ["/orgs/nowhere", "/orgs/nowhere/members/octocat", "/orgs/octo-org%2Fjustice-league"])
def test_an_unknown_organization(sandbox, path):
    response = api(sandbox, path, oauth_token(sandbox, scopes="read:org"))

    assert (response.status_code, response.json) == NOT_FOUND


def test_public_memberships_are_anyone_s_to_list(sandbox):
    assert logins(api(sandbox, "/users/octocat/orgs")) == ["octo-org"]
    assert api(sandbox, "/users/joiner/orgs").json == []


@pytest.mark.parametrize("path", ["/user/orgs", "/user/teams", "/user/memberships/orgs"])
def test_sso_withholds_an_organization_from_lists(sandbox, path):
    response = api(sandbox, path, oauth_token(sandbox, "sso-member", "read:org"))

    assert (response.status_code, response.json) == (200, [])
    assert response.headers["X-GitHub-SSO"] == "partial-results; organizations=3004"


@pytest.mark.parametrize(
    "path",
    [
        "/orgs/fabrikam",
        "/orgs/fabrikam/teams",
        "/orgs/fabrikam/members/sso-member",
        "/user/memberships/orgs/fabrikam",
    ],
)
def test_sso_protects_an_organization_from_its_members_tokens(sandbox, path):
    response = api(sandbox, path, oauth_token(sandbox, "sso-member", "read:org"))

    assert (response.status_code, response.json) == SAML
    assert response.headers["X-GitHub-SSO"].startswith(
        "required; url=http://localhost/orgs/fabrikam/sso?authorization_request="
    )


def test_sso_says_nothing_to_outsiders(sandbox):
    assert api(sandbox, "/orgs/fabrikam").status_code == 200
    assert (
        api(sandbox, "/orgs/fabrikam/members/sso-member", oauth_token(sandbox, "alice", "read:org")).status_code == 302
    )
    assert "X-GitHub-SSO" not in api(sandbox, "/user/orgs", oauth_token(sandbox, scopes="user")).headers


def test_sso_may_be_provoked_anywhere(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "github", "get_org", Reason.SSO_REQUIRED)

    response = api(sandbox, "/orgs/contoso")

    assert (response.status_code, response.json) == SAML
    assert "/orgs/contoso/sso?" in response.headers["X-GitHub-SSO"]


def test_an_organization_in_a_header_is_encoded(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "github", "get_org", Reason.SSO_REQUIRED)
    answer = api(sandbox, "/orgs/a%0d%0aX-Evil:1")

    assert answer.status_code == 403
    assert "a%0D%0AX-Evil%3A1" in answer.headers["X-GitHub-SSO"]
    assert "X-Evil" not in answer.headers
