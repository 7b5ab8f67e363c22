"""While the database is away every endpoint says so, in its own words, and goes on by itself once it is back."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox import Config
from sandbox.core.refusals import Reason
from sandbox.core.tables import Code
from sandbox.services import SERVICES
from tests.conftest import HouseClient
from tests.support.components import PostgresServer
from tests.support.oidc import RelyingParty

FOLDER, FILE = "database", "sandbox.db"
AWAY = f"{Reason.DATABASE_UNAVAILABLE}; "
PATIENCE = 20


@pytest.fixture
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Config:
    if getattr(request, "param", None) == "postgres":
        return Config(database=request.getfixturevalue("postgres_database"), approval="always=alice")
    (tmp_path / FOLDER).mkdir()
    return Config(database=f"sqlite:///{tmp_path / FOLDER / FILE}?timeout=0.1", approval="always=alice")


on_postgres = pytest.mark.parametrize("config", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@pytest.fixture
def without_database(sandbox: HouseClient, tmp_path: Path) -> HouseClient:
    """A sandbox whose database has gone with all connections to it."""
    sandbox.application.extensions["sandbox"].close()
    (tmp_path / FOLDER).rename(tmp_path / "elsewhere")
    return sandbox


def calls(sandbox: HouseClient) -> Iterator[tuple[str, str, str]]:
    """The host, the method and the path of every endpoint, with a word for each of its variables."""
    for rule in sandbox.application.url_map.iter_rules():
        slug = rule.endpoint.split(".")[0]
        host = f"{slug}.localhost" if slug in SERVICES else "localhost"
        path = re.sub(r"<[^>]+>", "main", rule.rule.removeprefix(f"/{slug}") if slug in SERVICES else rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield host, method, path


@pytest.mark.parametrize("accepted", ["application/json", "text/html"])
def test_every_endpoint_says_so_and_when_to_come_again(without_database, accepted):
    for host, method, path in calls(without_database):
        headers = {"Host": host, "Accept": accepted, "User-Agent": "test"}

        answer = without_database.open(path, method=method, headers=headers)

        assert answer.status_code == 503, (host, method, path)
        assert answer.headers["X-Sandbox-Reason"].startswith(AWAY), (method, path)
        assert answer.headers["Retry-After"] == "1"
        assert answer.text


def test_it_goes_on_by_itself(without_database, tmp_path):
    assert without_database.get("/_sandbox/health").status_code == 503

    (tmp_path / "elsewhere").rename(tmp_path / FOLDER)

    assert without_database.get("/_sandbox/health").json["status"] == "ok"
    # The journal was away as well.
    assert without_database.journal() == []


def check_refused(answer: Any, detail: str) -> None:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json["error"] == "temporarily_unavailable"
    assert answer.headers["X-Sandbox-Reason"] == AWAY + detail


def test_a_file_that_somebody_keeps_locked_is_no_defect_and_burns_no_code(sandbox, tmp_path):
    party = RelyingParty(sandbox)
    code = party.code()
    with contextlib.closing(sqlite3.connect(tmp_path / FOLDER / FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        check_refused(party.redeem(code), "the database is locked by somebody else (SQLITE_BUSY)")
        other.rollback()

    assert party.redeem(code).status_code == 200


@pytest.mark.parametrize(("whole", "name"), [(0, "SQLITE_NOTADB"), (4096, "SQLITE_CORRUPT")])
def test_a_damaged_file_is_no_defect(sandbox, tmp_path, whole, name):
    file = tmp_path / FOLDER / FILE
    # What was written beside the file is put into it when the last connection goes.
    sandbox.application.extensions["sandbox"].close()
    content = file.read_bytes()
    file.write_bytes(content[:whole].ljust(len(content), b"\xff"))

    check_refused(RelyingParty(sandbox).redeem("code"), f"the database file cannot be used ({name})")


@contextlib.contextmanager
def beside(server: PostgresServer, config: Config) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the same database, whose own statements are not ended by `END_OTHERS`."""
    url = str(config.database).replace("+psycopg", "")
    with contextlib.closing(psycopg.connect(url)) as connection:
        yield connection


END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@on_postgres
def test_connections_that_have_gone_between_two_requests_are_not_noticed(sandbox, config, postgres_server):
    party = RelyingParty(sandbox)
    code = party.code()
    with beside(postgres_server, config) as other:
        ended = other.execute(END_OTHERS).fetchall()

    assert ended
    assert party.redeem(code).status_code == 200
    assert [line.status for line in sandbox.journal()] == [302, 200]


@on_postgres
def test_a_connection_that_goes_in_the_middle_of_a_request_takes_its_work_along(sandbox, config, postgres_server):
    party = RelyingParty(sandbox)
    code = party.code()
    answers: list[Any] = []
    with beside(postgres_server, config) as other:
        other.execute(f"LOCK TABLE {Code.__tablename__} IN ACCESS EXCLUSIVE MODE")
        request = threading.Thread(target=lambda: answers.append(party.redeem(code)))
        request.start()
        deadline = time.monotonic() + PATIENCE
        while other.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        other.execute(END_OTHERS)
        request.join(PATIENCE)

    check_refused(answers[0], "the database has ended the connection")
    assert party.redeem(code).status_code == 200
