"""The fixture document of a world: changed at run time, and only what differs is changed in the world."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import documents, tables
from sandbox.core.fixture_reader import FixtureError
from tests.core.test_worlds import sign_in, whoami
from tests.support.databases import DATABASES, config_on


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """Whoever the request names signs in, on either database."""
    return config_on(request, approval="hint")


def read(sandbox: Any) -> dict[str, Any]:
    house = sandbox.application.extensions["sandbox"]
    with sandbox.world() as world:
        document: dict[str, Any] = json.loads(json.dumps(documents.current_document(world, house.origin)))
        return document


def change(sandbox: Any, document: dict[str, Any]) -> None:
    house = sandbox.application.extensions["sandbox"]
    with sandbox.world() as world:
        documents.change_document(world, house.origin, document)


def person(document: dict[str, Any], login: str) -> dict[str, Any]:
    return next(one for one in document["identities"] if one["login"] == login)


def test_the_shipped_fixture_is_the_same_when_it_is_written_out_and_read_again(app):
    origin = app.extensions["sandbox"].origin

    assert origin.parse(origin.fixture.document, "again").document == origin.fixture.document


def test_a_changed_name_is_told_at_once_and_tokens_stay(sandbox):
    token = sign_in(sandbox, "", "octocat")
    document = read(sandbox)
    person(document, "octocat")["name"] = "The Cat"

    change(sandbox, document)

    answer = sandbox.get("/api/v3/user", headers={"Authorization": f"Bearer {token}"})
    assert answer.json["name"] == "The Cat"
    assert person(read(sandbox), "octocat")["name"] == "The Cat"


def test_a_new_person_signs_in(sandbox):
    document = read(sandbox)
    document["identities"].append({"login": "newcomer", "purpose": "came late", "name": "New Comer", "emails": []})

    change(sandbox, document)

    assert whoami(sandbox, "", sign_in(sandbox, "", "newcomer")) == (200, "newcomer")


def test_what_came_of_people_since_stays_where_the_fixture_does_not_change_it(sandbox):
    sign_in(sandbox, "", "octocat")
    with sandbox.world() as world:
        before = {table: world.store.count(table) for table in (tables.Token, tables.Consent, tables.Account)}
    document = read(sandbox)
    person(document, "alice")["purpose"] = "somebody else now"

    change(sandbox, document)

    with sandbox.world() as world:
        assert {table: world.store.count(table) for table in before} == before


def test_a_document_that_is_wrong_changes_nothing(sandbox):
    document = read(sandbox)
    document["clients"][0]["service"] = "nowhere"
    person(document, "octocat")["name"] = "Changed"

    with pytest.raises(FixtureError, match="clients"):
        change(sandbox, document)

    assert person(read(sandbox), "octocat")["name"] != "Changed"


def test_the_smallest_fixture_takes_everybody_away_and_the_old_one_brings_them_back(sandbox):
    whole = read(sandbox)

    change(sandbox, {"version": 1})
    with sandbox.world() as world:
        assert world.store.count(tables.Identity) == 0
        assert world.store.count(tables.Client) == 0
    change(sandbox, whole)

    assert read(sandbox) == whole
    assert whoami(sandbox, "", sign_in(sandbox, "", "octocat")) == (200, "octocat")


def test_a_key_that_gets_another_name_is_a_new_key_and_the_old_one_still_verifies(sandbox):
    before = sandbox.get("/insforge-cloud/.well-known/jwks.json").json["keys"][0]["kid"]
    document = read(sandbox)
    document["insforge-cloud"]["kid"] = "another-name"

    change(sandbox, document)

    kids = [key["kid"] for key in sandbox.get("/insforge-cloud/.well-known/jwks.json").json["keys"]]
    assert kids == ["another-name", before]
