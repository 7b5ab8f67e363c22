"""Turns: one thread of a process works at a time, and whoever waits for something lets others work meanwhile.

Python runs one thread at once anyway. Left to themselves, many threads lose that place at every call of the database
and wait in a queue for it, so that each request takes as long as all of them together.

Not for databases that make their callers wait for each other: who holds a lock there would wait for a turn, and who has
the turn for that lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class _Held(threading.local):
    """The turns that this thread has."""

    def __init__(self) -> None:
        self.turns: list[Turns] = []


_held = _Held()


class Turns:
    """The turns of one sandbox. Whoever came first is first, so that nobody waits for longer than all the others."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Work when it is this thread's turn; a call of the sandbox to itself goes on with the one it has."""
        if self in _held.turns:
            yield
            return
        self._take()
        _held.turns.append(self)
        try:
            yield
        finally:
            _held.turns.remove(self)
            self._pass_on()

    def _take(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        # Whoever passes the turn on to this thread lets it go.
        called.acquire()

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


@contextmanager
def given_up() -> Iterator[None]:
    """Wait for something in this block while others work: time to pass, an answer of somebody else, a slow client."""
    turns = tuple(_held.turns)
    for turn in reversed(turns):
        turn._pass_on()
    try:
        yield
    finally:
        for turn in turns:
            turn._take()
