"""GitHub's GraphQL API: what a login asks, and what it says to questions it does not answer."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient
from tests.support.github_api import BAD_CREDENTIALS, GRAPHQL, SUSPENDED, app_token, auth, oauth_token, refusal

DOCS = "https://docs.github.com/graphql"


def ask(sandbox: HouseClient, query: Any, token: str | None = None, path: str = GRAPHQL, **more: Any) -> Any:
    token = token or oauth_token(sandbox, scopes="user read:org")
    return sandbox.post(path, json={"query": query, **more}, headers=auth(token, "bearer"))


@pytest.mark.parametrize("path", [GRAPHQL, "/api/v3/graphql", "/github/api/graphql"])
def test_the_viewer(sandbox, path):
    response = ask(sandbox, "{ viewer { login } }", path=path)

    assert (response.status_code, response.json) == (200, {"data": {"viewer": {"login": "octocat"}}})
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["X-RateLimit-Resource"] == "graphql"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_vendor_host_has_it_at_its_root(sandbox):
    headers = auth(oauth_token(sandbox))
    response = sandbox.post(
        "/graphql", json={"query": "{viewer{url}}"}, headers=headers, base_url="https://api.github.com"
    )

    assert response.json == {"data": {"viewer": {"url": "https://github.com/octocat"}}}


def test_all_of_the_viewer(sandbox):
    query = """{ viewer {
        __typename id databaseId login name email avatarUrl(size: 40) url bio company location websiteUrl
        twitterUsername isHireable isSiteAdmin isViewer createdAt updatedAt } }"""

    assert ask(sandbox, query).json["data"]["viewer"] == {
        "__typename": "User",
        "id": "MDQ6VXNlcjU4MzIzMQ==",
        "databaseId": 583231,
        "login": "octocat",
        "name": "The Octocat",
        "email": "",
        "avatarUrl": "http://localhost/avatars/u/583231?v=4&s=40",
        "url": "http://localhost/octocat",
        "bio": "Lives in a sandbox",
        "company": "@octo-org",
        "location": "San Francisco",
        "websiteUrl": "https://octocat.example",
        "twitterUsername": None,
        "isHireable": False,
        "isSiteAdmin": False,
        "isViewer": True,
        "createdAt": "2011-01-25T18:44:36Z",
        "updatedAt": "2026-01-22T11:22:33Z",
    }


def test_variables_aliases_fragments_and_operation_names(sandbox):
    query = """
        query Other { viewer { name } }
        query Mine($count: Int!, $detailed: Boolean!) {
          me: viewer {
            ...Names
            orgs: organizations(first: $count) { totalCount nodes { login name @include(if: $detailed) } }
          }
        }
        fragment Names on User { handle: login ... on Actor { url } }
    """
    response = ask(sandbox, query, variables={"count": 1, "detailed": False}, operationName="Mine")

    assert response.json == {
        "data": {
            "me": {
                "handle": "octocat",
                "url": "http://localhost/octocat",
                "orgs": {"totalCount": 1, "nodes": [{"login": "octo-org"}]},
            }
        }
    }


def test_organizations_by_pages(sandbox):
    token = oauth_token(sandbox, "joiner", "read:org")
    query = """query($after: String) { viewer { organizations(first: 2, after: $after) {
        edges { cursor node { login viewerCanAdminister } } totalCount
        pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""

    def page(after: str | None) -> dict[str, Any]:
        found: dict[str, Any] = ask(sandbox, query, token, variables={"after": after}).json["data"]["viewer"]
        return found["organizations"]

    first = page(None)
    second = page(first["pageInfo"]["endCursor"])

    assert [edge["node"]["login"] for edge in first["edges"] + second["edges"]] == ["octo-org", "contoso", "many-teams"]
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert second["edges"][0]["node"]["viewerCanAdminister"] is True
    assert page(second["pageInfo"]["endCursor"])["edges"] == []


@pytest.mark.parametrize(
    ("bounds", "logins"),
    [
        ("last: 1", ["many-teams"]),
        ("last: 2", ["contoso", "many-teams"]),
        ("first: 2, last: 1", ["contoso"]),
        ("first: 0", []),
        ('first: 9, before: "Y3Vyc29yOnYxOjI="', ["octo-org"]),
        ("first: 100", ["octo-org", "contoso", "many-teams"]),
    ],
)
def test_parts_of_the_organizations(sandbox, bounds, logins):
    query = f"{{ viewer {{ organizations({bounds}) {{ nodes {{ login }} totalCount }} }} }}"
    found = ask(sandbox, query, oauth_token(sandbox, "joiner", "read:org")).json["data"]["viewer"]["organizations"]

    assert found == {"nodes": [{"login": login} for login in logins], "totalCount": 3}


def test_sso_hides_an_organization(sandbox):
    token = oauth_token(sandbox, "sso-member", "read:org")
    query = '{ viewer { organizations(first: 9) { totalCount } } organization(login: "fabrikam") { name } }'
    body = ask(sandbox, query, token).json

    assert body["data"] == {"viewer": {"organizations": {"totalCount": 0}}, "organization": None}
    assert body["errors"][0]["type"] == "FORBIDDEN"


def test_others_show_what_is_public(sandbox):
    query = '{ user(login: "Alice") { login email isViewer organizations(first: 9) { totalCount } } }'

    assert ask(sandbox, query).json["data"]["user"] == {
        "login": "alice",
        "email": "alice@contoso.test",
        "isViewer": False,
        "organizations": {"totalCount": 0},
    }


def test_an_organization(sandbox):
    query = (
        '{ organization(login: "octo-org") { id databaseId name description url viewerIsAMember viewerCanAdminister } }'
    )

    assert ask(sandbox, query).json["data"]["organization"] == {
        "id": "MDEyOk9yZ2FuaXphdGlvbjMwMDE=",
        "databaseId": 3001,
        "name": "Octo Org",
        "description": "Where octocat works",
        "url": "http://localhost/octo-org",
        "viewerIsAMember": True,
        "viewerCanAdminister": False,
    }


def test_the_rate_limit_agrees_with_the_headers(sandbox):
    token = oauth_token(sandbox)
    ask(sandbox, "{ viewer { login } }", token)
    response = ask(sandbox, "{ rateLimit { limit cost remaining used resetAt nodeCount } }", token)
    rate = response.json["data"]["rateLimit"]

    assert (rate["limit"], rate["cost"], rate["used"], rate["remaining"]) == (5000, 1, 2, 4998)
    assert response.headers["X-RateLimit-Remaining"] == "4998"


def test_a_github_app_needs_no_scopes(sandbox):
    query = "{ viewer { email organizations(first: 1) { totalCount } } }"

    assert "errors" not in ask(sandbox, query, app_token(sandbox)).json


def test_tools_may_read_the_schema(sandbox):
    schema = build_client_schema(ask(sandbox, get_introspection_query()).json["data"])

    assert "viewer" in schema.query_type.fields


MISSING_SCOPE = (
    "Your token has not been granted the required scopes to execute this query. The 'email' field requires one of the "
    "following scopes: ['user:email', 'read:user'], but your token has only been granted the: ['gist'] scopes. Please "
    "modify your token's scopes at: http://localhost/settings/tokens."
)
UNBOUNDED = "You must provide a `first` or `last` value to properly paginate the `organizations` connection."
EXCESSIVE = "Requesting 101 records on the `organizations` connection exceeds the `first` limit of 100 records."
NOBODY = "Could not resolve to a User with the login of 'nobody'."
NOWHERE = "Could not resolve to an Organization with the login of 'nowhere'."


@pytest.mark.parametrize(
    ("query", "kind", "message", "reason"),
    [
        pytest.param("{ viewer { email } }", "INSUFFICIENT_SCOPES", MISSING_SCOPE, "SCOPE_INSUFFICIENT", id="scope"),
        pytest.param('{ user(login: "nobody") { id } }', "NOT_FOUND", NOBODY, "OBJECT_UNKNOWN", id="nobody"),
        pytest.param('{ organization(login: "nowhere") { id } }', "NOT_FOUND", NOWHERE, "OBJECT_UNKNOWN", id="nowhere"),
        pytest.param(
            '{ user(login: "octocat") { organizations { totalCount } } }',
            "INSUFFICIENT_SCOPES",
            None,
            "SCOPE_INSUFFICIENT",
            id="own-organizations-by-name",
        ),
        pytest.param(
            '{ user(login: "alice") { organizations { totalCount } } }',
            "MISSING_PAGINATION_BOUNDARIES",
            UNBOUNDED,
            "FIELD_MISSING",
            id="unbounded",
        ),
        pytest.param(
            '{ user(login: "alice") { organizations(first: 101) { totalCount } } }',
            "EXCESSIVE_PAGINATION",
            EXCESSIVE,
            "FIELD_INVALID",
            id="excessive",
        ),
        pytest.param(
            '{ user(login: "alice") { organizations(last: -1) { totalCount } } }',
            "ARGUMENT_ERROR",
            None,
            "FIELD_INVALID",
            id="negative",
        ),
        pytest.param(
            '{ user(login: "alice") { organizations(first: 1, after: "x") { totalCount } } }',
            "INVALID_CURSOR_ARGUMENTS",
            "`x` does not appear to be a valid cursor.",
            "FIELD_INVALID",
            id="bad-cursor",
        ),
        pytest.param("{ viewer { nope } }", None, None, "FIELD_INVALID", id="unknown-field"),
        pytest.param("{ viewer ", None, None, "FIELD_INVALID", id="syntax"),
        pytest.param("{ viewer { login } viewer }", None, None, "FIELD_INVALID", id="no-selection"),
        pytest.param("mutation { viewer { login } }", None, None, "FIELD_INVALID", id="mutation"),
        pytest.param(
            "query($x: Int!) { viewer { avatarUrl(size: $x) } }", None, None, "FIELD_INVALID", id="no-variable"
        ),
        pytest.param(
            "query A { __typename } query B { __typename }", None, None, "FIELD_INVALID", id="which-operation"
        ),
    ],
)
def test_questions_that_are_not_answered(sandbox, query, kind, message, reason):
    response = ask(sandbox, query, oauth_token(sandbox, scopes="gist"))
    (error,) = response.json["errors"]

    assert response.status_code == 200
    assert error.get("type") == kind
    assert error["message"] == (message or error["message"])
    assert sandbox.journal()[-1].reason == reason


DEEP = "{" + "viewer{" * 40 + "login" + "}" * 41
WIDE = "{" + " ".join(f"a{n}: viewer {{ login }}" for n in range(600)) + "}"
BOMB = "{ viewer { ...F0 } } fragment F12 on User { login } " + " ".join(
    f"fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(12)
)
LOOP = "{ viewer { ...F } } fragment F on User { ...F }"
LONG = "{ viewer {" + " login" * 6000 + "} }"
CURIOUS = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(DEEP, id="deep"),
        pytest.param("{a" * 30_000, id="absurdly-deep"),
        pytest.param(WIDE, id="wide"),
        pytest.param(BOMB, id="fragments-of-fragments"),
        pytest.param(LOOP, id="fragment-of-itself"),
        pytest.param(LONG, id="long"),
        pytest.param(CURIOUS, id="introspection-of-introspection"),
    ],
)
def test_a_query_is_bounded(sandbox, query):
    response = ask(sandbox, query)

    assert response.status_code == 200
    assert list(response.json) == ["errors"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param("{", refusal(400, "Problems parsing JSON", DOCS), id="malformed"),
        pytest.param("[]", refusal(400, "Body should be a JSON object", DOCS), id="list"),
        pytest.param("", refusal(400, "A query attribute must be specified and must be a string.", DOCS), id="no-body"),
        pytest.param(
            '{"query": ""}', refusal(400, "A query attribute must be specified and must be a string.", DOCS), id="empty"
        ),
        pytest.param(
            '{"query": "{viewer{login}}", "variables": "x"}',
            refusal(400, "A query must be a string, and its variables a JSON object.", DOCS),
            id="variables-as-text",
        ),
    ],
)
def test_bodies_that_are_refused(sandbox, body, answer):
    response = sandbox.post(GRAPHQL, data=body, headers=auth(oauth_token(sandbox)))

    assert (response.status_code, response.json) == answer


