"""What commands print: JSON, tables and lines of a few fields, with nothing in them that a terminal would obey.

Colours and tables are rich's, imported only where somebody looks on; what is piped is plain text of full width.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

# Controls of the terminal (C0, DEL, C1), what turns or hides text (bidirectional and zero-width marks, line and
# paragraph separators, tags), and halves of characters, which no terminal can be sent.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def shown(value: object) -> str:
    """`value` as text in one line; what a terminal would obey is written out, as `\\x1b`. None is empty."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], "" if value is None else str(value))


def echo_json(document: object, *, indent: int | None = 2) -> None:
    """Print one JSON document; without `indent` on one line, for a stream of them."""
    click.echo(_UNSAFE.sub(_escape, json.dumps(document, ensure_ascii=False, indent=indent)))


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    # JSON has no line feed inside its strings, so these are of the layout; and it lets DEL stand as it is.
    return {"\n": "\n", "\x7f": "\\u007f"}.get(character) or json.dumps(character)[1:-1]


def echo_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: with heads on a terminal, else in columns alone, for other programs."""
    cells = [[shown(cell) for cell in row] for row in rows]
    if not _on_terminal():
        for line in _columns(cells):
            click.echo(line)
        return
    # Imported here, so that what is piped, and --help, do not wait for it.
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for row in cells:
        table.add_row(*map(Text, row))
    _console().print(table)


def echo_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, one pair a line; what has no value is left out."""
    for line in _columns([(name, shown(value)) for name, value in fields.items() if value is not None]):
        click.echo(line)


def echo_line(parts: Iterable[tuple[object, str]]) -> None:
    """Print one line of `(value, style)`; on a terminal in the styles, which are rich's (`bold red`)."""
    words = [(shown(value), style) for value, style in parts]
    if not _on_terminal():
        click.echo(" ".join(word for word, _ in words).rstrip())
        return
    from rich.text import Text  # noqa: PLC0415 - see echo_table

    _console().print(Text(" ").join(Text(word, style) for word, style in words), soft_wrap=True)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


@cache
def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - see echo_table

    return Console(highlight=False, markup=False, emoji=False)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
