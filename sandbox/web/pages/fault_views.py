"""Faults and recipes as pages show them: where they hit, how often they still will, and what their caller gets.

Arms nothing and asks no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.core.fault_rules import ACTIONS
from sandbox.core.recipes import Recipe, recipes

# Where a body says in a word what is wrong, by the first of these that it has.
_TELLING = ("error", "errorCode", "code", "type", "title", "message")
_LONGEST_WORD = 60
_ACTION_WORDS = {"malform": "broken JSON", "redirect_loop": "redirect to itself"}
# These leave the rest of the answer as it is, so that it tells nothing.
_CHANGING = {"change", "callback", "repeat", "forge", "malform", "content_type"}
# What is left of a rule's JSON in one line.
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Place:
    """How an operation is called: its method and its path below the service."""

    method: str
    path: str


@dataclass(frozen=True)
class RecipeView:
    """A recipe as the page shows it. `gist` is its answer in a few words, `answer` the whole of it as JSON."""

    name: str
    summary: str
    service: str
    operation: str
    status: int | None
    gist: str
    answer: str
    lasts: bool
    words: str


@dataclass(frozen=True)
class Shelf:
    """The recipes of one service: how many fit what is asked for, and those that are shown."""

    service: str
    count: int
    shown: Sequence[RecipeView]


Places = Mapping[tuple[str, str], Sequence[Place]]


def places_of(services: Iterable[Mapping[str, Any]]) -> Places:
    """Where each operation is called, by the slug of its service and its name, from `GET /services`."""
    found: dict[tuple[str, str], list[Place]] = {}
    for service in services:
        for one in service["operations"]:
            place = Place(one["method"], one["path"])
            found.setdefault((service["slug"], one["operation"]), []).append(place)
    return found


def show_fault(fault: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """An armed fault, as the control API describes it, with what a page says besides.

    `what` is its action in a line, `summary` a recipe's, `left` how often it will still happen and `tone` the colour of
    that, `calls` where its operation is called.
    """
    left, tone = _left(fault)
    recipe = recipes().get(fault["name"] or "")
    return {
        **fault,
        "what": _action_line(fault),
        "summary": recipe.summary if recipe else None,
        "left": left,
        "tone": tone,
        "calls": places.get((fault["service"] or "", fault["operation"] or ""), ())[:3],
    }


def choose_recipes(slugs: Sequence[str], *, service: str = "", q: str = "") -> list[Shelf]:
    """The recipes by service, in the order of `slugs`.

    Those of one `service` are shown, of the first if none is named; a search for `q` looks through all of them.
    """
    words = q.lower().split()
    shelves = [(slug, [one for one in _views() if one.service == slug and _fits(one, words)]) for slug in slugs]
    known = service in slugs
    first = next((slug for slug, found in shelves if found), "")

    def is_shown(slug: str) -> bool:
        return slug == service if known else bool(words) or slug == first

    return [Shelf(slug, len(found), found if is_shown(slug) else ()) for slug, found in shelves]


def _fits(recipe: RecipeView, words: Iterable[str]) -> bool:
    return all(word in recipe.words for word in words)


@lru_cache(maxsize=1)
def _views() -> tuple[RecipeView, ...]:
    return tuple(map(_view, recipes().values()))


def _view(recipe: Recipe) -> RecipeView:
    rule, answer = recipe.rule, recipe.answer
    whole = json.dumps(answer, indent=2, ensure_ascii=False)
    return RecipeView(
        name=recipe.name,
        summary=recipe.summary,
        service=rule["service"],
        operation=rule.get("operation") or "",
        status=answer.get("status"),
        gist=next(filter(None, _gists(recipe)), ""),
        answer=whole,
        lasts=rule.get("times", 1 if "redirect_loop" not in rule else None) is None,
        words=f"{recipe.name} {recipe.summary} {rule.get('operation') or ''} {whole}".lower(),
    )


def _gists(recipe: Recipe) -> Iterator[str]:
    """What can be said of its answer in a few words, the most telling first."""
    answer = recipe.answer
    if answer.get("connection"):
        yield f"connection {answer['connection']}"
    if answer.get("seconds"):
        yield f"after {answer['seconds']} seconds"
    body = answer.get("body") if not recipe.rule.keys() & _CHANGING else None
    while isinstance(body, dict):
        name = next((name for name in _TELLING if body.get(name)), "")
        body = body.get(name)
        if isinstance(body, str):
            yield body if len(body) <= _LONGEST_WORD else f"{body[:_LONGEST_WORD]}…"
        elif isinstance(body, int):
            yield f"{name} {body}"
    location = answer.get("headers", {}).get("Location", "")
    yield from (f"error={error}" for error in parse_qs(urlsplit(location).query).get("error", ()))
    if isinstance(body, str) and answer.get("headers"):
        yield str(next(iter(answer["headers"].values())))
    yield _done(recipe)


def _done(recipe: Recipe) -> str:
    """What is done to the answer, in a few words."""
    action = next(name for name in recipe.rule if name in ACTIONS)
    match action, recipe.rule[action]:
        case "forge", what:
            return str(what["tamper"])
        case (("change" | "callback"), what):
            return ", ".join(
                [f"another {_last(key)}" for key in what.get("set", ())]
                + [f"no {_last(key)}" for key in what.get("remove", ())]
            )
        case "repeat", what:
            return f"{', '.join(what['fields'])} twice"
        case "content_type", what:
            return str(what["value"])
        case _:
            return _ACTION_WORDS.get(action, "")


def _last(pointer: str) -> str:
    return pointer.rpartition("/")[2] or pointer


def _action_line(fault: Mapping[str, Any]) -> str:
    action = next(name for name in fault if name in ACTIONS)
    what = fault[action]
    after = ", after the work" if fault.get("after") else ""
    if action == "refuse":
        told = f": {what['detail']}" if what.get("detail") else ""
        return f"refuse {what['reason']}{told}{after}"
    line = f"{action} {json.dumps(what, ensure_ascii=False)}" if what else action
    return (line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…") + after


def _left(fault: Mapping[str, Any]) -> tuple[str, str]:
    """How often it will still happen, in words, and the tone of that."""
    to_skip = fault["skip"] - fault["hits"]
    after = f", after {to_skip} more {'call' if to_skip == 1 else 'calls'}" if to_skip > 0 else ""
    if fault["times"] is None:
        return f"until removed{after}", "wait"
    left = fault["times"] - max(0, -to_skip)
    if left <= 0:
        return "over", "plain"
    return f"{left} {'time' if left == 1 else 'times'} left{after}", "wait"
