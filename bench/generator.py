"""The load generator, a process of its own: so many clients at once, each doing one login after the other.

    python -m bench.generator < job.json > figure.json

Verifies no signature: that costs more than most servers take to answer. Every login must get what its steps need, or
it is a failure, which is counted apart and told.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.connection import Answer, Connection
from bench.cores import Watch
from bench.figures import Figure, percentiles
from bench.flows import LOT, Request, Step, new_values

_EXAMPLES = 5
# A client whose logins fail one after the other at once would only burn the server's time.
_PAUSE = 0.01
_PATIENCE = 20  # seconds for a login


class LoginFailedError(Exception):
    """An answer that no login can go on with."""


@dataclass(frozen=True)
class Job:
    """What is to be done. It ends after `seconds`, and after `flows` logins if that is not 0. `cookies` has one header
    for each client, if they are signed in.
    """

    host: str
    port: int
    steps: Sequence[Step]
    concurrency: int
    seconds: float
    warm_up: float = 0.0
    flows: int = 0
    cookies: Sequence[str] = ()
    server_pid: int = 0
    server_core: int = 0
    own_core: int = 0

    def to_json(self) -> str:
        """The job for the process that does it."""
        return json.dumps(vars(self) | {"steps": [step.to_dict() for step in self.steps]})


@dataclass
class Tally:
    """What one part of a job, the warm-up or the timed part, has seen so far; times in seconds."""

    until: float
    chance: str = field(default_factory=lambda: os.urandom(8).hex())
    flows: int = 0
    flow_times: list[float] = field(default_factory=list)
    request_times: list[float] = field(default_factory=list)
    failures: int = 0
    examples: list[str] = field(default_factory=list)


def take_in(request: Request, answer: Answer, values: dict[bytes, bytes]) -> None:
    """Check an answer, and keep what the next requests need of it. Raises LoginFailedError."""
    if not 200 <= answer.status < 400:
        raise LoginFailedError(f"{answer.status} {answer.body[:200].decode(errors='replace')}")
    if request.needs not in answer.body:
        raise LoginFailedError(f"no {request.needs.decode()} in {answer.body[:200].decode(errors='replace')}")
    for name, pattern in request.keeps:
        found = pattern.search(answer.head) or pattern.search(answer.body)
        if found is None:
            raise LoginFailedError(f"{answer.status} without {name.decode()}: {answer.head[:300]!r}")
        values[name] = found[1]


async def log_in(connection: Connection, requests: Sequence[Request], tally: Tally, cookie: str) -> None:
    """One login. Raises LoginFailedError, and what Connection.ask raises."""
    values, times = new_values(cookie, f"{tally.chance}-{tally.flows // LOT}"), []
    begun = time.perf_counter()
    for request in requests:
        started = time.perf_counter()
        answer = await connection.ask(request.render(values))
        times.append(time.perf_counter() - started)
        take_in(request, answer, values)
    tally.flow_times.append(time.perf_counter() - begun)
    tally.request_times += times


async def work(job: Job, number: int, connection: Connection, requests: Sequence[Request], tally: Tally) -> None:
    """One client's logins until the time is over or all are begun."""
    cookie = job.cookies[number] if job.cookies else ""
    while time.perf_counter() < tally.until and (not job.flows or tally.flows < job.flows):
        tally.flows += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                await log_in(connection, requests, tally, cookie)
        except (LoginFailedError, OSError, ValueError, TimeoutError) as error:
            connection.close()
            tally.failures += 1
            if len(tally.examples) < _EXAMPLES:
                tally.examples.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(_PAUSE)


async def run(job: Job) -> Figure:
    """Warm up, then measure, on the same connections."""
    requests = [Request(step, f"{job.host}:{job.port}") for step in job.steps]
    connections = [Connection(job.host, job.port) for _ in range(job.concurrency)]

    async def all_of(seconds: float) -> Tally:
        tally = Tally(until=time.perf_counter() + seconds)
        await asyncio.gather(*(work(job, *numbered, requests, tally) for numbered in enumerate(connections)))
        return tally

    if job.warm_up:
        await all_of(job.warm_up)
    watch = Watch(job.server_pid, job.server_core, job.own_core)
    tally = await all_of(job.seconds)
    spent = watch.stop()
    for connection in connections:
        connection.close()
    return Figure(
        flows=len(tally.flow_times),
        requests=len(tally.request_times),
        failures=tally.failures,
        seconds=spent.seconds,
        flow_ms=percentiles(tally.flow_times),
        request_ms=percentiles(tally.request_times),
        server_cpu=spent.server_cpu,
        own_cpu=spent.own_cpu,
        disturbed=spent.disturbed,
        examples=tally.examples,
    )


def read_job(document: dict[str, Any]) -> Job:
    """The job that a JSON document describes."""
    return Job(**{**document, "steps": [Step(**step) for step in document["steps"]]})


def main() -> None:
    job = read_job(json.load(sys.stdin))
    os.sched_setaffinity(0, {job.own_core})
    # What is allocated here is kept to the end or freed at once; a collection would only show as a slow login.
    gc.disable()
    figure = asyncio.run(run(job))
    json.dump(vars(figure), sys.stdout)


if __name__ == "__main__":
    main()
