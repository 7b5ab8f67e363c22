"""The clock of a world as a page: what time it is, what expires when, and the ways to move it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core.clock import iso, real_now
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house
from sandbox.web.control.api import perform
from sandbox.web.control.clock import REAL
from sandbox.web.pages.page import form, go_to, page, spell
from sandbox.web.pages.typed import as_number, told

_UNITS = ("seconds", "minutes", "hours", "days")
# How far one click goes, and what that usually outlives.
_STEPS = (
    ("1 minute", 60, "A poll that came too fast may come again."),
    ("11 minutes", 660, "Codes expire: most are good for ten minutes at most."),
    ("1 hour", 3_600, "Most access tokens expire, and id_tokens with them."),
    ("1 day", 86_400, "Sessions in the browser end, and refresh tokens of single-page applications."),
    ("30 days", 2_592_000, "Many refresh tokens expire: people sign in again."),
)
_SHOWN = 12
_EMPTY = {"number": "5", "unit": "minutes", "moment": ""}


@page("/clock")
def show_clock() -> ResponseReturnValue:
    """GET /_sandbox/clock."""
    return _render()


@form("/clock")
def change_clock() -> ResponseReturnValue:
    """Move, set, freeze or thaw the clock, or take it back to real time."""
    try:
        done = _do(request.form)
    except Refusal as refusal:
        return _render(refusal, request.form), 400
    return go_to("/clock", done=done)


def _do(typed: Mapping[str, str]) -> str:
    """Do what the form says; returns the word for it. Raises Refusal."""
    do = typed.get("do", "")
    if "step" in typed:
        perform("advance_clock", {"seconds": as_number(typed["step"])})
    elif "until" in typed:
        perform("set_clock", {"now": as_number(typed["until"])})
    elif do == "advance":
        unit = typed.get("unit", "")
        if unit not in _UNITS:
            raise Refusal(Reason.FIELD_INVALID, f"a unit is one of {', '.join(_UNITS)}", "unit")
        perform("advance_clock", {unit: as_number(typed.get("number", ""))})
    elif do == "set":
        perform("set_clock", {"now": _moment(typed.get("moment", "").strip())})
    elif do in ("freeze", "thaw"):
        perform("set_clock", {"frozen": do == "freeze"})
        return do
    elif do == REAL:
        perform("set_clock", {"now": REAL, "frozen": False})
        return do
    else:
        raise Refusal(Reason.FIELD_MISSING, "the form does not say what to do", "do")
    return "moved"


def _moment(text: str) -> str:
    """What a field for a date and a time brings, which is in UTC here, as ISO 8601 with its zone."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
    except ValueError as error:
        detail = (
            f"{text[:100]!r} is no date and time, such as 2027-01-31T12:00:00" if text else "choose a date and a time"
        )
        raise Refusal(Reason.FIELD_INVALID, detail, "moment") from error


def _render(refusal: Refusal | None = None, typed: Mapping[str, str] | None = None) -> str:
    clock = perform("get_clock")
    now, offset = clock["now"], clock["offset"]
    given = {**_EMPTY, "moment": iso(now).removesuffix("Z"), **{k: v for k, v in (typed or {}).items() if k in _EMPTY}}
    titles = {service.slug: service.title for service in current_house().services.values()}
    return render_template(
        "own/clock.html",
        clock=clock,
        date=_words(now, "%A, %-d %B %Y"),
        time=_words(now, "%H:%M:%S"),
        real={"iso": iso(real_now()), "words": _words(real_now(), "%Y-%m-%d %H:%M:%S")},
        distance=spell(abs(offset)),
        is_real=offset == 0 and not clock["frozen"],
        expiring=[_show_expiring(one, now, titles) for one in perform("get_expiring", limit=_SHOWN)["expiring"]],
        steps=_STEPS,
        units=_UNITS,
        typed=given,
        done=request.args.get("done") if refusal is None else None,
        problem=told(refusal) if refusal else None,
    )


def _show_expiring(one: Mapping[str, Any], now: int, titles: Mapping[str, str]) -> dict[str, Any]:
    # One of several issuers of a service is called by both names.
    slug, _, issuer = one["service"].partition("/")
    return {
        **one,
        "title": " ".join(filter(None, (titles.get(slug, slug), issuer))),
        "left": spell(one["expires_at"] - now),
        "moment": iso(one["expires_at"]),
        "until": one["expires_at"] + 1,
    }


def _words(epoch: int, style: str) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime(style)
