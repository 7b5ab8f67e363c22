"""Real time in the hands of a test, for what goes by hours of it; the clocks of worlds go with it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from sandbox.core import clock


class RealTime:
    """Real time, ahead by so many seconds."""

    def __init__(self) -> None:
        self.ahead = 0

    def pass_by(self, *, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        """Let real time pass without waiting for it."""
        self.ahead += 60 * (minutes + 60 * (hours + 24 * days))

    def time(self) -> float:
        return time.time() + self.ahead

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead * 10**9


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """What the sandboxes of this process take for real time."""
    real = RealTime()
    fake = SimpleNamespace(time=real.time, time_ns=real.time_ns, perf_counter_ns=time.perf_counter_ns)
    monkeypatch.setattr(clock, "time", fake)
    return real
