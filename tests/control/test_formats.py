"""Entries of the journal for other tools: what they are given does, when it is used, what the request has done."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.core.replay_tests import as_pytest
from tests.support.process import run_pytest

API = "/_sandbox/api"
APP = {"client_id": "oidc-client", "client_secret": "sandbox-secret"}
CALLBACK = "http://127.0.0.1:9999/callback"


@pytest.fixture
def session() -> Any:
    """An application that speaks HTTP."""
    with requests.Session() as session:
        yield session


def run_curl(text: str) -> tuple[int, str]:
    """The status and the body that the command shows."""
    run = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True, timeout=30)
    head, _, body = run.stdout.partition("\n\n" if "\r\n" not in run.stdout else "\r\n\r\n")
    return int(head.split()[1]), body


def newest(live: Any) -> int:
    return int(requests.get(f"{live.origin}{API}/journal", timeout=10).json()["last"])


def export(live: Any, path: str, **query: str) -> requests.Response:
    answer = requests.get(f"{live.origin}{API}/{path}", params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer


NASTY = 'it\'s $(touch /tmp/no) `x` "q" \\ é 🦄 %41 [a-z] {b,c} \n& end'
REQUESTS: dict[str, dict[str, Any]] = {
    "a form": {"method": "POST", "url": "/oidc/main/token", "data": {"grant_type": "authorization_code", "x": NASTY}},
    "JSON": {"method": "POST", "url": "/api/v1/oauth/token", "json": {"provider": "github", "code": NASTY}},
    "multipart": {"method": "POST", "url": "/oidc/main/token", "files": {"grant_type": (None, "@/etc/passwd")}},
    "credentials": {"method": "GET", "url": "/api/v3/user", "headers": {"Authorization": "Bearer it's-no-token"}},
    "a query": {"method": "GET", "url": "/oidc/main/authorize", "params": {"client_id": NASTY, "a[]": "{b}"}},
    "what looks like a comment": {"method": "POST", "url": "/oidc/main/token", "data": "…(x)\ntouch /tmp/no".encode()},
    "another alphabet": {"method": "POST", "url": "/oidc/main/token", "data": {"x": "🦄\u2028é"}},
    "no body": {"method": "DELETE", "url": "/api/v3/user"},
    "only a head": {"method": "HEAD", "url": "/api/v3/user"},
    "a text": {"method": "POST", "url": "/oidc/main/token", "data": "@file", "headers": {"Content-Type": "text/plain"}},
    "no type": {"method": "POST", "url": "/api/v1/oauth/token", "data": b'{"a": 1, "a": 2}'},
    "an empty header": {"method": "GET", "url": "/api/v3/user", "headers": {"X-Empty": "", "X-Odd": "a'b"}},
    "a strange path": {"method": "GET", "url": "/oidc/main/%5B..%5D%20%25/x"},
    "a world": {"method": "GET", "url": "/w/t1/oidc/main/userinfo"},
    "a host": {"method": "GET", "url": "/user", "headers": {"Host": "api.github.com"}},
}
each_request = pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)


def base_of(asked: dict[str, Any]) -> str:
    return "/w/t1" if asked["url"].startswith("/w/t1/") else ""


@each_request
def test_a_copied_curl_command_asks_the_same_again(live, session, asked):
    first = session.request(**{**asked, "url": live.origin + asked["url"]}, allow_redirects=False, timeout=10)
    path = f"{live.origin}{base_of(asked)}{API}/journal"
    number = requests.get(path, timeout=10).json()["last"]
    text = requests.get(f"{path}/{number}", params={"format": "curl", "reveal": "true"}, timeout=10).text
    before = requests.get(f"{path}/{number}", params={"reveal": "true"}, timeout=10).json()

    status, _ = run_curl(text)

    after = requests.get(f"{path}/{number + 1}", params={"reveal": "true"}, timeout=10).json()
    assert (status, after["status"]) == (first.status_code, first.status_code), text
    for name in ("service", "operation", "method", "path", "reason", "client_id"):
        assert after[name] == before[name], text
    assert after["request"]["body"] == before["request"]["body"], text
    assert after["request"]["query"] == before["request"]["query"], text


def test_copied_tests_ask_the_same_again(live, session, tmp_path):
    for number, asked in enumerate(REQUESTS.values()):
        session.request(**{**asked, "url": live.origin + asked["url"]}, allow_redirects=False, timeout=10)
        path = f"{live.origin}{base_of(asked)}{API}/journal"
        newest = requests.get(path, timeout=10).json()["last"]
        text = requests.get(f"{path}/{newest}", params={"format": "pytest", "reveal": "true"}, timeout=10).text
        (tmp_path / f"test_{number}.py").write_text(text, encoding="utf-8")

    assert f"{len(REQUESTS)} passed" in run_pytest(tmp_path).stdout


def log_in(live: Any) -> str:
    """Sign alice in, swap the code, ask who she is, and bring the code a second time; the flow's id."""
    login = {"provider": "oidc", "identity": "alice", "client": "oidc-client", "redirect_uri": CALLBACK, "pkce": True}
    made = requests.post(f"{live.origin}{API}/login", json=login, timeout=10).json()
    form = {**APP, "grant_type": "authorization_code", "code": made["code"], "redirect_uri": CALLBACK}
    form["code_verifier"] = made["code_verifier"]
    token = requests.post(f"{live.origin}/oidc/main/token", data=form, timeout=10).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{live.origin}/oidc/main/userinfo", headers=bearer, timeout=10).status_code == 200
    assert requests.post(f"{live.origin}/oidc/main/token", data=form, timeout=10).status_code == 400
    return str(made["flow"])


