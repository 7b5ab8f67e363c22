"""The journal: one line for each request, with the true cause of each refusal.

What is kept of a request, and what of it is shown, is recorded.py's; draws no pages and judges no client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.core import tables
from sandbox.core.recorded import show
from sandbox.core.refusals import Refusal
from sandbox.core.store import Store

MOST_SHOWN = 1_000
BROWSER = "browser"
APPLICATION = "application"
# The largest number that a column has, less one.
_LARGEST = 2**63 - 2


@dataclass
class Entry:
    """The line being written: rules add to it what only they know.

    `flow` links all requests of one login; `client_id` and `login` name the application and the person;
    `refusal` is the true cause when the answer is a refusal, and `fault` what was made to go wrong on purpose.

    `facts` are what a client is judged by, each noted once for all rooms: `authorize` (what an authorization request
    asked for), `code` (the kind of the code that was brought), `redirect_uri` (with which it was), `refresh` (a refresh
    token was brought), `bearer` (the kind of the token that a call was made with), `device` (`begin` or `poll`),
    `issued` (the kinds of what was given out) and `forged` (of these, `{kind: tamper}`).
    `listeners` are called whenever something has become known. `bound` has the flow stay what it is from the start:
    the request is one of several that somebody makes for one purpose.
    """

    flow: str | None = None
    client_id: str | None = None
    login: str | None = None
    refusal: Refusal | None = None
    fault: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    bound: bool = False

    def note(self, *, flow: str | None = None, client_id: str | None = None, login: str | None = None) -> None:
        """Add what has become known; what is known already is never forgotten. Raises what a listener raises."""
        if not self.bound:
            self.flow = flow or self.flow
        self.client_id = client_id or self.client_id
        self.login = login or self.login
        for listener in tuple(self.listeners):
            listener()

    def note_issued(self, kind: str) -> None:
        """Add that something of this kind is given out."""
        issued = self.facts.setdefault("issued", [])
        if kind not in issued:
            issued.append(kind)


def fingerprint(value: str | None) -> str | None:
    """What tells two values apart and does not show them; for values that cannot be guessed, or are no secrets."""
    # Half of it would have two of ten thousand logins alike now and then.
    return None if value is None else hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()[:16]


def list_entries(
    store: Store,
    *,
    after: int | None = None,
    status: tuple[int, int] | None = None,
    limit: int = MOST_SHOWN,
    **where: Any,
) -> list[tables.JournalEntry]:
    """The first `limit` entries with ids above `after`, or the last ones there are; oldest first in any case.

    `status` is the lowest and the highest there may be; `where` are values of columns, of which those that are None
    are left out.
    """
    between: dict[str, tuple[int | None, int | None]] = {} if status is None else {"status": status}
    given = {name: value for name, value in where.items() if value is not None}
    if after is None:
        newest = store.list(tables.JournalEntry, order=("-id",), limit=limit, between=between, **given)
        return newest[::-1]
    between["id"] = (min(after, _LARGEST) + 1, None)
    return store.list(tables.JournalEntry, order=("id",), limit=limit, between=between, **given)


def last_id(store: Store) -> int:
    """The id of the newest entry; 0 if there is none."""
    newest = store.list(tables.JournalEntry, order=("-id",), limit=1, columns=("id",))
    return newest[0].id if newest else 0


def find_entry(store: Store, entry_id: int) -> tables.JournalEntry | None:
    """The entry with this id, or None."""
    return store.find(tables.JournalEntry, id=entry_id)


def clear(store: Store) -> None:
    """Forget all requests."""
    store.remove(tables.JournalEntry)


def as_document(entry: tables.JournalEntry, *, reveal: bool = False) -> dict[str, Any]:
    """An entry as it is shown to others (JSON-like); `duration_us` are microseconds.

    `caller` is `browser` for what a person's browser was sent to, and `application` for what a program asked for.
    With `reveal` all values are true, and the bodies are there as `text` besides: for who may see secrets.
    """
    names = ("id", "at", "duration_us", "service", "operation", "method", "path", "status", "reason", "detail", "fault")
    shown = {name: getattr(entry, name) for name in (*names, "flow", "client_id", "login")}
    request = show(entry.request, reveal=reveal)
    response = show(entry.response, reveal=reveal, is_error=entry.status >= 400)
    if reveal:
        shown["path"] = entry.request.get("path", entry.path)
    caller = _find_caller(entry.status, request["headers"], response)
    return {**shown, "caller": caller, "request": request, "response": response}


def _find_caller(status: int, sent: Mapping[str, str], response: Mapping[str, Any]) -> str:
    given = {name.lower(): str(value) for name, value in sent.items()}
    if mode := given.get("sec-fetch-mode"):
        # Fetch Metadata Request Headers, section 2.2: what a script of a page asks for is an application's.
        return BROWSER if mode == "navigate" else APPLICATION
    answered = {name.lower(): str(value) for name, value in response["headers"].items()}
    is_page = answered.get("content-type", "").startswith("text/html")
    is_redirect = 300 <= status < 400 and "location" in answered
    return BROWSER if "text/html" in given.get("accept", "") or is_page or is_redirect else APPLICATION
