"""`journal`: the requests of a world, one a line, and those that come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from sandbox.cli.options import complete_service
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_json, echo_line

_WAIT = 25  # seconds, after which the sandbox answers though nothing has come
_FIRST = 20  # how many of the past a follower sees


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until interrupted.")
@click.option("--service", metavar="SERVICE", shell_complete=complete_service, help="Those to one service.")
@click.option("--flow", metavar="ID", help="Those of one login.")
@click.option("--status", metavar="CODE", help="Those with this HTTP status; 4xx: all of them.")
@click.option("--client", "client_id", metavar="CLIENT_ID", help="Those of one client.")
@click.option("--as", "login", metavar="LOGIN", help="Those of one person.")
@click.option("--reason", metavar="REASON", help="Those refused for this reason.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The last N.")
@remote
def journal(sandbox: Remote, as_json: bool, follow: bool, limit: int | None, **filters: Any) -> None:
    """Show the requests there were, and those that come.

    One a line: time (UTC), status, service, operation, client, person, reason and true cause, and [the fault].
    """
    if not follow:
        answer = sandbox.call("GET", "/journal", limit=limit, **filters)
        if as_json:
            echo_json(answer)
        else:
            for entry in answer["entries"]:
                _echo(entry)
        return
    try:
        for entry in _follow(sandbox, limit or _FIRST, filters):
            if as_json:
                echo_json(entry, indent=None)
            else:
                _echo(entry)
    except KeyboardInterrupt as interrupt:
        # Click would say that it has been aborted, but that is how following ends.
        raise click.exceptions.Exit(130) from interrupt


COMMANDS = (journal,)


def _follow(sandbox: Remote, limit: int, filters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    answer = sandbox.call("GET", "/journal", limit=limit, **filters)
    while True:
        yield from answer["entries"]
        answer = sandbox.call("GET", "/journal", after=answer["last"], wait=_WAIT, **filters)


def _echo(entry: dict[str, Any]) -> None:
    status = entry["status"]
    colour = "green" if status < 300 else "cyan" if status < 400 else "yellow" if status < 500 else "bold red"
    echo_line(
        [
            (f"{datetime.fromtimestamp(entry['at'], UTC):%H:%M:%S}", "dim"),
            (status, colour),
            (entry.get("service") or "-", ""),
            (entry.get("operation") or f"{entry['method']} {entry['path']}", "bold"),
            (entry.get("client_id") or "-", ""),
            (entry.get("login") or "-", ""),
            (entry.get("reason"), "yellow"),
            (entry.get("detail"), ""),
            (f"[{entry['fault']}]" if entry.get("fault") else "", "magenta"),
        ]
    )
