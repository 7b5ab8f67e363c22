"""Worlds over the control API: made, listed, deleted, reset, taken and restored."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any
from unittest.mock import ANY

import pytest

from sandbox import Config
from tests.support.control import API, refused
from tests.support.databases import on_either_database

WORLDS, SNAPSHOT, CLOCK = f"{API}/worlds", f"{API}/snapshot", f"{API}/clock"
ALONE = {"version": 1, "identities": [{"login": "alone"}]}


def names(sandbox: Any) -> list[str]:
    return [world["name"] for world in sandbox.get(WORLDS).json["worlds"]]


def logins(sandbox: Any, prefix: str) -> list[str]:
    return [person["login"] for person in sandbox.get(f"{prefix}{API}/identities").json["identities"]]


def signed(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A snapshot that was changed by somebody who knows how its digest is made."""
    content = {name: value for name, value in snapshot.items() if name != "digest"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return {**content, "digest": hashlib.sha256(canonical.encode()).hexdigest()}


@on_either_database
def test_a_world_is_made_listed_and_deleted(sandbox):
    made = sandbox.post(WORLDS, json={"name": "t1"})

    assert made.status_code == 201
    assert made.json == {
        **made.json,
        "name": "t1",
        "url": "http://localhost/w/t1",
        "frozen": False,
        "faults": 0,
        "identities": len(logins(sandbox, "")),
    }
    assert sandbox.get(f"{WORLDS}/t1").json == {**made.json, "now": ANY}
    assert names(sandbox) == ["default", "t1"]
    assert sandbox.delete(f"{WORLDS}/t1").status_code == 204
    assert names(sandbox) == ["default"]


@on_either_database
def test_many_worlds_are_listed_page_by_page(sandbox):
    for name in ("a", "b", "c"):
        sandbox.post(WORLDS, json={"name": name})
    sandbox.post(f"/w/b{API}/faults", json={"recipe": "github: rate-limit"})
    page = sandbox.get(WORLDS, query_string={"limit": 2, "offset": 1}).json

    assert ([world["name"] for world in page["worlds"]], page["total"]) == (["b", "c"], 4)
    assert page["worlds"] == [{**sandbox.get(f"{WORLDS}/{name}").json, "now": ANY} for name in ("b", "c")]
    assert [world["faults"] for world in page["worlds"]] == [1, 0]


def test_the_default_world_is_at_the_origin_itself(sandbox):
    assert sandbox.get(f"{WORLDS}/default").json["url"] == "http://localhost"
    assert sandbox.get(f"/w/t1{WORLDS}/default").json["url"] == "http://localhost"


def test_a_world_has_the_fixture_that_it_was_given(sandbox):
    made = sandbox.post(WORLDS, json={"name": "t1", "fixture": ALONE})

    assert (made.json["identities"], made.json["clients"]) == (1, 0)
    assert logins(sandbox, "/w/t1") == ["alone"]
    sandbox.post(f"/w/t1{API}/identities", json={"login": "second"})
    sandbox.post(f"/w/t1{API}/reset")
    assert logins(sandbox, "/w/t1") == ["alone"]


def test_a_world_is_a_copy_of_another(sandbox):
    sandbox.post(f"{API}/identities", json={"login": "newbee"})
    sandbox.put(CLOCK, json={"now": 1_800_000_000, "frozen": True})
    made = sandbox.post(WORLDS, json={"name": "t1", "from": "default"})

    assert (made.status_code, made.json["now"], made.json["frozen"]) == (201, 1_800_000_000, True)
    assert "newbee" in logins(sandbox, "/w/t1")
    sandbox.delete(f"/w/t1{API}/identities/newbee")
    assert "newbee" in logins(sandbox, "")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"name": "default"}, 409, "OBJECT_ALREADY_EXISTS"),
        ({}, 400, "FIELD_INVALID"),
        ({"name": ""}, 400, "FIELD_INVALID"),
        ({"name": "a/b"}, 400, "FIELD_INVALID"),
        ({"name": "-a"}, 400, "FIELD_INVALID"),
        ({"name": "a" * 65}, 400, "FIELD_INVALID"),
        ({"name": "a\n"}, 400, "FIELD_INVALID"),
        ({"name": "a\0"}, 400, "FIELD_INVALID"),
        ({"name": "t1", "colour": "red"}, 400, "FIELD_INVALID"),
        ({"name": "t1", "fixture": ALONE, "from": "default"}, 400, "FIELD_INVALID"),
        ({"name": "t1", "from": "nowhere"}, 404, "OBJECT_UNKNOWN"),
        ({"name": "t1", "fixture": {}}, 400, "FIELD_INVALID"),
        ({"name": "t1", "fixture": {"version": 1, "identities": [{"login": 5}]}}, 400, "FIELD_INVALID"),
        ({"name": "t1", "snapshot": {}}, 400, "FIELD_INVALID"),
    ],
)
def test_a_world_that_cannot_be_is_not_made(sandbox, body, status, reason):
    assert refused(sandbox.post(WORLDS, json=body)) == (status, reason)
    assert names(sandbox) == ["default"]


