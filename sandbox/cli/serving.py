"""`serve`, `ca` and `snippet`: the sandbox itself, and what points clients at it."""

from __future__ import annotations

import gc
import shlex
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from sandbox.cli.options import configured
from sandbox.config import Config, load_config

# What decides which CA it is, and of which origin clients are told.
_CA_OPTIONS = ("public_url", "tls_port", "tls_dir")


@click.command()
@configured(*(option.name for option in fields(Config)))
def serve(file: Path | None, **flags: Any) -> None:
    """Serve the sandbox until interrupted."""
    # What is imported stays: to look for garbage in it meanwhile is a fifth of a start. Each worker looks again.
    gc.disable()
    # Imported here, so that --help and --version answer at once.
    from sandbox.core.fixtures import load_fixture, shipped  # noqa: PLC0415
    from sandbox.server import serve as run  # noqa: PLC0415
    from sandbox.services import CHECKS  # noqa: PLC0415

    given = load_config(flags, file=file)
    config = _with_token(given)
    fixture = load_fixture(config.fixtures or shipped("default.yaml"), CHECKS)
    logins = [person["login"] for person in fixture.identities]

    def announce() -> None:
        if warning := _mixed_names(config):
            click.echo(f"idp-sandbox: {warning}", err=True)
        click.echo(_banner(config, logins))
        if config.control_token != given.control_token:
            click.echo(f"Token:   {config.control_token} (for the control API, in the header X-Sandbox-Token)")

    run(config, announce)


@click.command()
@click.option("--env", "only_exports", is_flag=True, help='Only the lines for eval "$(idp-sandbox ca --env)".')
@configured(*_CA_OPTIONS)
def ca(only_exports: bool, file: Path | None, **flags: Any) -> None:
    """Show the certificate authority of --tls, and how to trust it.

    It is made if there is none.
    """
    from sandbox.certificates import open_authority  # noqa: PLC0415 - see serve
    from sandbox.trust import exports, instructions  # noqa: PLC0415

    config = load_config(flags, file=file)
    public = config.public_url or ""
    origin = public if public.startswith("https:") else f"https://localhost:{config.tls_port}"
    authority = open_authority(config.tls_folder)
    click.echo(exports(authority, origin) if only_exports else instructions(authority, origin, _ca(config, "--env")))


@click.command()
@click.argument("name", required=False)
@click.option("--origin", metavar="URL", help="The origin to point at, such as https://localhost:9443.")
@configured("port", "fixtures", "tls_port", "tls_dir")
def snippet(name: str | None, origin: str | None, file: Path | None, **flags: Any) -> None:
    """Print the lines that point a client library here.

    Without a NAME, list the libraries.
    """
    from sandbox.snippets import list_snippets, print_snippet  # noqa: PLC0415 - see serve

    config = load_config({**flags, "public_url": origin}, file=file)
    click.echo(print_snippet(config, name) if name else list_snippets())


COMMANDS = (serve, ca, snippet)


def _with_token(config: Config) -> Config:
    """The same, with a token for the control API if more than this machine may reach it and it has none."""
    from sandbox.core.ids import Ids  # noqa: PLC0415 - see serve
    from sandbox.mounts import is_loopback_name  # noqa: PLC0415

    public = urlsplit(config.public_url or "http://localhost").hostname or ""
    if config.control_token or (config.is_loopback and is_loopback_name(public)):
        return config
    # Never by the seed of the ids: whoever knows that must not know this.
    return replace(config, control_token=Ids().text(32))


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
    from sandbox.mounts import is_loopback_name  # noqa: PLC0415 - see serve

    name = urlsplit(config.public_url or "").hostname or ""
    if name == "localhost" or not is_loopback_name(name) or not config.is_loopback:
        return None
    return (
        f"warning: issuers and all URLs carry {config.public_url}, not localhost; clients compare issuers byte for "
        "byte, so configure them with this name alone"
    )


def _banner(config: Config, logins: list[str]) -> str:
    from sandbox.services import SERVICES  # noqa: PLC0415 - see serve

    host = "localhost" if config.is_loopback else config.host
    host = f"[{host}]" if ":" in host else host
    origin = config.public_url or f"http://{host}:{config.port}"
    # 0.0.0.0 and :: are all addresses of the machine, and no certificate has them.
    secure = "localhost" if config.host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    shown = ", ".join(logins[:6]) + (f" and {len(logins) - 6} more" if len(logins) > 6 else "")
    return "\n".join(
        (
            f"Click:   {origin}/ (choose “Try a login”)",
            f"API:     {origin} is all of {', '.join(room.title for room in SERVICES.values())}",
            f"Sign in: {shown or 'nobody, the fixture has no identities'}",
            *((f"TLS:     https://{secure}:{config.tls_port}/ (`{_ca(config)}` says how to trust it)",) * config.tls),
        )
    )
