"""Providers by domain, and what scripts and people administer: to the letter, and to their own tenant only."""

from __future__ import annotations

import re

import pytest

from sandbox import Config
from sandbox.core.refusals import Reason
from tests.support.jitsudo import (
    CONTOSO,
    CONTOSO_KEY,
    FABRIKAM,
    FABRIKAM_KEY,
    HERE,
    LOGIN_URL,
    MAIN,
    MISMATCH,
    NO_CONFIG,
    NOT_FOUND,
    NOT_REGISTERED,
    NOWHERE,
    POLICY,
    UNAUTHENTICATED,
    bearer,
    check_refused,
    claims,
    configure,
    exchange,
    globally,
    invalid,
    key,
    log_in,
    person,
    put_config,
    sign_state,
)
from tests.support.person import query

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
TENANT = {"name": "Acme", "slug": "acme", "owner_email": "owner@acme.test"}


@pytest.fixture
def config() -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return Config(approval="hint")


# 1: providers


@pytest.mark.parametrize("asked", ["domain=contoso.test", "domain=CONTOSO.test", "slug=contoso",
                                   "domain=somebody@Contoso.Test", "domain=contoso.test&slug=contoso", "domain=&slug=contoso"])  # fmt: skip  # noqa: E501
def test_a_tenant_is_found_by_domain_address_and_slug(sandbox, asked):
    answer = sandbox.get(f"/v1/auth/providers?{asked}")

    assert (answer.status_code, answer.json) == (200, {"tenant_id": CONTOSO, "methods": ["oidc"]})


def test_the_methods_are_what_there_is(sandbox):
    def methods(slug: str) -> list[str]:
        found: list[str] = sandbox.get(f"/v1/auth/providers?slug={slug}").json["methods"]
        return found

    assert methods("fabrikam") == ["oidc", "local"]
    configure(sandbox, global_provider=None)
    assert (methods("contoso"), methods("fabrikam")) == (["oidc"], ["local"])


@pytest.mark.parametrize("asked", ["domain=octo-org.test", "domain=nowhere.test", "slug=nobody", "domain=%00",
                                   "domain=contoso.test&slug=fabrikam", "domain=contoso.test@evil.test"])  # fmt: skip
def test_a_domain_that_is_unknown_or_not_verified_is_not_registered(sandbox, asked):
    answer = sandbox.get(f"/v1/auth/providers?{asked}")

    check_refused(sandbox, answer, Reason.OBJECT_UNKNOWN, 404, NOT_REGISTERED)


def test_somebody_must_be_asked_for_and_once(sandbox):
    missing = sandbox.get("/v1/auth/providers")
    check_refused(sandbox, missing, Reason.FIELD_MISSING, 400, invalid("domain"))
    twice = sandbox.get("/v1/auth/providers?slug=contoso&slug=fabrikam")
    check_refused(sandbox, twice, Reason.FIELD_REPEATED, 400, invalid("slug"))


# The beginning of a sign-in


def test_a_tenant_without_provider_signs_in_at_the_global_one_without_a_state(sandbox):
    answer = sandbox.post(LOGIN_URL, json={"domain": "fabrikam.test", "redirect_uri": HERE})

    assert (answer.status_code, answer.json["state"]) == (200, None)
    assert query(answer.json["authorize_url"]) == {
        "response_type": "code",
        "redirect_uri": HERE,
        "client_id": "jitsudo",
        "scope": "openid profile email",
    }


def test_a_sign_in_that_cannot_begin_is_refused(sandbox):
    def begin(**fields: object):
        return sandbox.post(LOGIN_URL, json=fields)

    unknown = begin(slug="nobody", redirect_uri=HERE)
    check_refused(sandbox, unknown, Reason.OBJECT_UNKNOWN, 404, NOT_REGISTERED)
    check_refused(sandbox, begin(slug="contoso"), Reason.FIELD_MISSING, 400, invalid("redirect_uri"))
    check_refused(sandbox, begin(redirect_uri=HERE), Reason.FIELD_MISSING, 400, invalid("domain"))
    odd = begin(slug=7, redirect_uri="nonsense")
    check_refused(sandbox, odd, Reason.FIELD_INVALID, 400, invalid("redirect_uri", "slug"))
    configure(sandbox, global_provider=None)
    nowhere = begin(slug="fabrikam", redirect_uri=HERE)
    check_refused(sandbox, nowhere, Reason.NOT_CONFIGURED, 404, NO_CONFIG)


# 12 and 13: identity providers


