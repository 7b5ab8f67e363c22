"""Azure's token endpoint for codes and refresh tokens: who may redeem what, and what the tokens say."""

from __future__ import annotations

import re

import pytest

from sandbox.core import jwts, tables
from sandbox.core.keysets import published_keys
from sandbox.core.tokens import revoke_tokens
from tests.support.azure_login import (
    API,
    CONTOSO,
    EVERYONE,
    FABRIKAM_APP,
    GRAPH,
    GUARDED,
    NATIVE,
    ORIGIN,
    PKCE,
    PUBLIC,
    SECRET,
    SPA,
    VERIFIER,
    WEB,
    answer,
    authorize,
    change_application,
    change_person,
    change_settings,
    claims,
    header,
    new_code,
    path,
    post_token,
    redeem,
    sign_in,
    tokens,
)
from tests.support.github import basic

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
API_SCOPE = f"{API}/access_as_user openid profile offline_access"


def refresh(sandbox, refresh_token: str, tenant: str = CONTOSO, headers: dict[str, str] | None = None, **form: str):
    return post_token(sandbox, tenant, headers, grant_type="refresh_token", refresh_token=refresh_token, **form)


def test_a_code_becomes_tokens(sandbox):
    sandbox.clock.freeze()
    answered = redeem(sandbox, new_code(sandbox, nonce="n-1"), client_info="1")
    issued = answered.json

    assert list(issued) == [
        *("token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "id_token"),
        "client_info",
    ]
    assert issued["token_type"] == "Bearer"
    assert issued["scope"] == "User.Read openid profile email"
    assert (issued["expires_in"], issued["ext_expires_in"]) == (3599, 3599)
    with sandbox.world() as world:
        keys = published_keys(world, "azure", ("RS256",))
        token = jwts.verify(world, issued["id_token"], keys)
        access = jwts.verify(world, issued["access_token"], keys)
        assert (token["iat"], token["nbf"], token["exp"]) == (world.now(), world.now(), world.now() + 3600)
    opaque = {name: token.pop(name) for name in ("aio", "rh", "uti", "iat", "nbf", "exp", "sub", "groups")}
    assert token == {
        "aud": WEB,
        "iss": f"http://localhost/{CONTOSO}/v2.0",
        "oid": "a11ce000-0000-4000-8000-000000000001",
        "tid": CONTOSO,
        "ver": "2.0",
        "nonce": "n-1",
        "name": "Alice Liddell",
        "preferred_username": "alice@contoso.test",
        "email": "alice@contoso.test",
    }
    assert access["sub"] == opaque["sub"]
    assert (access["aud"], access["ver"], access["appidacr"]) == (GRAPH, "1.0", "1")
    assert access["scp"] == "User.Read openid profile email"
    assert set(header(issued["id_token"])) == {"alg", "typ", "kid"}


def test_the_answer_has_the_vendors_headers(sandbox):
    answered = redeem(sandbox, new_code(sandbox), headers={"client-request-id": "6f0c0d6e-0000-4000-8000-000000000001"})

    assert answered.headers["Cache-Control"] == "no-store, no-cache"
    assert answered.headers["Pragma"] == "no-cache"
    assert answered.headers["Expires"] == "-1"
    assert answered.headers["Content-Type"] == "application/json; charset=utf-8"
    assert GUID.fullmatch(answered.headers["x-ms-request-id"])
    assert answered.headers["x-ms-ests-server"]
    assert answered.headers["x-ms-clitelem"] == "1,0,0,,"
    assert answered.headers["client-request-id"] == "6f0c0d6e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("scope", "absent"),
    [
        ("User.Read openid", {"refresh_token", "client_info"}),
        ("User.Read offline_access", {"id_token", "client_info"}),
        ("User.Read", {"id_token", "refresh_token", "client_info"}),
    ],
)
def test_scopes_decide_what_comes(sandbox, scope, absent):
    issued = tokens(sandbox, scope=scope)

    assert {"id_token", "refresh_token", "client_info"} - set(issued) == absent


