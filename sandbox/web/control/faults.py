"""The control API's faults: armed by recipe or by rule, listed with what they have hit, removed.

What they are and whom they meet is core's.
"""

from __future__ import annotations

from typing import Any

from flask import current_app

from sandbox.core import faults
from sandbox.core.fault_rules import ACTIONS, RULE, parse_rule
from sandbox.core.recipes import recipe_rules, recipes
from sandbox.core.refusals import Reason
from sandbox.service import current_world, list_operations
from sandbox.web.control.api import operation
from sandbox.web.control.shapes import NULLABLE, OBJECT, TEXT, list_of, schema

_RULE = schema("FaultRule", RULE)
_FAULT = schema(
    "Fault",
    {
        "type": "object",
        "required": ["id", "name", "service", "operation", "client_id", "login", "skip", "times", "hits"],
        "properties": {
            "id": TEXT,
            "name": NULLABLE,
            "service": NULLABLE,
            "operation": NULLABLE,
            "client_id": NULLABLE,
            "login": NULLABLE,
            "skip": {"type": "integer"},
            "times": {"type": ["integer", "null"]},
            "probability": {"type": "number"},
            **ACTIONS,
            "after": {"type": "boolean"},
            "hits": {"type": "integer"},
        },
    },
)
_FAULTS = {"type": "object", "properties": {"faults": list_of(_FAULT)}}
_RECIPE = schema(
    "Recipe",
    {
        "type": "object",
        "required": ["name", "summary", "answer", "rule"],
        "properties": {
            "name": TEXT,
            "summary": TEXT,
            "answer": OBJECT,
            "rule": _RULE,
        },
    },
)
_RECIPES = {"type": "object", "properties": {"recipes": list_of(_RECIPE)}}


@operation("GET", "/faults", "What is armed to go wrong, and what has gone wrong by it", answers={200: _FAULTS})
def get_faults() -> dict[str, Any]:
    """GET /faults: all of them, oldest first, with those that are over."""
    return {"faults": [faults.describe(fault) for fault in faults.list_faults(current_world())]}


@operation(
    "POST",
    "/faults",
    "Make something go wrong",
    body=_RULE,
    answers={201: _FAULT},
    refuses=(Reason.FIELD_INVALID, Reason.LIMIT_REACHED),
)
def add_fault(body: dict[str, Any]) -> dict[str, Any]:
    """POST /faults: arm a rule, or a recipe by its name."""
    rule = parse_rule(body, list_operations(current_app), recipe_rules())
    return faults.describe(faults.arm(current_world(), rule))


@operation("DELETE", "/faults", "Let nothing go wrong any more", answers={204: None})
def remove_faults() -> None:
    """DELETE /faults."""
    faults.clear_faults(current_world())


@operation("GET", "/faults/<id>", "One fault", answers={200: _FAULT}, refuses=(Reason.OBJECT_UNKNOWN,))
def get_fault(id: str) -> dict[str, Any]:  # noqa: A002 - the contract's name
    """GET /faults/{id}."""
    return faults.describe(faults.get_fault(current_world(), id))


@operation("DELETE", "/faults/<id>", "Remove one fault", answers={204: None}, refuses=(Reason.OBJECT_UNKNOWN,))
def remove_fault(id: str) -> None:  # noqa: A002 - the contract's name
    """DELETE /faults/{id}."""
    faults.remove_fault(current_world(), id)


@operation("GET", "/recipes", "Faults by name, and the answer that each gives", answers={200: _RECIPES})
def get_recipes() -> dict[str, Any]:
    """GET /recipes: in the order of the services."""
    return {
        "recipes": [
            {"name": recipe.name, "summary": recipe.summary, "answer": recipe.answer, "rule": recipe.rule}
            for recipe in recipes().values()
        ]
    }