def test_a_configuration_is_replaced_and_never_tells_its_secret(sandbox):
    sandbox.clock.freeze()
    seeded = sandbox.get("/v1/oidc-config", headers=key()).json
    sandbox.clock.advance(hours=1)

    answers = [put_config(sandbox, scopes=["openid"]), sandbox.get("/v1/oidc-config", headers=key())]

    assert list(seeded) == ["id", "issuer_url", "client_id", "scopes", "created_at", "updated_at"]
    assert (seeded["issuer_url"], seeded["client_id"]) == (MAIN["issuer_url"], MAIN["client_id"])
    assert seeded["scopes"] == ["openid", "profile", "email"]
    assert seeded["created_at"] == seeded["updated_at"]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.json == {**seeded, "scopes": ["openid"], "updated_at": answer.json["updated_at"]}
        assert answer.json["updated_at"] > seeded["updated_at"]
        assert "secret" not in answer.text


def test_a_tenant_gets_a_provider_and_loses_it_again(sandbox):
    headers = key(FABRIKAM_KEY, FABRIKAM)
    absent = sandbox.get("/v1/oidc-config", headers=headers)
    check_refused(sandbox, absent, Reason.NOT_CONFIGURED, 404, NO_CONFIG)

    assert put_config(sandbox, headers, issuer_url="http://127.0.0.1/jitsudo/../oidc/x").status_code == 400
    first = put_config(sandbox, headers, client_id="jitsudo", client_secret="sandbox-secret")

    assert UUID.fullmatch(first.json["id"])
    assert first.json["scopes"] == ["openid", "profile", "email"]
    assert claims(log_in(sandbox, "guest", slug="fabrikam")["token"])["tenant_id"] == FABRIKAM
    assert sandbox.delete("/v1/oidc-config", headers=headers).status_code == 204
    gone = sandbox.delete("/v1/oidc-config", headers=headers)
    check_refused(sandbox, gone, Reason.NOT_CONFIGURED, 404, NO_CONFIG)


REFUSED_CONFIGS = {
    "nothing": (dict.fromkeys(MAIN), ["issuer_url", "client_id", "client_secret"]),
    "a service of the fixture": ({"issuer_url": "oidc/main"}, ["issuer_url"]),
    "no URL": ({"issuer_url": "javascript:alert(1)"}, ["issuer_url"]),
    "a trailing slash": ({"issuer_url": "http://localhost/oidc/main/"}, ["issuer_url"]),
    "the key set of an issuer": ({"issuer_url": "http://localhost/oidc/main/jwks"}, ["issuer_url"]),
    "nothing of ours": ({"issuer_url": "http://localhost/v1"}, ["issuer_url"]),
    "an issuer over https only": ({"issuer_url": "http://localhost/oidc/fapi"}, ["issuer_url"]),
    "an outside one": ({"issuer_url": "https://login.example.test"}, ["issuer_url"]),
    "a port that is none": ({"issuer_url": "http://localhost:99999/oidc/main"}, ["issuer_url"]),
    "half an address": ({"issuer_url": "http://[::1/oidc"}, ["issuer_url"]),
    "scopes as text": ({"scopes": "openid"}, ["scopes"]),
    "an odd scope": ({"scopes": ["openid", "a b", 7]}, ["scopes"]),
}


@pytest.mark.parametrize(("changed", "fields"), REFUSED_CONFIGS.values(), ids=REFUSED_CONFIGS)
def test_a_configuration_that_is_none_is_refused(sandbox, changed, fields):
    answer = put_config(sandbox, **changed)

    assert (answer.status_code, answer.json) == (400, invalid(*fields)), answer.headers["X-Sandbox-Reason"]
    assert sandbox.get("/v1/oidc-config", headers=key()).json["issuer_url"] == MAIN["issuer_url"]


# Who may call


BY_KEY = [("GET", "/v1/oidc-config"), ("PUT", "/v1/oidc-config"), ("DELETE", "/v1/oidc-config"), ("GET", "/v1/tenants"),
          ("POST", "/v1/tenants"), ("GET", "/v1/api-keys"), ("POST", "/v1/api-keys")]  # fmt: skip
BY_PERSON = [("POST", "/v1/domains"), ("GET", "/v1/domains"), ("POST", f"/v1/domains/{NOWHERE}/verify")]
WITHOUT_HEADER = [("GET", f"/v1/policies/{POLICY}/rules"), *BY_PERSON[1:]]


