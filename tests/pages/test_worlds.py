"""The page of the worlds: made, copied, deleted, put back, and taken and restored as files."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.support.databases import on_either_database
from tests.support.forms import submit
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, links, words

PAGE, API = "/_sandbox/worlds", "/_sandbox/api"
ALONE = "version: 1\nidentities:\n  - login: alone\n"


def press(sandbox: Any, button: str, prefix: str = "", **typed: Any) -> Any:
    return submit(sandbox, sandbox.get(f"{prefix}{PAGE}"), button, **typed)


def file(content: str | bytes, name: str = "file.json") -> Any:
    return io.BytesIO(content.encode() if isinstance(content, str) else content), name


def names(sandbox: Any) -> list[str]:
    return [world["name"] for world in sandbox.get(f"{API}/worlds").json["worlds"]]


def logins(sandbox: Any, prefix: str = "") -> list[str]:
    return [person["login"] for person in sandbox.get(f"{prefix}{API}/identities").json["identities"]]


def add_person(sandbox: Any, login: str, prefix: str = "") -> None:
    assert sandbox.post(f"{prefix}{API}/identities", json={"login": login}).status_code == 201


def test_the_worlds_are_listed_with_what_they_hold(sandbox):
    sandbox.post(f"{API}/worlds", json={"name": "t1", "fixture": {"version": 1, "identities": [{"login": "alone"}]}})
    sandbox.post(f"/w/t1{API}/faults", json={"recipe": "github: rate-limit"})
    sandbox.put(f"/w/t1{API}/clock", json={"now": 1_800_000_000, "frozen": True})
    page = sandbox.get(PAGE)

    assert "2 worlds" in words(page)
    assert "t1 1 0 1 2027-01-15 08:00 Frozen" in words(page)
    assert {f"/w/t1{PAGE}", PAGE, "/w/t1/_sandbox/faults"} <= set(links(page))
    assert "World t1 You are looking from here" in words(sandbox.get(f"/w/t1{PAGE}"))


def test_an_application_is_told_its_base_urls(sandbox):
    shown = words(sandbox.get(f"/w/t1{PAGE}"))

    assert "Base URL http://localhost/w/t1 Copy" in shown
    assert "InsForge Cloud http://localhost/w/t1/insforge-cloud Copy" in shown
    assert "Control API http://localhost/w/t1/_sandbox/api Copy" in shown


def test_a_world_is_made_from_the_own_fixture(sandbox):
    done = press(sandbox, "make", name=" t1 ")

    assert (done.status_code, names(sandbox)) == (303, ["default", "t1"])
    assert "The world is made." in words(sandbox.get(done.headers["Location"]))
    assert logins(sandbox, "/w/t1") == logins(sandbox)


def test_a_world_is_made_as_a_copy_of_another(sandbox):
    add_person(sandbox, "newbee", "/w/t1")
    press(sandbox, "make", name="t2", source="copy", **{"from": "t1"})

    assert "newbee" in logins(sandbox, "/w/t2")
    assert "newbee" not in logins(sandbox)


@pytest.mark.parametrize(
    "content", [ALONE, json.dumps({"version": 1, "identities": [{"login": "alone"}]})], ids=["YAML", "JSON"]
)
def test_a_world_is_made_from_a_fixture_file(sandbox, content):
    press(sandbox, "make", name="t1", source="file", file=file(content))

    assert logins(sandbox, "/w/t1") == ["alone"]


def test_a_snapshot_that_was_downloaded_and_restored_gives_the_old_state(sandbox):
    add_person(sandbox, "before")
    taken = sandbox.get(f"{PAGE}/snapshot")
    add_person(sandbox, "after")
    sandbox.post(f"{API}/clock/advance", json={"days": 3})
    done = press(sandbox, "restore", file=file(taken.data), clock="then")

    assert taken.headers["Content-Disposition"].startswith('attachment; filename="default-')
    assert "The snapshot is restored" in words(sandbox.get(done.headers["Location"]))
    assert "before" in logins(sandbox)
    assert "after" not in logins(sandbox)
    assert abs(sandbox.get(f"{API}/clock").json["offset"]) < 60


def test_a_snapshot_comes_without_its_journal_if_asked(sandbox):
    sandbox.get("/login/oauth/authorize")

    assert json.loads(sandbox.get(f"{PAGE}/snapshot").data)["tables"]["journal"]
    assert "journal" not in json.loads(sandbox.get(f"{PAGE}/snapshot?journal=false").data)["tables"]


def test_a_world_is_made_from_a_snapshot_file(sandbox):
    add_person(sandbox, "before")
    taken = sandbox.get(f"{PAGE}/snapshot").data
    press(sandbox, "make", name="t1", source="file", file=file(taken), clock="now")

    assert "before" in logins(sandbox, "/w/t1")


def test_the_world_of_the_page_is_reset(sandbox):
    for prefix in ("", "/w/t1"):
        add_person(sandbox, "newbee", prefix)
    done = press(sandbox, "reset", "/w/t1")

    assert done.headers["Location"] == f"/w/t1{PAGE}?done=reset"
    assert ("newbee" in logins(sandbox), "newbee" in logins(sandbox, "/w/t1")) == (True, False)


def test_a_world_is_deleted_from_another_and_from_itself(sandbox):
    for name in ("t1", "t2"):
        press(sandbox, "make", name=name)
    done = press(sandbox, "delete-t2")
    assert (done.headers["Location"], names(sandbox)) == (f"{PAGE}?done=deleted", ["default", "t1"])
    done = press(sandbox, "delete-t1", "/w/t1")

    assert done.headers["Location"] == f"{PAGE}?done=deleted"
    assert "The world is deleted." in words(sandbox.get(done.headers["Location"]))
    assert names(sandbox) == ["default"]
    assert 'id="delete-default"' not in sandbox.get(PAGE).text


@pytest.mark.parametrize(
    ("button", "typed", "told"),
    [
        ("make", {"name": ""}, "'' is no name of a world"),
        ("make", {"name": "a world"}, "'a world' is no name of a world"),
        ("make", {"name": "default"}, "There is a world called 'default' already."),
        ("make", {"name": "t9", "source": "copy", "from": "gone"}, "There is no world called 'gone'."),
        ("make", {"name": "t9", "source": "file"}, "Choose a file."),
        ("make", {"name": "t9", "source": "file", "file": "version: [1"}, "The file, line 2: did not find expected"),
        ("make", {"name": "t9", "source": "file", "file": "version: 1\nidentitys: []\n"}, "fixture / identitys"),
        ("make", {"name": "t9", "source": "file", "file": "text"}, "fixture must be a mapping; found"),
        ("make", {"name": "t9", "source": "file", "file": b"\xff\xfe\x00"}, "The file is no text in UTF-8"),
        ("restore", {"file": '{"kind": "another"}'}, "version is missing"),
        ("restore", {"file": "[]"}, "must be"),
        ("restore", {}, "Choose a file."),
    ],
)
def test_a_refusal_is_told_in_words_and_what_was_typed_stays(sandbox, button, typed, told):
    given = {**typed, **({"file": file(typed["file"])} if "file" in typed else {})}
    page = press(sandbox, button, **given)

    assert page.status_code == 400
    assert told in words(page)
    kept = {name: value for name, value in typed.items() if name != "file"}
    assert {name: fields(page)[name] for name in kept} == kept
    assert names(sandbox) == ["default"]


def test_a_snapshot_that_was_changed_on_the_way_is_refused(sandbox):
    taken = json.loads(sandbox.get(f"{PAGE}/snapshot").data)
    page = press(sandbox, "restore", file=file(json.dumps({**taken, "taken_at": 1})))

    assert page.status_code == 400
    assert "The snapshot is not as it was taken: its digest is another." in words(page)


def test_a_file_may_be_larger_than_other_bodies(sandbox):
    part = '--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    snapshot = part % ("file", '; filename="f.json"', json.dumps({"kind": "x" * 2_000_000}))
    body = f"{part % ('do', '', 'restore')}{snapshot}--b--\r\n"
    page = sandbox.post(PAGE, data=body, content_type="multipart/form-data; boundary=b")

    assert page.status_code == 400
    assert "version is missing" in words(page)
    assert sandbox.post("/_sandbox/clock", data=body).status_code == 413


def test_many_worlds_are_on_several_pages(sandbox, monkeypatch):
    monkeypatch.setattr("sandbox.web.pages.worlds._PAGE", 2)
    for name in ("a", "b", "c"):
        sandbox.post(f"{API}/worlds", json={"name": name})
    first, second = sandbox.get(PAGE), sandbox.get(f"{PAGE}?offset=2")

    assert ("1 to 2 of 4" in words(first), "3 to 4 of 4" in words(second)) == (True, True)
    assert (f"/w/a{PAGE}" in links(first), f"/w/a{PAGE}" in links(second)) == (True, False)
    assert f"{PAGE}?offset=2" in links(first)


def test_a_form_of_another_origin_changes_no_world(sandbox):
    for data in ({"do": "make", "name": "t1"}, {"delete": "default"}, {"do": "reset"}):
        answer = sandbox.post(PAGE, data=data, headers={"Origin": "https://evil.example.test"})
        assert answer.status_code == 403
    assert names(sandbox) == ["default"]


@on_either_database
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(sandbox, value):
    value = value.encode(errors="replace").decode()
    for data in (
        {"do": value},
        {"delete": value},
        {"do": "make", "name": value},
        {"do": "make", "name": "t1", "source": "copy", "from": value},
        {"do": "make", "name": "t1", "source": "file", "file": file(value, value.replace("\0", "") or "file")},
        {"do": "restore", "file": file(value), "clock": value},
    ):
        answer = sandbox.post(PAGE, data=data)
        assert (answer.status_code, complaint(answer, PAGE)) == (400, ""), data
    page = sandbox.get(PAGE, query_string={"offset": value, "done": value})
    assert (page.status_code, complaint(page, PAGE)) == (200, "")
    assert names(sandbox) == ["default"]
