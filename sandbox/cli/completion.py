"""`completion`: the script by which a shell completes what is typed."""

from __future__ import annotations

from typing import cast

import click

from sandbox.cli.options import as_json
from sandbox.cli.show import echo_json


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@as_json
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> None:
    """Print the completion script of a SHELL.

    docs/cli.md says where it goes.
    """
    from click.shell_completion import ShellComplete, get_completion_class  # noqa: PLC0415 - nothing else needs it

    # Click knows each of these shells.
    kind = cast(type[ShellComplete], get_completion_class(shell))
    script = kind(context.find_root().command, {}, "idp-sandbox", "_IDP_SANDBOX_COMPLETE").source().strip()
    if as_json:
        echo_json({"shell": shell, "script": script})
    else:
        click.echo(script)


COMMANDS = (completion,)