@pytest.mark.parametrize(("method", "path"), [*BY_KEY, *BY_PERSON, WITHOUT_HEADER[0]])
def test_each_endpoint_takes_its_own_credential_and_no_other(sandbox, method, path):
    good = (key(), person(sandbox))
    right, wrong = good if (method, path) not in BY_PERSON else reversed(good)

    for headers, reason in (
        ({}, Reason.TOKEN_MISSING),
        (wrong, Reason.TOKEN_MISSING),
        (key("jsk_" + "0" * 40), Reason.TOKEN_UNKNOWN),
        ({**right, **key("wrong")}, Reason.TOKEN_UNKNOWN),
    ):
        check_refused(sandbox, sandbox.open(path, method=method, headers=headers), reason, 401, UNAUTHENTICATED)
    for named in (FABRIKAM, NOWHERE):
        answer = sandbox.open(path, method=method, headers={**right, "X-Tenant-ID": named})
        check_refused(sandbox, answer, Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)
    assert sandbox.open(path, method=method, headers={**right, "X-Tenant-ID": CONTOSO.upper()}).status_code != 403


@pytest.mark.parametrize(("method", "path"), [*BY_KEY, BY_PERSON[0]])
@pytest.mark.parametrize("named", [None, "", "contoso", CONTOSO + "0"])
def test_the_tenant_header_is_required_where_the_page_says_so(sandbox, method, path, named):
    headers = key(tenant_id=named) if (method, path) in BY_KEY else person(sandbox, tenant_id=named)

    answer = sandbox.open(path, method=method, headers=headers)

    check_refused(sandbox, answer, Reason.HEADER_INVALID, 400, invalid("X-Tenant-ID"))


@pytest.mark.parametrize(("method", "path"), WITHOUT_HEADER)
def test_and_elsewhere_it_may_be_left_out(sandbox, method, path):
    headers = person(sandbox, tenant_id=None) if "domains" in path else key(tenant_id=None)

    assert sandbox.open(path, method=method, headers=headers).status_code in (200, 404)


@pytest.mark.parametrize(("method", "path"), BY_PERSON)
def test_a_key_that_comes_along_is_of_the_tenant_that_the_header_names(sandbox, method, path):
    headers = {**key(FABRIKAM_KEY), **person(sandbox)}

    answer = sandbox.open(path, method=method, headers=headers)

    check_refused(sandbox, answer, Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)


def test_a_token_that_is_not_ours_or_too_old_opens_nothing(sandbox):
    token = log_in(sandbox, "alice")["token"]
    strange = sign_state({"tenant_id": CONTOSO})
    upstream = {"Authorization": f"Basic {token}"}

    for headers, reason in ((bearer(strange), "TOKEN_MALFORMED"), (bearer(token[:-4] + "AAAA"), "TOKEN_SIGNATURE_BAD"),
                            (upstream, "TOKEN_MISSING")):  # fmt: skip
        check_refused(sandbox, sandbox.get("/v1/domains", headers=headers), Reason(reason), 401, UNAUTHENTICATED)
    assert sandbox.get("/v1/domains", headers=bearer(token)).status_code == 200
    sandbox.clock.advance(hours=1)
    late = sandbox.get("/v1/domains", headers=bearer(token))
    check_refused(sandbox, late, Reason.TOKEN_EXPIRED, 401, UNAUTHENTICATED)


# Tenants


def test_the_master_makes_tenants_and_knows_all(sandbox):
    made = sandbox.post("/v1/tenants", json={**TENANT, "sso_region": "eu-central-1"}, headers=key())

    assert made.status_code == 201
    assert list(made.json) == ["id", "name", "slug", "locale", "owner_email", "owner_user_id", "sso_start_url",
                               "sso_region", "created_at", "updated_at"]  # fmt: skip
    assert (made.json["slug"], made.json["locale"], made.json["sso_start_url"]) == ("acme", "en", None)
    assert UUID.fullmatch(made.json["id"])
    assert UUID.fullmatch(made.json["owner_user_id"])
    assert MOMENT.fullmatch(made.json["created_at"])
    page = sandbox.get("/v1/tenants?limit=2", headers=key()).json
    assert [(it["slug"], it["is_master"], it["domain"]) for it in page["data"]] == [
        ("contoso", True, "contoso.test"),
        ("fabrikam", False, "fabrikam.test"),
    ]
    assert page["has_more"] is True
    rest = sandbox.get(f"/v1/tenants?cursor={page['next_cursor']}", headers=key()).json
    assert rest == {"data": [{**made.json, "is_master": False, "domain": None}], "next_cursor": None, "has_more": False}


