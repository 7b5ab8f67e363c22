"""Presses buttons on HTML pages as a browser without JavaScript does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Protocol


class Page(Protocol):
    """An HTML page that came from somewhere."""

    @property
    def text(self) -> str: ...


@dataclass
class Form:
    """A form as it would be sent if nobody changed it: `fields` in document order, `buttons` by id."""

    action: str
    id: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.apart: list[tuple[str, str, dict[str, str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("id", "")))
            self._open = True
        elif "form" in given:
            self.apart.append((given["form"], tag, given))
        elif self._open:
            _put(self.forms[-1], tag, given)

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def _put(form: Form, tag: str, given: dict[str, str]) -> None:
    if tag == "button" and given.get("type", "submit") == "submit":
        form.buttons[given.get("id", "")] = (given.get("name", ""), given.get("value", ""))
    elif tag == "input" and given.get("name"):
        checkable = given.get("type") in ("checkbox", "radio")
        if not checkable or "checked" in given:
            form.fields.append((given["name"], given.get("value", "on")))


def find_form(html: str, button: str) -> tuple[Form, list[tuple[str, str]]]:
    """The form with the button of this id, and what pressing it would send."""
    parser = _Forms()
    parser.feed(html)
    for name, tag, given in parser.apart:
        _put(next(form for form in parser.forms if form.id == name), tag, given)
    for form in parser.forms:
        if button in form.buttons:
            name, value = form.buttons[button]
            return form, [*form.fields, *([(name, value)] if name else [])]
    raise AssertionError(f"no button {button!r}; there are {sorted(_all_buttons(parser))}")


def _all_buttons(parser: _Forms) -> Iterator[str]:
    for form in parser.forms:
        yield from form.buttons


def submit(client: Any, page: Page, button: str, **typed: str | list[str]) -> Any:
    """Press the button of this id on `page` and return the answer, redirects not followed.

    `typed` replaces what the form's fields hold; a list stands for ticked boxes of the same name.
    """
    form, fields = find_form(page.text, button)
    data = [(name, value) for name, value in fields if name not in typed]
    for name, value in typed.items():
        data += [(name, item) for item in (value if isinstance(value, list) else [value])]
    return client.post(form.action, data=_multi(data))


def _multi(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
