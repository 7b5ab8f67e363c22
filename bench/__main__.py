"""`python -m bench`: measure this sandbox and the other mocks side by side, print tables, write JSON and a chart.

The mocks come by scripts/bench-targets.sh; what is missing is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from bench.ceiling import Ceiling
from bench.chart import draw
from bench.measuring import ROOT, Bench, Plan
from bench.report import print_report, to_document
from bench.targets import TARGETS
from bench.targets.base import Target

LATEST = ROOT / "bench" / "results" / "latest.json"
PICTURE = ROOT / "docs" / "images" / "performance.svg"
# The widest table.
WIDTH = 125
QUICK = Plan(seconds=1.0, warm_up=1.0, rounds=1, starts=1, tries=1, flows=1_000, memory_seconds=15.0)


def read_arguments(words: list[str]) -> argparse.Namespace:
    """What the command line asks for. Exits with status 2 if a target is unknown."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME,...", help=f"measure these alone: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="one short round, for a first look")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each target is measured [3]")
    parser.add_argument("--flows", type=int, metavar="N", help="logins before memory is looked at again [50000]")
    parser.add_argument("--json", type=Path, default=LATEST, metavar="FILE", help="where the figures go")
    parser.add_argument("--publish", action="store_true", help="draw docs/images/performance.svg")
    given = parser.parse_args(words)
    given.only = given.only.split(",") if given.only else names
    if unknown := set(given.only) - set(names):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return given


def main() -> None:
    given = read_arguments(sys.argv[1:])
    if not sys.platform.startswith("linux"):
        sys.exit("The benchmark gives server and generator a core each, which it can do on Linux alone.")
    plan = QUICK if given.quick else Plan()
    plan = replace(plan, rounds=given.rounds or plan.rounds, flows=given.flows or plan.flows)
    progress = Console(stderr=True)
    console = Console(width=max(progress.width, WIDTH))
    chosen: list[Target] = [target for target in TARGETS if target.name in given.only]
    bench = Bench(plan, lambda text: progress.print(text, style="dim"))
    # This process only waits, but not where a server works.
    os.sched_setaffinity(0, {bench.own_core})
    ceiling, *results = bench.measure([Ceiling(), *chosen])
    print_report(console, results, ceiling)
    document = to_document(results, ceiling, plan)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    console.print(f"All figures: {given.json}")
    if given.publish:
        PICTURE.write_text(draw(document), "utf-8")
        console.print(f"Chart: {PICTURE}")


if __name__ == "__main__":
    main()
