"""What a fixture may say of JITSudo, and what its policies decide."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from sandbox import Config
from sandbox.core import fixtures
from sandbox.core.fixture_reader import FixtureError
from sandbox.exchanges.jitsudo.models import Person, parse_duration
from sandbox.exchanges.jitsudo.policy import PolicyDenial, check_login
from sandbox.services import CHECKS
from tests.support.jitsudo import CONTOSO, FABRIKAM, claims, exchange, globally, log_in

parse_fixture = partial(fixtures.parse_fixture, checks=CHECKS)
KEY = "jsk_" + "0" * 40


@pytest.fixture
def config() -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return Config(approval="hint")


def complaint(section: str) -> str:
    with pytest.raises(FixtureError) as refused:
        parse_fixture(f"version: 1\njitsudo: {section}\n", "f.yaml")
    return str(refused.value)


def tenant(number: int, **more: str) -> str:
    own = {"id": f"7e4a47c0-0000-4000-8000-00000000000{number}", "slug": f"t{number}", "name": "T", **more}
    return "{" + ", ".join(f"{name}: {value}" for name, value in own.items()) + "}"


def tenants(*listed: str) -> str:
    return f"{{tenants: [{', '.join(listed)}]}}"


POLICY = "[{id: 7e4a47c0-0000-4000-8000-00000000000a, name: P, rules: [{id: 7e4a47c0-0000-4000-8000-00000000000b, effect: permit}]}]"  # fmt: skip  # noqa: E501
BROKEN = {
    "no duration": ("{jwt_ttl: an hour}", 'jwt_ttl: must be a duration such as 1h or 1h30m; found "an hour"'),
    "a short one": ("{jwt_ttl: 999ms}", 'jwt_ttl: must be 1s to 315360000s; found "999ms"'),
    "a long one": ("{jwt_ttl: 87601h}", 'jwt_ttl: must be 1s to 315360000s; found "87601h"'),
    "another status": ("{invalid_code_status: 403}", "invalid_code_status: must be 401 or 400; found 403"),
    "an id twice": (
        tenants(tenant(1), tenant(1, slug="x")),
        "tenants[1].id: is already taken by jitsudo.tenants[0].id",
    ),
    "a slug twice": (tenants(tenant(1), tenant(2, slug="t1")), "tenants[1].slug: is already taken by"),
    "two masters": (
        tenants(tenant(1, master="true"), tenant(2, master="true")),
        "tenants[1].master: is already taken by jitsudo.tenants[0].master",
    ),
    "a domain of two": (
        tenants(tenant(1, domains="[{domain: a.test}]"), tenant(2, domains="[{domain: a.test}]")),
        "tenants[1].domains[0].domain: is already taken by jitsudo.tenants[0].domains[0].domain",
    ),
    "a domain twice": (
        tenants(tenant(1, domains="[{domain: a.test, verified: false}, {domain: a.test}]")),
        "tenants[0].domains[1].domain: is already taken by jitsudo.tenants[0].domains[0].domain",
    ),
    "a key twice": (
        tenants(*(tenant(n, api_keys=f"[{{name: a, key: {KEY}}}]") for n in (1, 2))),
        "tenants[1].api_keys[0].key: is already taken by",
    ),
    "a policy twice": (
        tenants(tenant(1, policies=POLICY), tenant(2, policies=POLICY)),
        "tenants[1].policies[0].id: is already taken by",
    ),
    "an unknown client": (
        "{global_provider: {issuer: oidc/main, client: nobody}}",
        'global_provider.client: must be a client_id at oidc/main; found "nobody"',
    ),
    "an unknown client of a tenant": (
        tenants(tenant(1, oidc="{issuer: azure/contoso.test, client: nobody}")),
        'tenants[0].oidc.client: must be a client_id at azure; found "nobody"',
    ),
    "an issuer elsewhere": (
        "{global_provider: {issuer: 'https://idp.test/x', client: c}}",
        'global_provider.issuer: must be in jitsudo.network; found "https://idp.test/x"',
    ),
    "no issuer": ("{global_provider: {issuer: main, client: c}}", "global_provider.issuer: must be oidc/ or azure/"),
}


@pytest.mark.parametrize(("section", "told"), BROKEN.values(), ids=BROKEN)
def test_a_section_that_is_wrong_is_refused(section, told):
    assert told in complaint(section)


def test_an_unverified_domain_may_be_wanted_by_two():
    wanted = "[{domain: a.test, verified: false}]"
    parse_fixture(f"version: 1\njitsudo: {tenants(tenant(1, domains=wanted), tenant(2, domains=wanted))}\n", "f.yaml")


def test_an_issuer_elsewhere_is_taken_with_its_network():
    section = "{network: ['https://idp.test'], global_provider: {issuer: 'https://idp.test/x', client: c}}"

    provider = parse_fixture(f"version: 1\njitsudo: {section}\n", "f.yaml").sections["jitsudo"]["global_provider"]

    assert (provider["client_secret"], provider["scopes"]) == (None, ["openid", "profile", "email"])


DURATIONS = {"1h": 3600, "90m": 5400, "1h30m": 5400, "1.5h": 5400, "1h0.5s": 3600, "1000000µs": 1, "2000000000ns": 2}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_a_duration_is_read_as_go_does(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "1 h", "1d", "1h-", "\u0661h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


# The shipped one


def test_the_shipped_tenants_are_different(sandbox):
    assert claims(log_in(sandbox, "alice")["token"])["tenant_id"] == CONTOSO
    assert claims(exchange(sandbox, globally(sandbox, "guest")).json["token"])["tenant_id"] == FABRIKAM


# Policies

WHO = Person("s1", "a@b.test", "A", ("engineers",))


def rule(effect: str = "permit", message: str = "", **scopes: Any) -> dict[str, Any]:
    usual = {
        "principal_scope_type": "any",
        "principal_entity_type": None,
        "principal_entity_id": None,
        "action_scope_type": "any",
        "action_ids": [],
        "resource_scope_type": "any",
        "conditions": None,
    }
    return {"id": "r", "effect": effect, "message": message, **usual, **scopes}


def principal(scope: str, kind: str | None, name: str | None) -> dict[str, Any]:
    return {"principal_scope_type": scope, "principal_entity_type": kind, "principal_entity_id": name}


APPLIES = {
    "anyone": ({}, True),
    "the address": (principal("eq", "User", "a@b.test"), True),
    "the subject": (principal("eq", "User", "s1"), True),
    "another": (principal("eq", "User", "x@b.test"), False),
    "a group is no user": (principal("eq", "Group", "engineers"), False),
    "in a group": (principal("in", "Group", "engineers"), True),
    "in another": (principal("in", "Group", "staff"), False),
    "in oneself": (principal("in", "User", "a@b.test"), True),
    "a group called as a user": (principal("in", "User", "engineers"), False),
    "a user": (principal("is", "User", None), True),
    "no user": (principal("is", "Group", None), False),
    "a user in a group": (principal("is_in", "Group", "engineers"), True),
    "this action": ({"action_scope_type": "eq", "action_ids": ["login"]}, True),
    "among others": ({"action_scope_type": "in", "action_ids": ["request_access", "login"]}, True),
    "another action": ({"action_scope_type": "eq", "action_ids": ["request_access"]}, False),
    "a resource": ({"resource_scope_type": "is"}, False),
    "conditions": ({"conditions": "when { true }"}, False),
}


@pytest.mark.parametrize(("scopes", "applies"), APPLIES.values(), ids=APPLIES)
def test_a_rule_applies_or_not(scopes, applies):
    forbidding = [{"rules": [rule(), rule("forbid", "No.", **scopes)]}]
    permitting = [{"rules": [rule(**scopes)]}]
    if applies:
        check_login(permitting, WHO)
        with pytest.raises(PolicyDenial) as denial:
            check_login(forbidding, WHO)
        assert denial.value.notices == ("No.",)
    else:
        check_login(forbidding, WHO)
        with pytest.raises(PolicyDenial) as denial:
            check_login(permitting, WHO)
        assert denial.value.notices == ()


def test_without_any_rule_everyone_is_let_in():
    check_login([], WHO)
    check_login([{"rules": []}], WHO)


def test_every_forbid_that_decides_is_told():
    with pytest.raises(PolicyDenial) as denial:
        check_login([{"rules": [rule("forbid", "One.")]}, {"rules": [rule("forbid"), rule("forbid", "Two.")]}], WHO)

    assert denial.value.notices == ("One.", "Two.")
