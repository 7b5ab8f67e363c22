"""The examples of the documentation do what the page says, to the letter."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import sandbox.exchanges
from sandbox import Config
from sandbox.config import load_config
from sandbox.core.fixtures import FixtureError, parse_fixture, shipped
from sandbox.services import CHECKS, SERVICES
from tests.docs.markdown import PAGES, example, examples, name, read
from tests.support.process import run_pytest
from tests.support.shell import check_steps

LETTERBOX = "docs/adding-a-service.md"
WALKS = [name(page) for page in PAGES if any(step.label == "bash" for step in examples(name(page)))]


def test_every_page_that_promises_examples_has_them():
    promised = sum(read(page).count("<!-- executed: ") for page in PAGES)

    assert promised == sum(len(examples(name(page))) for page in PAGES) > 10


# README


def test_the_test_of_the_readme_passes(tmp_path):
    (tmp_path / "test_login.py").write_text(example("README.md", "pytest").body, encoding="utf-8")

    run = run_pytest(tmp_path)

    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout


class TestWithCurl:
    @pytest.fixture
    def config(self) -> Config:
        return Config(approval="hint")

    @pytest.mark.parametrize("page", WALKS)
    def test_the_walk_with_curl_prints_what_the_page_shows(self, live, tmp_path, page):
        check_steps([step for step in examples(page) if step.label == "bash"], live.port, tmp_path)


def test_the_options_file_of_the_readme_is_read(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", read("README.md"), re.DOTALL)
    file = tmp_path / "sandbox.yaml"
    file.write_text(text, encoding="utf-8")

    config = load_config(file=file, environ={})

    assert (config.port, config.approval) == (9500, "always=octocat")


# Fixtures


class TestTheSmallFixture:
    @pytest.fixture
    def config(self, tmp_path) -> Config:
        file = tmp_path / "my-cast.yaml"
        file.write_text(example("docs/fixtures.md", "fixture").body, encoding="utf-8")
        return Config(fixtures=file)

    def test_it_can_be_signed_in_with(self, sandbox, sign_in):
        code = sign_in("github", as_="mallory", client="web-shop")

        assert sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code}).status_code == 200


def test_the_broken_fixture_is_refused_as_shown():
    broken = example("docs/fixtures.md", "broken fixture")

    with pytest.raises(FixtureError) as refused:
        parse_fixture(broken.body, "my-cast.yaml", CHECKS)

    assert f"{refused.value}\n" == broken.expected


# A service of one's own


@pytest.fixture
def letterbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example room, installed as its page says."""
    folder = tmp_path / "letterbox"
    folder.mkdir()
    for step in examples(LETTERBOX):
        if step.label.startswith("file "):
            (folder / step.label.removeprefix("file ")).write_text(step.body, encoding="utf-8")
    monkeypatch.setattr(sandbox.exchanges, "__path__", [*sandbox.exchanges.__path__, str(tmp_path)])
    monkeypatch.setitem(SERVICES, "letterbox", importlib.import_module("sandbox.exchanges.letterbox").service)

    schema = json.loads(shipped("schema.json").read_text(encoding="utf-8"))
    schema["properties"] |= json.loads(example(LETTERBOX, "schema").body)
    cast = shipped("default.yaml").read_text(encoding="utf-8") + example(LETTERBOX, "section").body
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (tmp_path / "default.yaml").write_text(cast, encoding="utf-8")
    for user in ("sandbox.core.fixtures.shipped", "sandbox.factory.shipped"):
        monkeypatch.setattr(user, lambda name: tmp_path / name)
    yield
    for module in [module for module in sys.modules if module.startswith("sandbox.exchanges.letterbox")]:
        del sys.modules[module]


LETTERBOX_TESTS = re.findall(r"^def (test_\w+)", example(LETTERBOX, "test").body, re.MULTILINE)


@pytest.mark.parametrize("test", LETTERBOX_TESTS)
def test_the_room_of_the_example_passes_its_tests(test, letterbox, request):
    tests: dict[str, object] = {}
    exec(compile(example(LETTERBOX, "test").body, LETTERBOX, "exec"), tests)

    tests[test](request.getfixturevalue("sandbox"), request.getfixturevalue("sign_in"))


def test_the_room_of_the_example_is_on_the_home_page(letterbox, request):
    home = request.getfixturevalue("sandbox").get("/")

    assert "Sells a stamp for a GitHub code." in home.text


def test_the_room_of_the_example_has_the_files_of_every_room():
    files = {step.label.removeprefix("file ") for step in examples(LETTERBOX) if step.label.startswith("file ")}

    assert files == {"__init__.py", "routes.py", "rules.py", "wire.py", "errors.py"}
    assert yaml.safe_load(example(LETTERBOX, "section").body) == {"letterbox": {"client": "gmi-console"}}
