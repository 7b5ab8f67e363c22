"""FAPI 2.0 Security Profile with private_key_jwt, DPoP and OpenID Connect: pushed requests, codes, refresh tokens.

DPoP proofs and client assertions are in test_fapi2_proofs.py. What does not hold, and why:

| module | why |
|---|---|
| TLS versions and ciphers of discovery-end-point-verification | tested where TLS is, in tests/test_tls.py |
| password grant refused (FAPI 2.0 section 5.3.2.1) | an opt-in of each client, and no switch of the issuer |
| RS256 refused for client assertions as such | only for a client that is registered for another algorithm |
"""

from __future__ import annotations

import secrets

import pytest

from tests.conformance.fapi import DUMMY, fapi_client
from tests.conformance.relying_party import CALLBACK, RelyingParty, entropy, error, essential, page_error

TOKEN_TYPES = ["code id_token", "code token", "code id_token token", "id_token", "id_token token", "token"]


@pytest.fixture
def rp(sandbox) -> RelyingParty:
    return fapi_client(sandbox)


@pytest.fixture
def second(sandbox) -> RelyingParty:
    """The other client, with other keys and a query in its redirect URI."""
    return fapi_client(sandbox, "PS256", "second", redirect_uris=[DUMMY])


def start(rp: RelyingParty, request_uri: str, **outside: str):
    return rp.visit({"client_id": rp.client_id, "request_uri": request_uri, **outside})


def test_discovery_end_point_verification(rp):
    good = {"PS256", "ES256", "EdDSA"}

    assert rp.metadata["pushed_authorization_request_endpoint"]
    assert rp.metadata["require_pushed_authorization_requests"] is True
    assert rp.metadata["authorization_response_iss_parameter_supported"] is True
    assert rp.metadata["code_challenge_methods_supported"] == ["S256"]
    assert "private_key_jwt" in rp.metadata["token_endpoint_auth_methods_supported"]
    assert good & set(rp.metadata["token_endpoint_auth_signing_alg_values_supported"])
    assert good & set(rp.metadata["dpop_signing_alg_values_supported"])
    assert good & set(rp.metadata["id_token_signing_alg_values_supported"])
    assert "authorization_code" in rp.metadata["grant_types_supported"]


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "EdDSA"])
def test_happy_flow(sandbox, algorithm):
    rp = fapi_client(sandbox, algorithm, id_token_signed_response_alg=algorithm, redirect_uris=[DUMMY])

    pushed = rp.push()
    back = rp.answer(rp.go_on(start(rp, pushed.json["request_uri"])))
    tokens = rp.check_tokens(rp.redeem(back["code"]))

    assert (pushed.status_code, set(pushed.json)) == (201, {"request_uri", "expires_in"})
    assert pushed.headers["Cache-Control"] == "no-store"
    assert 5 <= pushed.json["expires_in"] <= 365 * 24 * 3600
    assert entropy(pushed.json["request_uri"].rpartition(":")[2]) >= 96
    assert entropy(back["code"]) >= 96
    assert tokens.header["alg"] == algorithm
    assert rp.claims(tokens)["sub"] == "alice"


def test_the_usual_algorithm_is_not_rs256(rp):
    assert rp.log_in().header["alg"] == "PS256"


def test_user_rejects_authentication(second):
    back = second.answer(second.go_on(second.authorize(), decision="deny"))

    assert back["error"] == "access_denied"
    assert set(back) == {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": None}, id="without-state"),
        pytest.param({"nonce": None}, id="without-nonce"),
        pytest.param({"nonce": "n" * 64}, id="64-char-nonce"),
        pytest.param({"nonce": "n" * 384}, id="long-nonce"),
        pytest.param({"state": "s" * 384}, id="long-state"),
        pytest.param({"scope": "email openid"}, id="other-scope-order"),
    ],
)
def test_values_come_back_as_they_were(rp, changes):
    """Nothing is cut, and nothing invented: state, s_hash and nonce are there if they were sent."""
    tokens = rp.log_in(**changes)

    assert ("nonce" in tokens.claims) == ("nonce" in rp.sent)
    assert "s_hash" not in tokens.claims
    assert set(tokens.answer["scope"].split()) == set(rp.sent["scope"].split())


