"""GitHub's user endpoints: the profile, the addresses, and where their URLs point."""

from __future__ import annotations

import pytest

from sandbox.core import tables
from sandbox.providers.github.people import github_id, public_email, verified_primary
from tests.support.github_api import NOT_FOUND, api, app_token, auth, oauth_token

PUBLIC = [
    "login",
    "id",
    "node_id",
    "avatar_url",
    "gravatar_id",
    "url",
    "html_url",
    "followers_url",
    "following_url",
    "gists_url",
    "starred_url",
    "subscriptions_url",
    "organizations_url",
    "repos_url",
    "events_url",
    "received_events_url",
    "type",
    "site_admin",
    "name",
    "company",
    "blog",
    "location",
    "email",
    "hireable",
    "bio",
    "twitter_username",
    "public_repos",
    "public_gists",
    "followers",
    "following",
    "created_at",
    "updated_at",
]
PRIVATE = [
    "private_gists",
    "total_private_repos",
    "owned_private_repos",
    "disk_usage",
    "collaborators",
    "two_factor_authentication",
    "plan",
]


def test_the_profile(sandbox):
    user = api(sandbox, "/user", oauth_token(sandbox)).json

    assert list(user) == PUBLIC
    assert (user["login"], user["id"], user["node_id"]) == ("octocat", 583231, "MDQ6VXNlcjU4MzIzMQ==")
    assert (user["name"], user["type"], user["site_admin"]) == ("The Octocat", "User", False)
    assert (user["email"], user["gravatar_id"], user["hireable"]) == (None, "", None)
    assert user["created_at"] == "2011-01-25T18:44:36Z"


@pytest.mark.parametrize("scope", ["user", "read:user"])
def test_some_scopes_show_the_private_members(sandbox, scope):
    user = api(sandbox, "/user", oauth_token(sandbox, "two-factor", scope)).json

    assert list(user) == PUBLIC + PRIVATE
    assert user["two_factor_authentication"] is True
    assert user["plan"]["name"] == "free"


@pytest.mark.parametrize("scope", ["", "user:email", "repo"])
def test_other_scopes_hide_them(sandbox, scope):
    assert list(api(sandbox, "/user", oauth_token(sandbox, scopes=scope)).json) == PUBLIC


def test_a_github_app_sees_the_public_profile(sandbox):
    assert list(api(sandbox, "/user", app_token(sandbox)).json) == PUBLIC


@pytest.mark.parametrize(
    ("login", "member", "value"),
    [
        ("no-name", "name", None),
        ("emoji", "name", "Zoë 🦄 Ünïcorn 👩🏽‍🚀"),
        ("right-to-left", "name", "ליאור בן־דוד"),
        ("alice", "email", "alice@contoso.test"),
        ("noreply", "email", None),
        ("no-email", "email", None),
        ("admin", "site_admin", True),
    ],
)
def test_the_cast_as_users(sandbox, login, member, value):
    assert api(sandbox, "/user", oauth_token(sandbox, login)).json[member] == value


@pytest.mark.parametrize(
    ("prefix", "host", "base", "web"),
    [
        pytest.param("/api/v3", "localhost:9400", "http://localhost:9400/api/v3", "http://localhost:9400", id="root"),
        pytest.param(
            "/github/api/v3", "127.0.0.1", "http://127.0.0.1/github/api/v3", "http://127.0.0.1/github", id="prefix"
        ),
        pytest.param("", "api.github.com", "http://api.github.com", "http://github.com", id="vendor-host"),
        pytest.param(
            "/w/default/api/v3",
            "localhost",
            "http://localhost/w/default/api/v3",
            "http://localhost/w/default",
            id="world",
        ),
    ],
)
def test_every_url_lies_where_the_request_came_in(sandbox, prefix, host, base, web):
    headers = auth(oauth_token(sandbox))
    user = sandbox.get(f"{prefix}/user", headers=headers, base_url=f"http://{host}").json
    elsewhere = {"avatar_url": f"{web}/avatars/u/583231?v=4", "html_url": f"{web}/octocat"}

    urls = {name: value for name, value in user.items() if name.endswith("url") and name not in elsewhere}
    assert all(url.startswith(f"{base}/users/octocat") for url in urls.values())
    assert {name: user[name] for name in elsewhere} == elsewhere
    assert sandbox.get(user["url"].replace(f"http://{host}", ""), base_url=f"http://{host}").json["id"] == 583231


