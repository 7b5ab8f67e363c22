"""The page on faults tells of every recipe, action and tamper, and of each recipe the answer that was proved."""

from __future__ import annotations

import json

import pytest

from sandbox.core.fault_rules import ACTIONS, RULE
from sandbox.core.recipes import recipes
from sandbox.core.tampers import TAMPERS
from sandbox.services import SERVICES
from tests.docs.markdown import blocks, code, read, rows, sections
from tests.support.recipes import CONTROL, told

PAGE = "docs/faults.md"


@pytest.mark.parametrize("slug", SERVICES)
def test_every_recipe_of_a_service_is_there_with_its_answer(slug):
    table = list(rows(sections(read(PAGE))[SERVICES[slug].title]))[2:]
    data = [
        [f"`{name}`", recipe.summary, told(recipe.answer)]
        for name, recipe in recipes().items()
        if recipe.rule["service"] == slug
    ]

    assert table == data


def test_every_action_and_every_key_of_a_rule_is_explained():
    text = sections(read(PAGE))["By rule"]
    first = [code(cells[0])[0] for cells in rows(text) if code(cells[0])]
    keys = {name.partition(" ")[0]: name for name in first}

    assert set(keys) == set(RULE["properties"]) - {"recipe"}
    for action, shape in ACTIONS.items():
        told = {name.strip("?") for name in keys[action].partition("{")[2].rstrip("}").split(", ") if name}
        required = {name for name in keys[action].partition("{")[2].rstrip("}").split(", ") if name and "?" not in name}
        assert told == set(shape["properties"])
        assert required == set(shape.get("required", ()))


def test_every_tamper_is_named():
    assert set(TAMPERS) <= set(code(sections(read(PAGE))["By rule"]))


def test_the_rule_of_the_page_is_one(sandbox):
    (rule,) = [json.loads(block) for block in blocks(read(PAGE), "json")]

    assert sandbox.post(f"{CONTROL}/faults", json=rule).status_code == 201


def test_the_calls_of_the_page_are_those_that_there_are(app):
    table = {code(cells[0])[0] for cells in rows(sections(read(PAGE))["The control API"]) if code(cells[0])}
    own = {
        f"{method} {rule.rule.removeprefix(CONTROL).replace('<id>', '{id}')}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith((f"{CONTROL}/faults", f"{CONTROL}/recipes"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert table == own
