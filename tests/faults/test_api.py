"""Arming by the control API: what it takes, what it shows, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.core.fault_rules import RULE, Rule
from sandbox.core.faults import MOST_FAULTS, arm
from sandbox.core.fixtures import shipped
from sandbox.core.recipes import recipes
from sandbox.core.tables import Fault
from tests.support.recipes import CONTROL

FAULTS = f"{CONTROL}/faults"
REFUSE = {"refuse": {"reason": "TOKEN_REVOKED"}}


def test_a_fault_shows_its_rule_its_name_and_its_hits(sandbox):
    rule = {"service": "github", "operation": "get_user", "login": "alice", "skip": 2, "drop": {}, "after": True}
    armed = sandbox.post(FAULTS, json=rule).json
    rest = {"name": None, "client_id": None, "times": 1, "probability": 1.0, "hits": 0}

    assert armed == {"id": armed["id"], **rule, **rest}
    assert sandbox.get(f"{FAULTS}/{armed['id']}").json == armed
    assert sandbox.get(FAULTS).json == {"faults": [armed]}


def test_a_recipe_may_be_narrowed(sandbox):
    name = "github: bad-verification-code"
    more = {"client_id": "gmi-console", "login": "octocat", "times": None, "skip": 1, "probability": 0.5}
    armed = sandbox.post(FAULTS, json={"recipe": name, **more}).json

    assert armed == {"id": armed["id"], "name": name, "hits": 0, **recipes()[name].rule, **more}


def test_a_loop_has_no_end_unless_told_otherwise(sandbox):
    rule = {"service": "oidc", "redirect_loop": {}}

    assert sandbox.post(FAULTS, json=rule).json["times"] is None
    assert sandbox.post(FAULTS, json={**rule, "times": 3}).json["times"] == 3


def test_a_fault_can_be_removed(sandbox):
    first, second = (sandbox.post(FAULTS, json=REFUSE).json["id"] for _ in range(2))
    removed = sandbox.delete(f"{FAULTS}/{first}")

    assert (removed.status_code, removed.data) == (204, b"")
    assert [fault["id"] for fault in sandbox.get(FAULTS).json["faults"]] == [second]
    assert sandbox.delete(FAULTS).status_code == 204
    assert sandbox.get(FAULTS).json == {"faults": []}


@pytest.mark.parametrize("method", ["get", "delete"])
def test_an_unknown_fault_is_not_found(sandbox, method):
    answer = getattr(sandbox, method)(f"{FAULTS}/nobody")

    assert (answer.status_code, answer.json["reason"]) == (404, "OBJECT_UNKNOWN")


WRONG: list[tuple[str, Any, str, str]] = [
    ("no action", {}, "#", "must have a recipe or one action"),
    ("two actions", {"drop": {}, "malform": {}}, "#/malform", "has one action, and this one has drop already"),
    ("an unknown action", {"explode": {}}, "#/explode", "is not known"),
    ("an unknown recipe", {"recipe": "github: bad-code"}, "#/recipe", "must be the name of a recipe"),
    ("a recipe and an action", {"recipe": "github: slow-down", "drop": {}}, "#/drop", "is the recipe's to say"),
    ("a recipe elsewhere", {"recipe": "github: slow-down", "service": "oidc"}, "#/service", "is the recipe's to say"),
    ("an unknown reason", {"refuse": {"reason": "TOKEN_REVOKD"}}, "#/refuse/reason", 'did you mean "TOKEN_REVOKED"'),
    ("no reason", {"refuse": {}}, "#/refuse/reason", "is missing"),
    ("an unknown service", {"service": "githab", **REFUSE}, "#/service", 'did you mean "github"'),
    ("an operation of another", {"service": "gmi", "operation": "get_user", **REFUSE}, "#/operation", "of gmi"),
    ("an operation of nobody", {"operation": "get_usr", **REFUSE}, "#/operation", "of some service"),
    ("a long delay", {"delay": {"seconds": 61}}, "#/delay/seconds", "at most 60"),
    ("a delay back", {"delay": {"seconds": -1}}, "#/delay/seconds", "at least 0"),
    ("a long drip", {"drip": {"seconds": 60.5}}, "#/drip/seconds", "at most 60"),
    ("no times", {**REFUSE, "times": 0}, "#/times", "at least 1"),
    ("a likely one", {**REFUSE, "probability": 2}, "#/probability", "at most 1"),
    ("an early refusal after", {**REFUSE, "after": True}, "#/after", "only answer and drop"),
    ("a low status", {"answer": {"status": 101}}, "#/answer/status", "at least 200"),
    ("a broken header", {"answer": {"status": 200, "headers": {"A": "b\r\nC: d"}}}, "#/answer/headers/A", "one line"),
    ("a broken name", {"answer": {"status": 200, "headers": {"A: b\r\nC": "d"}}}, "#/answer", "name of a header"),
    ("a length", {"answer": {"status": 200, "headers": {"content-LENGTH": "5"}}}, "#/answer/headers", "server's own"),
    ("a broken type", {"content_type": {"value": "a\nb: c"}}, "#/content_type/value", "in one line"),
    ("a broken type beside", {"answer": {"status": 200, "content_type": "a\nb"}}, "#/answer/content_type", "one line"),
    ("no pointer", {"change": {"set": {"token": 1}}}, "#/change/set/token", "a JSON pointer"),
    ("no pointer to remove", {"change": {"remove": ["token"]}}, "#/change/remove/0", "a JSON pointer"),
    ("a deep pointer", {"change": {"set": {"/a" * 51: 1}}}, "#/change/set", "at most 50 levels"),
    ("a deep pointer to remove", {"change": {"remove": ["/a" * 51]}}, "#/change/remove/0", "at most 50 levels"),
    ("no change", {"change": {}}, "#/change", "must set or remove"),
    ("no change of a callback", {"callback": {}}, "#/callback", "must set or remove"),
    ("a number in a callback", {"callback": {"set": {"state": 1}}}, "#/callback/set/state", "text"),
    ("an unknown tamper", {"forge": {"tamper": "bad"}}, "#/forge/tamper", "no tamper is called"),
    ("a tamper of others", {"forge": {"tamper": "no-nonce", "kinds": ["access_token"]}}, "#/forge/tamper", "cannot be"),
    ("a large answer", {"answer": {"status": 200, "body": "x" * 100_001}}, "#", "at most 100000 characters"),
    ("a lone surrogate", {"answer": {"status": 200, "body": {"\udc00": 1}}}, "", ""),
    ("a NUL", {**REFUSE, "login": "a\0b"}, "#", "NUL"),
]


@pytest.mark.parametrize(("rule", "pointer", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_rule_that_makes_no_sense_is_refused_where_it_does_not(sandbox, rule, pointer, said):
    answer = sandbox.post(FAULTS, json=rule)

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    found = " ".join(f"{error['pointer']} {error['detail']}" for error in answer.json.get("errors", []))
    assert pointer in found
    assert said in found
    assert sandbox.get(FAULTS).json == {"faults": []}


def test_a_member_is_changed_as_deep_down_as_a_pointer_may_lead(sandbox):
    sandbox.post(FAULTS, json={"service": "github", "change": {"set": {"/a" * 50: "down"}}})

    answer = sandbox.post("/login/oauth/access_token", headers={"Accept": "application/json"})

    assert answer.status_code == 200
    assert answer.text.count('"a":') == 50


@pytest.mark.parametrize(
    ("rule", "hits"),
    [
        ({"answer": {"status": 418.0}}, 1),
        ({"refuse": {"reason": "RATE_LIMITED", "retry_after": 7.0}}, 1),
        ({"skip": 1.0, "times": 1.0, "malform": {}}, 1),
    ],
)
def test_a_whole_number_may_be_written_with_a_point(sandbox, rule, hits):
    """JSON Schema takes 5.0 for an integer, and so do those who write it."""
    armed = sandbox.post(FAULTS, json={"service": "github", **rule})

    answer = sandbox.post("/login/oauth/access_token", headers={"Accept": "application/json"})

    assert armed.status_code == 201, armed.text
    assert answer.status_code < 500
    assert ".0" not in answer.text
    assert sandbox.get(f"{FAULTS}/{armed.json['id']}").json["hits"] == hits


def test_there_is_a_most(sandbox):
    with sandbox.world() as world:
        for _ in range(MOST_FAULTS):
            arm(world, Rule("drop", {}, "gmi"))
    answer = sandbox.post(FAULTS, json=REFUSE)

    assert answer.json["reason"] == "LIMIT_REACHED"
    with sandbox.world() as world:
        world.store.change(Fault, {"hits": 1})
    assert sandbox.post(FAULTS, json=REFUSE).status_code == 201
    assert len(sandbox.get(FAULTS).json["faults"]) == 1


def test_the_schema_of_fixtures_has_the_same_shapes():
    schema = json.loads(shipped("schema.json").read_text("utf-8"))

    assert _bare(schema["$defs"]["fault"]) == RULE


def _bare(schema: Any) -> Any:
    """A schema without what is only said to people."""
    if not isinstance(schema, dict):
        return schema
    plain = {key: value for key, value in schema.items() if key not in ("title", "description")}
    inner = {name: _bare(part) for name, part in plain.get("properties", {}).items()}
    return {**plain, "properties": inner} if "properties" in plain else plain
