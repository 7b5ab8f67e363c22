"""The page on client libraries has every snippet, and what it says of each is so."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version

import pytest

from sandbox.services import SERVICES
from tests.docs.markdown import ROOT, code, links, read, rows

PAGE = "docs/clients.md"
SNIPPETS = {snippet.name: snippet for service in SERVICES.values() for snippet in service.snippets}
ROWS = {code(cells[0])[0]: cells[1:] for cells in rows(read(PAGE)) if len(cells) == 5 and code(cells[0])}


def test_every_snippet_is_on_the_page_and_no_other():
    assert list(ROWS) == list(SNIPPETS)


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_page_tells_whether_plain_http_will_do(name):
    assert ROWS[name][2] == ("no" if SNIPPETS[name].https_only else "yes")


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_is_executed_where_the_page_says_or_there_is_a_reason_why_not(name):
    executed = ROWS[name][3]
    if executed.startswith("not executed, because "):
        assert links(executed) == []
        return

    (link,) = links(executed)
    test = (ROOT / "docs" / link).read_text(encoding="utf-8")
    assert executed == f"by [a test]({link})"
    assert f'"{name}"' in test
    assert "snippet(" in test


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_version_is_that_of_the_tests(name):
    library, stated = ROWS[name][:2]
    pinned = json.loads(read("tests/interop/node/package.json"))["dependencies"]
    if library in pinned:
        assert stated == pinned[library]
        return
    try:
        installed = version(library)
    except PackageNotFoundError:
        assert "untried" in stated or stated.split(".")[0].isdigit()
    else:
        # Within a major version, which is what the test extra allows.
        assert stated.split(".")[0] == installed.split(".")[0]


def test_the_readme_leads_to_the_page():
    assert PAGE in links(read("README.md"))
    assert "idp-sandbox snippet" in read("README.md")
