"""The wishes of the guide to testing come true, as they stand on the page, and the page on Python is complete."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from sandbox.client import Cast, ClockControl, Journal, Keys, Mailbox, SandboxClient, Worlds
from tests.docs.markdown import ROOT, code, example, examples, read, rows, sections

pytest_plugins = ["pytester"]

PAGE = "docs/testing.md"
EXAMPLE = ROOT / "examples" / "python"
WISHES = {step.label.removeprefix("pytest "): step for step in examples(PAGE) if step.label.startswith("pytest ")}


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """The folder of the shop, away from this project's own configuration."""
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider -p no:randomly\nfilterwarnings = error")
    return pytester


def test_there_are_ten_wishes_and_each_fits_in_ten_lines():
    assert len(WISHES) == 10
    assert len({step.body for step in examples(PAGE) if step.label == "bash"}) == 11
    for step in examples(PAGE):
        assert len(step.body.splitlines()) <= 10


def test_every_wish_comes_true(folder):
    for name, step in WISHES.items():
        folder.makepyfile(**{f"test_{name}": step.body})

    run = folder.runpytest_subprocess(*(f"test_{name}.py" for name in WISHES))

    run.assert_outcomes(passed=10)


def test_the_shop_passes_its_own_tests(folder):
    run = folder.runpytest_subprocess("test_shop.py")

    run.assert_outcomes(passed=3)


# What the page on Python says


def test_the_program_prints_what_the_page_shows():
    step = example("docs/python.md", "python")

    run = subprocess.run([sys.executable, "-c", step.body], capture_output=True, text=True, check=True, timeout=60)

    assert run.stdout == step.expected


def verbs() -> set[str]:
    parts = (ClockControl, Journal, Keys, Mailbox, Worlds, Cast)
    own = {name for name in vars(SandboxClient) if not name.startswith("_")} - {"close"}
    return own | {f".{name}" for part in parts for name in vars(part) if not name.startswith("_")}


def test_every_verb_of_the_client_is_on_the_page():
    text = sections(read("docs/python.md"))["The client"]
    spans = [span for cells in rows(text) for span in code(" ".join(cells))]
    words = {word for span in spans for word in re.findall(r"\.?\w+(?=\(|$)", span)}

    assert {name for name in verbs() if name not in words and name.removeprefix(".") not in words} == set()


def test_every_option_of_the_plugin_is_on_the_page(pytester):
    shown = pytester.runpytest_subprocess("--help").stdout.str()

    for flag in re.findall(r"--idp-sandbox-[a-z-]+", shown):
        assert f"`{flag} " in read("docs/python.md")
        assert f"`idp_sandbox_{flag.removeprefix('--idp-sandbox-').replace('-', '_')}`" in read("docs/python.md")
