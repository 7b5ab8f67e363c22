"""Four processes on one PostgreSQL behave as one sandbox, also when one of them or the database is killed."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
import requests

from sandbox.core.refusals import Reason
from tests.support.components import PostgresServer, running_postgres
from tests.support.farm import Answer, Caller, Farm, in_threads, running_farm
from tests.support.process import PATIENCE

PROCESSES, CLIENTS = 4, 32
CODES, REDEEMERS = 1000, 8
NO_ANSWER = (OSError, http.client.HTTPException)

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server of these tests' own, which keeps what it has said to be committed when it is killed."""
    with running_postgres("synchronous_commit=on") as server:
        yield server


@pytest.fixture(scope="module")
def farm(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Four processes that were started at once on an empty database."""
    with postgres.database() as url, running_farm(tmp_path_factory.mktemp("farm"), url, PROCESSES) as farm:
        yield farm


@dataclass
class Load:
    """Logins that go on until they are told to stop: what was acknowledged, and every other answer.

    A code of which nobody knows whether it was redeemed is redeemed again, as a client would.
    """

    farm: Farm
    stopped: threading.Event = field(default_factory=threading.Event)
    tokens: dict[str, str] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    others: list[Answer] = field(default_factory=list)
    silences: int = 0

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Keep 32 clients at it while in the block."""
        clients = threading.Thread(target=in_threads, args=(self.farm, CLIENTS, self._log_in))
        clients.start()
        try:
            yield
        finally:
            self.stopped.set()
            clients.join()

    def _log_in(self, client: int, caller: Caller) -> None:
        turn = client
        while not self.stopped.is_set():
            turn += 1
            answer = self._try(partial(caller.authorize, turn))
            if answer is None or answer.status != 302:
                continue
            code = answer.headers["Location"].partition("code=")[2].partition("&")[0]
            for step in (1, 2, 3):
                answer = self._try(partial(caller.redeem, turn + step, code))
                if answer and answer.status == 200 and code in self.tokens:
                    self.twice.append(code)
                elif answer and answer.status == 200:
                    self.tokens[code] = answer.json["access_token"]
                if answer and answer.status != 503:
                    break

    def _try(self, call: Callable[[], Answer]) -> Answer | None:
        try:
            answer = call()
        except NO_ANSWER:
            self.silences += 1
            return None
        if answer.status not in (200, 302):
            self.others.append(answer)
            # A client that is told to come again later does not come at once.
            self.stopped.wait(0.05)
        return answer

    def await_logins(self, more: int) -> None:
        """Return once so many more logins are acknowledged."""
        aim, deadline = len(self.tokens) + more, time.monotonic() + 2 * PATIENCE
        while len(self.tokens) < aim:
            assert time.monotonic() < deadline, (len(self.tokens), self.others[-3:])
            time.sleep(0.01)


def check_acknowledged(farm: Farm, load: Load) -> None:
    """Every login that was acknowledged is still good, at any process; and its code is good for nothing."""
    assert load.twice == []
    tokens = list(load.tokens.values())

    def look(number: int, caller: Caller) -> None:
        for token in tokens[number::PROCESSES]:
            assert caller.userinfo(number, token).status == 200

    in_threads(farm, PROCESSES, look)
    with closing(Caller(farm)) as caller:
        for number, code in enumerate(list(load.tokens)[:: len(load.tokens) // 20 or 1]):
            assert caller.redeem(number, code).json["error"] == "invalid_grant"


def test_processes_that_start_at_once_have_one_set_of_keys(farm):
    with closing(Caller(farm)) as caller:
        published = [caller.call(number, "GET", "/oidc/main/jwks").json for number in range(PROCESSES)]

    assert published[0]["keys"]
    assert published == published[:1] * PROCESSES
    assert [process.poll() for process in farm.processes] == [None] * PROCESSES


def test_each_step_of_a_login_is_done_by_another_process(farm):
    people: list[str] = []

    def log_in(client: int, caller: Caller) -> None:
        for turn in range(client, client + PROCESSES):
            answer = caller.redeem(turn + 1, caller.code(turn))
            assert answer.status == 200, answer
            person = caller.userinfo(turn + 2, answer.json["access_token"])
            assert person.status == 200, person
            people.append(person.json["sub"])

    in_threads(farm, CLIENTS, log_in)

    assert len(people) == CLIENTS * PROCESSES
    assert len(set(people)) == 1


def test_of_eight_that_race_for_each_of_a_thousand_codes_one_wins(farm):
    groups = CLIENTS // REDEEMERS
    codes: list[list[str]] = [[] for _ in range(groups)]
    starts = [threading.Barrier(REDEEMERS) for _ in range(groups)]
    answers: Counter[tuple[str, int]] = Counter()

    def race(client: int, caller: Caller) -> None:
        group, redeemer = divmod(client, REDEEMERS)
        for _ in range(CODES // CLIENTS + 1):
            codes[group].append(caller.code(redeemer))
        starts[group].wait(PATIENCE)
        for turn, code in enumerate(codes[group][: CODES // groups]):
            starts[group].wait(PATIENCE)
            answers[code, caller.redeem(redeemer + turn, code).status] += 1

    in_threads(farm, CLIENTS, race)

    won = {code: times for (code, status), times in answers.items() if status == 200}
    lost = {code: times for (code, status), times in answers.items() if status == 400}
    assert len(won) == CODES
    assert set(won.values()) == {1}
    assert set(lost.values()) == {REDEEMERS - 1}


def test_a_process_that_is_killed_takes_no_acknowledged_login_with_it(farm):
    load = Load(farm)

    with load.going_on():
        load.await_logins(60)
        farm.kill(0)
        load.await_logins(60)
        farm.start(0)
        farm.await_health()

    # Who waited for the killed one got no answer, and may find its code redeemed; nobody was told of a defect.
    assert load.silences
    assert {answer.status for answer in load.others} <= {400}
    check_acknowledged(farm, load)


def test_a_database_that_is_killed_is_told_of_and_found_again(farm, postgres):
    load = Load(farm)

    with load.going_on():
        load.await_logins(60)
        # SIGQUIT is the immediate shutdown, after which it recovers as from a crash.
        postgres.stop(signal.SIGQUIT)
        health = requests.get(f"{farm.origin(1)}/_sandbox/health", timeout=PATIENCE)
        postgres.start()
        load.await_logins(60)
        farm.await_health()

    assert (health.status_code, health.headers["Retry-After"]) == (503, "1")
    assert health.json()["reason"] == Reason.DATABASE_UNAVAILABLE
    refused = [answer for answer in load.others if answer.status == 503]
    assert refused
    # A code of which it is not known whether it was redeemed may be found to be.
    assert {answer.status for answer in load.others} <= {400, 503}
    for answer in refused:
        assert answer.headers["X-Sandbox-Reason"].startswith(f"{Reason.DATABASE_UNAVAILABLE}; ")
        assert answer.headers["Retry-After"] == "1"
        # A page for the browser at the one endpoint, JSON for the client at the other.
        assert b"temporarily_unavailable" in answer.body
    assert load.silences == 0
    assert [process.poll() for process in farm.processes] == [None] * PROCESSES
    assert not [number for number in range(PROCESSES) if "Traceback" in farm.complaints(number)]
    check_acknowledged(farm, load)
