"""What a sandbox forgets, and when: what has ended, what the journal has too much of, and worlds that nobody uses.

Takes its time between two batches, so that nobody waits for it. Starts no thread, and queries nothing itself.

What has ended is of use for a while: it is refused as expired, and not as unknown. The end is a moment of the world's
clock, which tests move, and the while one of real time. So a row goes when each moment that the world has shown for
that while was after its end. The lowest of these is known if the clock was looked at all along, and how it ran between
two looks follows from its offset:

- moved forward, the lowest moment stays the old one until the move is old enough: nothing goes before;
- moved back, it is the new one at once: what is good again stays;
- frozen, time stands still, and nothing ends that has not ended before;
- reset, restored or made anew, the world is another one, whose while begins;
- each process looks for itself, and after a start it has to look that long first. Whichever sweeps first removes, and
  two that know less or more disagree only in how soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sandbox.core.clock import Clock, real_now
from sandbox.core.session import Session
from sandbox.core.sweeps import BATCH, LEAVING, LOOK_UP, Leaving, Noted, Sweep, list_noted
from sandbox.core.tables import JournalEntry
from sandbox.core.turns import given_up
from sandbox.core.worlds import drop_idle_world, list_idle_worlds

OpenSession = Callable[[], AbstractContextManager[Session]]

# Of mails the mailbox shows fewer.
_MOST_MAIL = 1_000


@dataclass(frozen=True)
class Keep:
    """What is kept: `expired` is for how many seconds what has ended is, `journal` how many entries are (0: all).

    `idle` is after how many seconds without a request a world is dropped (0: never).
    """

    expired: int = 3600
    journal: int = 10_000
    idle: int = 3600


@dataclass
class _Shown:
    """What a world's clock has been since it was first looked at, as `(from when in real epoch seconds, clock)`."""

    created_at: int
    clocks: list[tuple[int, Clock]]


@dataclass
class Watch:
    """The clocks of all worlds as one process has seen them. `looked_at` is when it last did, in real epoch seconds."""

    looked_at: int | None = None
    _worlds: dict[str, _Shown] = field(default_factory=dict)

    def look(self, worlds: Sequence[Noted], seconds: int) -> dict[str, int]:
        """Look at the clocks; returns the lowest moment that each has shown for so many seconds, as far as known."""
        now, before = real_now(), self.looked_at
        self.looked_at = now
        self._worlds = {row.world: self._shown(row, now, before) for row in worlds}
        lowest = {name: _lowest(shown.clocks, now, now - seconds) for name, shown in self._worlds.items()}
        return {name: moment for name, moment in lowest.items() if moment is not None}

    def _shown(self, row: Noted, now: int, before: int | None) -> _Shown:
        clock, shown = Clock(row.clock_offset, row.frozen_at), self._worlds.get(row.world)
        if shown is None or before is None or shown.created_at != row.created_at:
            return _Shown(row.created_at, [(now, clock)])
        if shown.clocks[-1][1] != clock:
            # It was moved at some time since the last look, at the earliest just after it.
            shown.clocks.append((before, clock))
        return shown


def _lowest(clocks: list[tuple[int, Clock]], now: int, since: int) -> int | None:
    """The lowest moment shown from `since` until now; None if nobody looked then. Forgets what was before."""
    while len(clocks) > 1 and clocks[1][0] <= since:
        del clocks[0]
    if clocks[0][0] > since:
        return None
    # The clock of a stretch shows its lowest moment at the start.
    return min(_shown_at(clock, max(began, since)) for began, clock in clocks if began <= now)


def _shown_at(clock: Clock, real: int) -> int:
    return clock.frozen_at if clock.frozen_at is not None else real + clock.offset


def sweep(open_session: OpenSession, keep: Keep, watch: Watch, pause: Callable[[], bool] = lambda: False) -> int:
    """Remove what need not be kept any more; returns how many rows.

    `pause` is called between two units of work, and tells whether to stop. Raises what the database raises.
    """
    _drop_idle(open_session, keep.idle, pause)
    with open_session() as session, session.begin():
        worlds = list_noted(session)
    lowest, removed = watch.look(worlds, keep.expired), 0
    for noted in worlds:
        for leaving in LEAVING:
            bound = _bound_of(leaving, keep, lowest.get(noted.world))
            if bound is None:
                continue
            for gone in _remove(open_session, noted, leaving, bound):
                removed += gone
                if pause():
                    return removed
    return removed


def _bound_of(leaving: Leaving, keep: Keep, ended_by: int | None) -> int | None:
    if not leaving.numbered:
        return ended_by
    return (keep.journal or None) if leaving.table is JournalEntry else _MOST_MAIL


def _drop_idle(open_session: OpenSession, idle: int, pause: Callable[[], bool]) -> None:
    with open_session() as session, session.begin():
        names = list_idle_worlds(session, idle)
    for name in names:
        with open_session() as session, session.begin():
            drop_idle_world(session, name, idle)
        if pause():
            return


def _remove(open_session: OpenSession, noted: Noted, leaving: Leaving, bound: int) -> Iterator[int]:
    """Remove all that may leave a table, unless somebody resets or sweeps the world; how many rows each batch was."""
    while True:
        # It only reads, which takes as long as there is much that stays.
        with open_session() as session, session.begin(), given_up():
            keys = Sweep(session, noted).find_due(leaving, bound)
        removed = 0
        for start in range(0, len(keys), BATCH):
            with open_session() as session, session.begin():
                swept = Sweep(session, noted)
                if not swept.enter():
                    return
                gone = swept.remove_due(leaving, bound, keys[start : start + BATCH])
            removed += gone
            yield gone
        # What others hold, or a clock that was moved meanwhile, would be found again for ever.
        if len(keys) < LOOK_UP or not removed:
            return