def test_a_test_of_a_login_signs_in_anew_and_expects_the_same(live, tmp_path):
    flow = log_in(live)
    number = newest(live) - 2

    whole = export(live, f"flows/{flow}", format="pytest", reveal="true").text
    one = export(live, f"journal/{number}", format="pytest", reveal="true").text
    (tmp_path / "test_whole.py").write_text(whole, encoding="utf-8")
    (tmp_path / "test_one.py").write_text(one, encoding="utf-8")

    assert "2 passed" in run_pytest(tmp_path).stdout
    assert "idp.login('oidc', as_='alice'" in whole
    assert "startswith('CODE_ALREADY_REDEEMED')" in whole
    assert "login.code" in one


HAR_ENTRY = {"startedDateTime", "time", "request", "response", "cache", "timings"}
HAR_REQUEST = {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}
HAR_RESPONSE = {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"} | {
    "headersSize",
    "bodySize",
}


def test_an_archive_has_what_har_demands(live):
    flow = log_in(live)

    answer = export(live, f"flows/{flow}", format="har", reveal="true")

    log = answer.json()["log"]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="flow-{flow}.har"'
    assert (log["version"], log["creator"]["name"]) == ("1.2", "idp-sandbox")
    assert len(log["entries"]) == len(export(live, f"flows/{flow}").json()["entries"])
    for entry in log["entries"]:
        assert entry.keys() >= HAR_ENTRY
        assert entry["request"].keys() >= HAR_REQUEST
        assert entry["response"].keys() >= HAR_RESPONSE
        assert urlsplit(entry["request"]["url"]).netloc
        assert entry["timings"].keys() >= {"send", "wait", "receive"}
        assert entry["response"]["content"].keys() >= {"size", "mimeType"}
        assert entry["startedDateTime"].endswith("Z")
        for listed in (entry["request"]["headers"], entry["response"]["headers"], entry["request"]["queryString"]):
            assert all(one.keys() == {"name", "value"} for one in listed)
    swapped = next(entry for entry in log["entries"] if entry["_operation"] == "token")
    assert swapped["request"]["postData"]["mimeType"] == "application/x-www-form-urlencoded"
    assert {"name": "client_secret", "value": "sandbox-secret"} in swapped["request"]["postData"]["params"]
    assert json.loads(swapped["response"]["content"]["text"])["token_type"]


def test_a_text_with_gaps_runs_nothing_that_was_sent(live, session):
    for body in ("…(1 byte\ntouch /tmp/no\n)", "…(x)\n    evil()", "…($(touch /tmp/no))"):
        session.post(f"{live.origin}/oidc/main/token", data=body.encode(), timeout=10)
        number = newest(live)

        curl = export(live, f"journal/{number}", format="curl").text
        test = export(live, f"journal/{number}", format="pytest").text

        assert run_curl(curl)[0] == 400
        calls = {
            ast.unparse(node.func).rpartition(".")[2]
            for node in ast.walk(ast.parse(test))
            if isinstance(node, ast.Call)
        }
        assert calls <= {"request", "encode", "startswith"}
    assert not Path("/tmp/no").exists()


def test_a_value_that_is_a_part_of_an_expression_leaves_the_test_a_test():
    asked = {"method": "POST", "path": "/oidc/main/token", "service": "oidc", "operation": "token", "status": 200}
    more = {"reason": None, "caller": "application", "client_id": "c", "login": "l"}
    first = {
        **asked,
        **more,
        "request": {"query": "", "headers": {}, "body": None},
        "response": {"headers": {}, "body": {"access_token": "T0KEN-12345", "use": "access_token", "n": "answer.json"}},
    }
    last = {**first, "request": {**first["request"], "query": "t=T0KEN-12345&u=access_token&n=answer.json&b={x}"}}

    test = as_pytest([first, last])

    address = "{answer.json()['access_token']}&u={answer.json()['use']}&n={answer.json()['n']}"
    assert f"/oidc/main/token?t={address}&b={{{{x}}}}" in test
    ast.parse(test)


def test_an_unknown_format_is_refused(live):
    log_in(live)

    refused = requests.get(f"{live.origin}{API}/journal/{newest(live)}?format=har", timeout=10)

    assert (refused.status_code, refused.json()["reason"]) == (400, "FIELD_INVALID")
