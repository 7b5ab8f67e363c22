"""`faults`: what can be made to go wrong, offline; arming and clearing it in a running sandbox."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import click

from sandbox.cli.options import DefaultGroup, as_json, complete_service
from sandbox.cli.remote import Remote, quoted, remote
from sandbox.cli.show import echo_json, echo_table, shown


@click.group(cls=DefaultGroup, default="recipes")
def faults() -> None:
    """List what can go wrong; arm it, and clear it."""


@faults.command("recipes")
@click.option("--service", metavar="SERVICE", shell_complete=complete_service, help="Those of one service alone.")
@as_json
def list_recipes(as_json: bool, service: str | None) -> None:
    """List what can be made to go wrong, offline; this is what `faults` alone does."""
    recipes = [one for one in _recipes() if service is None or one["name"].startswith(f"{service}: ")]
    if as_json:
        echo_json({"recipes": recipes})
    else:
        echo_table(
            ("recipe", "what goes wrong", "answer"),
            [(one["name"], one["summary"], _answer(one["answer"])) for one in recipes],
        )


def _recipes() -> list[dict[str, Any]]:
    # Imported here, so that --help answers at once.
    from sandbox.core.recipes import recipes  # noqa: PLC0415

    return [dataclasses.asdict(recipe) for recipe in recipes().values()]


def _answer(answer: Mapping[str, Any]) -> str:
    """What the wire shows, in one line: a status or a broken connection, and all that matters of the rest."""
    first = [str(answer[name]) for name in ("status", "connection") if name in answer]
    rest = [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in answer.items()
        if value is not None and name not in ("status", "connection", "seconds")
    ]
    return " ".join([*first, *rest, *([f"after {answer['seconds']} s"] if "seconds" in answer else [])])


def _complete_recipe(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [one["name"] for one in _recipes() if one["name"].startswith(incomplete)]


@faults.command()
@click.argument("name", shell_complete=_complete_recipe)
@click.option("--times", type=click.IntRange(1), metavar="N", help="For so many calls, and no more.")
@click.option("--always", is_flag=True, help="For every call, until it is cleared.")
@click.option("--skip", type=click.IntRange(0), metavar="N", help="Let so many calls pass first.")
@click.option("--probability", type=click.FloatRange(0, 1), metavar="P", help="Of a call to go wrong, from 0 to 1.")
@click.option("--client", "client_id", metavar="CLIENT_ID", help="For the calls of one client.")
@click.option("--as", "login", metavar="LOGIN", help="For the calls of one person.")
@remote
def arm(sandbox: Remote, as_json: bool, name: str, always: bool, times: int | None, **rule: Any) -> None:
    """Make go wrong what the recipe NAME says, such as "github: bad-verification-code"."""
    if always and times:
        raise click.UsageError("--always and --times exclude each other")
    body = {"recipe": name, "times": times, **rule}
    body = {key: value for key, value in body.items() if value is not None} | ({"times": None} if always else {})
    fault = sandbox.call("POST", "/faults", body)
    if as_json:
        echo_json(fault)
    else:
        click.echo(f"{shown(fault['id'])}  {shown(name)}")


@faults.command("list")
@remote
def list_armed(sandbox: Remote, as_json: bool) -> None:
    """List what was armed in a running sandbox, and how often each was met."""
    answer = sandbox.call("GET", "/faults")
    if as_json:
        echo_json(answer)
        return
    heads = ("id", "name", "service", "operation", "client_id", "login")
    echo_table(
        (*heads, "hits"),
        [
            [*(one.get(head) or "-" for head in heads), f"{one['hits']}/{one['times'] or '∞'}"]
            for one in answer["faults"]
        ],
    )


@faults.command()
@click.argument("fault", required=False, metavar="[ID]")
@remote
def clear(sandbox: Remote, as_json: bool, fault: str | None) -> None:
    """Clear the fault of this ID, or all of them."""
    sandbox.call("DELETE", f"/faults/{quoted(fault)}" if fault else "/faults")
    if as_json:
        echo_json({"cleared": fault or "all"})


COMMANDS = (faults,)