def test_what_is_wrong_with_the_fixture_of_a_new_world_is_pointed_at(sandbox):
    answer = sandbox.post(WORLDS, json={"name": "t1", "fixture": {"version": 1, "identities": [{"login": 5}]}})

    assert [error["pointer"] for error in answer.json["errors"]] == ["#/fixture/identities/0/login"]


def test_a_world_that_is_not_there_is_neither_read_nor_deleted(sandbox):
    assert refused(sandbox.get(f"{WORLDS}/t1")) == (404, "OBJECT_UNKNOWN")
    assert refused(sandbox.delete(f"{WORLDS}/t1")) == (404, "OBJECT_UNKNOWN")
    assert names(sandbox) == ["default"]


@on_either_database
def test_what_can_be_no_name_is_not_there_either(sandbox):
    for path in ("worlds/%00", "worlds/a%00b", "flows/%00", "flows/a%00b"):
        assert refused(sandbox.get(f"{API}/{path}")) == (404, "OBJECT_UNKNOWN")
    assert sandbox.get("/_sandbox/flows/%00").status_code == 404


def test_the_default_world_is_always_there(sandbox):
    assert refused(sandbox.delete(f"{WORLDS}/default")) == (403, "PERMISSION_DENIED")
    assert names(sandbox) == ["default"]


def test_a_world_is_made_by_its_first_request(sandbox):
    assert sandbox.get("/w/t1/_sandbox/health").json["world"] == "t1"
    assert names(sandbox) == ["default", "t1"]


def test_a_world_may_delete_itself(sandbox):
    sandbox.post(WORLDS, json={"name": "t1"})

    assert sandbox.delete(f"/w/t1{WORLDS}/t1").status_code == 204
    assert names(sandbox) == ["default"]


@on_either_database
def test_a_restored_world_goes_on_as_if_nothing_had_happened(sandbox, sign_in):
    sandbox.put(CLOCK, json={"frozen": True})
    code = sign_in("github", as_="octocat", client="gmi-console")
    snapshot = sandbox.get(SNAPSHOT).json
    swap = {"provider": "github", "code": code}

    assert sandbox.post("/api/v1/oauth/token", json=swap).status_code == 200
    assert sandbox.post("/api/v1/oauth/token", json=swap).status_code != 200
    assert sandbox.put(SNAPSHOT, json=snapshot).status_code == 204
    assert sandbox.post("/api/v1/oauth/token", json=swap).status_code == 200


def test_a_snapshot_begins_a_world_elsewhere(sandbox, make_sandbox):
    sandbox.post(f"{API}/identities", json={"login": "newbee"})
    snapshot = sandbox.get(f"{SNAPSHOT}?journal=false").json
    other = make_sandbox(Config())

    assert (snapshot["kind"], snapshot["version"]) == ("idp-sandbox snapshot", 1)
    assert other.post(WORLDS, json={"name": "t1", "snapshot": snapshot}).status_code == 201
    assert "newbee" in logins(other, "/w/t1")


def test_the_journal_is_left_out_on_request(sandbox):
    sandbox.get("/api/v3/user")

    assert "journal" in sandbox.get(SNAPSHOT).json["tables"]
    assert "journal" not in sandbox.get(f"{SNAPSHOT}?journal=false").json["tables"]
    assert refused(sandbox.get(f"{SNAPSHOT}?journal=no")) == (400, "FIELD_INVALID")


def test_the_clock_of_a_snapshot_is_that_of_then_or_now(sandbox):
    sandbox.post(f"{CLOCK}/advance", json={"days": -10})
    snapshot = sandbox.get(SNAPSHOT).json
    sandbox.post(f"{API}/reset")

    sandbox.put(SNAPSHOT, json=snapshot)
    assert 0 <= sandbox.get(CLOCK).json["now"] - snapshot["taken_at"] <= 5
    assert refused(sandbox.put(f"{SNAPSHOT}?clock=later", json=snapshot)) == (400, "FIELD_INVALID")
    assert sandbox.put(f"{SNAPSHOT}?clock=now", json=snapshot).status_code == 204


