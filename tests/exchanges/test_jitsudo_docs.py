"""The page on JITSudo is complete where no other test looks."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.exchanges import jitsudo
from sandbox.exchanges.jitsudo.admin.rules import NO_RECORD, TAKEN, VERIFIED
from tests.docs.markdown import code, plain, prose, read
from tests.support.jitsudo import CONTOSO, CONTOSO_KEY, FABRIKAM, FABRIKAM_KEY

PAGE = "docs/services/jitsudo.md"


def test_every_reason_of_the_room_is_documented():
    files = [file for file in Path(jitsudo.__file__).parent.rglob("*.py") if file.name != "errors.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)

    assert set(re.findall(r"Reason\.([A-Z_]+)", source)) <= set(code(prose(read(PAGE))))


def test_what_a_verification_says_and_what_is_shipped_is_documented():
    page = plain(read(PAGE))

    assert [text for text in (VERIFIED, NO_RECORD, TAKEN) if text not in page] == []
    assert [text for text in (CONTOSO, CONTOSO_KEY, FABRIKAM, FABRIKAM_KEY) if text not in page] == []
