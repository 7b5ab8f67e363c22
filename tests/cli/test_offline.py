"""What the program tells without a running sandbox: fixtures, routes and recipes."""

from __future__ import annotations

import json

import pytest
import yaml

from sandbox.core.fixtures import shipped
from sandbox.services import SERVICES
from tests.docs.markdown import example

ONE = "version: 1\nidentities:\n  - login: somebody\n"


# Fixtures


def test_a_fixture_without_problems_is_said_to_be_one(command, tmp_path):
    (tmp_path / "cast.yaml").write_text(ONE)

    ended = command("fixtures", "check", "cast.yaml")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "cast.yaml: nothing is wrong; 1 identities, 0 clients\n"


def test_the_problems_of_a_fixture_are_said_with_file_line_and_key(command, tmp_path):
    broken = example("docs/fixtures.md", "broken fixture")
    (tmp_path / "my-cast.yaml").write_text(broken.body, encoding="utf-8")

    ended = command("fixtures", "check", "my-cast.yaml")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"idp-sandbox: {broken.expected}"


def test_the_problems_of_a_fixture_are_said_as_json(command, tmp_path):
    (tmp_path / "cast.yaml").write_text(f"{ONE}    nonsense: 1\n  - login: somebody\n")

    ended = command("fixtures", "check", "cast.yaml", "--json")

    answer = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert (answer["file"], answer["valid"]) == ("cast.yaml", False)
    (problem,) = answer["problems"]
    assert problem.pop("message").startswith("is not a known key")
    assert problem == {"file": "cast.yaml", "line": 4, "key": "identities[0].nonsense"}


@pytest.mark.parametrize("content", [b"\xff", b"a: [", b"\x00", b"", b"[" * 10_000])
def test_what_is_no_fixture_at_all_is_said_too(command, tmp_path, content):
    (tmp_path / "cast.yaml").write_bytes(content)

    ended = command("fixtures", "check", "cast.yaml")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("idp-sandbox: cast.yaml")
    assert "Traceback" not in ended.stderr


def test_a_fixture_that_speaks_to_the_terminal_is_not_obeyed(command, tmp_path):
    (tmp_path / "cast.yaml").write_text('version: 1\n"\\e[31mred\\u202e": 1\n')

    ended = command("fixtures", "check", "cast.yaml")

    assert "\\x1b[31mred\\u202e" in ended.stderr
    assert not {"\x1b", "\u202e"} & set(ended.stderr)


def test_the_schema_of_fixtures_is_printed_whole(command):
    ended = command("fixtures", "schema")

    assert json.loads(ended.stdout) == json.loads(shipped("schema.json").read_text("utf-8"))


def test_the_fixture_of_a_running_sandbox_is_exported_and_is_one(program, said, tmp_path):
    ended = program("fixtures", "export")
    (tmp_path / "exported.yaml").write_text(ended.stdout, encoding="utf-8")

    assert ended.returncode == 0
    assert "octocat" in [person["login"] for person in yaml.safe_load(ended.stdout)["identities"]]
    assert said("fixtures", "check", "exported.yaml")["valid"]
    assert said("fixtures", "export")["identities"] == yaml.safe_load(ended.stdout)["identities"]


# Routes


def test_every_operation_of_every_service_is_listed(command):
    routes = json.loads(command("routes", "--json").stdout)["routes"]

    assert {route["service"] for route in routes} == set(SERVICES)
    assert all(set(route) == {"service", "operation", "method", "path"} for route in routes)
    token = [route for route in routes if route["path"] == "/login/oauth/access_token"]
    assert [(route["service"], route["method"], route["operation"]) for route in token] == [
        ("github", "POST", "access_token")
    ]


def test_the_operations_of_one_service_are_lines_of_four_words(command):
    lines = [line.split() for line in command("routes", "--service", "jitsudo").stdout.splitlines()]

    assert lines
    assert all(len(words) == 4 and words[0] == "jitsudo" and words[3].startswith("/") for words in lines)


# Recipes


def test_every_recipe_is_listed_with_what_the_wire_shows(command, sandbox):
    listed = json.loads(command("faults", "--json").stdout)

    assert listed == sandbox.get("/_sandbox/api/recipes").json
    assert listed["recipes"]


def test_the_recipes_of_one_service_are_lines_for_people(command):
    lines = command("faults", "recipes", "--service", "github").stdout.splitlines()

    assert lines
    assert all(line.startswith("github: ") for line in lines)
