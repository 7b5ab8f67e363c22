"""What a login costs before anything is decided: two requests under granian, two RS256 signatures, and little else.

    python -m bench.floor [ROUNDS]

Measures servers that check nothing beside this sandbox, in turn, eight clients at once: a bare WSGI callable, the same
with a transaction on SQLite for each request, and two Flask views in a process that has loaded what this sandbox stands
on. Prints the processor time of a login and how long a start takes; judges nothing.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figure
from bench.floor_servers import DATABASE
from bench.flows import CODE, Step
from bench.measuring import ROOT, USUAL, Bench, Plan, Ready
from bench.rounds import read_rounds
from bench.serving import serve
from bench.targets.base import FORM, Target
from bench.targets.own import Oidc

SECONDS, WARM_UP = 2.0, 0.5


class Floor(Target):
    """One of these servers as a target."""

    ready = "/authorize?state=s"

    def __init__(self, name: str, app: str, *, keeps: bool = False) -> None:
        self.name, self._app, self._keeps = name, app, keeps

    def command(self, port: int, folder: Path) -> list[str]:
        environment = [f"PYTHONPATH={ROOT}", *([f"{DATABASE}={folder / 'floor.db'}"] if self._keeps else [])]
        granian = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--log-level", "error"]
        threads = ["--blocking-threads", str(USUAL)]
        return ["env", *environment, *granian, *threads, "--port", str(port), *self._app.split()]

    def steps(self, port: int, prepared: Mapping[str, str]) -> list[Step]:  # noqa: ARG002
        # What a login at this sandbox sends, so that there is as much to read.
        first, second = Oidc().steps(port, {})
        query = first.path.partition("?")[2]
        return [
            Step("GET", f"/authorize?{query}", keeps={"code": CODE}),
            Step("POST", "/token", FORM, second.body, needs='"id_token"'),
        ]


TARGETS = (
    Floor("bare WSGI", "bench.floor_servers:bare"),
    Floor("bare WSGI and SQLite", "bench.floor_servers:bare", keeps=True),
    Floor("Flask", "--factory bench.floor_servers:flask"),
    Oidc(),
)


def main() -> None:
    rounds = read_rounds(__doc__, 8)
    bench = Bench(Plan(), say=print)
    with ExitStack() as stack:
        served = [stack.enter_context(serve(target, bench.server_core)) for target in TARGETS]
        runs = [[_run(bench, Ready(one, one.target.steps(one.port, {}), {})) for one in served] for _ in range(rounds)]
    for one, figures in zip(served, zip(*runs, strict=True), strict=True):
        quiet = [figure.cpu_ms for figure in figures if not figure.is_disturbed]
        told = f"{statistics.median(quiet):.2f} ms" if quiet else "always disturbed"
        print(f"{one.target.name:22} a login {told:>10} ({len(quiet)} runs), first answer after {one.cold_start:.2f} s")


def _run(bench: Bench, ready: Ready) -> Figure:
    figure = bench.generate(ready, ready.steps, USUAL, SECONDS, warm_up=WARM_UP)
    if figure.failures:
        sys.exit(f"{ready.served.target.name}: {figure.examples[0]}")
    return figure


if __name__ == "__main__":
    main()
