"""The only source of time. Each world has its own clock, which tests freeze, set and advance.

The offset lives in the world's row, so every process that serves a world reads the same time. Nothing sleeps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

# 9899-12-31T23:59:59Z: what lives long ends in a year that a date can show, however long the sandbox runs.
_LAST_SECOND = 250_246_627_199


@dataclass(frozen=True)
class Clock:
    """A world's clock: real time plus `offset` seconds, or the epoch second `frozen_at` while it is frozen."""

    offset: int = 0
    frozen_at: int | None = None

    def now(self) -> int:
        """The world's time in epoch seconds."""
        return self.frozen_at if self.frozen_at is not None else real_now() + self.offset

    def advanced(self, seconds: int) -> Clock:
        """The same clock, `seconds` later. A frozen clock stays frozen, later.

        Raises ValueError for a time that no date can show.
        """
        if not 0 <= self.now() + seconds <= _LAST_SECOND:
            raise ValueError(f"{self.now() + seconds} is no epoch second of the years 1970 to 9899")
        if self.frozen_at is not None:
            return Clock(self.offset, self.frozen_at + seconds)
        return Clock(self.offset + seconds)

    def at(self, epoch: int) -> Clock:
        """The same clock, showing `epoch` (seconds) now. A frozen clock stays frozen."""
        return self.advanced(epoch - self.now())

    def frozen(self) -> Clock:
        """The same clock, standing still."""
        return Clock(self.offset, self.now())

    def thawed(self) -> Clock:
        """The same clock, going on from where it stood."""
        return Clock(self.now() - real_now())


def real_now() -> int:
    """Real epoch seconds, which no world's clock moves: for what is about the machine, not about a world."""
    return int(time.time())


def elapsed_us(since_ns: int) -> int:
    """Microseconds of real time since `since_ns`, a reading of `tick()`; for durations only."""
    return (tick() - since_ns) // 1000


def tick() -> int:
    """A monotonic reading in nanoseconds; no world's time, only good for `elapsed_us`."""
    return time.perf_counter_ns()


def serial() -> int:
    """Real nanoseconds, to order rows that were made within one second; of two made at once either may be first."""
    return time.time_ns()


def iso(epoch: int) -> str:
    """The moment in ISO 8601, in UTC: `2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
