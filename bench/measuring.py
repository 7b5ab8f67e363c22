"""The runs: every target in turn, several rounds of it, so that what drifts meets all of them.

Decides nothing about the figures; that is figures.py and report.py.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path

from bench.cores import cores, memory, speed
from bench.figures import Figure
from bench.flows import Step
from bench.generator import Job
from bench.serving import Served, serve
from bench.targets.base import HOST, MissingError, Target
from bench.verifying import RubbishError, verify

ROOT = Path(__file__).parents[1]
CONCURRENCIES = (1, 8, 32)
# At which the other requests are measured, and memory grows.
USUAL = 8
_LET_GO = 0.3  # seconds between a disturbed run and the next


@dataclass(frozen=True)
class Plan:
    """How much is measured: seconds of each run and of the warm-up before the first, rounds, starts in all, tries of a
    run that is disturbed, and the logins after which memory is looked at, or the seconds a slow target has for them.
    """

    seconds: float = 3.0
    warm_up: float = 2.0
    rounds: int = 3
    starts: int = 5
    tries: int = 3
    flows: int = 50_000
    memory_seconds: float = 300.0


@dataclass
class Result:
    """What is known of a target: runs by what was run, starts in seconds, memory in bytes, or why there is nothing."""

    target: Target
    version: str = ""
    requests_per_flow: int = 0
    runs: dict[str, list[Figure]] = field(default_factory=lambda: defaultdict(list))
    starts: list[float] = field(default_factory=list)
    memory: dict[str, Mapping[str, int]] = field(default_factory=dict)
    flows_for_memory: int = 0
    skipped: str = ""


@dataclass(frozen=True)
class Ready:
    """A server at which a login has succeeded: its logins, and its other requests by name."""

    served: Served
    steps: Sequence[Step]
    single: Mapping[str, Step]


def prepare(served: Served) -> Ready:
    """Do what has to be done once at a server, and verify a login. Raises RubbishError, MissingError and OSError."""
    target, port = served.target, served.port
    prepared = target.prepare(port)
    steps, token = target.steps(port, prepared), target.token(port, prepared)
    asyncio.run(verify(served, steps, "".join(target.cookies(port, 1))))
    documents = {"discovery": target.discovery, "jwks": target.jwks}
    single = {name: Step("GET", path, target.extra) for name, path in documents.items() if path}
    return Ready(served, steps, ({"token": token} if token else {}) | single)


class Bench:
    """One run of the whole, on two cores."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self.plan, self.say = plan, say
        self.server_core, self.own_core = cores()
        self._speeds: list[float] = []

    def measure(self, targets: Sequence[Target]) -> list[Result]:
        """Measure these targets. What cannot be measured is told in its result."""
        results = [Result(target) for target in targets]
        for number in range(self.plan.rounds):
            for result in results:
                self.say(f"round {number + 1} of {self.plan.rounds}: {result.target.name}")
                self._guard(result, self._round)
        for result in results:
            self.say(f"starts and memory: {result.target.name}")
            self._guard(result, self._starts)
            self._guard(result, self._memory)
        return results

    def _guard(self, result: Result, part: Callable[[Result], None]) -> None:
        if result.skipped:
            return
        try:
            part(result)
        except (MissingError, RubbishError) as error:
            result.skipped = str(error)
        except (OSError, HTTPException, ValueError, KeyError) as error:
            result.skipped = f"{type(error).__name__}: {error}"

    def _round(self, result: Result) -> None:
        result.version = result.target.version()
        with serve(result.target, self.server_core) as served:
            result.starts.append(served.cold_start)
            ready = prepare(served)
            result.requests_per_flow = len(ready.steps)
            warm_up = self.plan.warm_up
            for concurrency in CONCURRENCIES:
                self._run(result.runs[f"flows-{concurrency}"], ready, ready.steps, concurrency, warm_up)
                warm_up = self.plan.warm_up / 8
            for name, step in ready.single.items():
                self._run(result.runs[name], ready, [step], USUAL, warm_up)

    def _run(self, runs: list[Figure], ready: Ready, steps: Sequence[Step], concurrency: int, warm_up: float) -> None:
        tries: list[Figure] = []
        while len(tries) < self.plan.tries:
            tries.append(self.generate(ready, steps, concurrency, self.plan.seconds, warm_up=warm_up))
            if not tries[-1].is_disturbed:
                break
            time.sleep(_LET_GO)
        runs.append(min(tries, key=lambda figure: (figure.is_disturbed, figure.disturbed)))

    def generate(
        self,
        ready: Ready,
        steps: Sequence[Step],
        concurrency: int,
        seconds: float,
        *,
        warm_up: float = 0.0,
        flows: int = 0,
    ) -> Figure:
        """Have the generator do one job. Raises RubbishError if it comes back without a figure."""
        served, own = ready.served, (ready.served.pid, self.server_core, self.own_core)
        # Signed in anew for each run: some servers forget a session that was idle during the one before.
        cookies = served.target.cookies(served.port, concurrency)
        job = Job(HOST, served.port, steps, concurrency, seconds, warm_up, flows, cookies, *own)
        command, before = [sys.executable, "-m", "bench.generator"], self._speed()
        done = subprocess.run(command, cwd=ROOT, input=job.to_json(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RubbishError(f"the generator failed: {done.stderr.strip().splitlines()[-1:]}")
        after, usual = self._speed(), statistics.median(self._speeds)
        changed = abs(after - before) / usual
        return replace(Figure(**json.loads(done.stdout)), speed=(before + after) / 2 / usual, changed=changed)

    def _speed(self) -> float:
        """How fast the servers' core is now; what is usual is told by all the times that it was asked."""
        self._speeds.append(speed(self.server_core))
        return self._speeds[-1]

    def _starts(self, result: Result) -> None:
        while len(result.starts) < self.plan.starts:
            with serve(result.target, self.server_core) as served:
                result.starts.append(served.cold_start)

    def _memory(self, result: Result) -> None:
        with serve(result.target, self.server_core) as served:
            ready = prepare(served)
            result.memory["first"] = memory(served.pids)
            figure = self.generate(ready, ready.steps, USUAL, self.plan.memory_seconds, flows=self.plan.flows)
            result.memory["last"] = memory(served.pids)
            result.flows_for_memory = figure.flows
