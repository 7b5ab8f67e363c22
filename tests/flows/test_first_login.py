"""A first login from end to end: GitHub signs a person in, GMI Cloud turns the code into a session of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.support.databases import on_either_database
from tests.support.person import HostsFile, Person, query

DEVICE = {"CE-ClientId": "laptop1"}


@on_either_database
class TestInProcess:
    """As a test suite of a downstream application sees it, on either database."""

    def test_a_code_becomes_a_session(self, sandbox, sign_in):
        code = sign_in("github", as_="octocat", client="gmi-console", scope="user:email")

        first = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})
        again = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})
        provider_token = first.json["accessToken"]
        user = sandbox.get("/api/v3/user", headers={"Authorization": f"Bearer {provider_token}"})
        auth_token = sandbox.post(
            "/api/v1/me/oauth/auth-tokens", json={"provider": "github", "accessToken": provider_token}
        ).json["authToken"]
        session = sandbox.post("/api/v1/me/sessions", json={"authToken": auth_token}, headers=DEVICE)
        profile = sandbox.get("/api/v1/me/profile", headers={"Authorization": f"Bearer {session.json['accessToken']}"})

        assert first.status_code == 200
        assert again.json == {"group": "oauth", "code": 2, "message": "Invalid authorization code."}
        assert (user.json["login"], user.json["id"]) == ("octocat", 583231)
        assert session.status_code == 201
        assert profile.json["user"]["email"] == "octocat@octo-org.test"
        assert profile.json["user"]["lastLoginIDP"] == "github"
        assert profile.json["organization"]["role"] == "org_owner"

    def test_each_person_is_one_user_however_often_they_sign_in(self, sandbox, sign_in):
        def log_in(login: str) -> str:
            code = sign_in("github", as_=login, client="gmi-console", scope="user:email")
            token = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code}).json
            auth = sandbox.post("/api/v1/me/oauth/auth-tokens", json={"provider": "github", **token}).json
            session = sandbox.post("/api/v1/me/sessions", json=auth, headers=DEVICE).json
            bearer = {"Authorization": f"Bearer {session['accessToken']}"}
            return sandbox.get("/api/v1/me/profile", headers=bearer).json["user"]["id"]

        # The twins share an e-mail address, and nothing else.
        assert log_in("twin-one") == log_in("twin-one") != log_in("twin-two")

    def test_the_journal_follows_the_login_through_both(self, sandbox, sign_in):
        code = sign_in("github", as_="octocat", client="gmi-console")
        sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})

        asked, *_, swapped = sandbox.journal()

        assert (asked.service, swapped.service) == ("github", "gmi")
        assert asked.flow == swapped.flow
        assert (swapped.login, swapped.client_id) == ("octocat", "gmi-console")


# Over HTTP, at every address the two rooms have


@dataclass(frozen=True)
class Addresses:
    """Where a client is pointed at."""

    github: str
    api: str
    gmi: str


MOUNTS = {
    "root": Addresses("{origin}", "{origin}/api/v3", "{origin}/api/v1"),
    "prefix": Addresses("{origin}/github", "{origin}/github/api/v3", "{origin}/gmi/api/v1"),
    "vendor hosts": Addresses("http://github.com", "http://api.github.com", "http://console.gmicloud.ai/api/v1"),
    "vendor hosts with a port": Addresses(
        "http://github.com:9400", "http://api.github.com:9400", "http://console.gmicloud.ai:9400/api/v1"
    ),
    "local hosts": Addresses(
        "http://github.localhost", "http://github.localhost/api/v3", "http://gmi.localhost/api/v1"
    ),
    "default world": Addresses("{origin}/w/default", "{origin}/w/default/api/v3", "{origin}/w/default/gmi/api/v1"),
}


@pytest.fixture(params=MOUNTS.values(), ids=MOUNTS)
def at(request: pytest.FixtureRequest, live) -> Addresses:
    where: Addresses = request.param
    return Addresses(*(url.format(origin=live.origin) for url in (where.github, where.api, where.gmi)))


@pytest.fixture
def http(live) -> Iterator[requests.Session]:
    """A client whose hosts file leads every name to the sandbox."""
    with requests.Session() as session:
        session.mount("http://", HostsFile(live.origin))
        yield session


def test_the_same_over_http_at_every_mount(live, at, http):
    url = f"{at.github}/login/oauth/authorize?client_id=gmi-console&scope=user:email&state=xyz"
    with Person.at_a_browser("octocat", HostsFile(live.origin)) as octocat:
        callback = query(octocat.sign_in(url))

    def post(path: str, body: dict[str, str]) -> dict[str, str]:
        answer = http.post(at.gmi + path, json=body, headers=DEVICE)
        assert answer.ok, answer.text
        answered: dict[str, str] = answer.json()
        return answered

    token = post("/oauth/token", {"provider": "github", "code": callback["code"]})
    user = http.get(f"{at.api}/user", headers={"Authorization": f"token {token['accessToken']}"})
    auth = post("/me/oauth/auth-tokens", {"provider": "github", **token})
    session = post("/me/sessions", auth)
    profile = http.get(f"{at.gmi}/me/profile", headers={"Authorization": f"Bearer {session['accessToken']}"})

    assert callback["state"] == "xyz"
    assert callback["iss"] == f"{at.github}/login/oauth"
    assert user.json()["url"] == f"{at.api}/users/octocat"
    assert profile.json()["user"]["firstName"] == "The"


def test_every_url_of_a_user_lies_where_the_client_came_in(live, at, http):
    url = f"{at.github}/login/oauth/authorize?client_id=Iv1.sandboxclient"
    with Person.at_a_browser("octocat", HostsFile(live.origin)) as octocat:
        code = query(octocat.sign_in(url))["code"]
    token = http.post(
        f"{at.github}/login/oauth/access_token",
        data={"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": code},
        headers={"Accept": "application/json"},
    ).json()["access_token"]

    user = http.get(f"{at.api}/user", headers={"Authorization": f"Bearer {token}"}).json()

    api_urls = [value for name, value in user.items() if name.endswith("url") and name not in HTML_URLS]
    assert len(api_urls) > 8
    assert [url for url in api_urls if not url.startswith(f"{at.api}/users/octocat")] == []
    assert user["html_url"] == f"{at.github}/octocat"
    assert http.get(user["avatar_url"]).headers["Content-Type"].startswith("image/svg+xml")


HTML_URLS = {"html_url", "avatar_url"}