def test_the_addresses_as_the_fixture_has_them(sandbox):
    response = api(sandbox, "/user/emails", oauth_token(sandbox, "noreply", "user:email"))

    assert response.json == [
        {"email": "nora@contoso.test", "primary": False, "verified": True, "visibility": None},
        {
            "email": "1000006+noreply@users.noreply.github.com",
            "primary": True,
            "verified": True,
            "visibility": "private",
        },
        {"email": "nora.old@contoso.test", "primary": False, "verified": False, "visibility": None},
    ]


@pytest.mark.parametrize("scope", ["", "read:user", "repo"])
def test_without_the_scope_there_are_no_addresses(sandbox, scope):
    response = api(sandbox, "/user/emails", oauth_token(sandbox, scopes=scope))

    assert (response.status_code, response.json) == NOT_FOUND


def test_a_github_app_may_read_the_addresses(sandbox):
    assert api(sandbox, "/user/emails", app_token(sandbox)).json[0]["email"] == "octocat@octo-org.test"


def test_someone_without_addresses_has_an_empty_list(sandbox):
    assert api(sandbox, "/user/emails", oauth_token(sandbox, "no-email", "user")).json == []


def test_anyone_sees_a_profile_but_not_its_address(sandbox):
    anonymous, known = api(sandbox, "/users/alice").json, api(sandbox, "/users/ALICE", oauth_token(sandbox)).json

    assert list(anonymous) == PUBLIC
    assert (anonymous["email"], known["email"]) == (None, "alice@contoso.test")
    assert {**anonymous, "email": known["email"]} == known


@pytest.mark.parametrize("login", ["nobody", "deactivated", "%00", "%F0%9F%A6%84"])
def test_who_has_no_profile(sandbox, login):
    response = api(sandbox, f"/users/{login}")

    assert (response.status_code, response.json) == NOT_FOUND


@pytest.mark.parametrize("path", ["/api/v3", "/api/v3/"])
def test_the_index_leads_on(sandbox, path):
    index = sandbox.get(path).json

    assert index["current_user_url"] == "http://localhost/api/v3/user"
    assert index["emails_url"] == "http://localhost/api/v3/user/emails"
    assert index["organization_url"] == "http://localhost/api/v3/orgs/{org}"


@pytest.mark.parametrize(("number", "title", "initials"), [(583231, "The Octocat", "TO"), (3001, "Octo Org", "OO")])
def test_an_avatar_is_a_picture(sandbox, number, title, initials):
    response = sandbox.get(f"/avatars/u/{number}?v=4&s=64")

    assert response.content_type.startswith("image/svg+xml")
    assert f"<title>{title}</title>" in response.text
    assert f">{initials}</text>" in response.text


@pytest.mark.parametrize("number", ["1", "2147483648", "99999999999999999999", "x"])
def test_nobody_has_no_avatar(sandbox, number):
    assert sandbox.get(f"/avatars/u/{number}").status_code == 404


def person(login: str = "someone", **attributes: object) -> tables.Identity:
    emails = [
        {"email": "old@contoso.test", "primary": False, "verified": False, "visibility": "public"},
        {"email": "new@contoso.test", "primary": True, "verified": True, "visibility": "public"},
    ]
    return tables.Identity(login=login, name=None, emails=emails, attributes=attributes, deactivated=False)


def test_an_id_is_the_fixture_s_or_a_stable_one():
    assert github_id(person(github={"id": 42})) == 42
    assert github_id(person()) == github_id(person(github={"id": None})) == 2_035_354_483
    assert 2_000_000_000 < github_id(person("x" * 39)) < 2**31


def test_only_a_verified_address_is_public_or_primary():
    someone = person()

    assert public_email(someone) == verified_primary(someone) == "new@contoso.test"
    someone.emails[1]["verified"] = False
    assert public_email(someone) is verified_primary(someone) is None
