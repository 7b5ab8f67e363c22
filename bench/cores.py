"""Which core does what, how fast it is, and what the processes on it cost: processor time, memory, and what others
took meanwhile.

Reads /proc, so it measures on Linux alone; elsewhere everything is 0.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_TURNS, _TRIES = 50_000, 5


def cores() -> tuple[int, int]:
    """The core of the servers and that of the generator; the same one if there is only one."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return allowed[0], allowed[-1]


def speed(core: int) -> float:
    """How fast a core that nobody uses is at this moment, in turns of a fixed loop per second of its own time.

    The host of a virtual machine lets it go twice as fast at times, and neither load nor stolen time shows that.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return statistics.median(_turns_per_second() for _ in range(_TRIES))
    finally:
        os.sched_setaffinity(0, allowed)


def _turns_per_second() -> float:
    kept: dict[int, str] = {}
    started = time.process_time()
    for turn in range(_TURNS):
        kept[turn & 1023] = str(turn)
    return _TURNS / (time.process_time() - started)


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(descendant for child in children for descendant in family(int(child)))]


def cpu_seconds(pids: list[int]) -> float:
    """Processor seconds that these processes have used so far; one that is gone counts nothing."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    try:
        # The name in parentheses may have spaces. After it: state is field 3, utime 14, stime 15.
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(values[11]) + int(values[12])) / _TICKS


def memory(pids: list[int]) -> dict[str, int]:
    """Resident and proportional memory of these processes together, in bytes; pages they share count once in `pss`."""
    sizes = {"rss": 0, "pss": 0}
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() in sizes:
                sizes[name.lower()] += int(value.split()[0]) * 1024
    return sizes


def busy_seconds(core: int) -> float:
    """Seconds this core has worked for anybody or was kept from us by the machine's host."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    for line in lines:
        name, *values = line.split()
        if name == f"cpu{core}":
            user, nice, system, steal = (int(values[index]) for index in (0, 1, 2, 7))
            return (user + nice + system + steal) / _TICKS
    return 0.0


@dataclass(frozen=True)
class Spent:
    """What passed between two looks: wall seconds, processor seconds, and the share of a core that others took."""

    seconds: float
    server_cpu: float
    own_cpu: float
    disturbed: float


class Watch:
    """Looks at the clocks when it is made, and says at the end what has passed since."""

    def __init__(self, server_pid: int, server_core: int, own_core: int) -> None:
        self._pids, self._cores = family(server_pid), (server_core, own_core)
        self._before = self._look()

    def _look(self) -> tuple[float, ...]:
        busy = (busy_seconds(core) for core in self._cores)
        return time.perf_counter(), cpu_seconds(self._pids), time.process_time(), *busy

    def stop(self) -> Spent:
        """What has passed. The clocks of /proc tick every 10 ms, so they say little of a very short run."""
        seconds, server, own, *busy = (b - a for a, b in zip(self._before, self._look(), strict=True))
        others = max(busy[0] - server, busy[1] - own) if len(set(self._cores)) > 1 else busy[0] - server - own
        return Spent(seconds, server, own, max(0.0, others / seconds))
