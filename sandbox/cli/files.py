"""Files that commands read and write; `-` is standard input and output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


def read(file: Path) -> Any:
    """The JSON of a file. Raises click.ClickException if it cannot be read, or is none."""
    try:
        return json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file}: is not JSON: {error}") from error


def read_fixture(file: Path) -> Any:
    """The document of a fixture file. Raises click.ClickException, and FixtureError with the lines of its problems."""
    # Imported here, so that --help answers at once.
    from sandbox.core.fixture_reader import Reader  # noqa: PLC0415
    from sandbox.core.fixtures import parse_fixture  # noqa: PLC0415
    from sandbox.services import CHECKS  # noqa: PLC0415

    text = _text(file)
    # The sandbox would check it too, but knows no lines.
    parse_fixture(text, str(file), CHECKS)
    return Reader(text, str(file)).read()


def write(file: Path, text: str) -> None:
    """Write a file. Raises click.ClickException if it cannot be."""
    if str(file) == "-":
        click.echo(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written: {error.strerror}") from error


def _text(file: Path) -> str:
    try:
        with click.open_file(str(file), encoding="utf-8-sig") as stream:
            return str(stream.read())
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}: is not UTF-8") from error
