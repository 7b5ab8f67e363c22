"""The page on GMI Cloud is complete, and its examples print what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox import Config
from sandbox.exchanges.gmi import rules
from sandbox.exchanges.gmi.errors import WORDS
from tests.docs.markdown import code, examples, read, rows
from tests.support.shell import check_steps

PAGE = "docs/services/gmi.md"
ROWS = list(rows(read(PAGE)))


def test_every_route_is_documented(app):
    documented = {(code(cells[0])[0], code(cells[1])[0]) for cells in ROWS if code(cells[0]) and code(cells[1])}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("gmi."):
            path = rule.rule.removeprefix("/gmi").replace("<organization_id>", "{orgId}")
            assert {(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}} <= documented


def test_every_refusal_is_documented():
    documented = {tuple(cells[:3]) for cells in ROWS}
    for words in {words for dialect in WORDS.values() for words in dialect.values()}:
        assert (str(words.status), f"`[{words.group},{words.code}]`", words.message or "none") in documented


def test_every_reason_of_the_room_is_documented():
    files = [file for file in Path(rules.__file__).parent.glob("*.py") if file.name != "errors.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    documented = set(code(" ".join(cell for cells in ROWS for cell in cells)))

    assert set(re.findall(r"Reason\.([A-Z_]+)", source)) <= documented


def test_every_setting_is_documented(app):
    documented = {cells[0] for cells in ROWS}

    assert {f"`{key}`" for key in app.extensions["sandbox"].origin.fixture.sections["gmi"]} <= documented


class TestExamples:
    @pytest.fixture
    def config(self) -> Config:
        return Config(approval="hint")

    def test_the_examples_print_what_the_page_shows(self, live, tmp_path):
        check_steps(examples(PAGE), live.port, tmp_path)
