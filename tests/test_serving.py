"""The program as it is served: started, asked over HTTP, configured on the command line, and stopped."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import workers
from sandbox.services import SERVICES
from tests.support.commands import run_here
from tests.support.components import free_port
from tests.support.person import query
from tests.support.process import Served, run, serving

CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
JSON = {"Accept": "application/json"}
AUTHORIZE, TOKEN = "/login/oauth/authorize", "/login/oauth/access_token"
LIMIT = 1_000_000

Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve with options: `with serve("--random-seed", "7") as server:`."""

    def serve(*options: str) -> AbstractContextManager[Served]:
        port = free_port()
        return serving(tmp_path, port, "idp-sandbox", "serve", "--port", str(port), *options)

    return serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server without options, for the tests that change nothing."""
    port = free_port()
    with serving(tmp_path_factory.mktemp("server"), port, "idp-sandbox", "serve", "--port", str(port)) as server:
        yield server


def authorize(server: Served, **parameters: str) -> requests.Response:
    return requests.get(
        server.origin + AUTHORIZE,
        params={"client_id": CLIENT["client_id"], **parameters},
        allow_redirects=False,
    )


def issue_code(server: Served) -> str:
    return query(authorize(server).headers["Location"])["code"]


def redeem(server: Served, code: str) -> Any:
    return requests.post(server.origin + TOKEN, json={**CLIENT, "code": code}, headers=JSON).json()


def talk(server: Served, text: bytes, *, hang_up: bool = False) -> bytes:
    """Send bytes as they are and return all that comes back; with `hang_up`, end the sending half first."""
    host, _, port = server.origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(text)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


# Starting and stopping


def test_it_says_three_things_and_leaves_nothing_behind(serve):
    with serve() as server:
        home, api, people = server.printed.splitlines()
        assert len(server.temporary_files) == 1

        status = server.stop()

    port = server.origin.rpartition(":")[2]
    assert home.startswith(f"Click:   http://localhost:{port}/")
    assert api.startswith(f"API:     http://localhost:{port} is all of GitHub, ")
    assert api.endswith(", ".join(room.title for room in SERVICES.values()))
    assert people.startswith("Sign in: octocat, ")
    assert status in (0, 130)
    assert server.complained == ""
    assert server.temporary_files == []


def test_beyond_this_machine_the_control_api_wants_a_token_that_is_made_up(serve):
    with serve("--host", "0.0.0.0") as server:
        token = server.printed.splitlines()[3].split()[1]
        url = f"{server.origin}/_sandbox/api/clock"

        assert requests.get(url).status_code == 401
        assert requests.get(url, headers={"X-Sandbox-Token": "another-token"}).status_code == 401
        assert requests.get(url, headers={"X-Sandbox-Token": token}).status_code == 200


def test_a_token_that_was_given_is_not_printed(serve):
    with serve("--control-token", "a-token-of-mine") as server:
        assert "a-token-of-mine" not in server.printed + server.complained
        assert requests.get(f"{server.origin}/_sandbox/api/clock").status_code == 401


def test_it_ends_on_the_signal_of_a_container(serve):
    with serve() as server:
        server.stop(signal.SIGTERM)

    assert server.complained == ""
    assert server.temporary_files == []


def test_its_health_names_version_and_world(server):
    answer = requests.get(f"{server.origin}/_sandbox/health")

    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "version", "world"}
    assert (answer.json()["status"], answer.json()["world"]) == ("ok", "default")


@pytest.mark.parametrize("command", ["python app.py", "flask --app app run --port {port}"])
def test_the_entry_of_a_checkout_serves_too(tmp_path, command):
    port = free_port()
    words = command.format(port=port).split()
    with serving(tmp_path, port, *words, IDP_SANDBOX_PORT=str(port)) as server:
        assert requests.get(f"{server.origin}/api/v3/user").status_code == 401
        server.stop()

    assert server.temporary_files == []


def test_a_port_in_use_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "serve", "--port", str(port))

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        f"idp-sandbox: cannot listen on 127.0.0.1:{port}: Address already in use; choose another with --port\n"
    )


def test_a_broken_fixture_is_said_with_its_line(tmp_path):
    fixture = tmp_path / "cast.yaml"
    fixture.write_text("version: 1\nidentities:\n  - login: octocat\n    nmae: The Octocat\n")

    ended = run(tmp_path, "serve", "--port", str(free_port()), "--fixtures", str(fixture))

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"idp-sandbox: {fixture}:4: " in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--port", "0"), "command line: port = '0': a port is a number from 1 to 65535"),
        (("--approval", "maybe"), "command line: approval = 'maybe': one of ask, hint, always=NAME is needed"),
        (("--database", "sqlite://"), "an in-memory SQLite cannot be served"),
        (("--database", "mysql://localhost/x"), "unknown kind of database: mysql"),
        (("--database", "nonsense"), "database: 'nonsense' is no URL; use sqlite:/// or postgresql+psycopg://"),
        (("--database", "sqlite:////no/such/folder/x.db"), "x.db cannot be opened: unable to open database file"),
        (("--database", "postgresql+psycopg://me:pw@/x?host=/no/such/folder"), "me:***@/x"),
        (("--fixtures", "absent.yaml"), "absent.yaml: cannot be read: No such file or directory"),
    ],
)
def test_an_impossible_option_is_said_in_one_line(tmp_path, monkeypatch, options, complaint):
    # Should it find nothing wrong, it would serve.
    monkeypatch.setattr(workers, "listen", lambda *_: pytest.fail("it would serve"))
    ended = run_here(tmp_path, "serve", *options)

    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("idp-sandbox: ")
    assert complaint in line


# Options


def test_bodies_that_never_end_stop_nobody_else(serve):
    head = b"POST /login/oauth/access_token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\na"
    with serve() as server, contextlib.ExitStack() as stalled:
        port = int(server.origin.rpartition(":")[2])
        for _ in range(8):
            stalled.enter_context(socket.create_connection(("127.0.0.1", port), 5)).sendall(head)

        assert requests.get(f"{server.origin}/_sandbox/health", timeout=5).status_code == 200


def test_a_seed_makes_every_run_the_same(serve):
    def steps() -> tuple[str, str]:
        with serve("--random-seed", "7", "--approval", "always=octocat") as server:
            code = issue_code(server)
            return code, redeem(server, code)["access_token"]

    assert steps() == steps()


def test_always_signs_in_without_a_page(serve):
    with serve("--approval", "always=alice") as server:
        answer = authorize(server, state="xyz")

        assert answer.status_code == 302
        assert query(answer.headers["Location"])["state"] == "xyz"
        token = redeem(server, query(answer.headers["Location"])["code"])["access_token"]
        user = requests.get(f"{server.origin}/api/v3/user", headers={"Authorization": f"Bearer {token}"})
        assert user.json()["login"] == "alice"


def test_hint_signs_in_who_is_named(serve):
    with serve("--approval", "hint") as server:
        assert authorize(server, login="octocat").status_code == 302
        assert authorize(server).status_code == 200
        assert authorize(server, login="nobody").status_code == 200
        assert authorize(server, login="deactivated").status_code == 200


@pytest.mark.parametrize("seed", [(), ("--random-seed", "7")], ids=["by chance", "by a seed"])
def test_a_database_of_its_own_survives_a_restart(serve, tmp_path, seed):
    options = ("--database", f"sqlite:///{tmp_path / 'kept.db'}", "--approval", "always=octocat", *seed)
    with serve(*options) as server:
        code = issue_code(server)
        assert server.temporary_files == []

    with serve(*options) as server:
        another = issue_code(server)
        token = redeem(server, code)
        again = redeem(server, code)

    assert another != code
    assert token["access_token"].startswith("gho_")
    assert again["error"] == "bad_verification_code"


def test_a_public_url_is_what_all_urls_carry(serve):
    with serve("--public-url", "https://idp.example.test", "--approval", "always=octocat") as server:
        device = requests.post(server.origin + "/login/device/code", json=CLIENT, headers=JSON).json()
        issuer = query(authorize(server).headers["Location"])["iss"]
        by_name = requests.get(f"{server.origin}/_sandbox/health", headers={"Host": "idp.example.test"})

        assert "https://idp.example.test/" in server.printed

    assert device["verification_uri"] == "https://idp.example.test/login/device"
    assert issuer == "https://idp.example.test/login/oauth"
    assert by_name.status_code == 200


# What comes over the wire


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "localhost@evil.test", "10.0.0.1", "a b"])
@pytest.mark.parametrize("path", ["/", "/api/v3/user", "/login/oauth/authorize"])
def test_another_host_is_refused(server, host, path):
    answer = requests.get(server.origin + path, headers={"Host": host})

    assert answer.status_code == 421
    assert answer.headers["X-Sandbox-Reason"].startswith("HOST_UNKNOWN; ")


TOO_LARGE = [
    (TOKEN, lambda answer: answer.json()["error"] == "payload_too_large"),
    ("/api/v3/applications/x/token", lambda answer: set(answer.json()) >= {"message", "documentation_url"}),
    ("/login/device", lambda answer: "<h1>Too large</h1>" in answer.text),
    ("/api/v1/oauth/token", lambda answer: answer.json()["code"] == 413),
    ("/_sandbox/health", lambda answer: answer.headers["Content-Type"] == "application/problem+json"),
]


@pytest.mark.parametrize("length", ["told", "chunked"])
@pytest.mark.parametrize(("path", "speaks"), TOO_LARGE, ids=[path for path, _ in TOO_LARGE])
def test_a_body_over_the_limit_is_refused_in_the_rooms_dialect(server, path, speaks, length):
    body = b"x" * 10 * LIMIT if length == "told" else iter([b"x" * LIMIT, b"x"])

    answer = requests.post(server.origin + path, data=body, headers={**JSON, "Content-Type": "application/json"})

    assert answer.status_code == 413
    assert answer.headers["X-Sandbox-Reason"].startswith("BODY_TOO_LARGE; ")
    assert speaks(answer)


@pytest.mark.parametrize("kind", ["json", "x-www-form-urlencoded"])
def test_a_chunked_body_is_read_whole(server, kind):
    whole = {
        "json": b'{"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": "x"}',
        "x-www-form-urlencoded": b"client_id=Iv1.sandboxclient&client_secret=sandbox-secret&code=x",
    }[kind]
    headers = {**JSON, "Content-Type": f"application/{kind}"}

    answer = requests.post(server.origin + TOKEN, data=iter([whole[:20], whole[20:]]), headers=headers)

    assert answer.json()["error"] == "bad_verification_code"


def request_head(**headers: str) -> bytes:
    lines = [f"POST {TOKEN} HTTP/1.1", "Host: localhost", "Accept: application/json", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_body_that_was_cut_off_is_not_taken_for_whole(server):
    head = request_head(Content_Length="100", Content_Type="application/x-www-form-urlencoded")

    answer = talk(server, head + b"client_id=Iv1.sandboxclient", hang_up=True)

    assert b"x-sandbox-reason: BODY_MALFORMED; the body ended after 27 of 100 bytes" in answer


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(server):
    assert talk(server, request_head(Content_Length="99999999999")).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", ["-5", "abc", "1e3"])
def test_a_length_that_is_none_is_a_bad_request(server, length):
    assert talk(server, request_head(Content_Length=length) + b"client_id=x").startswith(b"HTTP/1.1 400 ")


def test_a_length_that_is_too_long_to_be_read_is_a_refusal_like_any_other(server):
    answer = talk(server, request_head(Content_Length="0" * 5000))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"x-sandbox-reason: CLIENT_UNKNOWN" in answer


def test_head_is_get_without_the_body(server):
    for path in ("/", "/_sandbox/health", "/_sandbox/static/sandbox.css", "/login/device", "/api/v3/user"):
        head, get = requests.head(server.origin + path), requests.get(server.origin + path)

        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_options_are_answered_everywhere(server):
    assert requests.options(f"{server.origin}/api/v3/user").status_code == 204
    token_endpoint = requests.options(server.origin + TOKEN, headers={"Origin": "https://shop.test"})
    assert not [name for name in token_endpoint.headers if name.lower().startswith("access-control-")]
    own_page = requests.options(f"{server.origin}/_sandbox/health")
    assert set(own_page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_every_page_forbids_scripts_and_framing(server):
    for path in ("/", "/login/device", "/login/oauth/authorize?client_id=Iv1.sandboxclient", "/nowhere"):
        headers = requests.get(server.origin + path, headers={"Accept": "text/html"}).headers

        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_it_complains_of_nothing(server):
    """None of the requests above has upset the server."""
    assert "Traceback" not in server.complained
    assert server.process.poll() is None