def test_any_other_tenant_knows_itself_only(sandbox):
    headers = key(FABRIKAM_KEY, FABRIKAM)

    assert [it["slug"] for it in sandbox.get("/v1/tenants", headers=headers).json["data"]] == ["fabrikam"]
    refused = sandbox.post("/v1/tenants", json=TENANT, headers=headers)
    check_refused(sandbox, refused, Reason.PERMISSION_DENIED, 403, MISMATCH)


def test_a_slug_is_taken_once(sandbox):
    answer = sandbox.post("/v1/tenants", json={**TENANT, "slug": "fabrikam"}, headers=key())

    check_refused(sandbox, answer, Reason.OBJECT_ALREADY_EXISTS, 400, invalid("slug"))


@pytest.mark.parametrize("asked", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=²", f"limit={'9' * 5000}",
                                   "limit=1&limit=2"])  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/tenants", f"/v1/policies/{POLICY}/rules"])
def test_a_limit_is_a_number_of_1_to_100(sandbox, path, asked):
    answer = sandbox.get(f"{path}?{asked}", headers=key())

    assert (answer.status_code, answer.json) == (400, invalid("limit"))


def test_a_cursor_comes_from_a_list(sandbox):
    answer = sandbox.get("/v1/tenants?cursor=made-up", headers=key())

    check_refused(sandbox, answer, Reason.FIELD_INVALID, 400, invalid("cursor"))


# 16: domains


def test_a_domain_counts_once_it_is_verified(sandbox):
    headers = person(sandbox)
    body = globally(sandbox, "octocat")
    made = sandbox.post("/v1/domains", json={"domain": "Octo-Org.Test"}, headers=headers)

    assert made.status_code == 201
    assert list(made.json) == ["id", "domain", "verified", "verified_at", "verification_token", "dns_record",
                               "dns_value", "created_at"]  # fmt: skip
    assert (made.json["domain"], made.json["verified"], made.json["verified_at"]) == ("octo-org.test", False, None)
    assert made.json["verification_token"] in made.json["dns_value"]
    assert sandbox.get("/v1/auth/providers?domain=octo-org.test").status_code == 404
    assert exchange(sandbox, body).json == MISMATCH

    for _ in range(2):
        verified = sandbox.post(f"/v1/domains/{made.json['id'].upper()}/verify", headers=headers)
        assert (verified.status_code, verified.json) == (200, {"verified": True, "message": "domain verified"})

    listed = sandbox.get("/v1/domains", headers=headers).json["data"]
    assert [(it["domain"], it["verified"]) for it in listed] == [("contoso.test", True), ("octo-org.test", True)]
    assert MOMENT.fullmatch(listed[1]["verified_at"])
    assert sandbox.get("/v1/auth/providers?domain=octo-org.test").json["tenant_id"] == CONTOSO
    answer = exchange(sandbox, globally(sandbox, "octocat"))
    assert claims(answer.json["token"])["tenant_id"] == CONTOSO


def test_a_domain_of_another_tenant_stays_theirs(sandbox):
    ours, theirs = person(sandbox), bearer(exchange(sandbox, globally(sandbox, "guest")).json["token"], FABRIKAM)
    domains = sandbox.get("/v1/domains", headers=theirs).json["data"]
    made = sandbox.post("/v1/domains", json={"domain": "fabrikam.test"}, headers=ours).json

    taken = sandbox.post(f"/v1/domains/{made['id']}/verify", headers=ours)
    foreign = sandbox.post(f"/v1/domains/{domains[0]['id']}/verify", headers=ours)

    assert taken.json == {"verified": False, "message": "domain belongs to another tenant"}
    not_found = {"code": "not_found", "message": "Domain not found"}
    check_refused(sandbox, foreign, Reason.OBJECT_UNKNOWN, 404, not_found)
    unknown = sandbox.post("/v1/domains/nonsense/verify", headers=ours)
    check_refused(sandbox, unknown, Reason.OBJECT_UNKNOWN, 404, not_found)


def test_a_domain_may_fail(sandbox):
    headers = person(sandbox)
    made = sandbox.post("/v1/domains", json={"domain": "no-dns.test"}, headers=headers).json

    answer = sandbox.post(f"/v1/domains/{made['id']}/verify", headers=headers)

    assert (answer.status_code, answer.json) == (200, {"verified": False, "message": "DNS record not found"})


@pytest.mark.parametrize("name", ["contoso.test", "localhost", "a..b", "-a.test", "a.test.", "ä.test", "a@b.test", "",
                                  "trin\N{KELVIN SIGN}et.test", "\N{LATIN SMALL LETTER LONG S}.test"])  # fmt: skip
