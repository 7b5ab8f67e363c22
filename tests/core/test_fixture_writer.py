"""Fixtures written as YAML: every loader reads the same, and what has its default may be left out."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sandbox.core.fixture_changes import Change, list_changes
from sandbox.core.fixture_documents import parse_document
from sandbox.core.fixture_reader import FixtureError, Reader
from sandbox.core.fixture_schema import defaults_left_out
from sandbox.core.fixture_writer import write_document, write_yaml
from sandbox.core.fixtures import load_fixture, shipped

WORDS = (
    "no yes on y N null ~ True 1 1.0 0x1f 0o7 1e3 e5 1_000 12:30 2020-01-01 .inf = << - ? : :: a: a:b :a -x #x x#",
    "!x %x @x `x 'x' \"x\" {a} [a] a,b a? http://a.test:80/b?c=d urn:a:b /a \\ \u00e9 &x *x \u65e5\u672c \U0001f984",
)
TEXTS = [*" ".join(WORDS).split(), "", " a", "a ", "a b", "a: b", "a #b", "a\tb", "a\nb", "a\r\nb",
    "\x1b[31m", "\x85", "\u2028", "\ufeffa", "\u202ea",
    "- a", "---", "...", "a" * 10_000, "x: &a [*a]"]  # fmt: skip
VALUES: list[Any] = [
    *TEXTS,
    0,
    -1,
    1.5,
    1e-7,
    1e300,
    10**17,
    True,
    False,
    None,
    [],
    {},
    [[1, [2, {}]], []],
    {"a": {"b": [{"c": [{}]}]}},
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_value_is_read_as_it_was_wherever_it_stands(value):
    nested = [value, [value], {"k": value}, {"k": [value, {"z": value}]}, [{"k": {"q": value}}]]
    for written in nested + ([{value: 1}, [{value: [value]}]] if isinstance(value, str) else []):
        text = write_yaml(written)
        assert yaml.safe_load(text) == written, text
        if not isinstance(value, float):
            assert Reader(text, "").read() == written, text


@pytest.mark.parametrize("defaults", [True, False])
def test_the_shipped_fixture_is_the_same_when_it_is_written_and_read(defaults):
    document = load_fixture(shipped("default.yaml")).document
    text = write_document(document, defaults=defaults)

    assert parse_document(Reader(text, "").read(), "again").document == document
    assert (len(text) < 40_000) is not defaults


def test_what_has_its_default_is_left_out_at_any_depth():
    document = parse_document({"version": 1, "identities": [{"login": "a", "github": {"bio": "x"}}]}, "f").document

    assert defaults_left_out(dict(document)) == {
        "version": 1,
        "identities": [{"login": "a", "github": {"bio": "x"}}],
    }


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ({"version": 1, "identities": [{"login": "a"}, {"login": 7}], "x": 1}, ["identities[1].login", "x"]),
        ({"version": 1, "identities": {}, "clients": "x"}, ["identities", "clients"]),
        ({"version": 1, "identities": [{"login": "a"}, {"login": "A"}]}, ["identities[1].login"]),
        ({"version": 1, "identities": [{"login": "a", "oidc": {"claims": {"x": [1] * 200_001}}}]}, [""]),
        ({"identities": [7]}, ["", "identities[0]"]),
        ({"version": 1, "clients": [{"name": "\ud800"}]}, [""]),
    ],
)
def test_the_problems_of_a_document_have_their_places(document, keys):
    for _ in range(2):
        with pytest.raises(FixtureError) as caught:
            parse_document(document, "f")
        assert [problem.key for problem in caught.value.problems] == keys


def test_documents_differ_entry_by_entry():
    before = {"a": [{"login": "x", "n": 1}, {"login": "y"}], "b": {"c": [1]}, "gone": 1}
    after = {"a": [{"login": "z"}, {"login": "x", "n": 2}], "b": {"c": [1, 2]}}

    assert list(list_changes(before, after)) == [
        Change("added", "a[z]", None, {"login": "z"}),
        Change("changed", "a[x].n", 1, 2),
        Change("removed", "a[y]", {"login": "y"}, None),
        Change("changed", "b.c", [1], [1, 2]),
        Change("removed", "gone", 1, None),
    ]
    assert list(list_changes(after, after)) == []
