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
        try:
            yield
        finally:
            # Whoever was interrupted while it waited to go on has none.
            if self in _held.turns:
                self._pass_on()

    def _take(self) -> None:
        with self._guard:
            called = threading.Lock() if self._is_taken else None
            if called:
                called.acquire()
                self._waiting.append(called)
            self._is_taken = True
        if called:
            self._await(called)
        _held.turns.append(self)

    def _await(self, called: threading.Lock) -> None:
        try:
            # Whoever passes the turn on to this thread lets it go.
            called.acquire()
        except BaseException:
            # A signal: nobody may pass the turn on to who does not wait any more.
            with self._guard:
                if called in self._waiting:
                    self._waiting.remove(called)
                else:
                    self._call_next()
            raise

    def _pass_on(self) -> None:
        _held.turns.remove(self)
        with self._guard:
            self._call_next()

    def _call_next(self) -> None:
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