@pytest.mark.parametrize(
    ("scope", "granted", "scp", "audience"),
    [
        ("openid profile", "openid profile", "openid profile", GRAPH),
        ("user.read openid", "user.read openid", "User.Read openid", GRAPH),
        ("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/User.Read", "User.Read", GRAPH),
        (
            "https://graph.microsoft.com/.default",
            "https://graph.microsoft.com/.default https://graph.microsoft.com/User.Read",
            "User.Read",
            GRAPH,
        ),
        (f"{API}/access_as_user", f"{API}/access_as_user", "access_as_user", WEB),
        (f"{WEB}/access_as_user", f"{WEB}/access_as_user", "access_as_user", WEB),
        ("Calendars.Read.Shared", "Calendars.Read.Shared", "Calendars.Read.Shared", GRAPH),
        (f"User.Read {API}/access_as_user", "User.Read", "User.Read", GRAPH),
        (f"{API}/access_as_user User.Read", f"{API}/access_as_user", "access_as_user", WEB),
    ],
)
def test_the_first_resource_gets_the_token(sandbox, scope, granted, scp, audience):
    issued = tokens(sandbox, scope=scope)
    token = claims(issued["access_token"])

    assert (issued["scope"], token["scp"], token["aud"]) == (granted, scp, audience)


def test_an_own_api_gets_a_token_of_its_own_version(sandbox):
    second = claims(tokens(sandbox, scope=API_SCOPE)["access_token"])
    change_application(sandbox, access_token_version=1)
    first = claims(tokens(sandbox, scope=API_SCOPE)["access_token"])

    assert (second["aud"], second["ver"], second["azp"], second["azpacr"]) == (WEB, "2.0", WEB, "1")
    assert second["iss"] == f"http://localhost/{CONTOSO}/v2.0"
    assert second["preferred_username"] == "alice@contoso.test"
    assert (first["aud"], first["ver"], first["appid"], first["appidacr"]) == (API, "1.0", WEB, "1")
    assert first["iss"] == f"http://localhost/{CONTOSO}/"
    assert (first["acr"], first["unique_name"], first["upn"]) == ("1", "alice@contoso.test", "alice@contoso.test")
    assert "preferred_username" not in first


def test_the_subject_is_pairwise_and_the_object_id_is_not(sandbox):
    web = claims(tokens(sandbox)["id_token"])
    everyone = claims(tokens(sandbox, client=EVERYONE)["id_token"])

    assert web["sub"] != everyone["sub"]
    assert web["oid"] == everyone["oid"]
    assert "nonce" not in web
    assert not {"at_hash", "c_hash"} & set(web)


def test_optional_claims_come_as_the_application_wants(sandbox):
    names = ["acct", "auth_time", "given_name", "family_name", "sid", "upn", "xms_edov", "ipaddr", "nonsense"]
    change_application(sandbox, optional_claims={"id_token": names, "access_token": ["email", "acct"]})
    issued = tokens(sandbox, scope=API_SCOPE)
    token = claims(issued["id_token"])

    assert (token["acct"], token["given_name"], token["family_name"]) == (0, "Alice", "Liddell")
    assert token["xms_edov"] is True
    assert token["sid"]
    assert "nonsense" not in token
    assert claims(issued["access_token"])["email"] == "alice@contoso.test"


def test_the_claims_parameter_asks_for_claims_one_by_one(sandbox):
    asked = '{"id_token":{"signin_state":null,"login_hint":null,"tenant_region_sub_scope":{"essential":true}}}'
    token = claims(tokens(sandbox, claims=asked)["id_token"])

    assert token["login_hint"].startswith("O.")
    assert "signin_state" not in token


def test_who_has_no_address_gets_no_email(sandbox):
    assert "email" not in claims(tokens(sandbox, "no-email")["id_token"])


# Groups and roles


def test_groups_and_roles_are_named(sandbox):
    token = claims(tokens(sandbox, "admin")["id_token"])

    assert token["roles"] == ["Admin", "Reader"]
    assert all(
        GUID.fullmatch(group) for group in claims(tokens(sandbox, "alice", prompt="login")["id_token"])["groups"]
    )


