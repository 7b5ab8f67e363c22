"""Watches over a person's own browser while it is at a provider for a tour, and brings it back to the tour's page.

A browser that takes no tour has no cookie of one, and nothing happens to it. What protocols say is never changed: what
the journal has is the provider's own answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, g, request

from sandbox.core import tours
from sandbox.core.refusals import Refusal
from sandbox.core.tour_table import Tour
from sandbox.core.world import World
from sandbox.mounts import OWN_PREFIX
from sandbox.service import current_mount, current_world
from sandbox.web.browsing import parse_forms
from sandbox.web.steps import AT_PROVIDER, Callback, read_location, without_query
from sandbox.web.touring.going import broken_step, note_refusal
from sandbox.web.touring.records import restore_start
from sandbox.web.walking import FORM_POST

COOKIE = "idp-sandbox-tours"
# A browser that takes more at once comes back to the latest.
_MOST = 6
_BETWEEN = "."
_ERRORS = 400


def remember(response: Response, tour_id: str) -> None:
    """Have this browser be brought back to the tour."""
    others = [one for one in _listed() if one != tour_id]
    path = f"{current_mount().world_prefix}/"
    value = _BETWEEN.join([tour_id, *others][:_MOST])
    response.set_cookie(COOKIE, value, path=path, httponly=True, samesite="Lax")


def enter(world: World) -> None:
    """Have the requests of a sign-in that a tour has sent this browser to belong to the flow of the tour."""
    for tour in _waiting(world):
        if request.method == "GET" and _is_here(broken_step(world, tour).url):
            world.entry.flow, world.entry.bound = tour.flow, True
            return


def leave(response: Response) -> Response:
    """The answer, or the way back to the tour whose callback it is."""
    world = current_world()
    for tour in _waiting(world):
        if tour.flow != world.entry.flow:
            continue
        if (back := _find_callback(response)) and without_query(back.url or "") in _expected(world, tour):
            _send_back(response, tour, back)
        elif g.entry.refusal is not None and response.status_code >= _ERRORS:
            # If the tour has gone on meanwhile, it has no place for this any more.
            with suppress(Refusal):
                note_refusal(world, tour, response, g.entry.refusal)
        break
    return response


def _waiting(world: World) -> Iterator[Tour]:
    """The tours of this browser that wait for it to come back."""
    for tour_id in _listed():
        tour = tours.find_tour(world, tour_id)
        if tour and tour.pending and tour.pending["verb"] in AT_PROVIDER and not tours.is_sending(tour):
            yield tour


def _listed() -> list[str]:
    return [one for one in request.cookies.get(COOKIE, "").split(_BETWEEN) if one][:_MOST]


def _is_here(url: str) -> bool:
    """Whether this request is for that URL, however its query is written."""
    wanted = urlsplit(url)
    path: str = request.environ["sandbox.path"]
    return path == wanted.path and parse_qsl(wanted.query, keep_blank_values=True) == list(
        request.args.items(multi=True)
    )


def _find_callback(response: Response) -> Callback | None:
    if location := response.headers.get("Location"):
        return read_location(location)
    if response.mimetype != "text/html" or response.is_streamed or response.direct_passthrough:
        return None
    posted = next((form for form in parse_forms(response.get_data(as_text=True)) if form.id == FORM_POST), None)
    return Callback(posted.action, dict(posted.fields)) if posted else None


def _expected(world: World, tour: Tour) -> set[str]:
    """Where the provider may send this browser: to the redirect URI that was asked for, or to a registered one."""
    starts = (broken_step(world, tour).start, restore_start(tour.pending or {"start": None}))
    return {without_query(start.redirect_uri) for start in starts if start and start.redirect_uri}


def _send_back(response: Response, tour: Tour, back: Callback) -> None:
    page = f"{current_mount().world_prefix}{OWN_PREFIX}/try/{tour.id}/back"
    response.status_code = 303
    response.headers["Location"] = f"{page}?{urlencode(dict(back.parameters), errors='replace')}"
    response.set_data(b"")
