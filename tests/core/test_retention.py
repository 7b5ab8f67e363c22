"""What is forgotten, and when: nothing that is still good, nothing that has only just ended, and no more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.mailbox import deliver
from sandbox.core.retention import Keep, Watch, sweep
from sandbox.core.rows import TABLES, columns_of
from sandbox.core.session import Session
from sandbox.core.store import list_worlds
from tests.conftest import HouseClient
from tests.support import tours
from tests.support.databases import DATABASES, config_on
from tests.support.insforge import cloud_code, configure, exchange
from tests.support.lived_in import OIDC
from tests.support.oidc import RelyingParty
from tests.support.real_time import RealTime

API = "/_sandbox/api"
WITH_AN_END = (
    "codes",
    "counters",
    "device_grants",
    "session_clients",
    "sign_in_sessions",
    "tokens",
    "traces",
    "transactions",
)


class Sweeper:
    """Sweeps a sandbox as its process would, and lets real time pass."""

    def __init__(self, sandbox: HouseClient, real: RealTime) -> None:
        self._house = sandbox.application.extensions["sandbox"]
        self._real = real
        self._watch = Watch()
        self.keep = Keep()
        self._shipped: dict[str, int] = {}
        self._shipped = self.count("tokens")

    def sweep(self) -> int:
        return sweep(self._house.open_session, self.keep, self._watch)

    def sweep_for(self, *, minutes: int) -> int:
        """Sweep now, and every ten minutes for so long; returns how many rows have gone."""
        removed = self.sweep()
        for _ in range(minutes // 10):
            self._real.pass_by(minutes=10)
            removed += self.sweep()
        return removed

    def count(self, *names: str) -> dict[str, int]:
        """How many rows the default world has in these tables, besides those of the shipped fixture."""
        with self._house.world() as world:
            return {name: world.store.count(TABLES[name]) - self._shipped.get(name, 0) for name in names}


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return replace(config_on(request), approval="hint")


@pytest.fixture
def sweeper(sandbox: HouseClient, real_time: RealTime) -> Sweeper:
    return Sweeper(sandbox, real_time)


@pytest.fixture
def party(sandbox: HouseClient) -> RelyingParty:
    return RelyingParty(sandbox)


def reason(sandbox: HouseClient) -> str:
    """The true cause of the last answer."""
    return str(sandbox.journal()[-1].reason)


def get_user(sandbox: HouseClient, world: str = "") -> Any:
    return sandbox.get(f"{world}/api/v3/user")


def leave_everything(sandbox: HouseClient) -> None:
    """Leave a row of every kind: logins that were finished, or not, a device, a tour, a mail, calls."""
    for provider, login, more in (
        ("github", "octocat", {"exchange": "gmi", "until": "session"}),
        ("oidc", "alice", {"exchange": "fanfare", "until": "session"}),
        ("oidc", "alice", {"exchange": "prisme", "until": "session"}),
        ("oidc", "alice", {"until": "code"}),
    ):
        answer = sandbox.post(f"{API}/login", json={"provider": provider, "identity": login, **more})
        assert answer.status_code < 300, answer.text
    sandbox.get("/login/oauth/authorize?client_id=Iv1.sandboxclient")
    sandbox.post("/login/device/code", json={"client_id": "Iv1.sandboxclient"})
    sandbox.get("/api/v3/users/octocat")
    assert tours.begin(sandbox, OIDC)
    with sandbox.world() as world:
        deliver(world, service="insforge", to="alice@contoso.test", subject="Hello", text="")


def refresh(party: RelyingParty, token: str) -> Any:
    return party.post("/token", {"grant_type": "refresh_token", "refresh_token": token})


class TestWhatHasEnded:
    def test_stays_for_an_hour_of_real_time_and_goes_then(self, sandbox, sweeper):
        leave_everything(sandbox)
        sweeper.keep = Keep(journal=1)
        before = sweeper.count(*WITH_AN_END, "tours", "mail", "identities", "accounts")
        assert min(before.values()) > 0
        sandbox.clock.advance(days=4000)

        assert sweeper.sweep_for(minutes=50) > 0
        after_50 = sweeper.count(*before)
        sweeper.sweep_for(minutes=20)

        assert after_50 == before
        # A token of GitHub never ends, and with it stays the code that it came of.
        assert sweeper.count(*WITH_AN_END) == {**dict.fromkeys(WITH_AN_END, 0), "tokens": 1, "codes": 1}
        kept = {name: number for name, number in before.items() if name not in WITH_AN_END}
        assert sweeper.count(*kept) == kept

    def test_is_refused_as_expired_as_long_as_it_is_known(self, sandbox, sweeper, party):
        code = party.code()
        sandbox.clock.advance(days=2)

        sweeper.sweep_for(minutes=50)
        party.redeem(code)
        assert reason(sandbox) == "CODE_EXPIRED"

        sweeper.sweep_for(minutes=20)
        party.redeem(code)
        assert reason(sandbox) == "CODE_UNKNOWN"

    def test_is_good_again_when_the_clock_goes_back_within_the_hour(self, sandbox, sweeper, party):
        code = party.code()
        sandbox.clock.freeze()
        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=50)
        sandbox.clock.advance(days=-2)
        sweeper.sweep_for(minutes=50)

        assert party.redeem(code).status_code == 200

    def test_goes_as_soon_as_it_is_old_enough_however_often_the_clock_moves(self, sandbox, sweeper, party):
        code = party.code()
        for _ in range(9):
            sandbox.clock.advance(hours=1)
            sweeper.sweep_for(minutes=10)

        party.redeem(code)

        assert reason(sandbox) == "CODE_UNKNOWN"

    def test_does_not_come_about_where_time_stands_still(self, sandbox, sweeper, party):
        code = party.code()
        sandbox.clock.freeze()

        sweeper.sweep_for(minutes=600)

        assert party.redeem(code).status_code == 200

    def test_is_known_for_an_hour_after_a_snapshot_was_restored(self, sandbox, sweeper, party):
        code = party.code()
        snapshot = sandbox.get(f"{API}/snapshot").json
        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=120)
        assert sandbox.put(f"{API}/snapshot?clock=now", json=snapshot).status_code == 204

        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=50)

        party.redeem(code)
        assert reason(sandbox) == "CODE_EXPIRED"

    def test_goes_at_once_where_nothing_is_to_be_kept(self, sandbox, sweeper, party):
        code = party.code()
        sandbox.clock.advance(days=2)
        sweeper.keep = Keep(expired=0)
        sweeper.sweep()

        party.redeem(code)

        assert reason(sandbox) == "CODE_UNKNOWN"

    def test_is_not_remembered_by_a_process_that_has_just_begun(self, sandbox, sweeper, real_time, party):
        code = party.code()
        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=50)

        Sweeper(sandbox, real_time).sweep_for(minutes=50)

        party.redeem(code)
        assert reason(sandbox) == "CODE_EXPIRED"


class TestWhatComesAgain:
    def test_a_redeemed_code_revokes_as_long_as_something_of_it_lives(self, sandbox, sweeper, party):
        code = party.code(scope="openid offline_access")
        tokens = party.redeem(code).json
        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=120)

        party.redeem(code)
        assert reason(sandbox) == "CODE_ALREADY_REDEEMED"
        refresh(party, tokens["refresh_token"])
        assert reason(sandbox) == "REFRESH_TOKEN_REVOKED"

        sandbox.clock.advance(days=400)
        sweeper.sweep_for(minutes=120)
        assert sweeper.count("codes", "tokens") == {"codes": 0, "tokens": 0}

    def test_a_used_refresh_token_revokes_as_long_as_its_family_lives(self, sandbox, sweeper, party):
        old = party.tokens(scope="openid offline_access")["refresh_token"]
        new = refresh(party, old).json["refresh_token"]
        sandbox.clock.advance(days=2)
        sweeper.sweep_for(minutes=120)

        refresh(party, old)
        assert reason(sandbox) == "REFRESH_TOKEN_ALREADY_USED"
        refresh(party, new)
        assert reason(sandbox) == "REFRESH_TOKEN_REVOKED"

        sandbox.clock.advance(minutes=1)
        sweeper.sweep_for(minutes=120)
        assert sweeper.count("codes", "tokens") == {"codes": 0, "tokens": 0}

    def test_a_code_that_is_good_once_stays_so_as_long_as_it_would_be_good(self, sandbox, sweeper):
        configure(sandbox, one_time_codes=True)
        sandbox.clock.freeze()
        code = cloud_code(sandbox)
        assert exchange(sandbox, code).status_code == 200
        sweeper.keep = Keep(expired=0)
        sweeper.sweep()

        exchange(sandbox, code)

        assert reason(sandbox) == "CODE_ALREADY_REDEEMED"


class TestTheJournal:
    def test_keeps_the_newest_requests_of_each_world(self, sandbox, sweeper):
        for _ in range(12):
            get_user(sandbox)
            get_user(sandbox, "/w/other")
        ids = [entry.id for entry in sandbox.journal()]
        sweeper.keep = Keep(journal=10)

        assert sweeper.sweep() == 4

        assert [entry.id for entry in sandbox.journal()] == ids[2:]
        assert len(sandbox.get(f"/w/other{API}/journal").json["entries"]) == 10
        assert sweeper.sweep() == 0

    def test_keeps_all_where_there_is_no_limit(self, sandbox, sweeper):
        for _ in range(12):
            get_user(sandbox)
        sweeper.keep = Keep(journal=0)

        assert sweeper.sweep() == 0

    def test_goes_in_many_batches(self, sandbox, sweeper):
        get_user(sandbox)
        with sandbox.world() as world:
            [row] = world.store.list(tables.JournalEntry, order=("id",))
            values = {column.key: getattr(row, column.key) for column in tables.JournalEntry.__table__.c}
            copied = [{name: value for name, value in values.items() if name not in ("id", "world")}] * 1_000
            world.store.add(tables.JournalEntry, *copied)
        sweeper.keep = Keep(journal=100)

        assert sweeper.sweep() == 901
        assert len(sandbox.journal()) == 100

    def test_a_flow_of_which_nothing_is_left_has_no_traces_either(self, sandbox, sweeper):
        login = {"provider": "oidc", "identity": "alice", "exchange": "fanfare", "until": "session"}
        assert sandbox.post(f"{API}/login", json=login).status_code < 300
        sweeper.keep = Keep(journal=1_000)
        sweeper.sweep_for(minutes=240)
        assert sweeper.count("traces")["traces"] > 0
        get_user(sandbox)

        sweeper.keep = Keep(journal=1)
        sweeper.sweep()

        assert sweeper.count("traces") == {"traces": 0}


def test_the_mailbox_keeps_the_newest_mails(sandbox, sweeper):
    with sandbox.world() as world:
        for number in range(1_005):
            deliver(world, service="insforge", to="alice@contoso.test", subject=str(number), text="")

    assert sweeper.sweep() == 5

    with sandbox.world() as world:
        assert min(int(mail.subject) for mail in world.store.list(tables.Mail, order=("id",))) == 5


def test_a_world_that_nobody_uses_is_dropped(sandbox, sweeper, real_time):
    get_user(sandbox, "/w/old")
    real_time.pass_by(minutes=50)
    get_user(sandbox, "/w/used")
    real_time.pass_by(minutes=12)

    sweeper.sweep()

    with sandbox.world() as world:
        assert [row.world for row in list_worlds(world.store.session)] == ["default", "used"]


def test_ids_go_on_after_the_journal_was_cut(make_sandbox, tmp_path):
    config = Config(approval="hint", random_seed=7, database=f"sqlite:///{tmp_path / 'kept.db'}")
    codes = []
    for _ in range(3):
        sandbox = make_sandbox(config)
        codes.append(RelyingParty(sandbox).code(login_hint="alice"))
        sweep(sandbox.application.extensions["sandbox"].open_session, Keep(journal=1), Watch())

    assert len(set(codes)) == 3


class TestWhatASweepCosts:
    """By the steps that SQLite takes: they are the same on every machine, and grow with what has to be looked at."""

    MANY = 8_000

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        return Config(database=f"sqlite:///{tmp_path / 'sandbox.db'}", approval="hint")

    @pytest.fixture
    def leave(self, sandbox) -> Callable[..., None]:
        def leave(table: type[tables.Base], sample: Any, **values: Any) -> None:
            """Leave MANY rows like `sample`, each with what `values` makes of its number."""
            same = {name: getattr(sample, name) for name in columns_of(table)}
            rows = [{**same, **{name: of(number) for name, of in values.items()}} for number in range(self.MANY)]
            with sandbox.world() as world:
                world.store.add(table, *rows)

        return leave

    @pytest.fixture
    def steps(self, sandbox, sweeper) -> Callable[[], float]:
        def sweep_and_count() -> float:
            """Sweep; returns how many steps that took for each of MANY rows."""
            counted = []

            @contextmanager
            def open_session() -> Iterator[Session]:
                with sandbox.application.extensions["sandbox"].open_session() as session:
                    driver: Any = session.connection().connection.dbapi_connection
                    driver.set_progress_handler(lambda: counted.append(1) and None, 1_000)
                    yield session
                    driver.set_progress_handler(None, 0)

            sweep(open_session, Keep(expired=0, journal=0), Watch())
            return len(counted) * 1_000 / self.MANY

        return sweep_and_count

    def test_does_not_grow_with_what_stays(self, sandbox, party, leave, steps):
        party.redeem(party.code(scope="openid offline_access"))
        with sandbox.world() as world:
            [code] = world.store.list(tables.Code, order=("digest",))
            [token] = world.store.list(tables.Token, order=("digest",), family=code.flow, kind="refresh_token")
        leave(tables.Code, code, digest=lambda number: f"{number}", flow=lambda number: f"f{number}")
        leave(tables.Token, token, digest=lambda number: f"{number}", family=lambda number: f"f{number}")
        spent = {"used_at": lambda _: token.issued_at, "revoked_at": lambda _: token.issued_at}
        leave(tables.Token, token, digest=lambda number: f"spent {number}", family=lambda number: f"f{number}", **spent)
        sandbox.clock.advance(days=1)

        assert steps() < 100
        with sandbox.world() as world:
            assert world.store.count(tables.Code) == self.MANY + 1

    @pytest.mark.parametrize(("table", "key"), [(tables.Token, "digest"), (tables.Counter, "name")])
    def test_does_not_grow_with_what_goes(self, sandbox, party, leave, steps, table, key):
        party.tokens()
        get_user(sandbox)
        with sandbox.world() as world:
            sample = world.store.list(table, order=("-expires_at",), limit=1)[0]
        leave(table, sample, **{key: lambda number: f"{number}"})
        sandbox.clock.advance(days=1)

        assert steps() < 100
        with sandbox.world() as world:
            assert world.store.count(table, **{key: "0"}) == 0


@pytest.mark.postgres
class TestOnPostgres:
    @pytest.fixture
    def config(self, postgres_database: str) -> Config:
        return Config(database=postgres_database, approval="hint")

    def test_nobody_is_waited_for(self, sandbox, sweeper):
        for _ in range(4):
            get_user(sandbox)
        sweeper.keep = Keep(journal=1)
        first = sandbox.journal()[0].id
        house = sandbox.application.extensions["sandbox"]
        with house.world() as world:
            world.store.change(tables.JournalEntry, {"duration_us": 1}, id=first)
            assert sweeper.sweep() == 2
        assert sweeper.sweep() == 1

    def test_a_world_that_is_being_reset_is_left_alone(self, sandbox, sweeper):
        for _ in range(4):
            get_user(sandbox)
        sweeper.keep = Keep(journal=1)
        with sandbox.application.extensions["sandbox"].world() as world:
            world.store.lock("world")
            assert sweeper.sweep() == 0
        assert sweeper.sweep() == 3


def test_whoever_logs_in_meanwhile_is_not_disturbed(app, sandbox, sweeper, real_time):
    callers, each = 8, 12
    sweeper.keep = Keep(expired=0, journal=20)

    def log_in(client: HouseClient) -> list[int]:
        party = RelyingParty(client)
        answers = []
        for _ in range(each):
            token = party.redeem(party.code(login_hint="alice")).json
            answers.append(party.userinfo(token["access_token"]).status_code)
        return answers

    clients: list[Any] = [app.test_client() for _ in range(callers)]
    with ThreadPoolExecutor(callers) as pool:
        running = [pool.submit(log_in, client) for client in clients]
        while not all(one.done() for one in running):
            sweeper.sweep()
        answers = [status for one in running for status in one.result()]

    assert answers == [200] * callers * each
    real_time.pass_by(days=400)
    sweeper.sweep()
    assert sweeper.count("codes", "tokens", "transactions", "sign_in_sessions", "journal") == {
        "codes": 0,
        "tokens": 0,
        "transactions": 0,
        "sign_in_sessions": 0,
        "journal": 20,
    }
