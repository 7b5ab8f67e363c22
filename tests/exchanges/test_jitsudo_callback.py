"""The exchange of a code for a system JWT, check by check of its contract, and the token that it ends with."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from sandbox import Config
from sandbox.core import jwts
from sandbox.core.keys import secret_key
from sandbox.core.refusals import Reason
from tests.support.jitsudo import (
    CALLBACK,
    CONTOSO,
    CONTOSO_KEY,
    FABRIKAM,
    HERE,
    INVALID_CODE,
    INVALID_STATE,
    JWT_SECRET,
    MISMATCH,
    NO_CONFIG,
    NOWHERE,
    STATE_SECRET,
    bearer,
    begin,
    check_refused,
    claims,
    come_back,
    configure,
    denied,
    describe,
    exchange,
    globally,
    invalid,
    key,
    log_in,
    put_config,
    read_state,
    sign_state,
)
from tests.support.oidc import RelyingParty
from tests.support.person import query


@pytest.fixture
def config() -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return Config(approval="hint")


# 2: which provider


def test_each_provider_is_asked_with_its_own_client(sandbox):
    with_state, without = begin(sandbox, slug="contoso"), begin(sandbox, slug="fabrikam")

    assert query(with_state["authorize_url"])["client_id"] == "jitsudo-contoso"
    assert query(without["authorize_url"])["client_id"] == "jitsudo"
    for body in (come_back(sandbox, "alice"), globally(sandbox, "alice")):
        assert exchange(sandbox, body).status_code == 200
        assert sandbox.journal()[-1].client_id == ("jitsudo-contoso" if "state" in body else "jitsudo")


def test_a_code_of_the_one_is_no_code_of_the_other(sandbox):
    state, code = come_back(sandbox, "alice"), globally(sandbox, "alice")

    for body in ({**code, "state": state["state"]}, {name: state[name] for name in ("code", "redirect_uri")}):
        check_refused(sandbox, exchange(sandbox, body), Reason.CODE_OF_ANOTHER_CLIENT, 401, INVALID_CODE)


@pytest.mark.parametrize("prefix", ["", "/jitsudo"])
def test_it_is_at_the_root_and_below_its_prefix(sandbox, prefix):
    assert sandbox.post(prefix + CALLBACK, json=come_back(sandbox, "alice")).status_code == 200


# 3 and 4: codes


@pytest.mark.parametrize("status", [401, 400])
def test_a_code_that_is_no_good_has_the_status_of_the_fixture(sandbox, status):
    configure(sandbox, invalid_code_status=status)
    used, late = globally(sandbox, "alice"), globally(sandbox, "alice")
    assert exchange(sandbox, used).status_code == 200

    reused = exchange(sandbox, used)
    check_refused(sandbox, reused, Reason.CODE_ALREADY_REDEEMED, status, INVALID_CODE)
    unknown = exchange(sandbox, {**used, "code": "made-up"})
    check_refused(sandbox, unknown, Reason.CODE_UNKNOWN, status, INVALID_CODE)
    sandbox.clock.advance(minutes=10)
    check_refused(sandbox, exchange(sandbox, late), Reason.CODE_EXPIRED, status, INVALID_CODE)


def test_the_redirect_uri_is_that_of_the_request_to_the_letter(sandbox):
    body = globally(sandbox, "alice")

    for other in (HERE + "/", HERE.replace("localhost", "127.0.0.1"), HERE.upper()):
        answer = exchange(sandbox, {**body, "redirect_uri": other})
        check_refused(sandbox, answer, Reason.REDIRECT_URI_MISMATCH, 401, INVALID_CODE)
    assert exchange(sandbox, body).status_code == 200


def test_a_code_with_a_challenge_needs_a_verifier_which_jitsudo_has_not(sandbox):
    party = RelyingParty(sandbox, client_id="jitsudo", redirect_uri=HERE)
    code = party.code(scope="openid email", code_challenge="c" * 43, code_challenge_method="S256", login_hint="alice")

    answer = exchange(sandbox, {"code": code, "redirect_uri": HERE})

    check_refused(sandbox, answer, Reason.VERIFIER_MISSING, 401, INVALID_CODE)


def test_a_code_without_openid_buys_no_id_token(sandbox):
    party = RelyingParty(sandbox, client_id="jitsudo", redirect_uri=HERE)
    code = party.code(scope="email", login_hint="alice")

    answer = exchange(sandbox, {"code": code, "redirect_uri": HERE})

    check_refused(sandbox, answer, Reason.TOKEN_MISSING, 401, INVALID_CODE)


def test_a_wrong_client_secret_is_noticed(sandbox):
    body = come_back(sandbox, "alice")
    assert put_config(sandbox, client_secret="guessed").status_code == 200

    check_refused(sandbox, exchange(sandbox, body), Reason.CLIENT_SECRET_WRONG, 401, INVALID_CODE)
    assert put_config(sandbox).status_code == 200
    assert exchange(sandbox, body).status_code == 200


# 5: states


def test_a_state_is_signed_as_the_contract_says(sandbox):
    sandbox.clock.freeze()
    started = begin(sandbox)

    said = read_state(started["state"])

    assert list(said) == ["tenant_id", "nonce", "redirect_uri", "iat", "exp"]
    assert (said["tenant_id"], said["redirect_uri"]) == (CONTOSO, HERE)
    assert (said["iat"], said["exp"] - said["iat"]) == (sandbox.clock.now(), 600)
    sent = query(started["authorize_url"])
    assert (sent["nonce"], sent["state"]) == (said["nonce"], started["state"])
    # Signed anew from the same text it is the same: the signature covers the first part and nothing else.
    first, _, second = started["state"].partition(".")
    assert sign_state(_decoded(first)) == f"{first}.{second}"


def _decoded(first: str) -> bytes:
    return base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))


def test_a_state_with_any_one_byte_changed_is_refused(sandbox):
    body = come_back(sandbox, "alice")
    text = body["state"]

    for place in range(0, len(text), 7):
        for other in ("A", "B", "."):
            if text[place] != other:
                changed = text[:place] + other + text[place + 1 :]
                answer = exchange(sandbox, {**body, "state": changed})
                check_refused(sandbox, answer, Reason.STATE_INVALID, 401, INVALID_STATE)
    assert exchange(sandbox, body).status_code == 200


def test_the_last_character_of_a_state_counts_whole(sandbox):
    body = come_back(sandbox, "alice")
    # 43 characters hold 258 bits, of which the last two say nothing: four texts would decode to one signature.
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=":
        if last != body["state"][-1]:
            answer = exchange(sandbox, {**body, "state": body["state"][:-1] + last})
            assert (answer.status_code, answer.json) == (401, INVALID_STATE)
    assert exchange(sandbox, {**body, "state": body["state"] + "="}).json == INVALID_STATE


def test_a_state_lives_for_600_seconds(sandbox):
    sandbox.clock.freeze()
    early = begin(sandbox)["state"]

    sandbox.clock.advance(seconds=599)
    answer = exchange(sandbox, {"code": "x", "redirect_uri": HERE, "state": early})
    check_refused(sandbox, answer, Reason.CODE_UNKNOWN, 401, INVALID_CODE)
    sandbox.clock.advance(seconds=1)
    answer = exchange(sandbox, {"code": "x", "redirect_uri": HERE, "state": early})
    check_refused(sandbox, answer, Reason.STATE_INVALID, 401, INVALID_STATE)


def test_a_state_is_good_once_and_a_refused_login_does_not_use_it_up(sandbox):
    first, second = come_back(sandbox, "alice"), come_back(sandbox, "alice")

    assert exchange(sandbox, {**first, "code": "made-up"}).json == INVALID_CODE
    assert exchange(sandbox, first).status_code == 200
    again = exchange(sandbox, {**second, "state": first["state"]})

    check_refused(sandbox, again, Reason.STATE_INVALID, 401, INVALID_STATE)
    assert exchange(sandbox, second).status_code == 200


def test_a_state_is_for_one_redirect_uri(sandbox):
    body = come_back(sandbox, "alice")

    answer = exchange(sandbox, {**body, "redirect_uri": HERE + "?"})

    check_refused(sandbox, answer, Reason.STATE_INVALID, 401, INVALID_STATE)


GENUINE = {"tenant_id": CONTOSO, "nonce": "n", "redirect_uri": HERE, "iat": 0, "exp": 253_402_300_799}
STATES = {
    "empty": "",
    "a dot": ".",
    "three parts": "a.b.c",
    "another secret": sign_state(GENUINE, "another-secret-another-secret-1234"),
    "no JSON": sign_state(b"{"),
    "deep JSON": sign_state(b"[" * 100_000),
    "no object": sign_state([GENUINE]),
    "no nonce": sign_state({**GENUINE, "nonce": None}),
    "exp is true": sign_state({**GENUINE, "exp": True}),
    "exp is text": sign_state({**GENUINE, "exp": "253402300799"}),
    "exp is past": sign_state({**GENUINE, "exp": 1}),
}


@pytest.mark.parametrize("text", STATES.values(), ids=STATES)
def test_a_malformed_state_is_refused_and_never_means_the_global_provider(sandbox, text):
    body = {**globally(sandbox, "alice"), "state": text}

    # One that is longer than any is no state at all.
    expected = (400, invalid("state")) if len(text) > 8_000 else (401, INVALID_STATE)
    answer = exchange(sandbox, body)

    assert (answer.status_code, answer.json) == expected


def test_a_state_that_a_test_signs_itself_is_as_good(sandbox):
    asked = {"scope": "openid email", "nonce": "n", "login_hint": "alice"}
    party = RelyingParty(sandbox, client_id="jitsudo-contoso", redirect_uri=HERE)
    body = {"code": party.code(**asked), "redirect_uri": HERE, "state": sign_state(GENUINE, STATE_SECRET)}

    assert exchange(sandbox, body).status_code == 200


def test_a_nonce_that_is_not_that_of_the_state_is_refused(sandbox):
    """Somebody else's code in one's own sign-in."""
    party = RelyingParty(sandbox, client_id="jitsudo-contoso", redirect_uri=HERE)
    for sent in ({"nonce": "stolen"}, {}):
        code = party.code(scope="openid email", login_hint="alice", **sent)
        answer = exchange(sandbox, {"code": code, "redirect_uri": HERE, "state": begin(sandbox)["state"]})
        check_refused(sandbox, answer, Reason.TOKEN_NONCE_WRONG, 401, INVALID_CODE)


# 6 and 7: tenants


def test_a_claim_of_another_tenant_is_refused(sandbox):
    answer = exchange(sandbox, come_back(sandbox, "guest"))

    check_refused(sandbox, answer, Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)


WHOSE = {
    "by the claim": ("guest", FABRIKAM),
    "by the claim, against the domain": ("admin", CONTOSO),
    "by the domain of the address": ("sso-member", FABRIKAM),
}


@pytest.mark.parametrize(("login", "tenant_id"), WHOSE.values(), ids=WHOSE)
def test_without_a_state_a_tenant_is_found(sandbox, login, tenant_id):
    answer = exchange(sandbox, globally(sandbox, login))

    assert claims(answer.json["token"])["tenant_id"] == tenant_id


def test_with_a_state_a_person_without_claim_is_the_tenants(sandbox):
    assert claims(log_in(sandbox, "sso-member", slug="contoso")["token"])["tenant_id"] == CONTOSO


@pytest.mark.parametrize("login", ["octocat", "no-email", "personal", "unverified"])
def test_without_a_tenant_nobody_gets_in(sandbox, login):
    """A domain that is not verified, no address, an unknown domain, an address that is not verified."""
    answer = exchange(sandbox, globally(sandbox, login))

    check_refused(sandbox, answer, Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)


def test_an_address_that_is_not_verified_may_say_so_in_words(sandbox):
    """Some providers write the claim as a text."""
    for told, status in (("false", 403), (False, 403), ("true", 200), (True, 200)):
        describe(sandbox, "alice", tenant_id=None, email_verified=told)

        assert exchange(sandbox, globally(sandbox, "alice")).status_code == status


@pytest.mark.parametrize("named", ["contoso", NOWHERE, 7, [CONTOSO], True, {"id": CONTOSO}, "a\0b"])
def test_a_claim_that_is_no_tenant_lets_nobody_in(sandbox, named):
    describe(sandbox, "alice", tenant_id=named)

    for body in (globally(sandbox, "alice"), come_back(sandbox, "alice")):
        check_refused(sandbox, exchange(sandbox, body), Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)


def test_a_claim_may_be_in_capitals(sandbox):
    describe(sandbox, "alice", tenant_id=CONTOSO.upper())

    assert claims(log_in(sandbox, "alice")["token"])["tenant_id"] == CONTOSO


def test_a_tenant_without_configuration_has_no_sign_in_of_its_own(sandbox):
    body = come_back(sandbox, "alice")
    assert sandbox.delete("/v1/oidc-config", headers=key()).status_code == 204

    check_refused(sandbox, exchange(sandbox, body), Reason.NOT_CONFIGURED, 404, NO_CONFIG)
    strange = {**body, "state": sign_state({**GENUINE, "tenant_id": NOWHERE})}
    check_refused(sandbox, exchange(sandbox, strange), Reason.NOT_CONFIGURED, 404, NO_CONFIG)


def test_without_a_global_provider_there_is_none(sandbox):
    body = globally(sandbox, "alice")
    configure(sandbox, global_provider=None)

    check_refused(sandbox, exchange(sandbox, body), Reason.NOT_CONFIGURED, 404, NO_CONFIG)


# 8: bodies


BODIES = {
    "no body": (b"", ["code", "redirect_uri"], Reason.BODY_MISSING),
    "no JSON": (b"code=x", ["code", "redirect_uri"], Reason.BODY_MALFORMED),
    "half a character": (b'{"code": "\\ud800", "redirect_uri": "x"}', ["code", "redirect_uri"], Reason.BODY_MALFORMED),
    "a list": (b"[]", ["code", "redirect_uri"], Reason.BODY_MALFORMED),
    "null": (b"null", ["code", "redirect_uri"], Reason.BODY_MALFORMED),
    "nothing in it": (b"{}", ["code", "redirect_uri"], Reason.FIELD_MISSING),
    "no code": (b'{"redirect_uri": "x"}', ["code"], Reason.FIELD_MISSING),
    "no redirect_uri": (b'{"code": "x"}', ["redirect_uri"], Reason.FIELD_MISSING),
    "empty code": (b'{"code": "", "redirect_uri": "x"}', ["code"], Reason.FIELD_MISSING),
    "both wrong": (b'{"code": 1, "redirect_uri": ["x"]}', ["code", "redirect_uri"], Reason.FIELD_INVALID),
    "code is null": (b'{"code": null, "redirect_uri": "x"}', ["code"], Reason.FIELD_INVALID),
    "state is null": (b'{"code": "x", "redirect_uri": "x", "state": null}', ["state"], Reason.FIELD_INVALID),
    "state is an object": (b'{"code": "x", "redirect_uri": "x", "state": {}}', ["state"], Reason.FIELD_INVALID),
}


@pytest.mark.parametrize(("raw", "fields", "reason"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_none_names_its_fields(sandbox, raw, fields, reason):
    answer = sandbox.post(CALLBACK, data=raw, content_type="application/json")

    check_refused(sandbox, answer, reason, 400, invalid(*fields))


# 9 and 10: the token


def test_the_token_is_as_the_contract_says(sandbox):
    sandbox.clock.freeze()

    told = log_in(sandbox, "alice")

    assert list(told) == ["token", "expires_at"]
    assert jwts.read_header(told["token"]) == {"alg": "HS256", "typ": "JWT"}
    said = jwts.verify_signature(told["token"], secret_key(JWT_SECRET))
    assert list(said) == ["iss", "sub", "email", "name", "groups", "tenant_id", "iat", "exp", "jti"]
    assert said["iss"] == "jitsudo"
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", said["sub"])
    assert (said["email"], said["name"]) == ("alice@contoso.test", "Alice Liddell")
    assert (said["groups"], said["tenant_id"]) == (["engineers", "everyone"], CONTOSO)
    assert (said["iat"], said["exp"]) == (sandbox.clock.now(), sandbox.clock.now() + 3600)
    assert told["expires_at"] == datetime.fromtimestamp(said["exp"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_person_is_one_user_of_a_tenant_and_no_other(sandbox):
    first, again, other = (log_in(sandbox, login)["token"] for login in ("alice", "alice", "admin"))

    assert claims(first)["sub"] == claims(again)["sub"] != claims(other)["sub"]
    assert claims(first)["jti"] != claims(again)["jti"]


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("1h30m", 5400), ("1.5h", 5400), ("1500ms", 1)])
def test_the_life_of_a_token_is_a_duration_of_go(sandbox, text, seconds):
    configure(sandbox, jwt_ttl=text)

    said = claims(log_in(sandbox, "alice")["token"])

    assert said["exp"] - said["iat"] == seconds


def test_no_token_outlives_the_last_second(sandbox):
    configure(sandbox, jwt_ttl="99999999h")

    told = log_in(sandbox, "alice")

    assert (told["expires_at"], claims(told["token"])["exp"]) == ("9999-12-31T23:59:59Z", 253_402_300_799)


def test_the_claims_may_be_called_otherwise(sandbox):
    configure(sandbox, groups_claim="roles", tenant_claim="org")
    describe(sandbox, "alice", org=FABRIKAM, tenant_id=None)

    said = claims(exchange(sandbox, globally(sandbox, "alice")).json["token"])

    assert (said["groups"], said["tenant_id"]) == (["editor"], FABRIKAM)


GROUPS = {"one": ("staff", ["staff"]), "none": (None, []), "odd": (["a", 7, None, "", ["b"]], ["a"]), "number": (7, [])}


@pytest.mark.parametrize(("told", "expected"), GROUPS.values(), ids=GROUPS)
def test_groups_are_always_a_list(sandbox, told, expected):
    describe(sandbox, "alice", groups=told)

    assert claims(log_in(sandbox, "alice")["token"])["groups"] == expected


# 11 and 12: policies, and a header that nobody reads


def test_a_rule_of_the_fixture_keeps_somebody_out_and_says_why(sandbox):
    notice = "Your access is suspended. Ask the security team."

    for body in (come_back(sandbox, "blocked"), globally(sandbox, "blocked")):
        check_refused(sandbox, exchange(sandbox, body), Reason.ACCESS_BLOCKED, 403, denied(notice))


@pytest.mark.parametrize("named", [CONTOSO, FABRIKAM, "nonsense", ""])
def test_the_tenant_header_changes_nothing(sandbox, named):
    headers = {"X-Tenant-ID": named, "X-API-Key": "wrong", **bearer("wrong")}

    assert exchange(sandbox, come_back(sandbox, "alice"), headers=headers).status_code == 200
    providers = sandbox.get("/v1/auth/providers?slug=contoso", headers=headers)
    assert providers.json == {"tenant_id": CONTOSO, "methods": ["oidc"]}


# The reverse: a real server with the sandbox as its issuer


def test_an_id_token_of_the_sandbox_has_what_a_real_server_reads(sandbox):
    party = RelyingParty(sandbox, client_id="jitsudo", redirect_uri=HERE)
    discovered = sandbox.get("/oidc/main/.well-known/openid-configuration").json

    tokens = party.tokens(scope="openid profile email", login_hint="alice")

    said = jwts.read_claims(tokens["id_token"])
    assert (said["iss"], said["aud"]) == (discovered["issuer"], "jitsudo")
    assert (said["tenant_id"], said["groups"]) == (CONTOSO, ["engineers", "everyone"])
    assert said["email"] == "alice@contoso.test"


def test_no_secret_is_written_down(sandbox):
    body = come_back(sandbox, "alice")
    token = exchange(sandbox, body).json["token"]
    sandbox.get("/v1/tenants", headers=key())
    sandbox.get("/v1/domains", headers=bearer(token))

    written = "".join(f"{entry.path} {entry.detail} {entry.request} {entry.response}" for entry in sandbox.journal())

    assert [secret for secret in (body["code"], token, CONTOSO_KEY) if secret in written] == []
    assert urlsplit(HERE).path in written
