"""Snapshots: a world as one document, and the next request behaves as if nothing had happened since."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.core.rows import columns_of
from tests.core.test_worlds import TOKEN, sign_in, whoami
from tests.support.databases import DATABASES, config_on

API = "/_sandbox/api"


@pytest.fixture(params=DATABASES)
def config(request: pytest.FixtureRequest) -> Config:
    """Whoever the request names signs in, on either database."""
    return config_on(request, approval="hint")


def take(client: Any, prefix: str = "", **query: str) -> dict[str, Any]:
    answer = client.get(f"{prefix}{API}/snapshot", query_string=query)
    assert answer.status_code == 200, answer.text
    snapshot: dict[str, Any] = json.loads(answer.text)
    return snapshot


def restore(client: Any, snapshot: dict[str, Any], prefix: str = "", **query: str) -> Any:
    return client.put(f"{prefix}{API}/snapshot", json=snapshot, query_string=query)


def test_a_restored_world_knows_its_tokens_again(sandbox):
    token = sign_in(sandbox, "", "octocat")
    snapshot = take(sandbox)
    sandbox.post(f"{API}/reset")
    assert whoami(sandbox, "", token)[0] == 401

    assert restore(sandbox, snapshot).status_code == 204

    assert whoami(sandbox, "", token) == (200, "octocat")


def test_a_code_can_still_be_redeemed_once(sandbox):
    asked = {"client_id": TOKEN["client_id"], "login": "octocat"}
    back = sandbox.get("/login/oauth/authorize", query_string=asked).headers["Location"]
    form = {**TOKEN, "code": back.partition("code=")[2].partition("&")[0]}
    snapshot = take(sandbox)

    def redeem() -> set[str]:
        return set(sandbox.post("/login/oauth/access_token", data=form, headers={"Accept": "application/json"}).json)

    assert "access_token" in redeem()
    assert "error" in redeem()
    restore(sandbox, snapshot)
    assert "access_token" in redeem()


def test_what_was_taken_is_what_is_taken_after_restoring(sandbox):
    sign_in(sandbox, "", "octocat")
    sandbox.put(f"{API}/clock", json={"frozen": True})
    snapshot = take(sandbox)
    sign_in(sandbox, "", "alice")

    restore(sandbox, snapshot)

    again = take(sandbox)
    about = ("created_at", "used_at")
    for one in (snapshot, again):
        one["tables"]["worlds"] = [{key: v for key, v in one["tables"]["worlds"][0].items() if key not in about}]
        del one["digest"]
    assert again == snapshot


def test_time_goes_on_from_the_moment_of_the_snapshot(sandbox):
    snapshot = take(sandbox)
    sandbox.post(f"{API}/clock/advance", json={"days": 3})

    restore(sandbox, snapshot)

    assert abs(sandbox.get(f"{API}/clock").json["now"] - snapshot["taken_at"]) <= 5


def test_an_old_snapshot_can_have_the_time_of_now(sandbox):
    sandbox.post(f"{API}/clock/advance", json={"days": -30})
    token = sign_in(sandbox, "", "octocat")
    sandbox.post(f"{API}/clock/advance", json={"days": 30})
    snapshot = take(sandbox)

    restore(sandbox, snapshot, clock="now")

    assert sandbox.get(f"{API}/clock").json["offset"] == 0
    assert whoami(sandbox, "", token) == (200, "octocat")


def test_it_may_leave_the_journal_out(sandbox):
    sign_in(sandbox, "", "octocat")

    assert "journal" in take(sandbox)["tables"]
    assert "journal" not in take(sandbox, journal="false")["tables"]


def test_a_world_can_be_made_from_a_snapshot_and_goes_back_to_it(sandbox):
    token = sign_in(sandbox, "", "octocat")
    made = sandbox.post(f"{API}/worlds", json={"name": "copy", "snapshot": take(sandbox)})
    late = sign_in(sandbox, "/w/copy", "alice")

    assert made.status_code == 201
    assert whoami(sandbox, "/w/copy", token) == (200, "octocat")
    sandbox.post(f"/w/copy{API}/reset")
    assert whoami(sandbox, "/w/copy", token) == (200, "octocat")
    assert whoami(sandbox, "/w/copy", late)[0] == 401


def test_a_world_can_be_made_from_another_one(sandbox):
    token = sign_in(sandbox, "/w/first", "octocat")

    assert sandbox.post(f"{API}/worlds", json={"name": "second", "from": "first"}).status_code == 201

    assert whoami(sandbox, "/w/second", token) == (200, "octocat")
    assert whoami(sandbox, "", token)[0] == 401


def test_an_id_token_of_the_snapshot_verifies_with_the_keys_of_the_restored_world(sandbox):
    kids = [key["kid"] for key in sandbox.get("/oidc/main/jwks").json["keys"]]
    snapshot = take(sandbox)
    sandbox.post(f"{API}/keys/rotate", json={"service": "oidc/main"})
    sandbox.post(f"{API}/reset")

    restore(sandbox, snapshot)

    assert [key["kid"] for key in sandbox.get("/oidc/main/jwks").json["keys"]] == kids


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 0}, "version 0"),
        ({"version": 2}, "version 2"),
        ({"kind": "something else"}, "no snapshot"),
        ({"taken_at": 0}, "digest"),
        ({"tables": {}}, "digest"),
        ({"digest": "0" * 64}, "digest"),
    ],
)
def test_what_is_no_snapshot_of_this_version_is_refused_and_nothing_is_lost(sandbox, change, words):
    token = sign_in(sandbox, "", "octocat")
    snapshot = take(sandbox)

    answer = restore(sandbox, {**snapshot, **change})

    assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_INVALID")
    assert words in answer.json["detail"]
    assert whoami(sandbox, "", token) == (200, "octocat")


def test_a_large_world_can_be_taken_and_restored(sandbox):
    """A journal of some thousand requests is larger than the body of any login."""
    for login in ("octocat", "alice", "octocat"):
        sign_in(sandbox, "", login)
    with sandbox.world() as world:
        columns = columns_of(tables.JournalEntry)
        rows = world.store.list(tables.JournalEntry, order=("id",))
        filler = [{column: getattr(row, column) for column in columns} for row in rows] * 200
        world.store.add(tables.JournalEntry, *filler)
    snapshot = take(sandbox)

    assert len(json.dumps(snapshot)) > 1_000_000
    assert restore(sandbox, snapshot).status_code == 204
    assert len(sandbox.journal()) == len(snapshot["tables"]["journal"])
