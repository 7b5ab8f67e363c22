"""Reads the documentation: its pages, tables, links, and the examples that are marked as executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXECUTED = re.compile(
    r"^<!-- executed: (?P<label>[^>]+) -->\n```(?P<language>\w+)\n(?P<body>.*?)^```$"
    r"(?P<between>(?:(?!^```|^<!--).)*)(?:^```text\n(?P<expected>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """A block that a page says is executed; `expected` is the block of text that follows it, if one does."""

    label: str
    body: str
    expected: str | None


def read(path: str | Path) -> str:
    """The text of a page, by its path from the root of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def name(page: Path) -> str:
    """The page's path from the root of the repository."""
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """The text without its blocks of code."""
    return _FENCE.sub("", text)


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code of one language."""
    return [match["body"] for match in _FENCE.finditer(text) if match["language"] == language]


@cache
def examples(path: str) -> tuple[Example, ...]:
    """The executed examples of a page."""
    return tuple(Example(match["label"], match["body"], match["expected"]) for match in _EXECUTED.finditer(read(path)))


def example(path: str, label: str) -> Example:
    """The one executed example of this label."""
    (found,) = [example for example in examples(path) if example.label == label]
    return found


def rows(text: str) -> Iterator[list[str]]:
    """The rows of all tables, each as its cells; heads and rules included."""
    for line in prose(text).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def sections(text: str) -> dict[str, str]:
    """The text below each heading, up to the next one of any level."""
    parts = re.split(r"^#+ (.+)\n", prose(text), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def links(text: str) -> list[str]:
    """Where the links and pictures lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


def anchors(text: str) -> set[str]:
    """The anchors that headings give."""
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections(text))
    return set(slugs)


def plain(text: str) -> str:
    """The text with its white space in single blanks, and without backticks."""
    return " ".join(text.replace("`", "").split())