def test_a_domain_that_is_none_or_there_already_is_refused(sandbox, name):
    answer = sandbox.post("/v1/domains", json={"domain": name}, headers=person(sandbox))

    assert (answer.status_code, answer.json) == (400, invalid("domain"))


def test_a_domain_in_odd_letters_is_not_the_one_that_it_becomes_in_lower_case(sandbox):
    headers = person(sandbox)
    domain = sandbox.post("/v1/domains", json={"domain": "Trinket.test"}, headers=headers).json
    assert sandbox.post(f"/v1/domains/{domain['id']}/verify", headers=headers).json["verified"]

    right, odd = (
        sandbox.get("/v1/auth/providers", query_string={"domain": f"a@{name}"})
        for name in ("TRINKET.test", "trin\N{KELVIN SIGN}et.test")
    )

    assert right.json["tenant_id"] == CONTOSO
    check_refused(sandbox, odd, Reason.OBJECT_UNKNOWN, 404, NOT_REGISTERED)


# 17: API keys; policies


def test_an_api_key_is_shown_once_and_opens_its_tenant(sandbox):
    made = sandbox.post("/v1/api-keys", json={"name": "ci"}, headers=key())

    assert made.status_code == 201
    assert list(made.json) == ["id", "name", "key", "created_at"]
    assert re.fullmatch("jsk_[0-9a-f]{40}", made.json["key"])
    listed = sandbox.get("/v1/api-keys", headers=key(made.json["key"]))
    assert [(list(it), it["name"]) for it in listed.json["data"]] == [
        (["id", "name", "created_at"], "Terraform"),
        (["id", "name", "created_at"], "ci"),
    ]
    assert CONTOSO_KEY not in listed.text
    assert made.json["key"] not in listed.text


def test_the_rules_of_a_policy_are_shown_to_its_tenant(sandbox):
    answer = sandbox.get(f"/v1/policies/{POLICY}/rules", headers=key())

    assert [it["effect"] for it in answer.json["data"]] == ["permit", "forbid", "permit"]
    assert answer.json["data"][1] == {
        "id": "90110000-0000-4000-8000-000000000012",
        "effect": "forbid",
        "message": "Your access is suspended. Ask the security team.",
        "principal_scope_type": "eq",
        "principal_entity_type": "User",
        "principal_entity_id": "blocked@contoso.test",
        "action_scope_type": "eq",
        "action_ids": ["login"],
        "resource_scope_type": "any",
        "resource_entity_type": None,
        "resource_entity_id": None,
        "conditions": None,
        "approval_mode": "auto",
        "approval_timeout": None,
    }
    assert len(sandbox.get(f"/v1/policies/{POLICY}/rules?limit=1", headers=key()).json["data"]) == 1
    for path, headers in ((POLICY, key(FABRIKAM_KEY, None)), (NOWHERE, key()), ("nonsense", key())):
        absent = sandbox.get(f"/v1/policies/{path}/rules", headers=headers)
        told = {"code": "not_found", "message": "Policy not found"}
        check_refused(sandbox, absent, Reason.OBJECT_UNKNOWN, 404, told)


# 17: the rest


def test_routing_errors_are_json(sandbox):
    unknown, wrong = sandbox.get("/v1/me"), sandbox.delete("/v1/auth/callback")

    check_refused(sandbox, wrong, Reason.METHOD_NOT_ALLOWED, 405,
                  {"code": "method_not_allowed", "message": "Method not allowed"})  # fmt: skip
    assert wrong.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert (unknown.status_code, unknown.json) == (404, NOT_FOUND)


def test_it_is_well(sandbox):
    assert sandbox.get("/jitsudo/healthz").json == {"status": "ok"}
    assert sandbox.get("/healthz", base_url="http://jitsudo.localhost").json == {"status": "ok"}


def test_any_origin_may_call_without_credentials(sandbox):
    asked = {"Origin": "https://ui.example.test", "Access-Control-Request-Method": "POST"}

    preflight = sandbox.options("/v1/auth/callback", headers=asked)
    refused = sandbox.post("/v1/auth/callback", headers={"Origin": "https://ui.example.test"})

    assert preflight.status_code == 200
    assert "X-Tenant-ID" in preflight.headers["Access-Control-Allow-Headers"]
    for answer in (preflight, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://ui.example.test"
        assert "Access-Control-Allow-Credentials" not in answer.headers
