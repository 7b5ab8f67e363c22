"""The command line: `idp-sandbox serve`.

Every option of `serve` comes from the table in config.py; nothing is parsed twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from sandbox.config import Config, ConfigError, environment_name, load_config
from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import load_fixture, shipped
from sandbox.services import CHECKS, SERVICES


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(fields(Config)):
        default = "" if option.default in (None, ()) else f" [default: {option.default}]"
        command = click.option(
            f"--{option.name.replace('_', '-')}",
            option.name,
            metavar=option.metadata["metavar"],
            help=f"{option.metadata['help']} Environment: {environment_name(option.name)}.{default}",
        )(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="idp-sandbox")
def cli() -> None:
    """A local identity provider that behaves like the real ones."""


@cli.command()
@click.option("--config", "file", type=click.Path(path_type=Path), metavar="FILE", help="Options as a YAML file.")
@_options
def serve(file: Path | None, **flags: Any) -> None:
    """Serve the sandbox until interrupted."""
    # Imported here, so that --help and --version answer at once.
    from sandbox.server import serve as run  # noqa: PLC0415

    config = load_config(flags, file=file)
    fixture = load_fixture(config.fixtures or shipped("default.yaml"), CHECKS)
    logins = [person["login"] for person in fixture.identities]
    run(config, lambda: click.echo(_banner(config, logins)))


def _banner(config: Config, logins: list[str]) -> str:
    host = "localhost" if config.is_loopback else config.host
    origin = config.public_url or f"http://{f'[{host}]' if ':' in host else host}:{config.port}"
    first = next(room.title for room in SERVICES.values() if room.demo_url)
    shown = ", ".join(logins[:6]) + (f" and {len(logins) - 6} more" if len(logins) > 6 else "")
    return "\n".join(
        (
            f"Click:   {origin}/ (choose “Sign in with {first}”)",
            f"API:     {' · '.join(f'{room.title} {origin}{room.base_path}' for room in SERVICES.values())}",
            f"Sign in: {shown or 'nobody, the fixture has no identities'}",
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what is wrong with a configuration or a fixture is said in one line, exit status 2."""
    try:
        cli(args=arguments, prog_name="idp-sandbox")
    except (ConfigError, FixtureError) as error:
        click.echo(f"idp-sandbox: {error}", err=True)
        sys.exit(2)