def test_more_than_200_groups_are_only_pointed_at(sandbox):
    token = claims(tokens(sandbox, "joiner")["id_token"])
    bearer = {"Authorization": f"Bearer {tokens(sandbox, 'joiner')['access_token']}"}
    endpoint = f"http://localhost/v1.0/users/{token['oid']}/getMemberObjects"

    assert "groups" not in token
    assert token["_claim_names"] == {"groups": "src1"}
    assert token["_claim_sources"] == {"src1": {"endpoint": endpoint}}
    found = sandbox.post(endpoint, json={"securityEnabledOnly": True}, headers=bearer)
    assert len(found.json["value"]) == 201


def test_more_than_six_groups_do_not_fit_a_fragment(sandbox):
    change_application(sandbox, implicit_id_tokens=True, group_claims="all")
    query = {"response_type": "id_token", "nonce": "n"}
    many = claims(answer(sign_in(sandbox, "joiner", **query))["id_token"])
    few = claims(answer(sign_in(sandbox, "alice", prompt="login", **query))["id_token"])

    assert many["hasgroups"] is True
    assert not {"groups", "_claim_names"} & set(many)
    assert len(few["groups"]) <= 6
    assert "hasgroups" not in few


# Codes


def test_a_refused_attempt_leaves_the_code_usable(sandbox):
    code = new_code(sandbox, **PKCE)

    attempts = [
        redeem(sandbox, code, client_secret="wrong"),
        redeem(sandbox, code, client_secret=""),
        redeem(sandbox, code, code_verifier="w" * 43),
        redeem(sandbox, code),
        redeem(sandbox, code, redirect_uri="http://localhost:9999/other", code_verifier=VERIFIER),
        redeem(sandbox, code, tenant="fabrikam.test", code_verifier=VERIFIER),
        redeem(sandbox, code, code_verifier=VERIFIER, headers=ORIGIN),
    ]

    assert [attempt.json["error_codes"] for attempt in attempts] == [
        [7000215],
        [7000218],
        [501481],
        [50148],
        [50011],
        [700016],
        [9002326],
    ]
    assert redeem(sandbox, code, code_verifier=VERIFIER).status_code == 200


def test_a_second_redemption_leaves_the_first_tokens_alive(sandbox):
    code = new_code(sandbox)
    issued = redeem(sandbox, code).json

    assert redeem(sandbox, code).json["error_codes"] == [54005]
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    assert sandbox.get("/v1.0/me", headers=bearer).status_code == 200
    assert refresh(sandbox, issued["refresh_token"]).status_code == 200


def test_a_code_is_good_at_every_name_of_its_tenant(sandbox):
    assert redeem(sandbox, new_code(sandbox), tenant="CONTOSO.test").status_code == 200
    assert redeem(sandbox, new_code(sandbox, client=EVERYONE), "common", client_id=EVERYONE).json["error_codes"] == [
        700005
    ]


def test_a_redemption_may_name_fewer_scopes_or_the_other_resource(sandbox):
    both = f"User.Read {API}/access_as_user openid offline_access"

    own = redeem(sandbox, new_code(sandbox, scope=both), scope=f"{API}/access_as_user").json
    only_oidc = redeem(sandbox, new_code(sandbox, scope=both), scope="openid").json

    assert claims(own["access_token"])["aud"] == WEB
    assert {"id_token", "refresh_token"} <= set(own)
    assert claims(only_oidc["access_token"])["aud"] == GRAPH


# Clients


@pytest.mark.parametrize("headers", [basic(WEB, SECRET), basic(WEB, SECRET, "bAsIc")])
def test_a_client_may_use_basic(sandbox, headers):
    answered = redeem(sandbox, new_code(sandbox), client_id="", client_secret="", headers=headers)

    assert answered.status_code == 200


