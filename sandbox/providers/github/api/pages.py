"""Pages of a list: which one is asked for, and the Link header that leads to the others.

https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode

from flask import request

from sandbox.service import current_mount

T = TypeVar("T")

DEFAULT_SIZE = 30
LARGEST_SIZE = 100
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Page:
    """The `number`th page, counted from 1, of `size` items each."""

    number: int
    size: int

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        """The items on this page; none beyond the last one."""
        start = (self.number - 1) * self.size
        return items[start : start + self.size]

    def neighbours(self, total: int) -> dict[str, int]:
        """The numbers of the other pages by their relation, in GitHub's order."""
        last = max(1, -(-total // self.size))
        links = {}
        if self.number > 1:
            links["prev"] = min(self.number - 1, last)
        if self.number < last:
            links["next"] = self.number + 1
            links["last"] = last
        if self.number > 1:
            links["first"] = 1
        return links


def parse_page() -> Page:
    """The page that the request asks for; what is no positive number counts as not given."""
    return Page(_number("page", 1), min(_number("per_page", DEFAULT_SIZE), LARGEST_SIZE))


def render_link(page: Page, total: int) -> str:
    """The Link header, or "" if there is but one page."""
    links = page.neighbours(total)
    return ", ".join(f'<{_address(number)}>; rel="{relation}"' for relation, number in links.items())


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    valid = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return (int(text) if valid else 0) or default


def _address(number: int) -> str:
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    path = quote(request.path.removeprefix("/github"))
    return f"{current_mount().url(path)}?{urlencode([*query, ('page', str(number))])}"
