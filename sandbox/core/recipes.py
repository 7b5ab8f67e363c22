"""The recipes: faults that have a name, because integrators meet them, each with the answer that its caller gets.

They are data, in fixtures/recipes.yaml; arms none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sandbox.core.fixture_reader import Reader
from sandbox.core.fixtures import shipped


@dataclass(frozen=True)
class Recipe:
    """A fault by name, `{service}: {words-with-hyphens}`. `rule` is it as JSON, and `answer` what the wire shows.

    `answer` has `status`, and of `body`, `headers`, `claims` (of the id_token) and `header` (of the id_token) what
    matters; or `connection`, where there is no whole answer, and `seconds`, where it is late. `…` in a text stands for
    what differs every time.
    """

    name: str
    summary: str
    rule: Mapping[str, Any]
    answer: Mapping[str, Any]


@lru_cache(maxsize=1)
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name, in the order of the file."""
    path = shipped("recipes.yaml")
    listed = Reader(path.read_text("utf-8"), path.name).read()
    return {entry["name"]: Recipe(**entry) for entry in listed}


@lru_cache(maxsize=1)
def recipe_rules() -> Mapping[str, Mapping[str, Any]]:
    """What each recipe arms."""
    return {name: recipe.rule for name, recipe in recipes().items()}
