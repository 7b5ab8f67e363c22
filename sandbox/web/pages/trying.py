"""Trying a login, as pages: choose one, take it step by step in this browser, break a step, mend it.

What is shown is a tour of the control API; how it is laid out is tour_views.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.recorded import storable
from sandbox.core.refusals import Reason, Refusal
from sandbox.web.control.api import perform
from sandbox.web.pages import tour_views
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.touring import watching

_HERE = "now"
_RECENT, _MOST_PARAMETERS = 5, 20
_CHOSEN = ("provider", "exchange", "via", "issuer", "identity", "parameters")
# The words that a page has the text for.
_DONE = ("behind", "dropped")


@page("/try")
def choose_login() -> ResponseReturnValue:
    """GET /_sandbox/try; `provider`, `exchange` and `via` choose beforehand."""
    return _render_choice(request.args)


@form("/try")
def start_login() -> ResponseReturnValue:
    """Begin a tour."""
    try:
        return _begin(tour_views.read_choice(request.form))
    except Refusal as refusal:
        return _render_choice(request.form, {"detail": refusal.detail}), 400


@page("/try/<id>")
def show_tour(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """GET /_sandbox/try/{id}: the steps so far, and the next one."""
    return _render_tour(id)


@form("/try/<id>/next")
def go_on(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """Take the step that the page has shown, broken or not; a page that is out of date only comes up to date."""
    wanted: dict[str, Any] = {"sign_in": True, "version": _number(request.form.get("version", ""))}
    if "break" in request.form:
        wanted["break"] = request.form["break"] or None
    return _act(id, "take_step", wanted)


@form("/try/<id>/break")
def choose_wrong(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """Have the next step be sent wrong, or mended again."""
    version = _number(request.form.get("version", ""))
    return _act(id, "choose_break", {"break": request.form.get("break") or None, "version": version})


@page("/try/<id>/back")
def come_back(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """Where a browser comes back to from the provider; what it brings counts once."""
    parameters = {name: storable(value) for name, value in list(request.args.items())[:_MOST_PARAMETERS]}
    return _act(id, "bring_callback", {"parameters": parameters})


@form("/try/<id>/again")
def start_over(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """The same from the beginning."""
    tour = perform("get_tour", id=id)
    chosen = {name: tour[name] for name in _CHOSEN if tour[name]}
    try:
        return _begin(chosen)
    except Refusal as refusal:
        return _render_tour(id, {"detail": refusal.detail}), 400


@form("/try/<id>/drop")
def drop(id: str) -> ResponseReturnValue:  # noqa: A002 - as in the control API
    """Forget the tour."""
    perform("drop_tour", id=id)
    return go_to("/try", done="dropped")


def _begin(chosen: Mapping[str, Any]) -> Response:
    """Raises Refusal."""
    begun = perform("begin_tour", dict(chosen))
    if isinstance(begun, Response):
        # The API has rendered the refusal itself.
        problem = begun.get_json()
        raise Refusal(Reason(problem["reason"]), str(problem["detail"]))
    return go_to(f"/try/{begun['id']}#{_HERE}")


def _act(tour_id: str, name: str, body: dict[str, Any]) -> ResponseReturnValue:
    try:
        perform(name, body, id=tour_id)
    except Refusal as refusal:
        if refusal.reason is Reason.OBJECT_ALREADY_EXISTS:
            return go_to(f"/try/{tour_id}", done="behind")
        if refusal.reason is Reason.OBJECT_UNKNOWN:
            raise
        return _render_tour(tour_id, {"detail": refusal.detail}), 400
    return go_to(f"/try/{tour_id}#{_HERE}")


def _render_choice(chosen: Mapping[str, str], problem: Mapping[str, Any] | None = None) -> str:
    places = [*perform("list_issuers")["issuers"], *perform("list_tenants")["tenants"]]
    people = perform("list_identities", limit=200)
    return render_template(
        "own/try.html",
        groups=tour_views.list_trips(),
        chosen=tour_views.find_chosen(chosen),
        identity=chosen.get("identity", ""),
        issuer=chosen.get("issuer", ""),
        people=people["identities"],
        places=tour_views.list_places(places),
        recent=perform("list_tours")["tours"][:_RECENT],
        elsewhere=tour_views.find_localhost(),
        problem=problem,
        done=_done(),
    )


def _render_tour(tour_id: str, problem: Mapping[str, Any] | None = None) -> Response:
    tour = perform("get_tour", id=tour_id)
    shown = make_response(
        render_template(
            "own/tour.html",
            tour=tour_views.show(tour),
            next=tour["next"] and tour_views.show_next(tour["next"]),
            tokens=tour_views.explain_tokens(tour["result"]),
            problem=problem,
            done=_done(),
        )
    )
    if tour["next"] and tour["next"]["open"]:
        watching.remember(shown, tour_id)
    return shown


def _done() -> str:
    word = request.args.get("done", "")
    return word if word in _DONE else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
