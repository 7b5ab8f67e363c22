"""The journal and the verdict from the command line, also of clients that mean no good."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import parse

import pytest
import requests

from tests.support.process import PATIENCE, PROGRAMS, environment, run

# Clears the screen, colours, turns the text around, rings, ends the line, and is half a character.
NASTY = "\x1b[2J\x1b[31mred\u202e\x07\r\nOK\x9b1m\ud800[bold]x[/bold]"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def authorize(origin: str, **query: str) -> requests.Response:
    parameters = {key: value.encode("utf-8", "surrogatepass") for key, value in query.items()}
    return requests.get(f"{origin}/login/oauth/authorize", params=parameters, allow_redirects=False)


@pytest.fixture
def follow(live: Any, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def follow(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [PROGRAMS / "idp-sandbox", "journal", "--follow", "--url", live.origin, *arguments],
                env=environment(tmp_path),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield follow
    for process in started:
        process.kill()
        process.communicate()


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAMS / "idp-sandbox", *arguments],
        env={**environment(folder), "TERM": "xterm-256color", "COLUMNS": "300"},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunks.append(os.read(ours, 65_536))
        except OSError:  # how Linux says that the other end is gone
            break
        if not chunks[-1]:
            break
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    return b"".join(chunks).decode()


# Reading


def test_each_request_is_a_line_with_its_true_cause(program, live):
    authorize(live.origin, client_id="gmi-console", login="octocat")
    requests.post(f"{live.origin}/api/v1/oauth/token", json={"provider": "github", "code": "gone"})

    first, second = program("journal").stdout.splitlines()

    assert re.match(r"\d\d:\d\d:\d\d 302 github authorize gmi-console octocat$", first)
    assert re.match(r"\d\d:\d\d:\d\d 400 gmi \S+ \S+ - CODE_UNKNOWN .+", second)


def test_the_journal_is_filtered(said, live):
    for client in ("gmi-console", "Iv1.sandboxclient", "nobody"):
        authorize(live.origin, client_id=client, login="octocat")

    def found(*arguments: str) -> list[str]:
        return [entry["client_id"] for entry in said("journal", *arguments)["entries"]]

    assert found("--client", "gmi-console") == ["gmi-console"]
    assert found("--as", "octocat", "--service", "github") == ["gmi-console", "Iv1.sandboxclient"]
    assert found("--status", "302") == ["gmi-console", "Iv1.sandboxclient"]
    assert len(found("--status", "4xx")) == 1
    assert found("--limit", "1", "--status", "3xx") == ["Iv1.sandboxclient"]
    flow = said("journal", "--client", "gmi-console")["entries"][0]["flow"]
    assert found("--flow", flow) == ["gmi-console"]
    assert found("--service", "gmi") == []


def test_a_fault_is_named_in_its_line(program, said, live):
    said("faults", "arm", "github: bad-verification-code")
    requests.post(f"{live.origin}/login/oauth/access_token", json={"client_id": "x", "code": "y"})

    assert program("journal").stdout.rstrip().endswith("[github: bad-verification-code]")


def test_a_filter_that_is_none_is_said(program):
    ended = program("journal", "--status", "often")

    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert "status" in ended.stderr


# Following


def test_what_comes_is_printed_as_it_comes(follow, live):
    authorize(live.origin, client_id="before")
    process = follow("--json", "--service", "github")
    assert json.loads(process.stdout.readline())["request"]["query"]

    for client in ("gmi-console", "Iv1.sandboxclient"):
        requests.get(f"{live.origin}/_sandbox/health")
        authorize(live.origin, client_id=client, login="octocat")
        assert json.loads(process.stdout.readline())["client_id"] == client


def test_following_ends_quietly_when_it_is_interrupted(follow, live):
    process = follow()
    authorize(live.origin, client_id="gmi-console", login="octocat")
    assert "gmi-console" in process.stdout.readline()

    process.send_signal(signal.SIGINT)
    printed, complained = process.communicate(timeout=PATIENCE)

    assert (process.returncode, printed, complained) == (130, "", "")


# What a terminal must not obey


def test_nothing_of_a_request_is_obeyed_by_a_terminal(program, live, tmp_path):
    authorize(live.origin, client_id=NASTY, state=NASTY, login=NASTY, scope=NASTY)
    requests.get(f"{live.origin}/api/v3/{quote(NASTY, errors='replace')}", headers={"User-Agent": "\x9b31m"})
    requests.post(f"{live.origin}/api/v1/oauth/token", json={NASTY: NASTY, "provider": NASTY, "code": "x"})

    plain = program("journal").stdout
    raw = program("journal", "--json").stdout
    coloured = on_a_terminal(tmp_path, "journal", "--url", live.origin)

    entries = requests.get(f"{live.origin}/_sandbox/api/journal").json()["entries"]
    assert "\x1b[2J" in entries[1]["path"]
    assert json.loads(raw)["entries"] == entries
    assert len(plain.splitlines()) == 3
    assert "\\x1b[2J" in plain
    assert "[bold]x[/bold]" in plain
    for text in (plain, raw, re.sub("\x1b\\[[0-9;]*m|\r", "", coloured)):
        assert CONTROLS.findall(text) == []


def test_a_terminal_gets_colours_and_a_pipe_none(program, live, tmp_path):
    authorize(live.origin, client_id="gmi-console", login="octocat")

    assert "\x1b[" in on_a_terminal(tmp_path, "journal", "--url", live.origin)
    assert "\x1b" not in program("journal").stdout


def test_a_terminal_without_colours_gets_none(live, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    authorize(live.origin, client_id="gmi-console", login="octocat")

    assert not re.search("\x1b\\[[0-9;]*3[0-9]m", on_a_terminal(tmp_path, "journal", "--url", live.origin))


def test_an_alphabet_that_lacks_a_letter_is_no_error(tmp_path, live, said):
    said("faults", "arm", "github: bad-verification-code", "--always")

    ended = run(tmp_path, "faults", "list", "--url", live.origin, PYTHONIOENCODING="latin-1")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.rstrip().endswith("0/\\u221e")


def test_a_terminal_gets_tables_with_heads(live, tmp_path):
    assert "operation" in on_a_terminal(tmp_path, "routes", "--service", "github")
    assert "identities" in on_a_terminal(tmp_path, "worlds", "--url", live.origin)


# The verdict


def test_nobody_has_failed_where_nobody_came(program, said):
    assert said("verdict") == {"clients": []}
    assert program("verdict").stdout == "no client has begun a login\n"


def sign_in(origin: str, *, times: int) -> None:
    """Sign in as a bad client does: its code is redeemed `times` times."""
    code = authorize(origin, client_id="Iv1.sandboxclient", login="octocat", state="xyz").headers["Location"]
    code = re.findall(r"[?&]code=([^&]+)", code)[0]
    secrets = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
    for _ in range(times):
        requests.post(f"{origin}/login/oauth/access_token", json={**secrets, "code": code})


def test_a_client_that_replays_a_code_has_failed(program, live, tmp_path):
    sign_in(live.origin, times=2)

    ended = program("verdict", "--junit", "report.xml")
    document = program("verdict", "--json", "--client", "Iv1.sandboxclient")

    assert (ended.returncode, document.returncode) == (1, 1)
    assert ended.stdout.startswith("FAILED Iv1.sandboxclient at github, 1 login\n")
    assert "code-replayed" in ended.stdout
    assert [client["passed"] for client in json.loads(document.stdout)["clients"]] == [False]
    assert int(parse(tmp_path / "report.xml").getroot().attrib["failures"]) >= 1


def test_the_verdict_on_another_client_is_not_its_own(said, live):
    sign_in(live.origin, times=2)

    assert said("verdict", "--client", "gmi-console") == {"clients": []}
