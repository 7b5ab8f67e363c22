"""Worlds: each apart from the others, made on first use, put back to its start, and gone when deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables, worlds
from sandbox.core.rows import TABLES, columns_of, read_rows
from sandbox.core.store import Store, list_worlds

JSON = {"Accept": "application/json"}
TOKEN = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}


def sign_in(client: Any, prefix: str, login: str) -> str:
    """An access token of GitHub for this person, in the world at `prefix`."""
    asked = {"client_id": TOKEN["client_id"], "login": login}
    back = client.get(f"{prefix}/login/oauth/authorize", query_string=asked)
    code = back.headers["Location"].partition("code=")[2].partition("&")[0]
    answer = client.post(f"{prefix}/login/oauth/access_token", data={**TOKEN, "code": code}, headers=JSON)
    return str(answer.json["access_token"])


@pytest.fixture
def config() -> Config:
    return Config(approval="hint")


def whoami(client: Any, prefix: str, token: str) -> tuple[int, str | None]:
    answer = client.get(f"{prefix}/api/v3/user", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json.get("login")


def names(sandbox: Any) -> list[str]:
    with sandbox.world() as world:
        return [row.world for row in list_worlds(world.store.session)]


def test_a_world_is_made_on_its_first_use_with_the_whole_cast(sandbox):
    assert whoami(sandbox, "/w/one", sign_in(sandbox, "/w/one", "octocat")) == (200, "octocat")

    assert names(sandbox) == ["default", "one"]


def test_a_token_of_one_world_is_unknown_in_another(sandbox):
    token = sign_in(sandbox, "/w/one", "octocat")

    assert whoami(sandbox, "/w/one", token)[0] == 200
    assert whoami(sandbox, "/w/two", token)[0] == 401
    assert whoami(sandbox, "", token)[0] == 401


def test_a_new_world_holds_what_the_first_one_held(sandbox, app):
    sandbox.get("/w/one/_sandbox/health")

    def content(name: str) -> dict[str, Any]:
        with app.extensions["sandbox"].world(name) as world:
            rows = read_rows(world.store)
            counts = {table: len(members) for table, members in rows.items() if table != "journal"}
            told = {table: rows[table] for table in ("identities", "clients", "memberships")}
            return {"settings": world.settings, "counts": counts, **told}

    assert content("one") == content("default")


def test_each_world_has_keys_of_its_own(sandbox):
    keys = {name: sandbox.get(f"/w/{name}/oidc/main/jwks").json["keys"][0]["kid"] for name in ("default", "one", "two")}

    assert len(set(keys.values())) == 3


def test_a_reset_world_has_forgotten_everything(sandbox, app):
    token = sign_in(sandbox, "/w/one", "octocat")
    house = app.extensions["sandbox"]
    with house.world("one") as world:
        world.set_clock(world.clock.advanced(3600))
        worlds.reset_world(world, house.origin)

    with house.world("one") as world:
        assert world.clock.offset == 0
        assert {name: world.store.count(TABLES[name]) for name in ("journal", "codes", "consents")} == {
            "journal": 0,
            "codes": 0,
            "consents": 0,
        }
    assert whoami(sandbox, "/w/one", token)[0] == 401
    assert whoami(sandbox, "/w/one", sign_in(sandbox, "/w/one", "octocat"))[0] == 200


def test_nothing_of_a_deleted_world_is_left(sandbox, app):
    sign_in(sandbox, "/w/one", "octocat")
    with app.extensions["sandbox"].world("one") as world:
        worlds.delete_world(world.store.session, "one")

    with sandbox.world() as world:
        elsewhere = Store(world.store.session, "one")
        assert {name: elsewhere.count(table) for name, table in TABLES.items()} == dict.fromkeys(TABLES, 0)


def test_every_table_is_covered():
    """What is taken, restored and deleted is all that there is: no column is forgotten but the world's name."""
    for table in tables.Base.registry.mappers:
        own = {column.key for column in table.local_table.columns}
        left_out = own - set(columns_of(table.class_))
        assert left_out <= ({"world", "version"} if table.class_ is tables.World else {"world", "id"}), table


