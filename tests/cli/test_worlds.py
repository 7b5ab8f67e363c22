"""Whole worlds from the command line: their time, what is in them, and what is kept of them."""

from __future__ import annotations

import json

import pytest
import requests
import yaml

from sandbox.core.fixtures import shipped

DAY = 86_400


# The clock


def test_the_clock_is_shown(program, said):
    shown = dict(line.split(maxsplit=1) for line in program("clock").stdout.splitlines())

    assert list(shown) == ["time", "epoch", "clock"]
    assert shown["clock"] == "running, +0 s from real time"
    assert set(said("clock", "show")) == set(said("clock")) == {"now", "iso", "frozen", "offset"}


def test_the_clock_is_set_and_frozen_and_thawed(said):
    assert not said("clock", "set", "2030-01-31T12:00:00Z")["frozen"]
    assert said("clock", "freeze")["frozen"]
    set_to = said("clock", "set", "1900000000")
    assert (set_to["now"], set_to["iso"], set_to["frozen"]) == (1_900_000_000, "2030-03-17T17:46:40Z", True)
    assert not said("clock", "thaw")["frozen"]


@pytest.mark.parametrize(
    ("span", "seconds"),
    [("90s", 90), ("11m", 660), ("2h", 7200), ("3d", 3 * DAY), ("1h30m", 5400), ("-2h", -7200), ("+1d", DAY)],
)
def test_time_passes_at_once(said, span, seconds):
    before = said("clock", "freeze")["now"]

    assert said("clock", "advance", span)["now"] == before + seconds


@pytest.mark.parametrize("when", ["soon", "99999999999999", "2030-01-01T00:00:00"])
def test_a_time_that_is_none_is_refused(program, when):
    ended = program("clock", "set", when)

    assert ended.returncode == 2
    assert "FIELD_INVALID" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


# Worlds


def names(said) -> list[str]:
    return [world["name"] for world in said("worlds")["worlds"]]


def test_a_world_is_made_and_listed_and_deleted(program, said, live):
    made = program("worlds", "new", "t1")

    assert made.stdout == f"{live.origin}/w/t1\n"
    assert requests.get(f"{live.origin}/w/t1/_sandbox/health").json()["world"] == "t1"
    assert names(said) == ["default", "t1"]
    assert [line.split()[0] for line in program("worlds", "list").stdout.splitlines()] == ["default", "t1"]
    assert said("worlds", "delete", "t1") == {"deleted": "t1"}
    assert names(said) == ["default"]


def test_a_world_that_is_there_already_is_refused(program):
    program("worlds", "new", "t1")

    again = program("worlds", "new", "t1")

    assert again.returncode == 2
    assert "OBJECT_ALREADY_EXISTS" in again.stderr


def test_a_world_has_a_fixture_of_its_own(said, tmp_path):
    (tmp_path / "cast.yaml").write_text("version: 1\nidentities:\n  - login: somebody\n")

    assert said("worlds", "new", "t1", "--fixture", "cast.yaml")["identities"] == 1
    assert [person["login"] for person in said("fixtures", "export", "--world", "t1")["identities"]] == ["somebody"]


def test_a_world_is_a_copy_of_another(said):
    said("worlds", "new", "one")
    said("clock", "set", "2030-01-31T12:00:00Z", "--world", "one")
    said("clock", "freeze", "--world", "one")

    said("worlds", "new", "two", "--from", "one")

    assert said("clock", "--world", "two")["now"] == said("clock", "--world", "one")["now"]
    assert not said("clock")["frozen"]


def test_a_fixture_that_is_none_leaves_no_world(program, said, tmp_path):
    (tmp_path / "cast.yaml").write_text("version: 1\nnonsense: 1\n")
    (tmp_path / "broken.yaml").write_text("a: [")

    refused = program("worlds", "new", "t1", "--fixture", "cast.yaml")
    unreadable = program("worlds", "new", "t1", "--fixture", "broken.yaml")

    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert refused.stderr.startswith("idp-sandbox: cast.yaml:2: nonsense: ")
    assert unreadable.stderr.startswith("idp-sandbox: broken.yaml:")
    assert names(said) == ["default"]


@pytest.mark.parametrize("name", ["../default", "a b", "", "x" * 65, "\x1b[31m"])
def test_a_name_that_no_world_can_have_is_refused(program, said, name):
    ended = program("worlds", "new", name)

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "\x1b" not in ended.stderr
    assert names(said) == ["default"]


def test_a_world_is_made_when_it_is_first_named(said):
    assert said("clock", "freeze", "--world", "t1")["frozen"]
    assert not said("clock")["frozen"]
    assert names(said) == ["default", "t1"]


def test_a_world_is_named_by_its_address_too(said, live):
    said("clock", "freeze", "--world", "t1")

    assert said("clock", "--url", f"{live.origin}/w/t1/")["frozen"]


def test_a_world_that_cannot_be_is_said(program):
    ended = program("clock", "--world", "no world/../x")

    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)


# Back to the start


def test_a_reset_makes_a_world_what_it_was(said):
    said("clock", "advance", "3d")

    assert said("reset") == {"reset": True}
    assert said("clock")["offset"] == 0


def test_a_snapshot_is_restored(program, said, tmp_path):
    said("clock", "freeze")
    then = said("clock", "set", "2030-01-31T12:00:00Z")["now"]
    kept = said("snapshot", "kept.json")

    assert kept["file"] == "kept.json"
    assert json.loads((tmp_path / "kept.json").read_text())["digest"] == kept["digest"]
    said("clock", "advance", "3d")
    assert said("restore", "kept.json") == {"file": "kept.json", "restored": True}
    assert said("clock")["now"] == then


def test_a_snapshot_goes_through_a_pipe(said, program):
    said("clock", "freeze")
    taken = program("snapshot", "-", "--no-journal")

    assert json.loads(taken.stdout)["kind"] == "idp-sandbox snapshot"


def test_a_world_begins_with_a_snapshot(said):
    said("clock", "freeze")
    said("snapshot", "kept.json")

    said("worlds", "new", "t1", "--snapshot", "kept.json", "--clock", "then")

    assert said("clock", "--world", "t1")["now"] == said("clock")["now"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 1}', '"text"'])
def test_what_is_no_snapshot_is_refused_and_changes_nothing(program, said, tmp_path, content):
    (tmp_path / "kept.json").write_text(content)
    before = said("clock", "freeze")["now"]

    ended = program("restore", "kept.json")

    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
    assert said("clock")["now"] == before


def test_a_file_that_cannot_be_written_is_said(program):
    ended = program("snapshot", "no/such/folder/kept.json")

    assert ended.stderr == "idp-sandbox: no/such/folder/kept.json: cannot be written: No such file or directory\n"


def test_the_shipped_fixture_makes_a_world(said):
    document = yaml.safe_load(shipped("default.yaml").read_text("utf-8"))

    made = said("worlds", "new", "t1", "--fixture", str(shipped("default.yaml")))

    assert made["identities"] == len(document["identities"])
