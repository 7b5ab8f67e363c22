"""Whom a sign-in page lists: who is signed in in this browser, whom the request means, and what a search finds.

Signs nobody in, and asks the database for no more people than are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from sandbox import browser
from sandbox.core.identities import Face, count_identities, face, find_identity, search_identities
from sandbox.core.world import World
from sandbox.protocol import sessions

# How many accounts a page lists, and from how many on it has a search field.
MOST_SHOWN = 25
_MANY = 12
_LONGEST_SEARCH = 200

# `(text, limit, offset)`: the people whom the text finds.
Search = Callable[[str, int, int], Sequence[Face]]


@dataclass(frozen=True)
class Picker:
    """The accounts of a sign-in page: `signed_in` and `hinted` stand first, and are not among the `others`.

    `total` is how many the search finds, None where that is not known; `page` counts from 1, and after it there are
    `more`.
    """

    signed_in: tuple[Face, ...]
    hinted: Face | None
    others: tuple[Face, ...]
    total: int | None
    text: str
    page: int
    more: bool

    @property
    def is_empty(self) -> bool:
        """Whether nobody can sign in here at all, whatever is searched for."""
        return not (self.signed_in or self.hinted or self.others or self.text or self.page > 1)

    @property
    def has_search(self) -> bool:
        """Whether there are so many that a search is a help."""
        listed = len(self.signed_in) + bool(self.hinted) + len(self.others)
        return bool(self.text) or self.page > 1 or self.more or listed > _MANY


def pick(
    search: Search, *, hinted: Face | None = None, signed_in: Sequence[Face] = (), total: int | None = None
) -> Picker:
    """The accounts that the form of this request asks for, by its fields `search` and `page`; the first ones if none.

    `hinted` is whom the client means: shown first, as long as nobody searches.
    """
    text, page = _search_text(), _page()
    found = search(text, MOST_SHOWN + 1, (page - 1) * MOST_SHOWN)
    # Who searches wants to see what was found, and nothing else.
    here = () if text else tuple(signed_in)
    first = {one.login for one in here}
    if text or page > 1 or (hinted and hinted.login in first):
        hinted = None
    first |= {hinted.login} if hinted else set()
    others = tuple(one for one in found[:MOST_SHOWN] if one.login not in first)
    return Picker(here, hinted, others, total, text, page, len(found) > MOST_SHOWN)


def pick_from_all(world: World, *, hint: str | None = None, signed_in: Sequence[Face] = ()) -> Picker:
    """The same where everyone has an account; `hint` is a login."""

    def search(text: str, limit: int, offset: int) -> Sequence[Face]:
        return [face(person) for person in search_identities(world, text, limit=limit, offset=offset)]

    hinted = find_identity(world, hint) if hint else None
    return pick(
        search,
        hinted=face(hinted) if hinted else None,
        signed_in=signed_in,
        total=count_identities(world, _search_text()),
    )


def is_search(form: Mapping[str, str]) -> bool:
    """Whether somebody searches, or wants another page of the list, and has chosen nobody."""
    return bool({"search", "page"} & set(form)) and not {"identity", "login"} & set(form)


def signed_in_here(world: World, slug: str, service: str | None = None) -> list[Face]:
    """Who is signed in, in the browser of this request, the one who came last first.

    `slug` is the room's, whose cookie it is; `service` whose the sessions are, if that is another name.
    """
    found = sessions.list_sessions(world, service or slug, browser.session_cookie(slug))
    people = (find_identity(world, session.login) for session in found)
    return [face(person) for person in people if person]


def session_of(world: World, slug: str, login: str, service: str | None = None) -> str | None:
    """The sid of this person's session in the browser of this request, or None."""
    found = sessions.list_sessions(world, service or slug, browser.session_cookie(slug))
    return next((session.sid for session in found if session.login == login), None)


def let_search(page: Response, picker: Picker, *, frames: Sequence[str] = (), pictures: Sequence[str] = ()) -> Response:
    """Let the page filter while one types, where it has a search field; and load frames and pictures, if any."""
    if not (picker.has_search or frames or pictures):
        return page
    return browser.let_load(page, script=picker.has_search, frames=frames, pictures=pictures)


def _search_text() -> str:
    return request.form.get("search", "").strip()[:_LONGEST_SEARCH]


def _page() -> int:
    given = request.form.get("page", "")
    return max(int(given), 1) if given.isascii() and given.isdigit() and len(given) < 7 else 1
