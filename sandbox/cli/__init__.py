"""The command line: the group `idp-sandbox`, and `main`, which runs it. Each family of commands is a module beside.

Every option of the server comes from the table in config.py; nothing is parsed twice. Commands import what is heavy
when they run, so that --help, --version and the completion of a shell answer at once.
"""

from __future__ import annotations

import io
import sys

import click

from sandbox.cli import (
    clock,
    completion,
    doctor,
    faults,
    fixtures,
    journal,
    login,
    mint,
    routes,
    serving,
    verdict,
    worlds,
)
from sandbox.cli.show import shown
from sandbox.config import ConfigError
from sandbox.core.fixture_reader import FixtureError

# What a shell says of a program that SIGINT has ended: 128 and the number of the signal.
_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="idp-sandbox")
def cli() -> None:
    """A local identity provider that behaves like the real ones."""


for _module in (serving, fixtures, routes, doctor, completion, login, mint, clock, faults, journal, verdict, worlds):
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. What is wrong is said on stderr, each problem in one line; the exit status is 2 then.

    A reader of the output that leaves early is no error; click sees to that, with exit status 1.
    """
    for stream in (sys.stdout, sys.stderr):
        # What the terminal's alphabet lacks is written out rather than lost with all the rest.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(args=arguments, prog_name="idp-sandbox", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "idp-sandbox"
        status = _complain([f"{error.format_message()} (`{command} --help` tells more)"])
    except click.ClickException as error:
        status = _complain([error.format_message()])
    except (ConfigError, FixtureError) as error:
        status = _complain(str(error).splitlines())
    except (click.Abort, KeyboardInterrupt):
        status = _INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)


def _complain(problems: list[str]) -> int:
    lines = [shown(" ".join(problem.split())) for problem in problems]
    click.echo("\n".join([f"idp-sandbox: {lines[0]}", *lines[1:]]), err=True)
    return 2
