"""What the page of a login shows, made from what the control API tells: the diagram's columns and arrows, and each leg.

Pure: takes and gives documents, and renders no markup itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from sandbox.core.refusals import Reason
from sandbox.web.pages.diagram import Leg, Participant

BROWSER, APPLICATION = "browser", "application"
TONES = {"succeeded": "good", "refused": "bad", "pending": "wait"}
_CALLERS = {BROWSER: "Browser", APPLICATION: "Application"}
# Refused only for now.
_WAITING = frozenset((Reason.AUTHORIZATION_PENDING, Reason.POLLING_TOO_FAST))
# As many legs are open from the start; of more, those where something went wrong.
_FEW = 6
# What is longer would make a page that nobody can read; the API has all of it.
LONGEST = 20_000
_MOST_PARAMETERS = 200
Titles = Mapping[str, tuple[str, str]]


def list_participants(legs: Sequence[Mapping[str, Any]], titles: Titles, client_id: str | None) -> list[Participant]:
    """Browser and application, as far as they took part, then the services in the order in which they were met.

    `titles` is `{slug: (title, kind)}`.
    """
    callers = {leg["caller"] for leg in legs} | {leg["onward"]["to"] for leg in legs if leg["onward"]}
    columns = [Participant(key, title, client_id or "client") for key, title in _CALLERS.items() if key in callers]
    columns = [replace(one, kind="a person") if one.key == BROWSER else one for one in columns]
    for slug in dict.fromkeys(leg["service"] for leg in legs):
        title, kind = titles.get(slug, (slug or "The sandbox", "service"))
        columns.append(Participant(_column(slug), title, kind))
    return columns


def list_arrows(legs: Sequence[Mapping[str, Any]]) -> list[Leg]:
    """The legs as the diagram has them; what came several times in a row is one."""
    arrows: list[Leg] = []
    for leg in legs:
        arrow = _as_arrow(leg)
        last = arrows[-1] if arrows else None
        same = last and not arrow.onward and replace(arrow, number=last.number, href=last.href, times=last.times)
        if last and same == last:
            arrows[-1] = replace(last, times=last.times + 1)
        else:
            arrows.append(arrow)
    return arrows


def _as_arrow(leg: Mapping[str, Any]) -> Leg:
    onward = leg["onward"]
    return Leg(
        number=str(leg["number"]),
        source=leg["caller"],
        target=_column(leg["service"]),
        name=spell_operation(leg["operation"]),
        line=f"{leg['method']} {leg['path']}",
        answer=spell_status(leg["status"]),
        tone=tone_of(leg),
        href=f"#leg-{leg['number']}",
        error=_word_of(leg["error"] or {}),
        reason=leg["reason"] or "",
        onward=onward["to"] if onward else "",
        brings=f"with {', '.join(onward['brings'])}" if onward and onward["brings"] else "",
    )


def _word_of(error: Mapping[str, Any]) -> str:
    """The word of a refusal; where a vendor has numbers, its sentence."""
    code, text = error.get("code") or "", error.get("text") or ""
    return text if text and (not code or code.isdecimal()) else code


def as_shown(leg: Mapping[str, Any], titles: Titles, *, total: int, noted: bool) -> dict[str, Any]:
    """A leg for the page; `noted` is whether something was found about it."""
    tone = tone_of(leg)
    return {
        **leg,
        "name": spell_operation(leg["operation"]),
        "called": titles.get(leg["service"], (leg["service"] or "the sandbox", ""))[0],
        "answered": spell_status(leg["status"]),
        "tone": tone,
        "took": spell_duration(leg["duration_us"]),
        "is_open": total <= _FEW or tone == "bad" or noted,
        "sides": [_as_side("Request", leg["request"]), _as_side("Response", leg["response"])],
    }


def _as_side(title: str, message: Mapping[str, Any]) -> dict[str, Any]:
    body, query = message.get("body"), str(message.get("query") or "")
    headers = message.get("headers")
    return {
        "title": title,
        "query": parse_qsl(query, keep_blank_values=True)[:_MOST_PARAMETERS],
        "headers": list(headers.items())[:_MOST_PARAMETERS] if isinstance(headers, Mapping) else [],
        "body": None if body in (None, "") else _pretty(body),
        "remarks": _pretty(remarks) if (remarks := _remarks(message)) else None,
    }


def _remarks(message: Mapping[str, Any]) -> dict[str, Any]:
    known = ("query", "headers", "body", "text", "path")
    return {name: value for name, value in message.items() if name not in known}


def _pretty(body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…\n({len(text)} characters; the API has them all)"


def tone_of(leg: Mapping[str, Any]) -> str:
    """How a leg went: `good`, `bad`, or `wait` for what was refused only for now."""
    if leg["reason"] in _WAITING:
        return "wait"
    return "bad" if leg["reason"] or leg["status"] >= 400 or leg["error"] else "good"


def spell_operation(operation: str) -> str:
    """The name of an operation in words."""
    return operation.replace("_", " ") or "no operation"


def spell_status(status: int) -> str:
    """A status with its phrase: `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def spell_duration(microseconds: int) -> str:
    """A duration as people read it: `0.4 ms`, `12 ms`, `1.5 s`."""
    milliseconds = microseconds / 1000
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def _column(slug: str) -> str:
    # A service may not be taken for who calls it.
    return f"/{slug}"
