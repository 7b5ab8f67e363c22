"""Faults as a page: what is armed, the recipes by service, and a rule of one's own.

How a fault and a recipe are shown is fault_views.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from sandbox.core import tables
from sandbox.core.fault_rules import ACTIONS
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import current_house, current_world
from sandbox.web.control.api import perform
from sandbox.web.pages import fault_views
from sandbox.web.pages.page import form, go_to, page
from sandbox.web.pages.typed import as_number, as_text, read_document, told

# How many people and applications are suggested.
_SUGGESTED = 50
_RECIPE, _RULE = "recipe", "rule"
# What may stand in a form until somebody types, by its fields.
_EMPTY = {
    "often": "",
    "times": "3",
    "client_id": "",
    "login": "",
    "where": "",
    "what": "refuse",
    "reason": "",
    "detail": "",
    "action": "",
}


@page("/faults")
def show_faults() -> ResponseReturnValue:
    """GET /_sandbox/faults; `service` and `q` choose among the recipes."""
    return _render()


@form("/faults")
def change_faults() -> ResponseReturnValue:
    """Arm a recipe or a rule, remove one fault or all."""
    typed = request.form
    try:
        done = _do(typed)
    except Refusal as refusal:
        return _render(refusal, typed), 400
    return go_to("/faults", done=done, **_choice())


def _do(typed: Mapping[str, str]) -> str:
    """Do what the form says; returns the word for it. Raises Refusal."""
    if "remove" in typed:
        perform("remove_fault", id=typed["remove"])
        return "removed"
    if typed.get("do") == "remove-all":
        perform("remove_faults")
        return "cleared"
    perform("add_fault", {**_matched(typed), **(_chosen(typed) if _RECIPE in typed else _ruled(typed))})
    return "armed"


def _matched(typed: Mapping[str, str]) -> dict[str, Any]:
    """Whom it meets, and how often, as far as that was typed."""
    given: dict[str, Any] = {
        name: typed[name].strip() for name in ("client_id", "login") if typed.get(name, "").strip()
    }
    match typed.get("often"):
        case "once":
            given["times"] = 1
        case "times":
            given["times"] = as_number(typed.get("times", ""))
        case "always":
            given["times"] = None
    return given


def _chosen(typed: Mapping[str, str]) -> dict[str, Any]:
    return {_RECIPE: typed[_RECIPE]}


def _ruled(typed: Mapping[str, str]) -> dict[str, Any]:
    service, _, operation = typed.get("where", "").partition(" ")
    place = {"service": service or None, "operation": operation or None}
    if typed.get("what") != "action":
        detail = as_text(typed.get("detail", ""))
        return {**place, "refuse": {"reason": typed.get("reason", ""), **({"detail": detail} if detail else {})}}
    if not typed.get("action", "").strip():
        raise Refusal(Reason.FIELD_MISSING, f"the action is missing: one of {', '.join(ACTIONS)}", "action")
    action = read_document(typed["action"], "the action")
    if isinstance(action, str) and action in ACTIONS:
        action = {action: {}}
    if not isinstance(action, dict):
        raise Refusal(Reason.FIELD_INVALID, "the action must be a mapping, such as delay: {seconds: 3}", "action")
    # What is needless to say of an action without particulars.
    return {**place, **{name: {} if value is None and name in ACTIONS else value for name, value in action.items()}}


def _choice() -> dict[str, str]:
    """Which recipes are shown, as the query has it."""
    return {name: value for name in ("service", "q") if (value := request.args.get(name, "").strip())}


def _render(refusal: Refusal | None = None, typed: Mapping[str, str] | None = None) -> str:
    services = perform("get_services")["services"]
    places = fault_views.places_of(services)
    armed = [fault_views.show_fault(fault, places) for fault in perform("get_faults")["faults"]]
    done = request.args.get("done") if refusal is None else None
    given = {**_EMPTY, **{name: value for name, value in (typed or {}).items() if name in _EMPTY}}
    of_rule = typed is not None and typed.get("do") == _RULE
    choice = _choice()
    return render_template(
        "own/faults.html",
        armed=armed,
        latest=armed[-1] if done == "armed" and armed else None,
        done=done,
        problem=told(refusal) if refusal else None,
        recipe=_EMPTY if of_rule else given,
        rule=given if of_rule else _EMPTY,
        rule_first=of_rule,
        services=services,
        titles={one["slug"]: one["title"] for one in services},
        shelves=fault_views.choose_recipes(list(current_house().services), **choice),
        choice=choice,
        reasons=[reason.value for reason in Reason],
        actions=list(ACTIONS),
        **_suggestions(),
    )


def _suggestions() -> dict[str, list[str]]:
    store = current_world().store
    clients = store.list(tables.Client, order=("position",), columns=("client_id",), limit=_SUGGESTED)
    people = store.list(tables.Identity, order=("position",), columns=("login",), limit=_SUGGESTED)
    return {
        "clients": list(dict.fromkeys(client.client_id for client in clients)),
        "people": [person.login for person in people],
    }
