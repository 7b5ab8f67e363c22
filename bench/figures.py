"""What a timed run comes to: a rate, percentiles, the processor's time, and whether it was disturbed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

# The share of a core that others may use before a run counts as disturbed, and by how much its speed may differ.
TOLERANCE = 0.05
STEADY = 0.15
PERCENTILES = (50, 95, 99)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` of all do not exceed.

    Raises ValueError if there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds; empty if nothing was timed."""
    return {f"p{percent}": percentile(seconds, percent) * 1e3 for percent in PERCENTILES} if seconds else {}


@dataclass(frozen=True)
class Figure:
    """One timed run. `seconds` is its length, `server_cpu` and `own_cpu` processor seconds, `disturbed` a share.

    `flow_ms` and `request_ms` are percentiles in milliseconds; `examples` are some of the failures, in words. `speed`
    is that of the server's core as a share of what is usual, and `changed` by what share it changed meanwhile.
    """

    flows: int
    requests: int
    failures: int
    seconds: float
    flow_ms: dict[str, float]
    request_ms: dict[str, float]
    server_cpu: float
    own_cpu: float
    disturbed: float
    examples: list[str] = field(default_factory=list)
    speed: float = 1.0
    changed: float = 0.0

    @property
    def rate(self) -> float:
        """Logins per second."""
        return self.flows / self.seconds

    @property
    def request_rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor milliseconds of the server per login; 0 if none succeeded."""
        return self.server_cpu * 1e3 / self.flows if self.flows else 0.0

    @property
    def is_disturbed(self) -> bool:
        """Whether others used the cores meanwhile, or the server's was faster or slower than it usually is."""
        return self.disturbed > TOLERANCE or self.changed > STEADY or abs(self.speed - 1) > STEADY

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON, with what is computed from it."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return own | {"rate": self.rate, "request_rate": self.request_rate, "cpu_ms": self.cpu_ms}


def choose(figures: Sequence[Figure]) -> Figure:
    """The run with the median rate, of those that were undisturbed if there are any. Raises ValueError if none is."""
    if not figures:
        raise ValueError("no runs")
    quiet = [figure for figure in figures if not figure.is_disturbed] or figures
    middle = statistics.median_low([figure.rate for figure in quiet])
    return next(figure for figure in quiet if figure.rate == middle)
