"""Hostile input on every route: nothing breaks, nothing is reflected, nobody is let in or sent away by a trick."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sandbox import Config
from sandbox.core import tables
from tests.conftest import HouseClient
from tests.support.attacker import Attacker
from tests.support.components import free_port
from tests.support.databases import config_on
from tests.support.forms import submit
from tests.support.github import APP, CALLBACK, CLIENT, SECRET, basic
from tests.support.hostile import (
    ALIKE_ON_POSTGRES,
    HOSTILE,
    ODD_MEMBERS,
    SCRIPT,
    complaints,
    hostile,
    in_turn,
    one_by_one,
    routes,
)
from tests.support.person import query
from tests.support.process import Served, serving

AUTHORIZE, TOKEN = "/login/oauth/authorize", "/login/oauth/access_token"
DEVICE, DEVICE_CODE = "/login/device", "/login/device/code"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
API, GMI = "/api/v3", "/api/v1"
CONNECTIONS = f"/settings/connections/applications/{CLIENT}"
OAUTH_APP = {"client_id": CLIENT, "client_secret": SECRET}
GITHUB_APP = {"client_id": APP, "client_secret": SECRET}
REFRESH = {"grant_type": "refresh_token"}
PASSWORD = {"email": "octocat@octo-org.test", "password": "sandbox-password"}
FORM = "application/x-www-form-urlencoded"
WRITTEN = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast; everybody who asks is octocat."""
    return config_on(request, approval="always=octocat")


def credentials(sandbox: HouseClient, path: str) -> dict[str, str]:
    """What lets octocat in at this path."""
    if "/applications/" in path:
        return basic(APP, SECRET)
    if path.removeprefix("/gmi").startswith(GMI):
        return {"Authorization": f"Bearer {gmi_session(sandbox)['accessToken']}", "CE-ClientId": "web1"}
    return {"Authorization": f"Bearer {github_tokens(sandbox)['access_token']}"}


def code(sandbox: HouseClient, client_id: str = CLIENT) -> str:
    answer = sandbox.get(AUTHORIZE, query_string={"client_id": client_id, "scope": "user,read:org"})
    return query(answer.location)["code"]


def github_tokens(sandbox: HouseClient, app: dict[str, str] = OAUTH_APP) -> dict[str, str]:
    body = {**app, "code": code(sandbox, app["client_id"])}
    answer: dict[str, str] = sandbox.post(TOKEN, json=body, headers={"Accept": "application/json"}).json
    return answer


def gmi_auth_token(sandbox: HouseClient) -> str:
    return str(sandbox.post(f"{GMI}/me/auth-tokens", json=PASSWORD).json["authToken"])


def gmi_session(sandbox: HouseClient) -> dict[str, str]:
    body = {"authToken": gmi_auth_token(sandbox)}
    answer: dict[str, str] = sandbox.post(f"{GMI}/me/sessions", json=body, headers={"CE-ClientId": "web1"}).json
    return answer


# Every route


@pytest.mark.parametrize(
    ("name", "config"),
    [
        *((name, "sqlite") for name in HOSTILE),
        *(
            pytest.param(name, "postgres", marks=pytest.mark.postgres)
            for name in HOSTILE
            if name not in ALIKE_ON_POSTGRES
        ),
    ],
    indirect=["config"],
)
def test_no_route_breaks_on_hostile_values(app, name):
    """The value is each part of the path, a query parameter, a field of a form, and in a header."""
    sandbox, value = Attacker(app), HOSTILE[name]
    latin = value.encode("latin-1", "replace").decode("latin-1").translate({10: None, 13: None})
    encoded = urlencode([("state", value), (value, "user_code"), ("page", value[:9])], errors="surrogatepass")
    known = {path: credentials(sandbox, path) for path in (API, GMI, f"{API}/applications/{APP}/token")}

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, path in routes(app, value):
            area = next((area for area in reversed(known) if area.partition("/token")[0] in path), API)
            headers = {**known[area], "Accept": latin, "Origin": latin, "Referer": latin, "Cookie": f"{latin}={latin}"}
            yield method, path, sandbox.open(f"{path}?{encoded}", method=method, headers=headers)
            if method in WRITTEN:
                yield f"form {method}", path, sandbox.open(path, method=method, data=encoded, content_type=FORM)

    assert complaints(calls()) == []