ANONYMOUS = refusal(
    401,
    "This endpoint requires you to be authenticated.",
    f"{DOCS}/guides/forming-calls-with-graphql#authentication",
)


@pytest.mark.parametrize(
    ("token", "answer"),
    [
        pytest.param(lambda _: "", ANONYMOUS, id="none"),
        pytest.param(lambda _: "gho_guessed", BAD_CREDENTIALS, id="unknown"),
        pytest.param(lambda sandbox: oauth_token(sandbox, "deactivated"), SUSPENDED, id="suspended"),
    ],
)
def test_callers_that_are_refused(sandbox, token, answer):
    response = sandbox.post(GRAPHQL, json={"query": "{viewer{login}}"}, headers=auth(token(sandbox)))

    assert response.status_code == answer[0]
    assert response.json["message"] == answer[1]["message"]
    assert response.json["documentation_url"].startswith(DOCS)


def test_the_rate_limit_is_told_with_status_200(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "github", "run_query", Reason.RATE_LIMITED)

    response = ask(sandbox, "{viewer{login}}")

    message = "API rate limit exceeded for user ID 583231."
    assert (response.status_code, response.json) == (200, {"errors": [{"type": "RATE_LIMITED", "message": message}]})
    assert response.headers["X-RateLimit-Remaining"] == "0"


def test_a_start_does_not_pay_for_it():
    program = "import sandbox, sys; sandbox.create_app(); sys.exit('graphql' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_defect_is_not_blamed_on_the_query(sandbox, monkeypatch):
    monkeypatch.setattr("sandbox.providers.github.api.graphql_wire.public_email", lambda identity: 1 / 0)

    response = ask(sandbox, "{ viewer { email } }")

    assert (response.status_code, response.json) == refusal(500, "Server Error", DOCS)
