"""What a process remembers of the cast is what the database holds, whoever changed it and however."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import remembered, tables
from sandbox.core.identities import find_identity
from sandbox.core.ids import Ids
from sandbox.core.world import World, find_world
from sandbox.web import faults
from tests.support.databases import DATABASES, config_on
from tests.support.statements import asked

API = "/_sandbox/api"


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest, tmp_path: Any) -> Config:
    """A database that several applications may open."""
    given = config_on(request)
    return given if given.database else Config(database=f"sqlite:///{tmp_path / 'shared.db'}")


@pytest.fixture
def here(config: Config, make_sandbox: Callable[[Config], Any]) -> Any:
    return make_sandbox(config)


@pytest.fixture
def there(here: Any, config: Config, make_sandbox: Callable[[Config], Any]) -> Any:
    """Another application on the database, as in another process; it knows Alice already."""
    sandbox = make_sandbox(config)
    assert name(sandbox) == "Alice Liddell"
    return sandbox


@contextmanager
def world_of(sandbox: Any, called: str = "default") -> Iterator[World]:
    with sandbox.application.extensions["sandbox"].world(called) as world:
        yield world


@contextmanager
def taken_back(sandbox: Any) -> Iterator[World]:
    with world_of(sandbox) as world:
        yield world
        world.store.session.rollback()


def name(sandbox: Any, called: str = "default") -> str | None:
    with world_of(sandbox, called) as world:
        alice = find_identity(world, "alice")
        return alice and alice.name


def rename(world: World, to: str) -> None:
    world.store.change(tables.Identity, {"name": to}, login="alice")


def test_what_one_changes_the_other_sees_at_once(here, there):
    with world_of(here) as world:
        rename(world, "Somebody")

    assert name(there) == name(here) == "Somebody"


def test_what_is_taken_back_was_never_known(here, there):
    with taken_back(here) as world:
        rename(world, "Somebody")
        assert find_identity(world, "alice").name == "Somebody"

    assert name(here) == name(there) == "Alice Liddell"


def test_what_is_made_of_a_change_that_is_taken_back_was_never_known(here):
    def make(world: World) -> str:
        rename(world, "Somebody")
        return find_identity(world, "alice").name

    with taken_back(here) as world:
        assert world.store.recall("made", lambda: make(world)) == "Somebody"

    with world_of(here) as world:
        assert world.store.recall("made", lambda: "anew") == "anew"


def test_who_has_waited_for_a_lock_sees_what_was_changed_meanwhile(here, there):
    with world_of(there) as waiting:
        assert find_identity(waiting, "alice").name == "Alice Liddell"
        with world_of(here) as world:
            rename(world, "Somebody")
        waiting.store.lock("names")

        assert find_identity(waiting, "alice").name == "Somebody"


def test_a_unit_of_work_after_the_first_sees_what_was_changed_between(here, there):
    with here.application.extensions["sandbox"].open_session() as session, session.begin():
        world = find_world(session, "default", Ids())
        assert find_identity(world, "alice").name == "Alice Liddell"
        session.commit()
        with world_of(there) as other:
            rename(other, "Somebody")

        assert find_identity(world, "alice").name == "Somebody"


def test_nothing_is_known_of_a_world_that_was_there_before(here, there):
    for sandbox in (here, there):
        assert sandbox.get("/w/one/_sandbox/health").status_code == 200
        assert name(sandbox, "one") == "Alice Liddell"
    with world_of(here, "one") as world:
        rename(world, "Somebody")
    assert name(there, "one") == "Somebody"

    assert here.post(f"/w/one{API}/reset").status_code < 300
    assert name(there, "one") == name(here, "one") == "Alice Liddell"

    with world_of(here, "one") as world:
        rename(world, "Somebody")
    assert name(there, "one") == "Somebody"
    assert here.delete(f"{API}/worlds/one").status_code < 300
    assert there.get("/w/one/_sandbox/health").status_code == 200
    assert name(there, "one") == name(here, "one") == "Alice Liddell"


def test_a_snapshot_brings_back_what_was_known_then(here, there):
    taken = here.get(f"{API}/snapshot").json
    with world_of(here) as world:
        rename(world, "Somebody")
    assert name(there) == "Somebody"

    assert here.put(f"{API}/snapshot", json=taken).status_code < 300

    assert name(there) == name(here) == "Alice Liddell"


def test_published_keys_follow_a_rotation(here, there):
    before = there.get("/oidc/main/jwks").json["keys"]

    assert here.post(f"{API}/keys/rotate", json={"service": "oidc/main", "algorithm": "RS256"}).status_code == 201

    after = there.get("/oidc/main/jwks").json["keys"]
    assert len(after) == len(before) + 1
    assert after == here.get("/oidc/main/jwks").json["keys"]


def test_each_address_has_a_document_of_its_own(here):
    path = "/oidc/main/.well-known/openid-configuration"
    for _ in range(2):
        issuers = [here.get(path, base_url=url).json["issuer"] for url in ("http://localhost:9400", "http://127.0.0.1")]
        assert issuers == ["http://localhost:9400/oidc/main", "http://127.0.0.1/oidc/main"]
        assert here.get(f"/w/two{path}").json["issuer"].endswith("/w/two/oidc/main")


def test_who_was_held_back_tells_of_the_settings_of_now(here, there, monkeypatch):
    path = "/oidc/other/.well-known/openid-configuration"
    fault = {"service": "oidc", "operation": "discovery", "delay": {"seconds": 1}, "times": 1}
    assert here.post(f"{API}/faults", json=fault).status_code == 201

    def change(_seconds: float) -> None:
        document = there.get(f"{API}/fixture").json
        document["oidc"]["settings"]["plain_pkce"] = True
        assert there.put(f"{API}/fixture", json=document).status_code == 200

    monkeypatch.setattr(faults, "time", SimpleNamespace(sleep=change))

    told = [sandbox.get(path).json["code_challenge_methods_supported"] for sandbox in (here, here, there)]

    assert told == [["S256", "plain"]] * 3


def test_what_one_store_of_a_unit_of_work_changes_all_of_them_see(here):
    with here.application.extensions["sandbox"].open_session() as session:
        first, second = (find_world(session, "default", Ids()) for _ in range(2))
        assert find_identity(second, "alice").name == "Alice Liddell"
        for new in ("Somebody", "Somebody else"):
            rename(first, new)
            assert find_identity(second, "alice").name == new
            assert find_identity(find_world(session, "default", Ids()), "alice").name == new
        session.commit()
    assert name(here) == "Somebody else"


def test_what_another_store_has_changed_is_not_known_when_it_is_taken_back(here):
    with here.application.extensions["sandbox"].open_session() as session:
        first, second = (find_world(session, "default", Ids()) for _ in range(2))
        rename(first, "Somebody")
        find_identity(second, "alice")
        session.rollback()

    assert name(here) == "Alice Liddell"


def test_a_long_name_that_somebody_made_up_is_not_kept(here):
    with world_of(here) as world:
        assert find_identity(world, "x" * 501) is None
        assert find_identity(world, "x" * 500) is None
        known = [(tables.Identity, ("login", "x" * length)) in world.store._known for length in (500, 501)]

    assert known == [True, False]


def test_what_is_known_has_an_end(here, monkeypatch):
    monkeypatch.setattr(remembered, "_MOST_KNOWN", 5)
    monkeypatch.setattr(remembered, "_MOST_WORLDS", 2)
    for number in range(4):
        here.get(f"/w/w{number}/_sandbox/health")
        with world_of(here, f"w{number}") as world:
            known = [find_identity(world, f"nobody-{at}") for at in range(20)]
            assert known == [None] * 20
            assert len(world.store._known) <= 5

    assert len(here.application.extensions["sandbox"].open_session().remembered._worlds) <= 2


class TestOnSqlite:
    @pytest.fixture
    def config(self) -> Config:
        return Config()

    def test_what_is_known_is_not_asked_for(self, here):
        name(here)

        with asked(here.application) as heard:
            assert name(here) == "Alice Liddell"

        assert not [statement for statement in heard if "FROM identities" in statement]
