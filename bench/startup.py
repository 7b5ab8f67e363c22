"""How long the sandbox takes to be there: as a process, until its first answer, and as a fresh app in a test.

    python -m bench.startup [ROUNDS]

Prints medians and the peak memory of the serving process; judges nothing.
"""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.cores import family
from bench.rounds import read_rounds
from bench.serving import free_port, is_answered
from sandbox import create_app

PROGRAM = Path(sys.executable).with_name("idp-sandbox")
HEALTH = "/_sandbox/health"
PATIENCE = 30  # seconds


def time_to_first_answer() -> tuple[float, int]:
    """Seconds from the start of a process to its first answer, and the peak memory of its processes in bytes."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "serve", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        while not is_answered(port, HEALTH):
            if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.001)
        return time.perf_counter() - started, sum(map(peak_memory, family(process.pid)))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def peak_memory(pid: int) -> int:
    """The most memory a process has held so far, in bytes; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def time_of_a_fresh_app() -> float:
    """Seconds to make an app, as each test does, and to let go of it."""
    started = time.perf_counter()
    app = create_app()
    taken = time.perf_counter() - started
    app.extensions["sandbox"].close()
    return taken


def main() -> None:
    rounds = read_rounds(__doc__, 11)
    starts = [time_to_first_answer() for _ in range(rounds)]
    apps = [time_of_a_fresh_app() for _ in range(rounds * 4)]
    own_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{rounds} starts, {len(apps)} apps, {os.cpu_count()} cores{load}")
    print(f"first answer after start   median {statistics.median(s for s, _ in starts):.3f} s")
    print(f"                             best {min(s for s, _ in starts):.3f} s")
    print(f"serving, peak memory       median {statistics.median(m for _, m in starts) / 1e6:.0f} MB")
    print(f"fresh app in a test        median {statistics.median(apps) * 1e3:.1f} ms")
    print(f"                             best {min(apps) * 1e3:.1f} ms")
    print(f"{len(apps)} apps, peak memory           {own_peak / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
