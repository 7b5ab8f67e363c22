"""Many callers of the control API at once: no change is lost, and no world is ever half there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from sandbox import Config
from sandbox.core.rows import TABLES
from tests.conftest import HouseClient
from tests.support.databases import DATABASES, config_on

API = "/_sandbox/api"
CALLERS = 16
ROUNDS = 6


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


def at_once(app: Flask, calls: list[Callable[[Any], Any]]) -> list[Any]:
    """What each of these calls is answered, all of them made at the same moment by clients of their own."""
    start = Barrier(len(calls))

    def make(call: Callable[[Any], Any]) -> Any:
        start.wait(30)
        return call(app.test_client())

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def worlds_with_rows(sandbox: HouseClient) -> set[str]:
    """The names under which some table has rows; those that new worlds are copies of have no world."""
    with sandbox.world() as world:
        found = {
            name
            for table in TABLES
            for name in world.store.session.execute(text(f"SELECT DISTINCT world FROM {table}")).scalars()
        }
    return {name for name in found if not name.startswith("~")}


def test_of_many_people_who_are_added_at_once_none_is_lost(app, sandbox):
    new = [f"person-{number}" for number in range(CALLERS)]

    answers = at_once(
        app, [lambda client, login=login: client.post(f"{API}/identities", json={"login": login}) for login in new]
    )

    assert Counter(answer.status_code for answer in answers) == {201: CALLERS}
    listed = {person["login"] for person in sandbox.get(f"{API}/identities").json["identities"]}
    assert set(new) <= listed


def test_a_fault_that_is_armed_while_the_fixture_changes_is_met(app, sandbox):
    for number in range(ROUNDS):
        arm = {"json": {"answer": {"status": 418}, "service": "github"}}
        person = {"json": {"name": f"Octocat {number}"}}

        at_once(
            app,
            [
                lambda client, person=person: client.patch(f"{API}/identities/octocat", **person),
                lambda client, arm=arm: client.post(f"{API}/faults", **arm),
            ],
        )

        assert sandbox.get("/api/v3/user").status_code == 418


@pytest.mark.parametrize("verb", ["reset", "delete", "restore"])
def test_logins_go_on_while_their_world_is_made_anew(app, sandbox, verb):
    """Nothing is refused for a defect, and nothing is left of a world once it is deleted."""
    prefix = "/w/busy"
    snapshot = sandbox.get(f"{prefix}{API}/snapshot").json

    def renew(client: Any) -> Any:
        match verb:
            case "reset":
                return client.post(f"{prefix}{API}/reset")
            case "delete":
                return client.delete(f"{API}/worlds/busy")
            case _:
                return client.put(f"{prefix}{API}/snapshot", json=snapshot)

    def log_in(client: Any) -> Any:
        for _ in range(3):
            answer = client.post(f"{prefix}{API}/login", json={"provider": "oidc", "identity": "octocat"})
            if answer.status_code >= 500 or answer.json.get("reason") == "INTERNAL_ERROR":
                return answer
        return answer

    def copy(client: Any) -> Any:
        name = "copy"
        client.delete(f"{API}/worlds/{name}")
        return client.post(f"{prefix}{API}/worlds", json={"name": name, "from": "busy"})

    def change(client: Any) -> Any:
        return client.patch(f"{prefix}{API}/identities/octocat", json={"name": "Somebody"})

    def arm(client: Any) -> Any:
        return client.post(f"{prefix}{API}/faults", json={"drop": {}, "client_id": "nobody"})

    for _ in range(ROUNDS):
        answers = at_once(app, [renew, log_in, renew, log_in, change, log_in, arm, copy, renew])
        for answer in answers:
            assert answer.status_code < 500, answer.text
            assert "INTERNAL_ERROR" not in answer.text
    for name in ("busy", "copy"):
        sandbox.delete(f"{API}/worlds/{name}")
    assert worlds_with_rows(sandbox) == {"default"}
