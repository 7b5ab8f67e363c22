"""The figures as tables for the terminal and as JSON. Judges nothing."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, choose
from bench.measuring import CONCURRENCIES, USUAL, Plan, Result

_BASE = "oidc"
_MARK = "~"
_SINGLE = ("token", "discovery", "jwks")


def chosen(result: Result) -> dict[str, Figure]:
    """The figure of each kind of run that a target had."""
    return {name: choose(figures) for name, figures in result.runs.items()}


def to_document(results: Sequence[Result], ceiling: Result, plan: Plan) -> dict[str, Any]:
    """All that was measured, as JSON."""
    machine = {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    return {
        "machine": machine | {"load": os.getloadavg()},
        "plan": vars(plan),
        "ceiling": _to_dict(ceiling),
        "targets": [_to_dict(result) for result in results],
    }


def _to_dict(result: Result) -> dict[str, Any]:
    target = result.target
    about = {"name": target.name, "package": target.package, "version": result.version, "pair": target.pair}
    if result.skipped:
        return about | {"skipped": result.skipped}
    return about | {
        "tells": target.tells,
        "requests_per_flow": result.requests_per_flow,
        "runs": {name: figure.to_dict() for name, figure in chosen(result).items()},
        "all_rates": {name: [figure.rate for figure in figures] for name, figures in result.runs.items()},
        "cold_start": statistics.median(result.starts),
        "starts": result.starts,
        "memory": result.memory,
        "flows_for_memory": result.flows_for_memory,
    }


def print_report(console: Console, results: Sequence[Result], ceiling: Result) -> None:
    """The tables, who is missing and why, and what failed."""
    measured = {result.target.name: result for result in results if not result.skipped}
    console.print(_logins(measured))
    console.print(_rest(measured))
    console.print(_telling(measured))
    if not ceiling.skipped:
        best = max(figure.rate for figure in chosen(ceiling).values())
        console.print(f"The generator itself does {best:,.0f} logins of two requests a second at most.")
    for line in find_remarks(results):
        console.print(line, markup=False, highlight=False)


def find_remarks(results: Sequence[Result]) -> list[str]:
    """What a reader must know of single targets: skipped, failed logins, disturbed runs."""
    lines = []
    for result in results:
        name = result.target.name
        if result.skipped:
            lines.append(f"{name}: skipped: {result.skipped}")
            continue
        for run, figure in chosen(result).items():
            if figure.failures:
                lines.append(f"{name}: {run}: {figure.failures} failed, {figure.flows} did not: {figure.examples[0]}")
        disturbed = [run for run, figure in chosen(result).items() if figure.is_disturbed]
        if disturbed:
            lines.append(f"{name}: {_MARK} others used a core, or it was not as fast as usual: {', '.join(disturbed)}")
    return lines


def _logins(measured: Mapping[str, Result]) -> Table:
    title = (
        f"Logins per second by clients at once; all else at {USUAL}. CPU ms: the server's processor time for a login"
    )
    table = Table(title=title)
    table.add_column("target", no_wrap=True)
    table.add_column("asks", justify="right")
    for concurrency in CONCURRENCIES:
        table.add_column(f"at {concurrency}", justify="right")
    for heading in ("asks/s", "/oidc", "/pair", "CPU ms", "/pair", "p50 ms", "p95", "p99"):
        table.add_column(heading, justify="right")
    for name, result in measured.items():
        figures = chosen(result)
        usual = figures[f"flows-{USUAL}"]
        table.add_row(
            name,
            str(result.requests_per_flow),
            *(rate(figures[f"flows-{concurrency}"]) for concurrency in CONCURRENCIES),
            f"{usual.request_rate:,.0f}",
            _ratio(usual.rate, _usual_rate(measured, _BASE)),
            _ratio(usual.rate, _usual_rate(measured, result.target.pair)),
            f"{usual.cpu_ms:.2f}",
            _ratio(usual.cpu_ms, _usual(measured, result.target.pair).cpu_ms if result.target.pair in measured else 0),
            *(f"{value:.1f}" for value in usual.flow_ms.values()),
        )
    return table


def _rest(measured: Mapping[str, Result]) -> Table:
    table = Table(title=f"Single requests per second at {USUAL} at once, start and memory")
    table.add_column("target")
    headings = (*_SINGLE, "cold start s", "MB at first", "MB then", "growth", "after logins")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, result in measured.items():
        figures = chosen(result)
        first, last = (result.memory.get(moment, {}).get("pss", 0) for moment in ("first", "last"))
        table.add_row(
            name,
            *(rate(figures[single]) if single in figures else "-" for single in _SINGLE),
            f"{statistics.median(result.starts):.2f}",
            f"{first / 1e6:.0f}",
            f"{last / 1e6:.0f}",
            _ratio(last, first),
            f"{result.flows_for_memory:,}",
        )
    return table


def _telling(measured: Mapping[str, Result]) -> Table:
    table = Table(title="What each does in a login")
    for heading in ("target", "version", "what it signs and checks"):
        table.add_column(heading)
    for name, result in measured.items():
        table.add_row(name, result.version, result.target.tells)
    return table


def rate(figure: Figure) -> str:
    """The rate in words, marked if the run was disturbed or had failures."""
    return f"{_MARK if figure.is_disturbed else ''}{figure.rate:,.0f}{'!' if figure.failures else ''}"


def _ratio(value: float, base: float) -> str:
    return f"{value / base:.2f}" if base else "-"


def _usual(measured: Mapping[str, Result], name: str) -> Figure:
    return chosen(measured[name])[f"flows-{USUAL}"]


def _usual_rate(measured: Mapping[str, Result], name: str) -> float:
    return _usual(measured, name).rate if name in measured else 0.0