@pytest.mark.parametrize("written", ["a+b%2Fc%25", "a b/c%"])
def test_a_secret_in_basic_may_be_encoded_or_not(sandbox, written):
    change_application(sandbox, secret="a b/c%")
    answered = redeem(sandbox, new_code(sandbox), client_id="", client_secret="", headers=basic(WEB, written))

    assert answered.status_code == 200


def test_a_native_application_has_no_secret(sandbox):
    code = new_code(sandbox, client=PUBLIC, redirect_uri="http://localhost:4711", **PKCE)
    form = {"client_id": PUBLIC, "client_secret": "", "redirect_uri": "http://localhost:4711"}
    issued = redeem(sandbox, code, code_verifier=VERIFIER, **form)

    assert issued.status_code == 200
    assert claims(issued.json["access_token"])["appidacr"] == "0"
    assert refresh(sandbox, issued.json["refresh_token"], client_id=PUBLIC, client_secret="").status_code == 200


def test_a_public_platform_takes_no_secret_even_of_a_confidential_client(sandbox):
    change_application(sandbox, public_redirect_uris=[NATIVE])
    code = new_code(sandbox, redirect_uri=NATIVE)

    assert redeem(sandbox, code, redirect_uri=NATIVE).json["error_codes"] == [700025]
    assert redeem(sandbox, code, redirect_uri=NATIVE, client_secret="").status_code == 200


# Single-page applications


def spa_tokens(sandbox, **more: str):
    code = new_code(sandbox, client=PUBLIC, redirect_uri=SPA, **PKCE)
    form = {"client_id": PUBLIC, "client_secret": "", "redirect_uri": SPA, "code_verifier": VERIFIER, **more}
    return redeem(sandbox, code, headers=ORIGIN, **form)


def test_a_single_page_application_redeems_from_its_origin(sandbox):
    answered = spa_tokens(sandbox)

    assert answered.status_code == 200
    assert answered.headers["Access-Control-Allow-Origin"] == "*"


def test_its_refresh_token_dies_a_day_after_the_first(sandbox):
    first = spa_tokens(sandbox).json["refresh_token"]
    form = {"client_id": PUBLIC, "client_secret": "", "headers": ORIGIN}
    assert refresh(sandbox, first, client_id=PUBLIC, client_secret="").json["error_codes"] == [9002327]
    sandbox.clock.advance(hours=23)
    second = refresh(sandbox, first, **form).json["refresh_token"]
    sandbox.clock.advance(hours=1)

    late = refresh(sandbox, second, **form)

    assert late.json["error_codes"] == [700084]
    assert sandbox.journal()[-1].reason == "REFRESH_TOKEN_LIFETIME_OVER"


@pytest.mark.parametrize(
    "where", ["token", "devicecode", "../../v2.0/.well-known/openid-configuration", "../../discovery/v2.0/keys"]
)
def test_a_preflight_is_answered(sandbox, where):
    at = path(where).replace("/oauth2/v2.0/../../", "/")
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = sandbox.open(at, method="OPTIONS", headers=asked)

    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert {"Authorization", "Content-Type"} <= set(preflight.headers["Access-Control-Allow-Headers"].split(", "))


# Refresh tokens


def test_a_used_refresh_token_stays_good(sandbox):
    first = tokens(sandbox, nonce="n")["refresh_token"]
    second = refresh(sandbox, first)
    again = refresh(sandbox, first)

    assert second.status_code == again.status_code == 200
    assert len({first, second.json["refresh_token"], again.json["refresh_token"]}) == 3
    assert "nonce" not in claims(second.json["id_token"])


def test_a_refresh_token_is_good_for_other_resources_with_consent(sandbox):
    sign_in(sandbox, scope=API_SCOPE)
    graph = tokens(sandbox)["refresh_token"]

    other = refresh(sandbox, graph, scope=API_SCOPE)
    narrow = refresh(sandbox, graph, scope="User.Read")
    only_oidc = refresh(sandbox, graph, scope="openid")
    refused = refresh(sandbox, graph, scope="Mail.Read")

    assert claims(other.json["access_token"])["aud"] == WEB
    assert set(narrow.json) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
    assert claims(only_oidc.json["access_token"])["scp"] == "User.Read openid"
    assert (refused.json["error"], refused.json["suberror"]) == ("invalid_grant", "consent_required")


