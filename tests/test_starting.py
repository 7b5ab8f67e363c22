"""How a sandbox starts: many in one process share what never changes, and nothing else."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import create_engine

from sandbox import Config
from sandbox.core import tables
from sandbox.core.database import create_schema, tune
from sandbox.core.fixtures import load_fixture, shipped
from sandbox.core.ids import Ids
from sandbox.core.session import Session
from sandbox.core.state import seed_world
from sandbox.core.world import DEFAULT
from sandbox.services import CHECKS, SERVICES


class NoIds:
    """Fails whoever draws one."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a seeder draws ids.{name}: every sandbox of the process would have the same")


def logins(sandbox) -> list[str]:
    with sandbox.world() as world:
        return [person.login for person in world.store.list(tables.Identity, order=("position",))]


def test_no_seeder_draws_an_id():
    engine = create_engine("sqlite://")
    seeders = tuple((slug, service.seed) for slug, service in SERVICES.items())
    tune(engine)
    with Session(engine) as session, session.begin():
        create_schema(session.connection())
        fixture = load_fixture(shipped("default.yaml"), CHECKS)
        world = seed_world(session, DEFAULT, fixture, seeders, cast(Ids, NoIds()))
        assert set(world.settings) == set(SERVICES)
    engine.dispose()


def test_what_one_sandbox_writes_no_other_sees(sandbox, make_sandbox):
    before = make_sandbox(Config())
    everybody = logins(sandbox)
    with sandbox.world() as world:
        world.store.remove(tables.Identity, login="octocat")
    after = make_sandbox(Config())

    assert logins(sandbox) == [login for login in everybody if login != "octocat"]
    assert logins(before) == logins(after) == everybody


def test_a_kept_database_starts_as_a_temporary_one_does(sandbox, make_sandbox, tmp_path):
    kept = make_sandbox(Config(database=f"sqlite:///{tmp_path / 'kept.db'}"))

    assert logins(kept) == logins(sandbox)
    with sandbox.world() as ours, kept.world() as theirs:
        assert ours.settings == theirs.settings
        for table in (tables.Client, tables.Group, tables.Membership):
            assert ours.store.count(table) == theirs.store.count(table)


def test_another_fixture_is_another_start(sandbox, make_sandbox, tmp_path):
    fixture = tmp_path / "own.yaml"
    fixture.write_text("version: 1\nidentities:\n  - login: somebody\n")

    assert logins(make_sandbox(Config(fixtures=fixture))) == ["somebody"]
    assert "octocat" in logins(sandbox)


def test_whatever_world_was_used_a_kept_database_never_gets_the_same_ids_again(make_sandbox, tmp_path):
    config = Config(database=f"sqlite:///{tmp_path / 'kept.db'}", random_seed=7)
    codes = []
    for _ in range(2):
        login = {"provider": "github", "identity": "octocat", "client": "gmi-console"}
        answer = make_sandbox(config).post("/w/apart/_sandbox/api/login", json=login)
        assert answer.status_code == 200, answer.text
        codes.append(answer.json["code"])

    assert codes[0] != codes[1]
