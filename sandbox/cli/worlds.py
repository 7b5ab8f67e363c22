"""`worlds`, `reset`, `snapshot` and `restore`: whole worlds, made, cleared, kept and brought back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from sandbox.cli.files import read, read_fixture, write
from sandbox.cli.options import DefaultGroup
from sandbox.cli.remote import Remote, quoted, remote
from sandbox.cli.show import echo_json, echo_table, shown

_FILE = click.Path(path_type=Path, allow_dash=True)
_then_or_now = click.option(
    "--clock",
    type=click.Choice(["then", "now"]),
    help="Which time it goes on from: that of the snapshot, or its own. [default: then]",
)


@click.group(cls=DefaultGroup, default="list")
def worlds() -> None:
    """List, make and delete the isolated worlds."""


@worlds.command("list")
@remote
def list_worlds(sandbox: Remote, as_json: bool) -> None:
    """List them; this is what `worlds` alone does."""
    answer = sandbox.call("GET", "/worlds")
    if as_json:
        echo_json(answer)
    else:
        heads = ("name", "url", "identities", "clients", "faults")
        echo_table(heads, [[one.get(head) for head in heads] for one in answer["worlds"]])


@worlds.command()
@click.argument("name")
@click.option("--fixture", type=_FILE, metavar="FILE", help="Its fixture, in YAML or JSON; the sandbox's if left out.")
@click.option("--from", "origin", metavar="WORLD", help="The world it is a copy of.")
@click.option("--snapshot", type=_FILE, metavar="FILE", help="The snapshot it begins with.")
@_then_or_now
@remote
def new(
    sandbox: Remote, *, as_json: bool, name: str, fixture: Path | None, snapshot: Path | None, **given: Any
) -> None:
    """Make a world called NAME, and print where it is."""
    body: dict[str, Any] = {
        "name": name,
        "fixture": read_fixture(fixture) if fixture else None,
        "snapshot": read(snapshot) if snapshot else None,
        "clock": given["clock"],
        "from": given["origin"],
    }
    world = sandbox.call("POST", "/worlds", {key: value for key, value in body.items() if value is not None})
    if as_json:
        echo_json(world)
    else:
        click.echo(shown(world["url"]))


@worlds.command()
@click.argument("name")
@remote
def delete(sandbox: Remote, as_json: bool, name: str) -> None:
    """Delete the world called NAME, with all that is in it."""
    sandbox.call("DELETE", f"/worlds/{quoted(name)}")
    if as_json:
        echo_json({"deleted": name})


@click.command()
@remote
def reset(sandbox: Remote, as_json: bool) -> None:
    """Make a world as it was when it was seeded."""
    sandbox.call("POST", "/reset")
    if as_json:
        echo_json({"reset": True})


@click.command()
@click.argument("file", type=_FILE)
@click.option("--journal/--no-journal", default=True, help="With or without the journal. [default: with]")
@remote
def snapshot(sandbox: Remote, as_json: bool, file: Path, journal: bool) -> None:
    """Keep a world in a FILE, for `restore`.

    `-` is standard output.
    """
    taken = sandbox.call("GET", "/snapshot", journal="true" if journal else "false")
    write(file, json.dumps(taken))
    if as_json and str(file) != "-":
        echo_json({"file": str(file), "taken_at": taken["taken_at"], "digest": taken["digest"]})


@click.command()
@click.argument("file", type=_FILE)
@_then_or_now
@remote
def restore(sandbox: Remote, as_json: bool, file: Path, clock: str | None) -> None:
    """Bring back the world of a snapshot FILE.

    What is there now is gone then. `-` is standard input.
    """
    sandbox.call("PUT", "/snapshot", read(file), clock=clock)
    if as_json:
        echo_json({"file": str(file), "restored": True})


COMMANDS = (worlds, reset, snapshot, restore)
