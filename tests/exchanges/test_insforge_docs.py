"""The page on InsForge is complete where no other test looks, and its examples print what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox import Config
from sandbox.exchanges import insforge
from sandbox.exchanges.insforge.words import CODE_PARTS, KEY_SET_FAULTS
from tests.docs.markdown import code, examples, plain, prose, read
from tests.support.shell import check_steps

PAGE = "docs/services/insforge.md"


def test_every_reason_of_the_room_is_documented():
    files = [
        file for file in Path(insforge.__file__).parent.rglob("*.py") if file.name not in ("errors.py", "words.py")
    ]
    source = "".join(file.read_text(encoding="utf-8") for file in files)

    assert set(re.findall(r"Reason\.([A-Z_]+)", source)) <= set(code(prose(read(PAGE))))


def test_what_has_words_by_its_part_is_documented():
    told = {words.message.partition(": ")[2] for words in CODE_PARTS.values()} | set(KEY_SET_FAULTS)
    page = " ".join(plain(read(PAGE)).split())

    assert {text for text in told if text not in page and '"iat"' not in text and '"nbf"' not in text} == set()


class TestExamples:
    @pytest.fixture
    def config(self) -> Config:
        return Config(approval="hint")

    def test_the_examples_print_what_the_page_shows(self, live, tmp_path):
        check_steps(examples(PAGE), live.port, tmp_path)
