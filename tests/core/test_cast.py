"""The shipped cast: every persona is what it is for, and the file reads the same in every spelling."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificate

from sandbox.core import fixture_reader, fixtures
from sandbox.core.fixtures import Fixture, shipped
from sandbox.core.keys import load_key, public_key
from sandbox.providers.azure.fixture import expand_groups
from sandbox.providers.github.fixture import expand_teams
from sandbox.services import CHECKS

load_fixture = partial(fixtures.load_fixture, checks=CHECKS)
parse_fixture = partial(fixtures.parse_fixture, checks=CHECKS)


@pytest.fixture(scope="module")
def cast() -> Fixture:
    return load_fixture(shipped("default.yaml"))


def test_the_cast_is_held_against_the_schema_here_and_not_at_every_start():
    text, schema = (shipped(name).read_text("utf-8") for name in ("default.yaml", "schema.json"))

    parse_fixture(f"{text}\n# Another digest has all of it checked.\n", "default.yaml")

    digest = fixtures.digest_with_schema(text, schema)
    assert shipped("default.sha256").read_text("ascii") == f"{digest}\n", "valid, but not noted: mend the file"


@pytest.mark.parametrize(
    "dump",
    [
        pytest.param(lambda document: json.dumps(document, indent="\t"), id="escaped, tabs"),
        pytest.param(lambda document: json.dumps(document, ensure_ascii=False), id="one line"),
    ],
)
def test_its_json_twin_is_the_same_fixture(cast: Fixture, dump: Callable[[Any], str]):
    document = yaml.load(shipped("default.yaml").read_text("utf-8"), yaml.BaseLoader)  # every scalar as text
    text = dump({"$schema": "./schema.json"} | _typed(document))

    twin = parse_fixture(text, cast.source)

    assert dataclasses.replace(twin, digest=cast.digest) == cast


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if value == "246810":
        return value
    return json.loads(value) if re.fullmatch("true|false|null|[0-9]+", value) else value


def test_it_reads_the_same_without_libyaml(cast: Fixture, monkeypatch):
    monkeypatch.setattr(fixture_reader, "_PARSER", yaml.SafeLoader)
    fixtures.parse_fixture.cache_clear()

    assert load_fixture(shipped("default.yaml")) == cast


def test_written_out_in_full_it_is_the_same_fixture(cast: Fixture):
    full = {"version": 1, "identities": cast.identities, "clients": cast.clients, **cast.sections}

    again = parse_fixture(json.dumps(full), cast.source)

    assert dataclasses.replace(again, digest=cast.digest) == cast


def test_each_persona_says_what_it_is_for(cast: Fixture):
    purposes = [person["purpose"].strip() for person in cast.identities]

    assert all(purposes)


PERSONAS: dict[str, Callable[[Any], bool]] = {
    "octocat": lambda p: p["github"]["id"] == 583231 and [e["visibility"] for e in p["emails"]] == ["private"],
    "alice": lambda p: [(e["email"], e["visibility"]) for e in p["emails"]] == [("alice@contoso.test", "public")],
    "admin": lambda p: p["github"]["site_admin"],
    "two-factor": lambda p: p["gmi"]["otp_code"] == "246810",
    "unverified": lambda p: [e["verified"] for e in p["emails"]] == [False],
    "no-email": lambda p: p["emails"] == [],
    "noreply": lambda p: [e["email"] for e in p["emails"] if e["primary"]]
    == [f"{p['github']['id']}+{p['login']}@users.noreply.github.com"] and len(p["emails"]) > 1,
    "no-name": lambda p: p["name"] is None,
    "long-name": lambda p: len(p["name"]) >= 200,
    "emoji": lambda p: any(ord(char) > 0xFFFF for char in p["name"]),
    "right-to-left": lambda p: all("\u0590" <= char <= "\u05ff" for char in p["name"] if char != " "),
    "deactivated": lambda p: p["deactivated"],
}  # fmt: skip


@pytest.mark.parametrize("login", PERSONAS)
def test_a_persona_is_what_it_is_for(cast: Fixture, login: str):
    (person,) = (person for person in cast.identities if person["login"] == login)

    assert PERSONAS[login](person)


AZURE: dict[str, Callable[[Any], bool]] = {
    "no-email": lambda u: u["mail"] is None and not u["photo"],
    "two-factor": lambda u: u["conditions"] == ["mfa_required"],
    "no-consent": lambda u: u["conditions"] == ["consent_required"],
    "blocked": lambda u: u["conditions"] == ["conditional_access_blocked"],
    "guest": lambda u: (u["tenant"], u["guest_of"]) == ("fabrikam.test", ["contoso.test"]),
    "sso-member": lambda u: (u["tenant"], u["guest_of"]) == ("fabrikam.test", []),
    "personal": lambda u: u["personal"],
    "renamed": lambda u: u["user_principal_name"] != u["renamed_to"],
    "admin": lambda u: u["roles"] == {"11111111-1111-4111-8111-111111111111": ["Admin", "Reader"]},
}  # fmt: skip


@pytest.mark.parametrize("login", AZURE)
def test_a_persona_is_what_it_is_for_at_azure(cast: Fixture, login: str):
    (person,) = (person for person in cast.identities if person["login"] == login)

    assert AZURE[login](person["azure"])


def test_the_joiner_is_in_more_groups_than_a_token_names(cast: Fixture):
    (joiner,) = (person for person in cast.identities if person["login"] == "joiner")
    entries = [group for tenant in cast.sections["azure"]["tenants"] for group in tenant["groups"]]
    groups = [group for entry in entries for group in expand_groups(entry) if "joiner" in group["members"]]

    assert len(groups) == len(set(joiner["oidc"]["claims"]["groups"])) == 201


def test_the_certificate_belongs_to_its_application(cast: Fixture):
    pem = shipped("client-certificate.pem").read_bytes()
    certificate, private = load_pem_x509_certificate(pem), load_key(pem)
    (app,) = (client for client in cast.clients if client["client_id"].startswith("1111"))
    (jwk,) = app["settings"]["certificates"]["keys"]

    assert private.jwk["n"] == public_key(jwk, "RS256").jwk["n"]
    assert certificate.public_key() == private.verifying
    for name, algorithm in (("x5t", hashes.SHA1()), ("x5t#S256", hashes.SHA256())):
        assert base64.urlsafe_b64decode(jwk[name] + "==") == certificate.fingerprint(algorithm)


def test_the_twins_share_an_address(cast: Fixture):
    one, two = (person["emails"] for person in cast.identities if person["login"].startswith("twin-"))

    assert one == two


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("octocat", [("octo-org", "member", 1)]),
        ("admin", [("octo-org", "admin", 2)]),
        ("joiner", [("octo-org", "member", 0), ("contoso", "member", 0), ("many-teams", "admin", 120)]),
    ],
)
def test_a_persona_belongs_to_organizations_and_teams(cast: Fixture, login: str, expected: list[Any]):
    found = [
        (organization["login"], member["role"], teams_of(login, organization))
        for organization in cast.sections["github"]["organizations"]
        for member in organization["members"]
        if member["login"] == login
    ]

    assert found == expected


def teams_of(login: str, organization: Any) -> int:
    teams = [team for entry in organization["teams"] for team in expand_teams(entry)]
    return sum(login in team["members"] for team in teams)


def test_all_addresses_are_reserved_for_tests(cast: Fixture):
    domains = {email["email"].rpartition("@")[2] for person in cast.identities for email in person["emails"]}

    assert {domain for domain in domains if not domain.endswith((".test", ".example"))} == {"users.noreply.github.com"}


def test_an_editor_finds_its_schema():
    text = shipped("default.yaml").read_text("utf-8")

    assert text.startswith("# yaml-language-server: $schema=./schema.json\n")
