"""The page on InsForge Cloud: its examples print what it shows, and it has every reason that the room raises."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.providers import insforge_cloud
from tests.docs.markdown import code, examples, prose, read
from tests.support.shell import check_steps

PAGE = "docs/services/insforge-cloud.md"


def test_the_examples_print_what_the_page_shows(live, tmp_path):
    check_steps(examples(PAGE), live.port, tmp_path)


def test_every_reason_that_an_answer_may_have_is_on_the_page():
    files = Path(insforge_cloud.__file__).parent.rglob("*.py")
    source = "".join(
        file.read_text(encoding="utf-8") for file in files if file.name not in ("errors.py", "verification.py")
    )
    # An exchange renders what `verify` raises.
    raised = set(re.findall(r"Reason\.([A-Z_]+)", source)) - {"TOKEN_AUDIENCE_WRONG"}

    assert raised <= set(code(prose(read(PAGE))))
