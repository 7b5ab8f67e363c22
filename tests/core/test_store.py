"""What every database must do for the store: the same answers from SQLite and from PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import IntegrityError

from sandbox.core import tables
from sandbox.core.database import create_schema, engine_options, lock_schema, tune
from sandbox.core.session import Session
from sandbox.core.store import Store
from tests.support.databases import DATABASES


@pytest.fixture(scope="module", params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An empty schema, as the factory opens it."""
    file: Path = tmp_path_factory.mktemp("store") / "sandbox.db"
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{file}"
    engine = create_engine(url, **engine_options(url))
    tune(engine)
    with engine.begin() as connection:
        lock_schema(connection)
        create_schema(connection)
        create_schema(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A unit of work that leaves nothing behind."""
    with Session(engine) as session:
        yield session
        session.rollback()


@pytest.fixture
def store(session: Session) -> Store:
    return Store(session, "here")


@pytest.fixture
def elsewhere(session: Session) -> Store:
    """The same database as another world sees it."""
    return Store(session, "elsewhere")


def fault(**values: Any) -> dict[str, Any]:
    blank = {"id": "one", "serial": 1, "service": "github", "operation": "authorize", "client_id": None, "login": None}
    rule = {"skip": 0, "times": 1, "probability": 1.0, "action": {}, "hits": 0}
    return {**blank, "name": "", **rule, **values}


def code(**values: Any) -> dict[str, Any]:
    blank = {"digest": "d1", "service": "github", "kind": "code", "client_id": "shop", "login": "octocat"}
    return {**blank, "flow": "f", "data": {}, "expires_at": 600, "redeemed_at": None, **values}


def ids(rows: list[tables.Fault]) -> list[str]:
    return [row.id for row in rows]


def test_a_row_comes_back_as_it_was_added(store):
    data = {"scopes": ["user", "gist"], "extra": {"name": "Zoë 🦄", "none": None, "NUL": "\0"}}
    store.add(tables.Code, **code(data=data))

    row = store.find(tables.Code, digest="d1")

    assert row is not None
    assert row.world == "here"
    assert row.data == data
    assert (row.login, row.expires_at, row.redeemed_at) == ("octocat", 600, None)


def test_a_row_is_created_as_it_will_be_found(store):
    created = store.create(tables.Code, **code(data={"scopes": ["user"]}))

    assert created == store.find(tables.Code, digest="d1")


def test_numbers_beyond_32_bits_are_kept(store):
    store.add(tables.Code, **code(expires_at=2**40))

    assert store.find(tables.Code, expires_at=2**40).expires_at == 2**40


def test_a_column_may_have_another_name_in_the_database(store):
    member = {"service": "github", "group": "octo-org", "login": "octocat", "role": "member", "state": "active"}
    store.add(tables.Membership, **member, public=False)
    store.put(tables.Membership, **member, public=True)

    assert store.find(tables.Membership, group="octo-org").group == "octo-org"
    assert store.list(tables.Membership, order=("group",), public=True)[0].role == "member"


def test_a_second_row_with_the_same_key_is_refused(store, session):
    store.add(tables.Fault, **fault())

    with pytest.raises(IntegrityError), session.connection().begin_nested():
        store.add(tables.Fault, **fault())


def test_find_takes_any_values_and_knows_none(store):
    store.add(tables.Fault, **fault(id="a"))
    store.add(tables.Fault, **fault(id="b", service="gmi"))

    assert store.find(tables.Fault, service="gmi", operation="authorize").id == "b"
    assert store.find(tables.Fault, service="gmi", operation="token") is None


def test_none_means_null(store):
    store.add(tables.Code, **code(digest="open"))
    store.add(tables.Code, **code(digest="spent", redeemed_at=1))

    assert store.find(tables.Code, redeemed_at=None).digest == "open"
    assert store.count(tables.Code, redeemed_at=None) == 1
    assert store.change(tables.Code, {"redeemed_at": None}, redeemed_at=1) == 1
    assert store.count(tables.Code, redeemed_at=None) == 2
    assert store.remove(tables.Code, redeemed_at=None) == 2


def test_list_orders_and_cuts(store):
    store.add(tables.Fault, *(fault(id=name, service=name.upper()) for name in "cab"))

    assert ids(store.list(tables.Fault, order=("id",))) == ["a", "b", "c"]
    assert ids(store.list(tables.Fault, order=("-service",))) == ["c", "b", "a"]
    assert ids(store.list(tables.Fault, order=("id",), limit=2)) == ["a", "b"]
    assert ids(store.list(tables.Fault, order=("id",), limit=1, offset=1)) == ["b"]
    assert ids(store.list(tables.Fault, order=("id",), offset=2)) == ["c"]
    assert ids(store.list(tables.Fault, order=("id",), offset=3, limit=9)) == []


def test_list_orders_by_several_columns(store):
    rows = [("a", "x"), ("b", "y"), ("c", "x")]
    store.add(tables.Fault, *(fault(id=name, service=service) for name, service in rows))

    assert ids(store.list(tables.Fault, order=("service", "-id"))) == ["c", "a", "b"]


def test_count_takes_any_values(store):
    store.add(tables.Fault, *(fault(id=name, hits=int(name == "a")) for name in "abc"))

    assert store.count(tables.Fault) == 3
    assert store.count(tables.Fault, hits=0) == 2
    assert store.count(tables.Fault, hits=1, id="b") == 0


def test_put_inserts_and_then_overwrites(store):
    consent = {"service": "github", "client_id": "shop", "login": "octocat"}

    store.put(tables.Consent, **consent, scopes="user", granted_at=1)
    store.put(tables.Consent, **consent, scopes="user gist", granted_at=2)

    (row,) = store.list(tables.Consent, order=("login",))
    assert (row.scopes, row.granted_at) == ("user gist", 2)


def test_count_up_starts_at_one_and_keeps_keys_apart(store):
    def count(name: str, window_at: int) -> int:
        return store.count_up(tables.Counter, "used", name=name, window_at=window_at)

    assert [count("a", 0), count("a", 0), count("b", 0), count("a", 3600), count("a", 0)] == [1, 2, 1, 1, 3]


def test_change_tells_how_many_rows_there_were(store):
    store.add(tables.Fault, *(fault(id=name) for name in "abc"))

    assert store.change(tables.Fault, {"name": "x", "hits": 1}, id="a") == 1
    assert store.change(tables.Fault, {"name": "y"}) == 3
    assert store.change(tables.Fault, {"name": "z"}, id="nobody") == 0
    assert {row.name for row in store.list(tables.Fault, order=("id",))} == {"y"}


def test_a_condition_on_a_changed_column_sees_its_old_value(store):
    store.add(tables.Fault, **fault(name="old"))

    assert store.change(tables.Fault, {"name": "new"}, name="old") == 1
    assert store.change(tables.Fault, {"name": "new"}, name="old") == 0


def test_claim_returns_the_changed_row_to_the_first(store):
    store.add(tables.Code, **code())

    first = store.claim(tables.Code, {"redeemed_at": 5}, digest="d1", redeemed_at=None)
    second = store.claim(tables.Code, {"redeemed_at": 6}, digest="d1", redeemed_at=None)

    assert (first.digest, first.redeemed_at) == ("d1", 5)
    assert second is None
    assert store.find(tables.Code, digest="d1").redeemed_at == 5


def test_remove_tells_how_many_rows_there_were(store):
    store.add(tables.Fault, *(fault(id=name, hits=int(name == "a")) for name in "abc"))

    assert store.remove(tables.Fault, hits=1) == 1
    assert store.remove(tables.Fault, hits=1) == 0
    assert store.remove(tables.Fault) == 2


def test_the_journal_numbers_its_entries(store, elsewhere):
    entry = {"at": 0, "duration_us": 1, "service": "", "operation": "", "method": "GET", "path": "/", "status": 200}
    none = dict.fromkeys(("reason", "detail", "fault", "flow", "client_id", "login"))
    for writer in (store, elsewhere, store):
        writer.add(tables.JournalEntry, **entry, **none, facts={}, request={}, response={})

    numbers = [row.id for row in store.list(tables.JournalEntry, order=("id",))]

    assert numbers == sorted(set(numbers))
    assert len(numbers) == 2


def test_rows_are_found_by_ranges_and_by_their_latest_values(store):
    entry = {"at": 0, "duration_us": 1, "service": "", "operation": "", "method": "GET", "path": "/"}
    none = dict.fromkeys(("reason", "detail", "fault", "client_id", "login"))
    for flow, status in (("a", 200), ("b", 401), (None, 404), ("a", 500)):
        store.add(tables.JournalEntry, **entry, **none, flow=flow, status=status, facts={}, request={}, response={})

    refused = store.list(
        tables.JournalEntry, order=("id",), columns=("id", "status"), between={"status": (400, 499), "id": (1, None)}
    )

    assert [tuple(row) for row in refused] == [(refused[0].id, 401), (refused[0].id + 1, 404)]
    assert store.latest(tables.JournalEntry, "flow") == ["a", "b"]
    assert store.latest(tables.JournalEntry, "flow", limit=1, status=401) == ["b"]
    assert store.latest(tables.JournalEntry, "flow", reason="\0") == []

    (a, newest), (b, older) = store.newest(tables.JournalEntry, "flow")
    assert (a, b, newest - older) == ("a", "b", 2)
    assert store.newest(tables.JournalEntry, "flow", before=newest) == [("b", older)]
    some = store.list(tables.JournalEntry, order=("-id",), columns=("status",), among={"flow": ["a", "c"]})
    assert [row.status for row in some] == [500, 200]
    assert store.list(tables.JournalEntry, order=(), among={"flow": []}) == []


@pytest.mark.parametrize(
    "meddle",
    [
        pytest.param(lambda other: other.find(tables.Fault, id="one"), id="find"),
        pytest.param(lambda other: other.list(tables.Fault, order=("id",)), id="list"),
        pytest.param(lambda other: other.count(tables.Fault), id="count"),
        pytest.param(lambda other: other.add(tables.Fault, **fault(name="theirs")), id="add"),
        pytest.param(lambda other: other.add(tables.Fault, fault(), fault(id="two")), id="add many"),
        pytest.param(lambda other: other.put(tables.Fault, **fault(name="theirs")), id="put"),
        pytest.param(lambda other: other.change(tables.Fault, {"name": "theirs"}), id="change"),
        pytest.param(lambda other: other.claim(tables.Fault, {"name": "theirs"}, id="one"), id="claim"),
        pytest.param(lambda other: other.remove(tables.Fault), id="remove"),
    ],
)
def test_worlds_never_meet(store: Store, elsewhere: Store, meddle: Callable[[Store], object]):
    store.add(tables.Fault, **fault(name="ours"))

    assert not meddle(elsewhere)

    (row,) = store.list(tables.Fault, order=("id",))
    assert row.name == "ours"


def test_worlds_count_apart(store, elsewhere):
    key = {"name": "a", "window_at": 0}
    store.count_up(tables.Counter, "used", **key)

    assert elsewhere.count_up(tables.Counter, "used", **key) == 1
    assert store.count_up(tables.Counter, "used", **key) == 2


@pytest.mark.parametrize("text", ["\0", "one\0", "\ud800", "one\udfff"])
def test_text_that_no_row_can_hold_finds_nothing(store, text):
    store.add(tables.Fault, **fault())

    assert store.find(tables.Fault, id=text) is None
    assert store.list(tables.Fault, order=("id",), id=text) == []
    assert store.count(tables.Fault, id=text) == 0
    assert store.change(tables.Fault, {"name": "x"}, id=text) == 0
    assert store.claim(tables.Fault, {"name": "x"}, id=text) is None
    assert store.increase(tables.Fault, "serial", None, id=text) is None
    assert store.remove(tables.Fault, id=text) == 0
    assert [row.id for row in store.list(tables.Fault, order=("id",), among={"id": [text, "one"]})] == ["one"]
    assert store.list(tables.Fault, order=("id",), among={"id": [text]}) == []
    assert store.find(tables.Fault, id="one").name == ""


@pytest.mark.parametrize("text", ["'; DROP TABLE faults; --", "%", "_", "👩🏽‍🚀", "x" * 100_000, ""])
def test_any_other_text_is_just_text(store, text):
    store.add(tables.Fault, **fault(id=text))
    store.add(tables.Fault, **fault(id="other"))

    assert store.find(tables.Fault, id=text).id == text
    assert store.remove(tables.Fault, id=text) == 1