def test_worlds_without_a_request_make_room_for_new_ones(make_sandbox):
    sandbox = make_sandbox(Config(world_idle=60))
    for name in ("old", "used"):
        sandbox.get(f"/w/{name}/_sandbox/health")
    house = sandbox.application.extensions["sandbox"]
    with house.world("old") as world:
        world.store.change(tables.World, {"used_at": world.used_at - 3600})

    sandbox.get("/w/new/_sandbox/health")

    assert names(sandbox) == ["default", "new", "used"]


def test_a_world_in_use_stays(make_sandbox):
    sandbox = make_sandbox(Config(world_idle=120))
    sandbox.get("/w/used/_sandbox/health")
    with sandbox.application.extensions["sandbox"].world("used") as world:
        world.store.change(tables.World, {"used_at": world.used_at - 3600})
    sandbox.get("/w/used/_sandbox/health")

    sandbox.get("/w/new/_sandbox/health")

    assert names(sandbox) == ["default", "new", "used"]


def test_no_world_is_dropped_that_may_have_been_in_use(make_sandbox):
    """When a world was used is noted once a minute."""
    sandbox = make_sandbox(Config(world_idle=10))
    sandbox.get("/w/used/_sandbox/health")
    with sandbox.application.extensions["sandbox"].world("used") as world:
        world.store.change(tables.World, {"used_at": world.used_at - 50})

    sandbox.get("/w/new/_sandbox/health")

    assert names(sandbox) == ["default", "new", "used"]


@pytest.mark.postgres
def test_no_world_is_dropped_while_somebody_is_at_work_in_it(make_sandbox, postgres_database):
    sandbox = make_sandbox(Config(world_idle=60, database=postgres_database))
    sandbox.get("/w/busy/_sandbox/health")
    house = sandbox.application.extensions["sandbox"]
    with house.world("busy") as world:
        world.store.change(tables.World, {"used_at": 0})
    with house.world() as world:
        at_work = worlds.share_world(world.store.session, "busy", house.ids)

        sandbox.get("/w/new/_sandbox/health")

        assert at_work is not None
    assert names(sandbox) == ["busy", "default", "new"]


def test_worlds_are_kept_where_none_is_to_be_dropped(make_sandbox):
    sandbox = make_sandbox(Config(world_idle=0))
    sandbox.get("/w/old/_sandbox/health")
    with sandbox.application.extensions["sandbox"].world("old") as world:
        world.store.change(tables.World, {"used_at": 0})

    sandbox.get("/w/new/_sandbox/health")

    assert names(sandbox) == ["default", "new", "old"]


def test_there_are_not_more_worlds_than_a_database_bears(sandbox, monkeypatch):
    monkeypatch.setattr(worlds, "MOST_WORLDS", 2)
    sandbox.get("/w/one/_sandbox/health")

    answer = sandbox.get("/w/two/login/oauth/authorize", query_string={"client_id": TOKEN["client_id"]})

    assert answer.headers["X-Sandbox-Reason"].startswith("LIMIT_REACHED")
    assert names(sandbox) == ["default", "one"]


@pytest.mark.parametrize("name", ["a" * 65, "-a", "a b", "ä", "~a"])
def test_a_path_that_names_no_world_makes_none(sandbox, name):
    assert sandbox.get(f"/w/{name}/_sandbox/health").status_code == 404
    assert names(sandbox) == ["default"]


def test_of_many_first_calls_at_once_one_makes_the_world(app):
    def call(_: int) -> int:
        return app.test_client().get("/w/one/_sandbox/health").status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(call, range(32))) == {200}

    with app.extensions["sandbox"].world("one") as world:
        assert world.store.count(tables.World) == 1
        assert world.store.count(tables.Identity) == len(app.extensions["sandbox"].origin.fixture.identities)
