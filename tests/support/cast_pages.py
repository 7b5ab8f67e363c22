"""Types into the pages of the cast as a person does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.support.forms import submit
from tests.support.own_pages import fields

OWN, API = "/_sandbox", "/_sandbox/api"


def address(path: str, page: str = "one", *, world: str = "", **query: str) -> str:
    """Where a page of the cast is: `address("people", login="alice")`."""
    return f"{world}{OWN}/{path}/{page}{'?' if query else ''}{urlencode(query)}"


def text_in(page: Any) -> str:
    """The YAML that stands in the page's field; a browser leaves out the line break that it begins with."""
    return fields(page)["text"].removeprefix("\n")


def press(sandbox: Any, at: str, button: str, **typed: Any) -> Any:
    """Open a page, type, and press the button."""
    return submit(sandbox, sandbox.get(at), button, **typed)


def logins(sandbox: Any, world: str = "") -> list[str]:
    """Everyone's, as the control API tells."""
    return [person["login"] for person in sandbox.get(f"{world}{API}/identities").json["identities"]]
