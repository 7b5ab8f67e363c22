"""Every room at the root, under its prefix, on its vendor's hosts and in a world; and nobody else's Host."""

from __future__ import annotations

import pytest

from sandbox.mounts import Mounts
from sandbox.services import SERVICES

MOUNTS = Mounts(SERVICES.values(), public_url=None, allowed_hosts=["idp.test"])
PUBLIC = Mounts(SERVICES.values(), public_url="https://idp.example.test", allowed_hosts=[])


@pytest.mark.parametrize(
    ("host", "path", "slug", "inner", "user_url"),
    [
        ("h", "/login/oauth/authorize", "github", "/github/login/oauth/authorize", "http://h/api/v3/user"),
        ("h", "/api/v3/user", "github", "/github/api/v3/user", "http://h/api/v3/user"),
        ("h", "/api/graphql", "github", "/github/api/graphql", "http://h/api/v3/user"),
        ("h", "/github/api/v3/user", "github", "/github/api/v3/user", "http://h/github/api/v3/user"),
        ("h", "/github", "github", "/github", "http://h/github/api/v3/user"),
        ("h", "/w/t1/api/v3", "github", "/github/api/v3", "http://h/w/t1/api/v3/user"),
        ("h", "/w/t1/github/login", "github", "/github/login", "http://h/w/t1/github/api/v3/user"),
        ("github.com", "/login/x", "github", "/github/login/x", "http://api.github.com/user"),
        ("api.github.com", "/user", "github", "/github/api/v3/user", "http://api.github.com/user"),
        ("api.github.com:8443", "/user", "github", "/github/api/v3/user", "http://api.github.com:8443/user"),
        (
            "github.localhost:9",
            "/api/v3/user",
            "github",
            "/github/api/v3/user",
            "http://github.localhost:9/api/v3/user",
        ),
        ("h", "/api/v1/oauth/token", "gmi", "/gmi/api/v1/oauth/token", None),
        ("h", "/gmi/api/v1/x", "gmi", "/gmi/api/v1/x", None),
        ("console.gmicloud.ai", "/api/v1/x", "gmi", "/gmi/api/v1/x", None),
        ("h", "/", None, "/", None),
        ("h", "/api", None, "/api", None),
        ("h", "/api/v33", None, "/api/v33", None),
        ("h", "/loginx", None, "/loginx", None),
        ("h", "/githubx/login", None, "/githubx/login", None),
        ("h", "/_sandbox/health", None, "/_sandbox/health", None),
        ("h", "/w/t1/_sandbox/gmi/x/y", "gmi", "/gmi/_sandbox/x/y", None),
        ("h", "/_sandbox/gmix/x", None, "/_sandbox/gmix/x", None),
        ("h", "/w/", None, "/w/", None),
        ("h", "/w/t1", None, "/", None),
    ],
)
def test_a_request_finds_its_room(host, path, slug, inner, user_url):
    mount, moved = MOUNTS.resolve("http", host, path)

    assert (mount.slug, moved) == (slug, inner)
    if user_url:
        assert mount.url("/api/v3/user") == user_url


@pytest.mark.parametrize(
    ("path", "github", "gmi"),
    [
        ("/", "http://h/login", "http://h/api/v1"),
        ("/gmi/api/v1", "http://h/github/login", "http://h/gmi/api/v1"),
        ("/w/t1/api/v1", "http://h/w/t1/login", "http://h/w/t1/api/v1"),
    ],
)
def test_one_room_can_point_at_another(path, github, gmi):
    mount, _ = MOUNTS.resolve("http", "h", path)

    assert mount.at("github").url("/login") == github
    assert mount.at("gmi").url("/api/v1") == gmi


def test_a_public_url_is_what_leaves_the_process():
    mount, _ = PUBLIC.resolve("http", "127.0.0.1:9400", "/github/login")

    assert mount.url("/login") == "https://idp.example.test/github/login"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("localhost:9400", True),
        ("127.0.0.1:9400", True),
        ("127.8.9.10", True),
        ("[::1]:9400", True),
        ("anything.localhost", True),
        ("GITHUB.com", True),
        ("api.github.com:443", True),
        ("idp.test", True),
        ("evil.test", False),
        ("localhost.evil.test", False),
        ("10.0.0.1", False),
        ("[::2]", False),
        ("", False),
        ("localhost:9400:1", False),
        ("a b", False),
        ("localhost/..", False),
        ("user@localhost", False),
    ],
)
def test_only_known_hosts_are_answered(host, known):
    assert MOUNTS.knows_host(host) is known


def test_the_host_of_the_public_url_is_known():
    assert PUBLIC.knows_host("idp.example.test")


@pytest.mark.parametrize(
    "path", ["/", "/_sandbox/health", "/api/v3/user", "/login/oauth/authorize", "/api/v1/me/profile"]
)
def test_an_unknown_host_is_refused_everywhere(sandbox, path):
    answer = sandbox.get(path, headers={"Host": "evil.test"})

    assert answer.status_code in (403, 421)
    assert answer.headers["X-Sandbox-Reason"].startswith("HOST_UNKNOWN; ")


def test_a_world_is_there_from_its_first_use(sandbox):
    assert sandbox.get("/w/elsewhere/_sandbox/health").json["world"] == "elsewhere"
    assert sandbox.get("/w/default/_sandbox/health").json["world"] == "default"


def test_nobody_builds_a_url_past_the_mounts(app):
    with app.test_request_context("/"), pytest.raises(RuntimeError, match=r"Mount\.url"):
        app.url_for("own.home")


def test_the_style_sheet_is_served_and_nothing_beside_it(sandbox):
    sheet = sandbox.get("/_sandbox/static/sandbox.css")
    again = sandbox.get("/_sandbox/static/sandbox.css", headers={"If-None-Match": sheet.headers["ETag"]})

    assert sheet.mimetype == "text/css"
    assert sandbox.get("/_sandbox/static/mark.svg").mimetype == "image/svg+xml"
    assert again.status_code == 304
    for name in ("..", "../base.html", "%2e%2e%2fbase.html", "..%5cbase.html", "none.css", "%00", ""):
        assert sandbox.get(f"/_sandbox/static/{name}").status_code == 404
