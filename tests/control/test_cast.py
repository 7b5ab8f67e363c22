"""People, applications, issuers and tenants at run time: added, changed, deleted, and what the rooms make of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.control import API, refused
from tests.support.databases import on_either_database
from tests.support.forms import submit

BEE = {"login": "newbee", "name": "New Bee", "emails": [{"email": "bee@hive.test", "primary": True, "verified": True}]}
APP = {
    "client_id": "new-app",
    "service": "github",
    "name": "New app",
    "secret": "new-secret",
    "redirect_uris": ["http://localhost:7777/callback"],
    "settings": {"type": "oauth-app"},
}
OIDC_APP = {**APP, "service": "oidc/main", "settings": {}}


def logins(sandbox: Any, world: str = "", **query: Any) -> list[str]:
    found = sandbox.get(f"{world}{API}/identities", query_string=query).json
    return [person["login"] for person in found["identities"]]


# Identities


def test_the_cast_comes_in_the_order_of_the_fixture_page_by_page(sandbox):
    whole = sandbox.get(f"{API}/identities").json

    assert whole["total"] == len(whole["identities"]) > 10
    assert logins(sandbox, limit=2, offset=1) == [person["login"] for person in whole["identities"]][1:3]
    assert sandbox.get(f"{API}/identities", query_string={"limit": 2}).json["total"] == whole["total"]
    assert logins(sandbox, offset=1_000) == []


def test_people_are_found_by_what_is_known_of_them(sandbox):
    sandbox.post(f"{API}/identities", json=BEE)

    assert logins(sandbox, search="HIVE.test") == logins(sandbox, search="new b") == ["newbee"]
    assert logins(sandbox, search="nobody has this") == []


@on_either_database
def test_a_new_person_signs_in_at_every_provider(sandbox, sign_in):
    added = sandbox.post(f"{API}/identities", json=BEE)

    assert added.status_code == 201
    assert added.json == sandbox.get(f"{API}/identities/newbee").json
    assert added.json["purpose"] == ""
    for provider, client in (("github", "gmi-console"), ("azure", entra_app(sandbox))):
        assert sign_in(provider, as_="newbee", client=client)


def entra_app(sandbox: Any) -> str:
    found = sandbox.get(f"{API}/clients", query_string={"service": "azure"}).json["clients"]
    return next(app["client_id"] for app in found if "http://localhost:9999/callback" in app["redirect_uris"])


def test_a_login_is_taken_once(sandbox):
    again = sandbox.post(f"{API}/identities", json={"login": "octocat"})
    other_case = sandbox.post(f"{API}/identities", json={"login": "OctoCat"})

    assert refused(again) == (409, "OBJECT_ALREADY_EXISTS")
    assert refused(other_case) == (400, "FIELD_INVALID")
    assert logins(sandbox).count("octocat") == 1


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({}, "#/login", "is missing"),
        ({"login": "new bee"}, "#/login", "must be 1 to 39 ASCII letters"),
        ({"login": 5}, "#/login", "must be text; found 5"),
        ({**BEE, "nmae": "x"}, "#/nmae", 'did you mean "name"?'),
        ({**BEE, "emails": [{"email": "a@b.test", "primary": False}]}, "#/emails", "one address must be primary"),
        ({**BEE, "github": {"id": "x"}}, "#/github/id", "must be"),
    ],
)
def test_a_bad_person_is_refused_in_the_words_of_the_fixture_checker(sandbox, body, pointer, words):
    before = sandbox.get(f"{API}/fixture").json
    answer = sandbox.post(f"{API}/identities", json=body)

    assert refused(answer) == (400, "FIELD_INVALID")
    assert any(
        error["pointer"].startswith(pointer.rpartition("/")[0]) and words in error["detail"]
        for error in answer.json["errors"]
    ), answer.json
    assert sandbox.get(f"{API}/fixture").json == before


@on_either_database
def test_a_person_is_changed_by_a_merge_patch(sandbox):
    sandbox.post(f"{API}/identities", json=BEE)
    patch = {"name": "Old Bee", "purpose": "Buzzes", "emails": None}
    changed = sandbox.patch(f"{API}/identities/newbee", json=patch, content_type="application/merge-patch+json")

    assert changed.status_code == 200
    assert (changed.json["name"], changed.json["purpose"], changed.json["emails"]) == ("Old Bee", "Buzzes", [])
    assert sandbox.get(f"{API}/identities/newbee").json == changed.json


def test_a_person_is_replaced_by_what_is_put_and_the_defaults(sandbox):
    sandbox.post(f"{API}/identities", json={**BEE, "purpose": "Buzzes"})
    put = sandbox.put(f"{API}/identities/newbee", json={"name": "Other"})

    assert (put.json["login"], put.json["name"], put.json["purpose"], put.json["emails"]) == ("newbee", "Other", "", [])


def test_a_login_does_not_change(sandbox):
    sandbox.post(f"{API}/identities", json=BEE)

    assert refused(sandbox.put(f"{API}/identities/newbee", json={"login": "x"})) == (400, "FIELD_INVALID")
    assert refused(sandbox.patch(f"{API}/identities/newbee", json={"login": "x"})) == (400, "FIELD_INVALID")
    assert "x" not in logins(sandbox)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("login", ["nobody", "%00", "%ED%A0%80", "a/b"])
def test_nobody_is_read_changed_or_deleted_who_is_not_there(sandbox, method, login):
    body = {"name": "x"} if method in ("PUT", "PATCH") else None

    assert refused(sandbox.open(f"{API}/identities/{login}", method=method, json=body)) == (404, "OBJECT_UNKNOWN")


@on_either_database
def test_a_deleted_person_is_gone(sandbox, sign_in):
    sandbox.post(f"{API}/identities", json=BEE)
    code = sign_in("github", as_="newbee", client="gmi-console")

    deleted = sandbox.delete(f"{API}/identities/newbee")
    swapped = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})

    assert (deleted.status_code, deleted.data) == (204, b"")
    assert "newbee" not in logins(sandbox)
    assert 400 <= swapped.status_code < 500


def test_a_token_of_a_deleted_person_is_refused_at_the_api_of_a_provider(sandbox, sign_in):
    sandbox.post(f"{API}/identities", json=BEE)
    sandbox.post(f"{API}/clients", json=APP)
    code = sign_in("github", as_="newbee", client="new-app")
    form = {"client_id": "new-app", "client_secret": "new-secret", "code": code}
    token = parse_qs(sandbox.post("/login/oauth/access_token", data=form).text)["access_token"][0]
    bearer = {"Authorization": f"Bearer {token}"}

    assert sandbox.get("/api/v3/user", headers=bearer).json["login"] == "newbee"
    sandbox.delete(f"{API}/identities/newbee")
    assert 400 <= sandbox.get("/api/v3/user", headers=bearer).status_code < 500


def test_who_is_named_elsewhere_is_not_deleted(sandbox):
    answer = sandbox.delete(f"{API}/identities/octocat")

    assert refused(answer) == (400, "FIELD_INVALID")
    assert "must be the login of an identity" in answer.json["detail"]
    assert {error["pointer"] for error in answer.json["errors"]} == {"#"}
    assert "octocat" in logins(sandbox)


# Clients


@on_either_database
def test_a_new_client_works(sandbox, sign_in):
    added = sandbox.post(f"{API}/clients", json=APP)
    code = sign_in("github", as_="octocat", client="new-app")
    form = {"client_id": "new-app", "client_secret": "new-secret", "code": code}

    assert added.status_code == 201
    assert "access_token=" in sandbox.post("/login/oauth/access_token", data=form).text


def test_a_new_secret_is_good_and_the_old_one_is_not(sandbox, sign_in):
    sandbox.post(f"{API}/clients", json=APP)
    code = sign_in("github", as_="octocat", client="new-app")
    sandbox.patch(f"{API}/clients/new-app", json={"secret": "newer-secret"})
    form = {"client_id": "new-app", "client_secret": "new-secret", "code": code}

    assert "access_token=" not in sandbox.post("/login/oauth/access_token", data=form).text
    newer = sandbox.post("/login/oauth/access_token", data={**form, "client_secret": "newer-secret"})
    assert "access_token=" in newer.text


def test_clients_are_listed_by_service(sandbox):
    services = {app["service"] for app in sandbox.get(f"{API}/clients").json["clients"]}

    assert len(services) > 2
    for service in services:
        found = sandbox.get(f"{API}/clients", query_string={"service": service}).json["clients"]
        assert {app["service"] for app in found} == {service}


def test_one_id_at_two_services_needs_the_service(sandbox):
    sandbox.post(f"{API}/clients", json=APP)
    twin = sandbox.post(f"{API}/clients", json={**OIDC_APP, "name": "Twin"})

    assert twin.status_code == 201
    assert refused(sandbox.get(f"{API}/clients/new-app")) == (400, "FIELD_INVALID")
    assert sandbox.get(f"{API}/clients/new-app?service=oidc/main").json["name"] == "Twin"
    assert sandbox.delete(f"{API}/clients/new-app?service=oidc/main").status_code == 204
    assert sandbox.get(f"{API}/clients/new-app").json["name"] == "New app"
    assert refused(sandbox.post(f"{API}/clients", json=APP)) == (409, "OBJECT_ALREADY_EXISTS")


def test_an_id_may_hold_what_ends_a_step_of_a_path(sandbox):
    odd = {**OIDC_APP, "client_id": "https://app.test/a?b#c"}

    assert sandbox.post(f"{API}/clients", json=odd).status_code == 201
    assert sandbox.get(f"{API}/clients/https:%2F%2Fapp.test%2Fa%3Fb%23c").json["name"] == "New app"


# Issuers and tenants


def test_a_new_issuer_signs_people_in_as_it_is_set(sandbox):
    added = sandbox.post(f"{API}/issuers", json={"name": "acme", "settings": {"id_token_signing_alg": "ES256"}})
    sandbox.post(f"{API}/identities", json=BEE)
    app = {**OIDC_APP, "service": "oidc/acme"}
    sandbox.post(f"{API}/clients", json=app)

    assert (added.status_code, added.json["service"], added.json["name"]) == (201, "oidc", "acme")
    metadata = sandbox.get("/oidc/acme/.well-known/openid-configuration").json
    assert "ES256" in metadata["id_token_signing_alg_values_supported"]
    query = {
        "client_id": "new-app",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": APP["redirect_uris"][0],
    }
    page = sandbox.get("/oidc/acme/authorize", query_string=query)
    page = submit(sandbox, page, "as-newbee")
    page = submit(sandbox, page, "allow") if page.status_code == 200 else page
    assert parse_qs(urlsplit(page.headers["Location"]).query)["code"]


def test_issuers_and_tenants_tell_their_service(sandbox):
    issuers = sandbox.get(f"{API}/issuers").json["issuers"]
    tenants = sandbox.get(f"{API}/tenants").json["tenants"]

    assert {issuer["service"] for issuer in issuers} == {"oidc"}
    assert {tenant["service"] for tenant in tenants} == {"azure", "jitsudo"}
    one = tenants[0]
    assert sandbox.get(f"{API}/tenants/{one['id']}", query_string={"service": one["service"]}).json == one


def test_a_new_tenant_has_its_own_addresses(sandbox):
    tenant = {"service": "azure", "id": "aaaabbbb-0000-4ccc-8ddd-eeeeffff0009", "domain": "hive.test"}
    added = sandbox.post(f"{API}/tenants", json=tenant)

    assert added.status_code == 201, added.json
    metadata = sandbox.get("/hive.test/v2.0/.well-known/openid-configuration").json
    assert tenant["id"] in metadata["issuer"]
    assert sandbox.delete(f"{API}/tenants/{tenant['id']}").status_code == 204
    assert sandbox.get("/hive.test/v2.0/.well-known/openid-configuration").status_code == 400


def test_a_tenant_names_the_service_that_it_belongs_to(sandbox):
    tenant = {"id": "aaaabbbb-0000-4ccc-8ddd-eeeeffff0009", "domain": "hive.test"}

    assert refused(sandbox.post(f"{API}/tenants", json=tenant)) == (400, "FIELD_INVALID")
    assert refused(sandbox.post(f"{API}/tenants", json={**tenant, "service": "gmi"})) == (400, "FIELD_INVALID")


def test_what_clients_belong_to_is_not_deleted(sandbox):
    section = {"any_issuer": False, "issuers": [{"name": "acme"}]}
    app = {**OIDC_APP, "service": "oidc/acme"}
    put = sandbox.put(f"{API}/fixture", json={"version": 1, "clients": [app], "oidc": section})

    assert put.status_code == 200
    assert refused(sandbox.delete(f"{API}/issuers/acme")) == (400, "FIELD_INVALID")
    assert sandbox.delete(f"{API}/clients/new-app").status_code == 204
    assert sandbox.delete(f"{API}/issuers/acme").status_code == 204


# Worlds


@on_either_database
def test_what_changes_in_one_world_changes_in_no_other(sandbox):
    sandbox.post(f"/w/t1{API}/identities", json=BEE)

    assert "newbee" in logins(sandbox, "/w/t1")
    assert "newbee" not in logins(sandbox)
    assert "newbee" not in logins(sandbox, "/w/t2")


@on_either_database
def test_reset_takes_every_change_back(sandbox):
    before = sandbox.get(f"{API}/fixture").json
    sandbox.post(f"{API}/identities", json=BEE)
    sandbox.delete(f"{API}/clients/{entra_app(sandbox)}?service=azure")

    assert sandbox.post(f"{API}/reset").status_code == 204
    assert sandbox.get(f"{API}/fixture").json == before


@pytest.mark.parametrize("name", ["a\x85b", "a\x7fb", "a\u2028b", "a\ufeffb", "a\uffffb", "\U0001f600"])
def test_a_name_is_kept_to_the_letter(sandbox, name):
    added = sandbox.post(f"{API}/identities", json={"login": "letters", "name": name})

    assert added.status_code == 201, added.text
    assert sandbox.get(f"{API}/identities/letters").json["name"] == name
