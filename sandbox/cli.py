"""The command line: `idp-sandbox serve`, `idp-sandbox ca` and `idp-sandbox snippet`.

Every option comes from the table in config.py; nothing is parsed twice.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from sandbox.config import Config, ConfigError, environment_name, load_config
from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import load_fixture, shipped
from sandbox.mounts import is_loopback_name
from sandbox.services import CHECKS, SERVICES

Command = Callable[..., None]

# What decides which CA it is, and of which origin clients are told.
_CA_OPTIONS = ("public_url", "tls_port", "tls_dir")


def _options(*names: str) -> Callable[[Command], Command]:
    """The options of these names, as the table of options has them, and the file they may come from."""

    def add(command: Command) -> Command:
        for option in reversed(fields(Config)):
            if option.name in names:
                command = _option(option)(command)
        file = click.Path(path_type=Path)
        return click.option("--config", "file", type=file, metavar="FILE", help="Options as a YAML file.")(command)

    return add


def _option(option: Field[Any]) -> Callable[[Command], Command]:
    default = "" if option.default in (None, (), False) else f" [default: {option.default}]"
    metavar = option.metadata["metavar"]
    return click.option(
        f"--{option.name.replace('_', '-')}",
        option.name,
        metavar=metavar,
        # A switch has no value. Left out it is None, which decides nothing: the environment may have it.
        is_flag=not metavar,
        default=None,
        help=f"{option.metadata['help']} Environment: {environment_name(option.name)}.{default}",
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="idp-sandbox")
def cli() -> None:
    """A local identity provider that behaves like the real ones."""


@cli.command()
@_options(*(option.name for option in fields(Config)))
def serve(file: Path | None, **flags: Any) -> None:
    """Serve the sandbox until interrupted."""
    # Imported here, so that --help and --version answer at once.
    from sandbox.server import serve as run  # noqa: PLC0415

    config = load_config(flags, file=file)
    fixture = load_fixture(config.fixtures or shipped("default.yaml"), CHECKS)
    logins = [person["login"] for person in fixture.identities]

    def announce() -> None:
        if warning := _mixed_names(config):
            click.echo(f"idp-sandbox: {warning}", err=True)
        click.echo(_banner(config, logins))

    run(config, announce)


@cli.command()
@click.option("--env", "only_exports", is_flag=True, help='Only the lines for eval "$(idp-sandbox ca --env)".')
@_options(*_CA_OPTIONS)
def ca(only_exports: bool, file: Path | None, **flags: Any) -> None:
    """Show the certificate authority of --tls, made if there is none, and how to trust it."""
    from sandbox.certificates import open_authority  # noqa: PLC0415 - see serve
    from sandbox.trust import exports, instructions  # noqa: PLC0415

    config = load_config(flags, file=file)
    public = config.public_url or ""
    origin = public if public.startswith("https:") else f"https://localhost:{config.tls_port}"
    authority = open_authority(config.tls_folder)
    click.echo(exports(authority, origin) if only_exports else instructions(authority, origin, _ca(config, "--env")))


@cli.command()
@click.argument("name", required=False)
@click.option("--origin", metavar="URL", help="The origin to point at, such as https://localhost:9443.")
@_options("port", "fixtures", "tls_port", "tls_dir")
def snippet(name: str | None, origin: str | None, file: Path | None, **flags: Any) -> None:
    """Print the lines that point a client library here; without a NAME, list the libraries."""
    from sandbox.snippets import list_snippets, print_snippet  # noqa: PLC0415 - see serve

    config = load_config({**flags, "public_url": origin}, file=file)
    click.echo(print_snippet(config, name) if name else list_snippets())


def _ca(config: Config, *flags: str) -> str:
    """The command that tells of the CA of this configuration, for a shell."""
    words = ["idp-sandbox", "ca", *flags]
    for name in _CA_OPTIONS:
        value = getattr(config, name)
        if value != getattr(Config, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _mixed_names(config: Config) -> str | None:
    """A warning, if a client may be told one name of this machine and find another in what is issued."""
    name = urlsplit(config.public_url or "").hostname or ""
    if name == "localhost" or not is_loopback_name(name) or not config.is_loopback:
        return None
    return (
        f"warning: issuers and all URLs carry {config.public_url}, not localhost; clients compare issuers byte for "
        "byte, so configure them with this name alone"
    )


def _banner(config: Config, logins: list[str]) -> str:
    host = "localhost" if config.is_loopback else config.host
    host = f"[{host}]" if ":" in host else host
    origin = config.public_url or f"http://{host}:{config.port}"
    # 0.0.0.0 and :: are all addresses of the machine, and no certificate has them.
    secure = "localhost" if config.host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    first = next(room.title for room in SERVICES.values() if room.demo_url)
    shown = ", ".join(logins[:6]) + (f" and {len(logins) - 6} more" if len(logins) > 6 else "")
    return "\n".join(
        (
            f"Click:   {origin}/ (choose “Sign in with {first}”)",
            f"API:     {' · '.join(f'{room.title} {origin}{room.base_path}' for room in SERVICES.values())}",
            f"Sign in: {shown or 'nobody, the fixture has no identities'}",
            *((f"TLS:     https://{secure}:{config.tls_port}/ (`{_ca(config)}` says how to trust it)",) * config.tls),
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what is wrong with a configuration or a fixture is said in one line, exit status 2."""
    try:
        cli(args=arguments, prog_name="idp-sandbox")
    except (ConfigError, FixtureError) as error:
        click.echo(f"idp-sandbox: {error}", err=True)
        sys.exit(2)
