"""`verdict`: what each client did well and badly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sandbox.cli.files import write
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_json, echo_line


@click.command()
@click.option("--client", "client_id", metavar="CLIENT_ID", help="Of one client alone.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write it as JUnit XML as well.")
@remote
def verdict(sandbox: Remote, as_json: bool, client_id: str | None, junit: Path | None) -> None:
    """Say what each client did well and badly.

    The exit status is 1 if one has failed.
    """
    answer = sandbox.call("GET", "/verdict", client_id=client_id)
    if junit:
        write(junit, sandbox.text("/verdict", client_id=client_id, format="junit"))
    if as_json:
        echo_json(answer)
    else:
        _echo(answer["clients"])
    if not all(client["passed"] for client in answer["clients"]):
        raise click.exceptions.Exit(1)


COMMANDS = (verdict,)

_STYLES = {"error": "bold red", "warning": "yellow"}


def _echo(clients: list[dict[str, Any]]) -> None:
    if not clients:
        click.echo("no client has begun a login")
    for client in clients:
        word, style = ("passed", "bold green") if client["passed"] else ("FAILED", "bold red")
        logins = "1 login" if client["flows"] == 1 else f"{client['flows']} logins"
        echo_line([(word, style), (f"{client['client_id']} at {client['service']},", "bold"), (logins, "")])
        for one in client["findings"]:
            place = f"[{one['spec']}; flow {one['flow']}, request {one['entry']}]"
            severity = (f"  {one['severity']:<7}", _STYLES.get(one["severity"], ""))
            echo_line([severity, (one["code"], "bold"), (one["text"], ""), (place, "dim")])