DEEP = b'{"access_token": "x", "query": "{viewer{login}}", "variables": {"a": ' + b"[" * 700 + b"]" * 700 + b"}}"
BODIES = {
    "nothing": b"",
    "spaces": b" \r\n\t",
    "a byte order mark": b'\xef\xbb\xbf{"code": "x"}',
    "UTF-16": '{"code": "x"}'.encode("utf-16"),
    "bytes that are no text": b'{"code": "\xff\xfe\x80"}',
    "a lone surrogate": b'{"code": "\\ud800", "\\udfff": 1}',
    "an escaped NUL": b'{"code": "\\u0000", "access_token": "\\u0000", "authToken": "a\\u0000"}',
    "members twice": b'{"code": "x", "code": ["y"], "provider": "github", "provider": 1}',
    "no object": b"[[], null]",
    "no number": b'{"code": NaN, "expiresAt": -Infinity}',
    "a number of 5,000 digits": b'{"expiresAt": ' + b"9" * 5000 + b"}",
    "deep": DEEP,
    "bottomless": b"[" * 100_000,
    "50,000 fields": b"&".join(b"a=1" for _ in range(50_000)),
    "broken escapes": b"code=%&%zz=%u0000&client_id=%ff%fe&=&&transaction=%00",
    "a part without an end": b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\nabc',
}
MEDIA = {"json": "application/json", "form": FORM, "multipart": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("media", "config"),
    [*((media, "sqlite") for media in MEDIA), pytest.param("json", "postgres", marks=pytest.mark.postgres)],
    indirect=["config"],
)
def test_no_route_breaks_on_a_hostile_body(app, media):
    sandbox = Attacker(app)
    written = [(method, path) for method, path in routes(app, APP) if method in WRITTEN]
    known = {path: credentials(sandbox, path) for _, path in written}

    def calls() -> Iterator[tuple[str, str, Any]]:
        for method, path in written:
            for name, body in BODIES.items():
                answer = sandbox.open(path, method=method, data=body, content_type=MEDIA[media], headers=known[path])
                yield f"{name}: {method}", path, answer

    assert complaints(calls()) == []


# One hostile value in a request that is good otherwise

GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "authorize": (
        "query",
        AUTHORIZE,
        {"client_id": CLIENT, "redirect_uri": CALLBACK, "scope": "user", "state": "s", "login": "alice", "prompt": "x"}
        | {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"},
    ),
    "type a user code": ("query", DEVICE, {"user_code": "ABCD-EFGH"}),
    "land": ("query", "/_sandbox/callback", {"code": "x", "state": "s", "error": "e"}),
    "turn a page": ("query", f"{API}/user/emails", {"page": "1", "per_page": "1", "other": "x"}),
    "list memberships": ("query", f"{API}/user/memberships/orgs", {"state": "active"}),
    "swap a code": ("json", TOKEN, {**OAUTH_APP, "code": "x", "redirect_uri": CALLBACK, "code_verifier": "v" * 43}),
    "refresh": ("json", TOKEN, {**GITHUB_APP, "grant_type": "refresh_token", "refresh_token": "ghr_x"}),
    "poll": ("form", TOKEN, {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": "x"}),
    "begin a device login": ("form", DEVICE_CODE, {"client_id": CLIENT, "scope": "user"}),
    "enter a user code": ("form", DEVICE, {"user_code": "ABCD-EFGH"}),
    "decide": ("form", AUTHORIZE, {"transaction": "x", "decision": "allow", "identity": "octocat", "scope": "user"}),
    "revoke": ("form", CONNECTIONS, {"revoke": "octocat"}),
    "check a token": ("json", f"{API}/applications/{APP}/token", {"access_token": "x"}),
    "scope a token": (
        "json",
        f"{API}/applications/{APP}/token/scoped",
        {"access_token": "x", "target": "octocat", "target_id": 1, "repositories": [], "permissions": {}},
    ),
    "ask": ("json", "/api/graphql", {"query": "{viewer{login}}", "variables": {}, "operationName": None}),
    "exchange": ("json", f"{GMI}/oauth/token", {"provider": "github", "code": "x"}),
    "present a token": ("json", f"{GMI}/me/oauth/auth-tokens", {"provider": "github", "accessToken": "x"}),
    "log in": ("json", f"{GMI}/me/auth-tokens", dict(PASSWORD)),
    "ask for a second factor": ("json", f"{GMI}/me/2fa-verification-code", {"authToken": "x"}),
    "begin a session": ("json", f"{GMI}/me/sessions", {"authToken": "x", "otpCode": "1"}),
    "found an organization": ("json", f"{GMI}/organizations", {"name": "n"}),
}


@one_by_one(GOOD)
def test_one_hostile_field_breaks_nothing(app, operations):
    sandbox = Attacker(app)

    def send(media: str, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Any:
        if media == "json":
            return sandbox.post(path, json=fields, headers=headers)
        encoded = urlencode(fields, errors="surrogatepass")
        if media == "query":
            return sandbox.get(f"{path}?{encoded}", headers=headers)
        return sandbox.post(path, data=encoded, content_type=FORM, headers=headers)

    def calls() -> Iterator[tuple[str, str, Any]]:
        for media, path, good in (GOOD[name] for name in in_turn(app, operations)):
            headers = credentials(sandbox, path)
            for name, value in hostile(app, ODD_MEMBERS if media == "json" else {}).items():
                for field in good:
                    yield f"{name} as {field}:", path, send(media, path, {**good, field: value}, headers)

    assert complaints(calls()) == []


AUTHORIZATION = {
    "no base64": "Basic \xe9\xff",
    "base64 of no text": "Basic " + base64.b64encode(b"\xff\xfe:\x80").decode(),
    "base64 of NUL": "Basic " + base64.b64encode(b"a\0:b\0").decode(),
    "escapes of no text": "Basic " + base64.b64encode(b"%ff%00%ud800:%ff").decode(),
    "a token of no ASCII": "Bearer \xe9\xff",
    "a JWT without parts": "Bearer ..",
    "a JWT of no algorithm": "Bearer eyJhbGciOiJub25lIn0.e30.",
    "a JWT that is a list": "Bearer W10.W10.W10",
    "long": "Bearer " + "x." * 50_000,
}


@pytest.mark.parametrize("name", AUTHORIZATION)
def test_no_route_breaks_on_a_hostile_authorization(app, name):
    sandbox = Attacker(app)
    headers = {"Authorization": AUTHORIZATION[name], "CE-ClientId": "\xff\x00"}
    calls = ((m, path, sandbox.open(path, method=m, headers=headers, json={})) for m, path in routes(app, CLIENT))

    assert complaints(calls) == []


HOSTS = {
    "a port that is none": "github.localhost:99999",
    "a vendor's host at such a port": "api.github.com:65536",
    "no name": ":9400",
    "two names": "localhost, evil.test",
    "a user before the name": "evil.test@localhost",
    "a dot at the end": "localhost.",
    "a name that ends like ours": "evillocalhost",
    "a name that begins like ours": "127.0.0.1.evil.test",
    "a number": "2130706434",
    "a script": SCRIPT,
    "100,000 characters": "x" * 100_000,
}


@pytest.mark.parametrize("name", HOSTS)
def test_an_odd_host_is_refused(app, name):
    sandbox = Attacker(app)
    for method, path in routes(app, CLIENT):
        answer = sandbox.open(f"/w/default{path}", method=method, headers={"Host": HOSTS[name]})

        assert answer.status_code == 421, path
        assert answer.headers["X-Sandbox-Reason"].startswith("HOST_UNKNOWN; ")
        assert "<script" not in answer.text


# Where a browser is sent

REGISTERED = "https://app.example.test/auth/callback"
ELSEWHERE = {
    "another host": "https://evil.test/auth/callback",
    "a user": "https://app.example.test@evil.test/auth/callback",
    "a user of the host": "https://evil.test:x@app.example.test/auth/callback",
    "a backslash": "https://evil.test\\.app.example.test/auth/callback",
    "a backslash before": "https:\\\\evil.test/auth/callback",
    "a tab": "https://evil.test\t.app.example.test/auth/callback",
    "a line break": "https://app.example.test/auth/callback\r\nX-Evil: 1",
    "NUL": "https://evil.test\0.app.example.test/auth/callback",
    "a dot at the end": "https://app.example.test./auth/callback",
    "a longer name": "https://evilapp.example.test/auth/callback",
    "wide slashes": "https://evil.test\uff0f.app.example.test/auth/callback",
    "a wide name": "https://\uff45vil.test/auth/callback",
    "a fragment for a host": "https://evil.test#.app.example.test/auth/callback",
    "a query for a host": "https://evil.test?.app.example.test/auth/callback",
    "no scheme": "//app.example.test/auth/callback",
    "one slash": "https:/evil.test/auth/callback",
    "an address": "https://[::1]/auth/callback",
    "a script": "javascript://app.example.test/auth/callback%0aalert(1)",
    "another path": "https://app.example.test/other",
    "dots": "https://app.example.test/auth/callback/../../other",
    "encoded dots": "https://app.example.test/auth/callback/%2e%2e/other",
    "encoded slashes": "https://app.example.test/auth/callback%2f..%2f..%2fother",
    "a port that is none": "https://app.example.test:99999/auth/callback",
    "long": "https://evil.test/" + "x" * 100_000,
}


@pytest.mark.parametrize("client_id", [CLIENT, APP], ids=["OAuth app", "GitHub App"])
def test_nobody_is_sent_elsewhere(sandbox, client_id):
    with sandbox.world() as world:
        where = {"service": "github", "client_id": client_id}
        assert world.store.change(tables.Client, {"redirect_uris": [REGISTERED]}, **where) == 1

    for name, uri in ELSEWHERE.items():
        answer = sandbox.get(AUTHORIZE, query_string={"client_id": client_id, "redirect_uri": uri, "state": SCRIPT})

        assert answer.location.split("?")[0] == REGISTERED, name
        assert query(answer.location)["error"] == "redirect_uri_mismatch", name
        assert "code" not in query(answer.location), name


def test_a_good_redirect_carries_a_hostile_state_unharmed(sandbox):
    for value in HOSTILE.values():
        state = value.replace("\ud800", "\ufffd")
        answer = sandbox.get(AUTHORIZE, query_string={"client_id": CLIENT, "state": state})

        assert answer.location.startswith(f"{CALLBACK}?code=")
        assert query(answer.location)["state"] == state


# Whose credential is good where

Mint = Callable[[HouseClient], str]


def device_code(sandbox: HouseClient) -> str:
    answer = sandbox.post(DEVICE_CODE, json=OAUTH_APP, headers={"Accept": "application/json"}).json
    page = sandbox.post(DEVICE, data={"user_code": answer["user_code"]})
    page = submit(sandbox, page, "as-octocat")
    if 'id="allow"' in page.text:
        submit(sandbox, page, "allow")
    return str(answer["device_code"])


def api_key(sandbox: HouseClient) -> str:
    bearer = {"Authorization": f"Bearer {gmi_session(sandbox)['accessToken']}"}
    organization = sandbox.get(f"{GMI}/me/profile", headers=bearer).json["organization"]["id"]
    path = f"{GMI}/organizations/{organization}/api-keys"
    return str(sandbox.post(path, json={"name": "n"}, headers=bearer).json["key"])


MINTS: dict[str, Mint] = {
    "code of an OAuth app": code,
    "code of a GitHub App": lambda sandbox: code(sandbox, APP),
    "code of GMI": lambda sandbox: code(sandbox, "gmi-console"),
    "device code": device_code,
    "OAuth app's token": lambda sandbox: github_tokens(sandbox)["access_token"],
    "GitHub App's token": lambda sandbox: github_tokens(sandbox, GITHUB_APP)["access_token"],
    "refresh token": lambda sandbox: github_tokens(sandbox, GITHUB_APP)["refresh_token"],
    "GMI's provider token": lambda sandbox: str(
        sandbox.post(f"{GMI}/oauth/token", json={"provider": "github", "code": code(sandbox, "gmi-console")}).json[
            "accessToken"
        ]
    ),
    "authToken": gmi_auth_token,
    "session token": lambda sandbox: gmi_session(sandbox)["accessToken"],
    "session refresh token": lambda sandbox: gmi_session(sandbox)["refreshToken"],
    "API key": api_key,
}


Present = Callable[[str], tuple[str, str, dict[str, Any]]]


def bearing(path: str) -> Present:
    return lambda secret: ("GET", path, {"headers": {"Authorization": f"Bearer {secret}"}})


def posting(path: str, member: str, method: str = "POST", **more: str) -> Present:
    headers = {"CE-ClientId": "web1", **(basic(APP, SECRET) if "/applications/" in path else {})}
    return lambda secret: (method, path, {"json": {member: secret, **more}, "headers": headers})


# {where it is presented: (how, which are taken there)}
PLACES: dict[str, tuple[Present, set[str]]] = {
    "the user API": (bearing(f"{API}/user"), {"OAuth app's token", "GitHub App's token", "GMI's provider token"}),
    "an OAuth app's code grant": (posting(TOKEN, "code", **OAUTH_APP), {"code of an OAuth app"}),
    "a GitHub App's code grant": (posting(TOKEN, "code", **GITHUB_APP), {"code of a GitHub App"}),
    "its refresh grant": (posting(TOKEN, "refresh_token", **GITHUB_APP, **REFRESH), {"refresh token"}),
    "another's refresh grant": (posting(TOKEN, "refresh_token", **OAUTH_APP, **REFRESH), set()),
    "the device grant": (posting(TOKEN, "device_code", client_id=CLIENT, grant_type=DEVICE_GRANT), {"device code"}),
    "another's device grant": (posting(TOKEN, "device_code", client_id=APP, grant_type=DEVICE_GRANT), set()),
    "token administration": (posting(f"{API}/applications/{APP}/token", "access_token"), {"GitHub App's token"}),
    "GMI's code exchange": (posting(f"{GMI}/oauth/token", "code", provider="github"), {"code of GMI"}),
    "GMI's token exchange": (
        posting(f"{GMI}/me/oauth/auth-tokens", "accessToken", provider="github"),
        {"GMI's provider token"},
    ),
    "GMI's sessions": (posting(f"{GMI}/me/sessions", "authToken"), {"authToken"}),
    "GMI's refresh": (posting(f"{GMI}/me/sessions", "refreshToken", "PATCH"), {"session refresh token"}),
    "GMI's profile": (bearing(f"{GMI}/me/profile"), {"session token"}),
    "GMI's current key": (bearing(f"{GMI}/me/api-keys/current"), {"API key"}),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_credential_is_good_in_its_own_place_only(sandbox, place):
    """And none is burnt by being refused, written down, or told in a header."""
    present, taken = PLACES[place]
    secrets = {name: mint(sandbox) for name, mint in MINTS.items()}
    accepted, told = set(), []
    for name, secret in secrets.items():
        method, path, more = present(secret)
        more["headers"] = {"Accept": "application/json", **more.get("headers", {})}
        answer = sandbox.open(path, method=method, **more)
        if answer.status_code < 300 and "error" not in answer.json:
            accepted.add(name)
        told.append(answer.headers.get("X-Sandbox-Reason", ""))

    assert accepted == taken
    written = "".join(
        json.dumps([row.path, row.detail, row.request, row.response], ensure_ascii=False) for row in sandbox.journal()
    )
    assert [name for name, secret in secrets.items() if secret in written or secret in "".join(told)] == []


# As it is served

RAW = {
    "no host": (b"GET /_sandbox/health HTTP/1.0\r\n\r\n", 200),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n", 421),
    "an address for a path": (b"GET http://localhost/login/device HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421),
    "all that there is": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "an echo": (b"TRACE /login/device HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "two slashes": (b"GET //evil.test/login/device HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "NUL": (b"GET /_sandbox/static/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "no protocol": (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = free_port()
    with serving(tmp_path_factory.mktemp("server"), port, "idp-sandbox", "serve", "--port", str(port)) as server:
        yield server
        assert server.complained == ""


@pytest.mark.parametrize("name", RAW)
def test_the_server_survives_odd_bytes(server, name):
    sent, status = RAW[name]
    with socket.create_connection(("127.0.0.1", urlsplit(server.origin).port), timeout=20) as connection:
        connection.sendall(sent)
        answer = connection.recv(65536)

    assert answer.split()[1] == str(status).encode()