@pytest.mark.parametrize("change", ["kind", "version", "digest", "taken_at", "fixture"])
def test_a_snapshot_that_is_not_as_it_was_taken_is_refused(sandbox, change):
    snapshot = sandbox.get(SNAPSHOT).json
    other = {"version": 2, "taken_at": 5, "fixture": {}}.get(change, "other")

    assert refused(sandbox.put(SNAPSHOT, json={**snapshot, change: other})) == (400, "FIELD_INVALID")


def spoilt(snapshot: dict[str, Any], what: str) -> dict[str, Any]:
    """The snapshot with something in it that no table can hold."""
    spoilt = copy.deepcopy(snapshot)
    people = spoilt["tables"]["identities"]
    if what == "type":
        people[0]["position"] = "first"
    elif what == "null":
        people[0]["purpose"] = None
    elif what == "twice":
        people.append(people[0])
    elif what == "column":
        people[0]["shoe_size"] = 44
    elif what == "table":
        spoilt["tables"]["users"] = []
    elif what == "list":
        people[0]["emails"] = {}
    elif what == "clock":
        spoilt["tables"]["worlds"][0]["frozen_at"] = 10**18
    elif what == "world":
        spoilt["tables"]["worlds"] = []
    return signed(spoilt)


@on_either_database
@pytest.mark.parametrize("what", ["type", "null", "twice", "column", "table", "list", "clock", "world"])
def test_a_snapshot_that_no_sandbox_has_taken_is_refused_and_nothing_happens(sandbox, what):
    snapshot = sandbox.get(SNAPSHOT).json
    before = sandbox.get(f"{API}/fixture").json

    assert refused(sandbox.put(SNAPSHOT, json=spoilt(snapshot, what))) == (400, "FIELD_INVALID")
    assert sandbox.get(f"{API}/fixture").json == before


@pytest.mark.parametrize("action", [{}, {"refuse": {"reason": "BORED"}}, {"drop": {}, "recipe": "github: slow-down"}])
def test_a_snapshot_brings_no_fault_that_nobody_could_arm(sandbox, action):
    snapshot = sandbox.get(SNAPSHOT).json
    fault = {**dict.fromkeys(("name", "service", "operation", "client_id", "login")), "action": action, "id": "f1"}
    fault |= {"serial": 1, "skip": 0, "times": 1, "probability": 1.0, "hits": 0}
    snapshot["tables"]["faults"] = [fault]

    assert refused(sandbox.put(SNAPSHOT, json=signed(snapshot))) == (400, "FIELD_INVALID")


def test_a_snapshot_whose_document_is_no_fixture_is_refused(sandbox):
    snapshot = sandbox.get(SNAPSHOT).json

    assert refused(sandbox.put(SNAPSHOT, json=signed({**snapshot, "fixture": {}}))) == (400, "FIELD_INVALID")
    assert len(logins(sandbox, "")) == len(snapshot["fixture"]["identities"])


def test_what_rooms_look_up_is_made_of_the_fixture_whatever_a_snapshot_says(sandbox):
    snapshot = sandbox.get(SNAPSHOT).json
    snapshot["tables"]["worlds"][0]["settings"] = {}

    assert sandbox.put(SNAPSHOT, json=signed(snapshot)).status_code == 204
    assert sandbox.post(f"{API}/login", json={"provider": "github", "identity": "octocat"}).status_code == 200


def test_who_asks_for_a_world_with_a_bad_snapshot_is_told_where_it_is_bad(sandbox):
    snapshot = sandbox.get(SNAPSHOT).json
    snapshot["fixture"]["identities"][0]["login"] = "no login"

    answer = sandbox.post(WORLDS, json={"name": "t1", "snapshot": signed(snapshot)})

    assert refused(answer) == (400, "FIELD_INVALID")
    assert answer.json["errors"][0]["pointer"] == "#/snapshot/fixture/identities/0/login"
    assert names(sandbox) == ["default"]


def test_a_snapshot_names_no_files(sandbox, tmp_path):
    secret = tmp_path / "secret.yml"
    secret.write_text("providers: {}\n")
    snapshot = sandbox.get(SNAPSHOT).json
    snapshot["fixture"]["prisme"]["auth_providers_file"] = str(secret)

    assert refused(sandbox.put(SNAPSHOT, json=signed(snapshot))) == (400, "FIELD_INVALID")
    assert refused(sandbox.post(WORLDS, json={"name": "t1", "snapshot": signed(snapshot)})) == (400, "FIELD_INVALID")