def test_a_refresh_token_is_good_at_each_tenant_that_knows_the_person(sandbox):
    query = {"client": EVERYONE, "scope": "openid profile offline_access"}
    at_home = tokens(sandbox, "guest", "fabrikam.test", **query)["refresh_token"]
    change_application(sandbox, EVERYONE, trusted=True)

    here = refresh(sandbox, at_home, client_id=EVERYONE)
    alice = tokens(sandbox, "alice", prompt="login", **query)["refresh_token"]
    elsewhere = refresh(sandbox, alice, "fabrikam.test", client_id=EVERYONE)

    assert claims(here.json["id_token"])["tid"] == CONTOSO
    assert elsewhere.json["error_codes"] == [50020]


def test_a_refresh_token_lives_90_days_from_its_own_issue(sandbox):
    first = tokens(sandbox)["refresh_token"]
    sandbox.clock.advance(days=89)
    second = refresh(sandbox, first).json["refresh_token"]
    sandbox.clock.advance(days=1)

    assert refresh(sandbox, first).json["error_codes"] == [700082]
    assert refresh(sandbox, second).status_code == 200


def test_a_revoked_refresh_token_is_refused(sandbox):
    issued = tokens(sandbox)
    with sandbox.world() as world:
        assert revoke_tokens(world, service="azure", login="alice") == 2

    assert refresh(sandbox, issued["refresh_token"]).json["error_codes"] == [50173]


def test_a_guarded_api_wants_a_second_factor_when_refreshing(sandbox):
    scope = f"api://{GUARDED}/Files.Read openid offline_access"
    by_password = tokens(sandbox)["refresh_token"]
    with_factor = tokens(sandbox, scope=scope)

    assert claims(with_factor["access_token"])["amr"] == ["pwd", "mfa"]
    assert refresh(sandbox, with_factor["refresh_token"]).status_code == 200
    challenged = refresh(sandbox, by_password, scope=scope).json
    assert (challenged["error"], challenged["error_codes"]) == ("interaction_required", [50076])
    assert challenged["claims"].startswith('{"access_token":{"polids":{"essential":true,"values":["')


@pytest.mark.parametrize(
    ("person", "number"),
    [({"deactivated": True}, 50057), ({"conditions": ["conditional_access_blocked"]}, 53003)],
)
def test_a_person_who_is_kept_out_is_kept_out_of_refreshing(sandbox, person, number):
    refresh_token = tokens(sandbox)["refresh_token"]
    change_person(sandbox, "alice", **person)

    assert refresh(sandbox, refresh_token).json["error_codes"] == [number]


# Switches


def test_the_switches_of_the_room_set_lives_and_backdate(sandbox):
    change_settings(
        sandbox, access_token_ttl=600, id_token_ttl=700, code_ttl=5, refresh_token_ttl=900, backdated_nbf=True
    )
    sandbox.clock.freeze()
    code = new_code(sandbox)
    issued = redeem(sandbox, code).json
    token, now = claims(issued["id_token"]), sandbox.clock.now()

    assert issued["expires_in"] == 599
    assert (token["nbf"], token["iat"], token["exp"]) == (now - 300, now - 300, now + 700)
    late = new_code(sandbox)
    sandbox.clock.advance(seconds=5)
    assert redeem(sandbox, late).json["error_codes"] == [70008]


def test_the_journal_links_a_login(sandbox):
    issued = tokens(sandbox)
    refresh(sandbox, issued["refresh_token"])
    flows = {entry.flow for entry in sandbox.journal() if entry.operation in ("authorize", "token")}

    assert len(flows) == 1
    with sandbox.world() as world:
        rows = world.store.list(tables.Token, order=("serial",), service="azure")
    assert {row.family for row in rows} == flows
    assert authorize(sandbox, client=FABRIKAM_APP).status_code == 400
