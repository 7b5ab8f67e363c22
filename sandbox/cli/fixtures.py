"""`fixtures`: check a fixture file, print the schema of all of them, and export what a running sandbox has."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from sandbox.cli.options import as_json
from sandbox.cli.remote import Remote, remote
from sandbox.cli.show import echo_json, shown
from sandbox.core.fixture_reader import FixtureError


@click.group()
def fixtures() -> None:
    """Check, describe and export fixture files."""


@fixtures.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def check(file: Path, as_json: bool) -> None:
    """Say what is wrong with a fixture FILE: each problem with its line and key; exit status 2 if there is one."""
    # Imported here, so that --help answers at once.
    from sandbox.core.fixtures import load_fixture  # noqa: PLC0415
    from sandbox.services import CHECKS  # noqa: PLC0415

    try:
        fixture = load_fixture(file, CHECKS)
    except FixtureError as error:
        if not as_json:
            raise
        problems = [dataclasses.asdict(problem) for problem in error.problems]
        echo_json({"file": str(file), "valid": False, "problems": problems})
        raise click.exceptions.Exit(2) from error
    found: dict[str, Any] = {"identities": len(fixture.identities), "clients": len(fixture.clients)}
    if as_json:
        echo_json({"file": str(file), "valid": True, "problems": [], **found})
    else:
        click.echo(f"{shown(file)}: nothing is wrong; {found['identities']} identities, {found['clients']} clients")


@fixtures.command()
@as_json
def schema(as_json: bool) -> None:  # noqa: ARG001 - it is JSON either way
    """Print the JSON Schema of fixture files, for editors and for other checkers."""
    from sandbox.core.fixtures import shipped  # noqa: PLC0415 - see check

    echo_json(json.loads(shipped("schema.json").read_text("utf-8")))


@fixtures.command()
@remote
def export(sandbox: Remote, as_json: bool) -> None:
    """Print the fixture of a running sandbox as it is now, in YAML."""
    if as_json:
        echo_json(sandbox.call("GET", "/fixture", format="json"))
    else:
        click.echo(sandbox.text("/fixture", format="yaml"), nl=False)


COMMANDS = (fixtures,)
