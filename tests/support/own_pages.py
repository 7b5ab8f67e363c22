"""What a person sees on the sandbox's own pages: their words, what stands in their fields, where their links lead."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.support.forms import Page

_VOID = {"input", "img", "link", "meta", "br", "hr", "path", "rect"}


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self._open: list[tuple[str, str]] = []
        # Of a choice whose value is its text.
        self._chosen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "input" and given.get("type") not in ("radio", "checkbox", "file", "submit"):
            self.fields[given.get("id") or given.get("name", "")] = given.get("value", "")
        if tag == "input" and "checked" in given:
            self.fields[given["name"]] = given["value"]
        if tag in ("select", "textarea"):
            self.fields[given["id"]] = ""
        if tag == "option" and "selected" in given:
            select = next(name for kind, name in reversed(self._open) if kind == "select")
            self.fields[select] = given.get("value", "")
            self._chosen = select if "value" not in given else ""
        if tag not in _VOID:
            self._open.append((tag, given.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, name = self._open[-1] if self._open else ("", "")
        if tag == "textarea":
            self.fields[name] += data
        if tag == "option" and self._chosen:
            self.fields[self._chosen], self._chosen = data, ""
        if tag not in ("script", "style", "option", "title"):
            self.words.append(data)


def words(page: Page) -> str:
    """All that can be read on the page, in one line; what stands in fields is not."""
    return " ".join(" ".join(_look(page).words).split())


def fields(page: Page) -> dict[str, str]:
    """What stands in the page's fields, by id or name; of a choice that is made, its value."""
    return _look(page).fields


def links(page: Page) -> list[str]:
    """Where the page's links lead."""
    return _look(page).links


def _look(page: Page) -> _Seen:
    seen = _Seen()
    seen.feed(page.text)
    return seen
