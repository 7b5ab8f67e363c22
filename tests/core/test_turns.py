"""One thread works at a time, in the order in which they came, and nobody who waits keeps others from working."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.core.turns import Turns, given_up

PATIENCE = 10  # seconds


def test_nobody_works_beside_another():
    turns, working, most = Turns(), [], []

    def work(_number: int) -> None:
        with turns.taken():
            working.append(1)
            most.append(len(working))
            threading.Event().wait(0.001)
            working.pop()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))

    assert set(most) == {1}
    assert len(most) == 20


def test_who_came_first_is_first():
    turns, order, threads = Turns(), [], []

    def work(number: int) -> None:
        with turns.taken():
            order.append(number)

    with turns.taken():
        for number in range(10):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            threads.append(thread)
            while len(turns._waiting) <= number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join(PATIENCE)

    assert order == list(range(10))


def test_who_has_a_turn_calls_itself_without_another():
    turns = Turns()

    with turns.taken(), turns.taken():
        pass
    with turns.taken():
        pass


def test_others_work_while_somebody_waits():
    turns, worked = Turns(), threading.Event()

    def work() -> None:
        with turns.taken():
            worked.set()

    with turns.taken():
        thread = threading.Thread(target=work)
        thread.start()
        assert not worked.wait(0.05)
        with given_up():
            assert worked.wait(PATIENCE)
    thread.join(PATIENCE)


def test_an_error_ends_a_turn():
    turns = Turns()

    with pytest.raises(ZeroDivisionError), turns.taken(), given_up():
        raise ZeroDivisionError
    with turns.taken():
        pass


@contextmanager
def interrupted(turns: Turns):
    """Whoever waits for a turn in the main thread in this block gets a KeyboardInterrupt."""

    def interrupt() -> None:
        while not turns._waiting:
            threading.Event().wait(0.001)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
        signal.signal(signal.SIGUSR1, before)


@contextmanager
def taken_by_another(turns: Turns):
    taken, done = threading.Event(), threading.Event()

    def work() -> None:
        with turns.taken():
            taken.set()
            done.wait(PATIENCE)

    thread = threading.Thread(target=work)
    thread.start()
    assert taken.wait(PATIENCE)
    yield
    done.set()
    thread.join(PATIENCE)


def test_nobody_waits_for_whoever_was_interrupted():
    turns = Turns()

    with taken_by_another(turns), interrupted(turns), pytest.raises(KeyboardInterrupt), turns.taken():
        pass

    assert not turns._is_taken
    assert not turns._waiting


def test_whoever_is_interrupted_while_it_waits_to_go_on_takes_no_turn_from_another():
    turns = Turns()
    with turns.taken():
        waiting = given_up()
        waiting.__enter__()
        with taken_by_another(turns):
            with interrupted(turns), pytest.raises(KeyboardInterrupt):
                waiting.__exit__(None, None, None)
            assert turns._is_taken
        assert not turns._is_taken
    assert not turns._is_taken


def test_who_waits_may_wait_for_something_that_waits():
    turns = Turns()

    def work() -> None:
        with turns.taken(), given_up():
            with given_up():
                pass
            with turns.taken(), given_up():
                pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert not turns._is_taken


def test_a_login_without_a_browser_that_drips_keeps_nobody_waiting(live):
    api = f"{live.origin}/_sandbox/api"
    fault = {"service": "oidc", "operation": "authorize", "drip": {"seconds": PATIENCE}, "times": 1}
    made = requests.post(f"{api}/faults", json=fault, timeout=PATIENCE)
    assert made.status_code == 201, made.text
    address, body = urlsplit(live.origin), b'{"provider": "oidc", "identity": "alice"}'
    with closing(socket.create_connection((address.hostname, address.port), PATIENCE)) as late:
        head = f"POST /_sandbox/api/login HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
        late.sendall(head.encode() + body)
        while requests.get(f"{api}/faults/{made.json()['id']}", timeout=PATIENCE / 2).json()["hits"] == 0:
            pass

        answer = requests.get(f"{live.origin}/oidc/main/jwks", timeout=PATIENCE / 2)

    assert answer.status_code == 200


def test_a_client_that_is_slow_with_its_body_keeps_nobody_waiting(live):
    address = urlsplit(live.origin)
    with closing(socket.create_connection((address.hostname, address.port), PATIENCE)) as slow:
        head = f"POST /oidc/main/token HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 10\r\n\r\nhalf"
        slow.sendall(head.encode())

        answer = requests.get(f"{live.origin}/oidc/main/jwks", timeout=PATIENCE)

    assert answer.status_code == 200


def test_a_request_that_is_held_back_keeps_nobody_waiting(live):
    api = f"{live.origin}/_sandbox/api"
    fault = {"service": "oidc", "operation": "keys", "delay": {"seconds": PATIENCE}, "times": 1}
    made = requests.post(f"{api}/faults", json=fault, timeout=PATIENCE)
    assert made.status_code == 201, made.text
    address = urlsplit(live.origin)
    with closing(socket.create_connection((address.hostname, address.port), PATIENCE)) as late:
        late.sendall(f"GET /oidc/main/jwks HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        while requests.get(f"{api}/faults/{made.json()['id']}", timeout=PATIENCE / 2).json()["hits"] == 0:
            pass

        answer = requests.get(f"{live.origin}/oidc/main/.well-known/openid-configuration", timeout=PATIENCE / 2)

    assert answer.status_code == 200
