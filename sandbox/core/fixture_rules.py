"""What no schema can say of a fixture: names that must be unique, names that must exist.

Rooms check their own sections with the same helpers.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from sandbox.core.fixture_reader import Entry, Finding, Place, dotted

KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
}


def check_common(fixture: Entry) -> Iterator[Finding]:
    """The findings in the cast and the clients."""
    people = entries(fixture["identities"], "identities")
    clients = entries(fixture["clients"], "clients")
    yield from repeated(((*at, "login"), person["login"].lower()) for at, person in people)
    yield from repeated(((*at, "client_id"), (app["service"], app["client_id"])) for at, app in clients)
    for at, person in people:
        yield from _email_findings((*at, "emails"), person["emails"])
    for at, client in clients:
        for n, uri in enumerate(client["redirect_uris"]):
            yield from _port_findings((*at, "redirect_uris", n), uri)


def entries(listed: list[Entry], *at: str | int) -> list[tuple[Place, Entry]]:
    """The entries of a list with the place of each."""
    return [((*at, n), entry) for n, entry in enumerate(listed)]


def repeated(uses: Iterable[tuple[Place, Hashable]]) -> Iterator[Finding]:
    """A finding for each place whose value another place had before; None may repeat."""
    first: dict[Hashable, Place] = {}
    for place, value in uses:
        if value is not None and first.setdefault(value, place) is not place:
            yield place, f"is already taken by {dotted(first[value])}"


def unknown(at: Place, name: str | None, known: Collection[str], what: str) -> Iterator[Finding]:
    """A finding if `name` is not among the `known`; `what` says what these are."""
    if name is not None and name not in known:
        yield at, f"must be {what}; found {show(name)}{hint(name, known)}"


def show(value: Any) -> str:
    """A found value as a message quotes it."""
    if isinstance(value, dict | list):
        return KINDS["object" if isinstance(value, dict) else "array"]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def hint(word: Any, options: Iterable[Any]) -> str:
    """What was probably meant, or nothing."""
    close = difflib.get_close_matches(str(word), map(str, options), 1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _email_findings(at: Place, emails: list[Entry]) -> Iterator[Finding]:
    primaries = [n for n, email in enumerate(emails) if email["primary"]]
    if emails and not primaries:
        yield at, "one address must be primary; found none"
    for n in primaries[1:]:
        yield (*at, n, "primary"), f"only one address may be primary; {dotted((*at, primaries[0]))} is"
    yield from repeated(((*at, n, "email"), email["email"].lower()) for n, email in enumerate(emails))


def _port_findings(at: Place, uri: str) -> Iterator[Finding]:
    try:
        _ = urlsplit(uri).port
    except ValueError as error:
        yield at, f"{error}; found {show(uri)}"
