"""Faults in a fixture: armed from the start, and checked with their lines."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Config
from sandbox.core.fixtures import FixtureError, parse_fixture
from sandbox.services import CHECKS
from tests.support.recipes import CONTROL

TEXT = """\
version: 1
faults:
  - recipe: "github: rate-limit"
    times: 2
  - service: oidc
    operation: discovery
    change: {set: {/issuer: "https://issuer.invalid"}}
    times: null
"""
DISCOVERY = "/oidc/main/.well-known/openid-configuration"


@pytest.fixture
def sandbox(make_sandbox, tmp_path) -> Any:
    file = tmp_path / "cast.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return make_sandbox(Config(fixtures=file))


def test_they_are_armed_in_every_world(sandbox):
    for prefix in ("", "/w/other"):
        first, second = sandbox.get(f"{prefix}{CONTROL}/faults").json["faults"]

        assert (first["name"], first["times"], first["refuse"]) == ("github: rate-limit", 2, {"reason": "RATE_LIMITED"})
        assert (second["name"], second["operation"], second["times"]) == (None, "discovery", None)
        assert sandbox.get(prefix + DISCOVERY).json["issuer"] == "https://issuer.invalid"


def test_a_reset_arms_them_again(sandbox):
    sandbox.delete(f"{CONTROL}/faults")
    before = sandbox.get(DISCOVERY).json["issuer"]
    sandbox.post(f"{CONTROL}/reset")

    assert before == "http://localhost/oidc/main"
    assert sandbox.get(DISCOVERY).json["issuer"] == "https://issuer.invalid"


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            ['recipe: "github: rate-limt"'],
            'cast.yaml:3: faults[0].recipe: must be the name of a recipe; found "github: ',
        ),
        (["refuse: {reason: RATE_LIMTED}"], "cast.yaml:3: faults[0].refuse.reason: must be a reason; found"),
        (["service: githab", "drop: {}"], 'cast.yaml:3: faults[0].service: must be a service; found "githab" (did you'),
        (
            ["service: github", "operation: get_me", "drop: {}"],
            "cast.yaml:4: faults[0].operation: must be an operation of",
        ),
        (["drop: {}", "malform: {}"], "cast.yaml:4: faults[0].malform: a fault has one action, and this one has drop"),
        (["service: github"], "cast.yaml:3: faults[0]: must have a recipe or one action of refuse"),
        (["delay: {seconds: 61}"], "cast.yaml:3: faults[0].delay.seconds: must be at most 60; found 61"),
        (["explode: {}"], "cast.yaml:3: faults[0].explode: is not a known key"),
        (["forge: {tamper: bad}"], "cast.yaml:3: faults[0].forge.tamper: no tamper is called 'bad'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(lines, complaint):
    text = "version: 1\nfaults:\n  - " + "\n    ".join(lines)
    with pytest.raises(FixtureError) as error:
        parse_fixture(text, "cast.yaml", CHECKS)

    assert str(error.value).startswith(complaint)
