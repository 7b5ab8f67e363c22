"""The page on Prisme.ai is complete where no other test looks."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.exchanges import prisme
from tests.docs.markdown import code, plain, prose, read

PAGE = "docs/services/prisme.md"


def sources() -> str:
    folder = Path(prisme.__file__).parent
    return "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py") if file.name != "words.py")


def test_every_reason_of_the_room_is_documented():
    assert set(re.findall(r"Reason\.([A-Z_]+)", sources())) <= set(code(prose(read(PAGE))))


def test_texts_that_stand_for_one_reason_beside_another_are_documented():
    told = set(re.findall(r'invalid\("([^"]+)"', sources())) - {"expiresAfter should end at a date"}
    page = " ".join(plain(read(PAGE)).split())

    assert {text for text in told if text not in page} == set()
