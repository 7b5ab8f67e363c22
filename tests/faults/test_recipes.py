"""Each recipe gives the answer that the data say it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Config, create_app
from sandbox.core.recipes import recipes
from sandbox.core.refusals import Refusal
from sandbox.services import SERVICES
from sandbox.web import faults
from tests.conftest import HouseClient
from tests.support.recipes import CONTROL, check, ready, shown

RECIPES = recipes()
ONCE = ("github: bad-verification-code", "github: token-lost", "oidc: discovery-down", "oidc: id-token-expired")
FORGED = [name for name, recipe in RECIPES.items() if "forge" in recipe.rule]


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """The real seconds that faults would have waited; nobody waits for them."""
    waits: list[float] = []
    monkeypatch.setattr(faults.time, "sleep", waits.append)
    return waits


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    """One sandbox for all recipes: each is armed, met and removed."""
    app = create_app(Config())
    app.test_client_class = HouseClient
    yield app
    app.extensions["sandbox"].close()


@pytest.mark.parametrize("name", RECIPES)
def test_the_wire_shows_what_the_recipe_says(shared, slept, name):
    sandbox = shared.test_client()
    sandbox.delete(f"{CONTROL}/faults")
    recipe = RECIPES[name]
    call = ready(sandbox, recipe.rule)
    armed = sandbox.post(f"{CONTROL}/faults", json={"recipe": name})
    found = shown(call)

    answer = {key: value for key, value in recipe.answer.items() if key not in ("seconds", "without")}
    check(answer, found)
    assert round(sum(slept)) == recipe.answer.get("seconds", 0)
    assert not set(recipe.answer.get("without", ())) & set(found.get("body") or ())
    assert armed.status_code == 201
    assert sandbox.get(f"{CONTROL}/faults/{armed.json['id']}").json["hits"] == 1
    assert sandbox.journal()[-1].fault == name


@pytest.mark.parametrize("name", ONCE)
def test_a_recipe_that_happens_once_is_over_then(sandbox, name):
    first, second = ready(sandbox, RECIPES[name].rule), ready(sandbox, RECIPES[name].rule)
    sandbox.post(f"{CONTROL}/faults", json={"recipe": name})
    shown(first)
    shown(second)

    assert [entry.fault for entry in sandbox.journal()][-2:] == [name, None]
    assert sandbox.get(f"{CONTROL}/faults").json["faults"][0]["hits"] == 1


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_refused_by_who_checks_it(sandbox, name):
    rule = RECIPES[name].rule
    call = ready(sandbox, rule)
    sandbox.post(f"{CONTROL}/faults", json={"recipe": name})
    token = call().json["id_token"]

    assert _is_refused(sandbox, rule["service"], token)


def _is_refused(sandbox: Any, service: str, token: str) -> bool:
    house = sandbox.application.extensions["sandbox"]
    issuer = {"issuer": "main"} if service == "oidc" else {}
    with sandbox.application.test_request_context(), sandbox.world() as world:
        from flask import g, request  # noqa: PLC0415 - there is a request only here

        g.mount, _ = house.mounts.resolve("http", request.host, "/")
        g.world = world
        try:
            claims = house.upstreams[service].verify(world, token, **issuer)
        except Refusal:
            return True
    own = {"aud": ("oidc-client", "11111111-1111-4111-8111-111111111111"), "nonce": ("n1",)}
    wrong = any(claims[claim] not in right for claim, right in own.items())
    return wrong or "issuer.invalid" in claims["iss"]


def test_there_are_five_for_every_service():
    counted = {slug: sum(name.startswith(f"{slug}: ") for name in RECIPES) for slug in SERVICES}

    assert min(counted.values()) >= 5
    assert len(RECIPES) >= 60


def test_a_recipe_is_named_after_its_service():
    for name, recipe in RECIPES.items():
        slug, words = name.split(": ")
        assert recipe.rule["service"] == slug
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", words)
        assert recipe.summary[-1] == "."


def test_the_api_lists_them_all(sandbox):
    listed = sandbox.get(f"{CONTROL}/recipes").json["recipes"]

    assert [recipe["name"] for recipe in listed] == list(RECIPES)
    assert listed[0].keys() == {"name", "summary", "answer", "rule"}