def test_claims_parameter_identity_claims(rp):
    own = {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
    wanted = set(rp.metadata["claims_supported"]) - own

    tokens = rp.log_in(claims=essential(*wanted, "unheard-of"))

    assert set(rp.claims(tokens)) == {*wanted, "sub"}
    assert own <= set(tokens.claims)


# What is pushed wins


def test_parameters_outside_of_a_pushed_request_are_ignored(rp):
    pushed = rp.push(state="inside", nonce="inside").json["request_uri"]
    verifier, sent = rp.verifier, rp.sent

    page = start(rp, pushed, state="outside", nonce="outside", redirect_uri="https://evil.example/", scope="email")

    assert (rp.verifier, rp.sent) == (verifier, sent)
    back = rp.answer(rp.go_on(page))
    assert back["state"] == "inside"
    assert rp.check_tokens(rp.redeem(back["code"])).claims["nonce"] == "inside"


def test_a_state_that_is_only_outside_does_not_come_back(rp):
    pushed = rp.push(state=None).json["request_uri"]

    back = rp.answer(rp.go_on(start(rp, pushed, state="outside")))

    assert set(back) == {"code", "iss"}


def test_par_without_duplicate_parameters(rp):
    """client_id and request_uri are all that the browser carries."""
    assert rp.log_in().claims["sub"] == "alice"


@pytest.mark.parametrize("redirect_uri", [None, "https://evil.example/", f"{CALLBACK}/unregistered"])
def test_a_redirect_uri_must_be_pushed_and_registered(rp, redirect_uri):
    assert error(rp.push(redirect_uri=redirect_uri)) == (400, "invalid_request")


def test_an_authorization_request_without_par(rp):
    rp.par = False

    assert rp.answer(rp.authorize())["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", TOKEN_TYPES)
def test_response_types_with_tokens_are_refused(rp, response_type):
    assert error(rp.push(response_type=response_type))[0] == 400


@pytest.mark.parametrize(
    "response_type", [name for name in TOKEN_TYPES if " token" in f" {name}" and name != "id_token"]
)
def test_no_unbound_token_ever_comes_through_the_browser(sandbox, response_type):
    rp = RelyingParty(sandbox, "fapi")
    types = {"response_types": ["code", response_type], "grant_types": ["authorization_code", "implicit"]}
    is_bound = "token" in response_type.split()

    refused = rp.ask_to_register(**types)

    assert (response_type in rp.metadata["response_types_supported"]) != is_bound
    assert (refused.status_code == 400) == is_bound


# The life of a pushed request


def test_a_pushed_request_may_be_used_again_until_the_login_is_complete(rp):
    pushed = rp.push().json["request_uri"]

    start(rp, pushed)
    back = rp.answer(rp.go_on(start(rp, pushed)))

    assert rp.redeem(back["code"]).status_code == 200


def test_a_pushed_request_is_dead_after_use(rp):
    pushed = rp.push().json["request_uri"]
    rp.answer(rp.go_on(start(rp, pushed)))

    assert page_error(start(rp, pushed)) == "invalid_request_uri"


def test_a_pushed_request_is_dead_after_a_denial(rp):
    pushed = rp.push().json["request_uri"]
    rp.answer(rp.go_on(start(rp, pushed), decision="deny"))

    assert page_error(start(rp, pushed)) == "invalid_request_uri"


def test_a_pushed_request_expires(rp):
    pushed = rp.push().json
    rp.browser.clock.advance(seconds=pushed["expires_in"])

    assert page_error(start(rp, pushed["request_uri"])) == "invalid_request_uri"


def test_a_pushed_request_is_bound_to_its_client(rp, second):
    pushed = rp.push().json["request_uri"]

    assert page_error(start(second, pushed)) == "invalid_request_uri"


def test_a_guessed_request_uri(rp):
    guess = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(32)}"

    assert page_error(start(rp, guess)) == "invalid_request_uri"


def test_a_pushed_request_has_no_request_uri(rp):
    pushed = rp.push().json["request_uri"]

    assert error(rp.push(request_uri=pushed)) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_par_is_for_post_alone(rp, method):
    answer = rp.backend.open(rp.metadata["pushed_authorization_request_endpoint"], method=method)

    assert error(answer) == (405, "method_not_allowed")


# PKCE


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"code_challenge": None, "code_challenge_method": None}, id="ensure-pkce-required"),
        pytest.param({"code_challenge_method": "plain"}, id="plain-pkce-rejected"),
        pytest.param({"code_challenge_method": None}, id="plain-by-default-rejected"),
    ],
)
def test_pkce_by_s256_is_required(rp, changes):
    assert error(rp.push(**changes)) == (400, "invalid_request")


@pytest.mark.parametrize("verifier", [None, "w" * 43], ids=["verifier-required", "wrong-verifier"])
def test_the_verifier_is_checked(rp, verifier):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, code_verifier=verifier)) == (400, "invalid_grant")
    assert rp.redeem(code).status_code == 200


# Codes


def test_a_code_is_bound_to_its_client(rp, second):
    code = rp.sign_in()["code"]
    second.sent, second.verifier = rp.sent, rp.verifier

    assert error(second.redeem(code)) == (400, "invalid_grant")


def test_a_code_is_good_once(rp):
    code = rp.sign_in()["code"]
    rp.redeem(code)
    rp.browser.clock.advance(seconds=1)

    assert error(rp.redeem(code)) == (400, "invalid_grant")


def test_a_code_lives_a_minute(rp):
    code = rp.sign_in()["code"]
    rp.browser.clock.advance(seconds=62)

    assert error(rp.redeem(code)) == (400, "invalid_grant")


# Refresh tokens


@pytest.fixture
def refresh_token(rp) -> str:
    return rp.log_in(scope="openid offline_access").refresh_token


def test_refresh_token(rp, refresh_token):
    renewed = rp.check_tokens(rp.refresh(refresh_token), nonce=None)
    rp.browser.clock.advance(seconds=29)
    again = rp.check_tokens(rp.refresh(refresh_token), nonce=None)

    # It does not rotate, so whoever lost an answer has lost nothing.
    assert again.refresh_token == renewed.refresh_token == refresh_token
    assert rp.claims(again)["sub"] == "alice"


def test_a_refresh_token_is_bound_to_its_client(second, refresh_token):
    assert error(second.refresh(refresh_token)) == (400, "invalid_grant")


def test_a_refresh_needs_a_proof(rp, refresh_token):
    assert error(rp.refresh(refresh_token, proof=False)) == (400, "invalid_dpop_proof")


def test_a_refresh_needs_authentication(rp, refresh_token):
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": rp.client_id}

    assert error(rp.call("token_endpoint", form, proof=True, auth=False)) == (401, "invalid_client")


def test_a_confidential_client_may_change_its_key(rp, second, refresh_token):
    rp.dpop = second.dpop

    renewed = rp.check_tokens(rp.refresh(refresh_token), nonce=None)

    assert rp.claims(renewed)["sub"] == "alice"
