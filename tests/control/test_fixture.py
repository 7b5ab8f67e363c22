"""The fixture document of a world over the control API: read, replaced, and never a way to this machine's files."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sandbox import Config
from sandbox.core.fixture_files import named_files
from sandbox.core.fixtures import shipped
from tests.support.control import API, refused

FIXTURE = f"{API}/fixture"


def test_json_and_yaml_tell_the_same(sandbox):
    as_json, as_yaml = sandbox.get(FIXTURE), sandbox.get(f"{FIXTURE}?format=yaml")

    assert as_yaml.content_type.startswith("application/yaml")
    assert yaml.safe_load(as_yaml.text) == as_json.json
    assert sandbox.get(f"{FIXTURE}?format=xml").status_code == 400


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_what_was_read_is_put_back_and_changes_nothing(sandbox, form):
    whole, text = sandbox.get(FIXTURE).json, sandbox.get(f"{FIXTURE}?format={form}").data
    put = sandbox.put(FIXTURE, data=text, content_type=f"application/{form}")

    assert (put.status_code, put.json) == (200, whole)
    assert sandbox.get(FIXTURE).json == whole


def test_a_small_fixture_replaces_all(sandbox):
    put = sandbox.put(FIXTURE, json={"version": 1, "identities": [{"login": "alone"}]})

    assert put.status_code == 200
    assert [one["login"] for one in sandbox.get(f"{API}/identities").json["identities"]] == ["alone"]
    assert sandbox.get(f"{API}/clients").json == {"clients": [], "total": 0}


def test_the_shipped_file_is_a_body_too(sandbox):
    text = shipped("default.yaml").read_bytes()

    assert sandbox.put(FIXTURE, data=text, content_type="application/yaml").status_code == 200


def test_all_that_is_wrong_is_told_at_once_and_nothing_happens(sandbox):
    before = sandbox.get(FIXTURE).json
    answer = sandbox.put(FIXTURE, json={"version": 1, "identities": [{"login": "a"}, {"login": "a"}, {}], "x": 1})

    assert refused(answer) == (400, "FIELD_INVALID")
    assert {"#/x", "#/identities/2"} <= {error["pointer"] for error in answer.json["errors"]}
    assert sandbox.get(FIXTURE).json == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "BODY_MISSING"),
        ("a: b: c", "BODY_MALFORMED"),
        ("a: &a [*a]", "BODY_MALFORMED"),
        ("--- {}\n--- {}", "BODY_MALFORMED"),
        ("- 1", "FIELD_INVALID"),
        ("version: 2", "FIELD_INVALID"),
        ('version: 1\nidentities: [{login: a, name: "\\0"}]', "FIELD_INVALID"),
    ],
)
def test_bad_yaml_is_refused(sandbox, text, reason):
    assert refused(sandbox.put(FIXTURE, data=text, content_type="application/yaml")) == (400, reason)


def test_a_path_is_found_where_the_schema_has_one_in_a_document_that_is_none():
    assert list(
        named_files({"prisme": {"auth_providers_file": "a.yml"}, "identities": [5, {"login": []}], "x": 1})
    ) == [(("prisme", "auth_providers_file"), "a.yml")]
    assert list(named_files({"prisme": {"auth_providers_file": None, "providers": {}}, "oidc": []})) == []
    assert list(named_files(["prisme"])) == []


@pytest.mark.parametrize("way", ["fixture", "world"])
def test_no_fixture_that_comes_over_the_api_names_a_file(sandbox, way, tmp_path):
    secret = tmp_path / "secret.pem"
    secret.write_text("secret")
    document = {"version": 1, **with_file(str(secret))}
    answer = (
        sandbox.put(FIXTURE, json=document)
        if way == "fixture"
        else sandbox.post(f"{API}/worlds", json={"name": "t1", "fixture": document})
    )

    assert refused(answer) == (400, "FIELD_INVALID")
    assert "names no files" in answer.json["detail"]


@pytest.mark.parametrize("key", ["²", "clients[²]", "9" * 5000])
def test_a_key_that_only_looks_like_a_place_in_a_list_is_refused_as_any_other(sandbox, key):
    answer = sandbox.put(FIXTURE, json={"version": 1, key: 1})

    assert refused(answer) == (400, "FIELD_INVALID")
    assert sandbox.post("/_sandbox/people/new", data={"do": "text", "text": f"login: x\n{key}: 1"}).status_code == 400


def with_file(path: str) -> dict[str, Any]:
    """A section with a path in it."""
    return {"prisme": {"auth_providers_file": path}}


def test_the_file_that_the_own_fixture_names_may_be_named_again(make_sandbox, tmp_path):
    (tmp_path / "providers.yml").write_text("providers: {}\n")
    (tmp_path / "own.yaml").write_text("version: 1\nprisme:\n  auth_providers_file: providers.yml\n")
    sandbox = make_sandbox(Config(fixtures=tmp_path / "own.yaml"))
    whole = sandbox.get(FIXTURE).json

    assert whole["prisme"]["auth_providers_file"] == str(tmp_path / "providers.yml")
    assert sandbox.put(FIXTURE, json=whole).status_code == 200
    whole["prisme"]["auth_providers_file"] = str(tmp_path / "own.yaml")
    assert refused(sandbox.put(FIXTURE, json=whole)) == (400, "FIELD_INVALID")
