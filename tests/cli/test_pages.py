"""docs/cli.md has every command and every option, and no other; the README leads there."""

from __future__ import annotations

import re

import click
import pytest

from sandbox.cli import cli
from tests.docs.markdown import code, links, prose, read, rows, sections
from tests.support.commands import COMMANDS

PAGE = "docs/cli.md"


def described() -> dict[str, tuple[str, str]]:
    """The commands of the page: name -> (arguments, text)."""
    headings = (heading for heading in re.findall(r"^### (.+)$", prose(read(PAGE)), re.MULTILINE))
    texts = sections(read(PAGE))
    found = {}
    for heading in headings:
        name, _, arguments = heading.partition(heading_arguments(heading))
        found[name.strip()] = (heading_arguments(heading) + arguments, texts[heading])
    return found


def heading_arguments(heading: str) -> str:
    """What stands in capitals at the end of a heading: `mint [SERVICE] [KIND]` -> `[SERVICE] [KIND]`."""
    match = re.search(r"(?:\[?[A-Z]+\]? ?)+$", heading)
    return match[0] if match else "\0"


def test_the_page_has_every_command_and_no_other():
    assert set(described()) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_the_arguments_of_a_command(name):
    command = COMMANDS[name]
    context = click.Context(command)
    arguments = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    if name == "completion":
        arguments = ["SHELL"]

    assert described()[name][0].strip("\0") == " ".join(arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_option_of_a_command_and_no_other(name):
    _, text = described()[name]
    takes = " ".join(part for part in text.split("\n\n") if part.startswith("Takes "))
    own = {flag.split()[0] for cells in rows(text) for flag in code(cells[0])}
    documented = {flag for flag in [*own, *code(takes)] if flag.startswith("-")}
    there = {
        flag
        for parameter in COMMANDS[name].params
        if isinstance(parameter, click.Option)
        for flag in [*parameter.opts, *parameter.secondary_opts]
    }

    assert documented == there


def test_the_page_has_the_metavars_of_the_options():
    for name, command in COMMANDS.items():
        documented = {cell for cells in rows(described()[name][1]) for cell in code(cells[0])}
        for flag, _, metavar in (cell.partition(" ") for cell in documented if cell.startswith("--")):
            (option,) = [one for one in command.params if flag in [*one.opts, *one.secondary_opts]]
            assert isinstance(option, click.Option)
            assert bool(metavar) != bool(option.is_flag), f"{name} {flag}"
            assert not option.metavar or option.metavar == metavar, f"{name} {flag}"


def test_the_readme_names_every_family_and_leads_to_the_page():
    text = read("README.md")

    assert "docs/cli.md" in links(text)
    named = {word for cells in rows(sections(text)["Commands"]) for word in code(cells[0])}
    assert {f"idp-sandbox {name}" for name in cli.commands} == named
