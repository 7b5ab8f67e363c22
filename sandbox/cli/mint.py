"""`mint`: one token, true or tampered with."""

from __future__ import annotations

import json
from typing import Any

import click

from sandbox.cli.options import complete_service
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_json, echo_table, shown


@click.command()
@click.argument("service", required=False, shell_complete=complete_service)
@click.argument("kind", required=False)
@click.option("--as", "identity", metavar="LOGIN", help="Whose token it is: a login of the fixture.")
@click.option("--client", metavar="CLIENT_ID", help="Whom it is issued to; the first that fits if left out.")
@click.option("--scope", metavar="SCOPE", help="What it allows, as on the wire.")
@click.option("--audience", metavar="AUDIENCE", help="Whom it is for.")
@click.option("--issuer", metavar="NAME", help="The issuer or tenant, of a service that has several.")
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="NAME=VALUE",
    help="A claim of its own; VALUE is JSON, or text if it is no JSON. Can be given several times.",
)
@click.option("--ttl", type=int, metavar="SECONDS", help="How long it is good.")
@click.option("--tamper", metavar="TAMPER", help="What is wrong with it; without SERVICE and KIND they are listed.")
@remote
def mint(
    sandbox: Remote, as_json: bool, service: str | None, kind: str | None, claims: tuple[str, ...], **choices: Any
) -> None:
    """Print one token, true or tampered with.

    It is printed alone, for $(idp-sandbox mint ...). Without SERVICE and KIND, list what can be minted.
    """
    if service and kind:
        body = {"service": service, "kind": kind, "claims": dict(map(_claim, claims)) or None, **choices}
        answer = sandbox.call("POST", "/tokens", {name: value for name, value in body.items() if value is not None})
        if as_json:
            echo_json(answer)
        else:
            click.echo(shown(answer["token"]))
    elif service:
        raise click.UsageError("a KIND is needed too; `idp-sandbox mint` alone lists them")
    else:
        _list(sandbox.call("GET", "/tokens"), as_json)


COMMANDS = (mint,)


def _claim(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--claim")
    try:
        # NaN and Infinity are no JSON, so they are text.
        return name, json.loads(value, parse_constant=str)
    except (ValueError, RecursionError):
        return name, value


def _list(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(answer)
        return
    parameters = [(", ".join(one.get("parameters") or ()), one) for one in answer["kinds"]]
    echo_table(
        ("service", "kind", "format", "parameters"),
        [(one["service"], one["kind"], one["format"], names) for names, one in parameters],
    )
    click.echo()
    echo_table(("tamper", "what is wrong"), [(one["name"], one["summary"]) for one in answer["tampers"]])
