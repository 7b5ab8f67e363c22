"""The page on Fanfare is complete where no other test looks; its fixture is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import parse_fixture
from sandbox.exchanges.fanfare import limits, otp, rules, wire
from sandbox.services import CHECKS
from tests.docs.markdown import code, plain, prose, read
from tests.support.fanfare import OTHER_PK, OTHER_SK, PK, SK

PAGE = "docs/services/fanfare.md"


def test_every_reason_of_the_room_is_documented():
    files = [file for file in Path(rules.__file__).parent.glob("*.py") if file.name != "errors.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)

    assert set(re.findall(r"Reason\.([A-Z_]+)", source)) <= set(code(prose(read(PAGE))))


def test_the_numbers_of_the_room_are_documented():
    page = plain(read(PAGE))

    for number in (rules.CODE_TTL, *limits._LIMITS.values(), limits._CONSUMER_API, f"{wire._MOST_CLAIMS:,}"):
        assert f" {number} " in page
    assert (otp._DIGITS, otp._ATTEMPTS) == (6, 5)
    assert "six digits" in page
    assert "five tries" in page


def organization(**changes: str) -> str:
    good = {"id": "org_a", "publishable_key": "pk_test_a", "secret_key": "sk_test_a"}
    return "{" + ", ".join(f"{name}: {value}" for name, value in {**good, **changes}.items()) + "}"


def fixture(*organizations: str) -> str:
    listed = "".join(f"  - {entry}\n" for entry in organizations)
    return f"version: 1\nfanfare:\n  organizations:\n{listed}"


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("id", "org_a", {"publishable_key": "pk_test_b", "secret_key": "sk_test_b"}),
        ("publishable_key", "pk_test_a", {"id": "org_b", "secret_key": "sk_test_b"}),
        ("secret_key", "sk_test_a", {"id": "org_b", "publishable_key": "pk_test_b"}),
    ],
)
def test_organizations_share_nothing(name, value, other):
    with pytest.raises(FixtureError) as refused:
        parse_fixture(fixture(organization(), organization(**other)), "f.yaml", CHECKS)

    place = "fanfare.organizations"
    assert str(refused.value) == f"f.yaml:5: {place}[1].{name}: is already taken by {place}[0].{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("id", "a"), ("publishable_key", "sk_test_a"), ("secret_key", "sk_a"), ("secret_key", "sk_test_")],
)
def test_keys_are_of_the_vendors_form(name, value):
    with pytest.raises(FixtureError, match=f"organizations\\[0\\].{name}: must be "):
        parse_fixture(fixture(organization(**{name: value})), "f.yaml", CHECKS)


def test_a_fixture_without_the_section_has_one_organization():
    (only,) = parse_fixture("version: 1\n", "f.yaml", CHECKS).sections["fanfare"]["organizations"]

    assert only == {"id": "org_sandbox", "publishable_key": PK, "secret_key": SK}


def test_the_keys_of_the_shipped_cast_are_on_the_page():
    assert {PK, SK, OTHER_PK, OTHER_SK} <= set(re.findall(r"[ps]k_test_\w+", read(PAGE)))
