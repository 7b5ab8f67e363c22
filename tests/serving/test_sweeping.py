"""Sweeps in the background: beside requests, whatever the database does, and until the sandbox closes."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sandbox import Config
from sandbox.core import tables
from sandbox.sweeping import start_sweeping
from tests.support.databases import on_either_database
from tests.support.oidc import RelyingParty
from tests.support.process import ROOT
from tests.support.real_time import RealTime

PATIENCE = 20
# What a worker does with an application, and then somebody calls it.
WORKER = """
import time
from sandbox import Config, sweeping, workers

sweeping.INTERVAL = 0.05
app = workers._load(Config(journal_limit=3), "", None)
client, house = app.test_client(), app.extensions["sandbox"]
for _ in range(9):
    client.get("/api/v3/user")
deadline = time.monotonic() + 20
while len(client.get("/_sandbox/api/journal").json["entries"]) > 3 and time.monotonic() < deadline:
    time.sleep(0.02)
print(len(client.get("/_sandbox/api/journal").json["entries"]))
house.close()
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def config(request: pytest.FixtureRequest) -> Config:
    given = getattr(request, "param", "sqlite") == "postgres"
    database = request.getfixturevalue("postgres_database") if given else None
    return Config(database=database, approval="hint", journal_limit=40, keep_expired=0)


@pytest.fixture
def start(app: Flask) -> Iterator[Callable[..., threading.Thread]]:
    """Have the sandbox swept every so many seconds until the end of the test."""
    house, threads = app.extensions["sandbox"], []

    def start(interval: float | None = None) -> threading.Thread:
        threads.append(start_sweeping(house, interval))
        return threads[-1]

    yield start
    # The end of a sandbox waits for no sweep, and one that is under way would be cut off.
    house.closing.set()
    for thread in threads:
        thread.join(PATIENCE)


@on_either_database
def test_a_served_sandbox_is_swept(sandbox, live, start):
    start(0.02)
    for _ in range(60):
        requests.get(f"{live.origin}/api/v3/user", timeout=PATIENCE)

    wait_until(lambda: len(sandbox.journal()) == 40)


def test_a_worker_sweeps(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert told.stdout == "3\n"


def test_many_logins_leave_as_many_rows_as_few(sandbox, start, real_time: RealTime):
    party = RelyingParty(sandbox)
    start(0.02)

    def count() -> int:
        names = (tables.Code, tables.Token, tables.Transaction, tables.SignInSession, tables.SessionClient)
        with sandbox.world() as world:
            return sum(world.store.count(table) for table in (*names, tables.Trace, tables.JournalEntry))

    def log_in_all_day() -> None:
        for _ in range(50):
            assert party.redeem(party.code(login_hint="alice")).status_code == 200
        real_time.pass_by(days=30)

    log_in_all_day()
    wait_until(lambda: count() <= 80)
    for _ in range(4):
        log_in_all_day()

    wait_until(lambda: count() <= 80)


def test_a_database_that_is_away_is_told_of_once_and_swept_when_it_is_back(sandbox, start, caplog, monkeypatch):
    house = sandbox.application.extensions["sandbox"]
    real, tried = house.open_session, []

    def fail() -> Session:
        tried.append(1)
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(house, "open_session", fail)
    with caplog.at_level(logging.WARNING, "sandbox"):
        thread = start(0.01)
        wait_until(lambda: len(tried) > 3)
    monkeypatch.setattr(house, "open_session", real)
    for _ in range(41):
        sandbox.get("/api/v3/user")

    wait_until(lambda: len(sandbox.journal()) == 40)
    told = [record.getMessage() for record in caplog.records if record.name == "sandbox"]
    assert told == ["nothing is swept for now: the database cannot be reached"]
    assert thread.is_alive()


def test_a_sandbox_that_closes_ends_its_sweeps(sandbox, start):
    thread = start()

    sandbox.application.extensions["sandbox"].close()

    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_nothing_is_swept_in_a_sandbox_that_nobody_serves(sandbox):
    sandbox.get("/api/v3/user")

    names = [thread.name for thread in threading.enumerate()]

    assert "idp-sandbox-sweep" not in names
