"""Many callers at once: one session for one code, one use of a refresh token, one consumer, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from sandbox import Config
from sandbox.core import tables
from tests.support.databases import DATABASES, config_on
from tests.support.fanfare import (
    SK,
    authorize,
    code,
    consumer_id,
    exchange,
    guest,
    log_out,
    page,
    refresh,
    request_otp,
    sign_in,
    verify_otp,
)

CALLERS = 32
Race = Callable[..., list[Any]]


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


@pytest.fixture
def race(app: Flask) -> Iterator[Race]:
    """Let many clients of `app` call at the same moment, each with its number; their answers."""
    clients: list[Any] = [app.test_client() for _ in range(CALLERS)]
    start = Barrier(CALLERS)

    def run(number: int, call: Callable[[Any, int], Any]) -> Any:
        start.wait(30)
        return call(clients[number], number)

    with ThreadPoolExecutor(CALLERS) as pool:
        yield lambda call: list(pool.map(run, range(CALLERS), [call] * CALLERS))


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def consumers(sandbox: Any) -> int:
    with sandbox.world() as world:
        return int(world.store.count(tables.Account, service="fanfare"))


def test_a_code_is_exchanged_by_one_caller(sandbox, race):
    value = code(sandbox)

    assert statuses(race(lambda client, _: exchange(client, value))) == {200: 1, 401: CALLERS - 1}


def test_a_refresh_token_is_used_by_one_caller_and_the_session_ends(sandbox, race):
    token = sign_in(sandbox)["refreshToken"]

    answers = race(lambda client, _: refresh(client, token))

    assert statuses(answers) == {200: 1, 401: CALLERS - 1}
    (winner,) = (answer.json for answer in answers if answer.status_code == 200)
    assert refresh(sandbox, winner["refreshToken"]).status_code == 401


def test_the_first_sight_of_an_identity_makes_one_consumer(sandbox, race):
    answers = race(lambda client, _: authorize(client, canonicalSubject="c-1"))

    assert statuses(answers) == {200: CALLERS}
    assert Counter(answer.json["resolution"] for answer in answers) == {"created": 1, "existing": CALLERS - 1}
    assert consumers(sandbox) == 1


def test_the_first_sight_of_a_canonical_subject_makes_one_consumer(sandbox, race):
    answers = race(lambda client, n: authorize(client, subject=f"user-{n}", canonicalSubject="c-1"))

    assert Counter(answer.json["resolution"] for answer in answers) == {"created": 1, "linked": CALLERS - 1}
    assert consumers(sandbox) == 1


def test_identities_that_share_nothing_all_come_in(sandbox, race):
    answers = race(lambda client, n: exchange(client, code(client, subject=f"user-{n}")))

    assert statuses(answers) == {200: CALLERS}
    assert consumers(sandbox) == CALLERS == len({consumer_id(answer.json) for answer in answers})


def test_a_guest_becomes_one_person(sandbox, race):
    before = guest(sandbox)
    values = [code(sandbox, subject=f"user-{n}") for n in range(CALLERS)]

    answers = race(lambda client, n: exchange(client, values[n], before["accessToken"]))

    assert statuses(answers) == {200: CALLERS}
    assert len({consumer_id(answer.json) for answer in answers}) == CALLERS
    assert sum(consumer_id(answer.json) == consumer_id(before) for answer in answers) == 1


def test_a_one_time_password_is_used_by_one_caller(sandbox, race):
    request_otp(sandbox)

    # Who comes sixth has no guess left; who comes after the winner has nothing to guess.
    assert statuses(race(lambda client, _: verify_otp(client))) == {200: 1, 401: CALLERS - 1}
    assert consumers(sandbox) == 1


def test_a_password_is_guessed_five_times_however_many_guess(sandbox, race):
    request_otp(sandbox)

    answers = race(lambda client, n: verify_otp(client, f"{n:06}"))

    told = Counter(answer.headers["X-Sandbox-Reason"].partition(";")[0] for answer in answers)
    assert told == {"OTP_WRONG": 5, "LIMIT_REACHED": CALLERS - 5}


def test_nothing_of_a_session_is_good_after_a_logout(sandbox, race):
    session = sign_in(sandbox)
    tokens = [session["refreshToken"]]

    def call(client: Any, number: int) -> Any:
        if number % 2:
            return log_out(client, session["accessToken"])
        return refresh(client, tokens[0])

    answers = race(call)

    # Whoever comes first succeeds: a refresh ends the access token that the others would log out with.
    assert {200, 204} & set(statuses(answers))
    renewed = [answer.json["refreshToken"] for answer in answers if answer.status_code == 200]
    assert [refresh(sandbox, token).status_code for token in [*tokens, *renewed]] == [401] * (1 + len(renewed))


def test_codes_are_asked_for_at_once(sandbox, race):
    assert statuses(race(lambda client, _: request_otp(client))) == {200: CALLERS}
    assert verify_otp(sandbox).status_code == 200


def test_different_operations_do_not_wait_for_each_other_in_a_ring(sandbox, race):
    """Guests become somebody by codes of both kinds, are refreshed and logged out, all at once."""
    guests = [guest(sandbox) for _ in range(4)]
    values = [code(sandbox, subject=f"user-{n % 3}") for n in range(CALLERS)]

    def call(client: Any, number: int) -> Any:
        mine = guests[number % 4]
        match number // 4 % 4:
            case 0:
                return exchange(client, values[number], mine["accessToken"])
            case 1:
                request_otp(client, email=f"a{number % 3}@example.test")
                return verify_otp(client, token=mine["accessToken"], email=f"a{number % 3}@example.test")
            case 2:
                return refresh(client, mine["refreshToken"])
            case _:
                return log_out(client, mine["accessToken"])

    assert set(statuses(race(call))) <= {200, 204, 401}
    assert sandbox.get("/consumers/me", headers=page()).status_code == 401
    assert authorize(sandbox, key=SK).status_code == 200
