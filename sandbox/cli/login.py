"""`login`: sign somebody in without a browser."""

from __future__ import annotations

from typing import Any

import click

from sandbox.cli.options import complete_service
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_fields, echo_json


@click.command()
@click.argument("provider", shell_complete=complete_service)
@click.option("--as", "identity", metavar="LOGIN", required=True, help="Who signs in: a login of the fixture.")
@click.option("--client", metavar="CLIENT_ID", help="The application; the first that fits if left out.")
@click.option("--redirect-uri", metavar="URL", help="Where the provider sends the browser back to; the client's first.")
@click.option("--scope", metavar="SCOPE", help="What is asked for, as on the wire.")
@click.option("--issuer", metavar="NAME", help="The issuer or tenant, of a provider that has several.")
@click.option("--until", type=click.Choice(["code", "session"]), help="How far to go. [default: code]")
@click.option(
    "--exchange", metavar="SERVICE", shell_complete=complete_service, help="Who swaps the code for a session."
)
@click.option("--deny", is_flag=True, help="The person says no.")
@remote
def login(sandbox: Remote, as_json: bool, provider: str, deny: bool, until: str | None, **choices: Any) -> None:
    """Sign somebody in at a PROVIDER, without a browser.

    Prints what the application gets: a code, or the session that an exchange gives for it.
    """
    until = until or ("session" if choices["exchange"] else None)
    body = {"provider": provider, **choices, "until": until, "decision": "deny" if deny else None}
    answer = sandbox.call("POST", "/login", {name: value for name, value in body.items() if value is not None})
    if as_json:
        echo_json(answer)
        return
    parts = dict(answer)
    parameters, session = parts.pop("parameters", None) or {}, parts.pop("session", None)
    # What is an answer's own stands there already.
    parts |= {name: value for name, value in parameters.items() if name not in parts}
    echo_fields({name: value for name, value in parts.items() if value != ""})
    if session is not None:
        echo_json(session)


COMMANDS = (login,)
