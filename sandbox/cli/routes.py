"""`routes`: every operation of every service, offline."""

from __future__ import annotations

import click

from sandbox.cli.options import as_json, complete_service
from sandbox.cli.show import echo_json, echo_table


@click.command()
@click.option("--service", metavar="SERVICE", shell_complete=complete_service, help="Those of one service alone.")
@as_json
def routes(service: str | None, as_json: bool) -> None:
    """List the operations of all services, offline.

    Each with its service, its name, its method and its path.
    """
    # Imported here, so that --help answers at once.
    from sandbox.cli.inside import ask  # noqa: PLC0415

    services = ask("/services")["services"]
    slugs = [one["slug"] for one in services]
    if service is not None and service not in slugs:
        raise click.ClickException(f"there is no service called {service!r}; there are {', '.join(slugs)}")
    heads = ("service", "operation", "method", "path")
    found = [
        {head: {"service": one["slug"], **operation}[head] for head in heads}
        for one in services
        if service in (None, one["slug"])
        for operation in one["operations"]
    ]
    if as_json:
        echo_json({"routes": found})
    else:
        echo_table(heads, [list(one.values()) for one in found])


COMMANDS = (routes,)
