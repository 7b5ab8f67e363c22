"""FAPI 2.0 Security Profile, the other half: DPoP proofs and client assertions, good and bad."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core import tables
from tests.conformance import signing
from tests.conformance.fapi import fapi_client
from tests.conformance.relying_party import RelyingParty, error
from tests.conformance.signing import client_key, public_jwk, unsigned

HOUR = 3600
# How a URL may be written and still be the same (RFC 9449 section 4.3, RFC 3986 section 6.2.2 and 6.2.3).
SAME_URL = {
    "upper-case-host": lambda url: url.replace("https://localhost", "HTTPS://LOCALHOST"),
    "default-port": lambda url: url.replace("//localhost/", "//localhost:443/"),
    "query": lambda url: f"{url}?a=b",
    "fragment": lambda url: f"{url}#a",
}
OTHER_URL = {
    "another-host": lambda url: url.replace("localhost", "localhost.evil.example"),
    "another-scheme": lambda url: url.replace("https:", "http:"),
    "another-port": lambda url: url.replace("//localhost/", "//localhost:8443/"),
    "another-path": lambda url: f"{url}/more",
    "another-case-of-the-path": lambda url: url.replace("fapi", "FAPI"),
    "no-url": lambda url: "http://[",
}


@pytest.fixture
def rp(sandbox) -> RelyingParty:
    return fapi_client(sandbox)


def proof_for(rp: RelyingParty, endpoint: str = "token_endpoint", *, key: Any = None, **changes: Any) -> str:
    return signing.proof(key or rp.dpop, "POST", rp.metadata[endpoint], rp.now(), **changes)


def resource(rp: RelyingParty, token: str, *proofs: str, scheme: str = "DPoP") -> Any:
    """Present a token to userinfo with these proofs."""
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs)]
    return rp.backend.get(rp.metadata["userinfo_endpoint"], headers=headers)


def resource_proof(rp: RelyingParty, token: str, *, key: Any = None, **changes: Any) -> str:
    url = rp.metadata["userinfo_endpoint"]
    return signing.proof(key or rp.dpop, "GET", url, rp.now(), token=token, **changes)


# DPoP at the token endpoint


def test_access_tokens_are_bound_to_the_key(rp):
    tokens = rp.log_in()

    assert tokens.answer["token_type"] == "DPoP"
    assert signing.part(tokens.access_token, 1)["cnf"] == {"jkt": rp.dpop.thumbprint()}


def test_ensure_holder_of_key_required(rp):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, proof=False)) == (400, "invalid_dpop_proof")
    assert rp.redeem(code).status_code == 200


@pytest.mark.parametrize("seconds", [-10, 10])
@pytest.mark.parametrize("life", [{}, {"nbf": 0, "exp": 60}], ids=["plain", "dpop-proof-nbf-exp"])
def test_a_proof_of_ten_seconds_before_or_after(rp, seconds, life):
    at = rp.now() + seconds
    proof = proof_for(rp, iat=at, **{name: at + offset for name, offset in life.items()})

    assert rp.redeem(rp.sign_in()["code"], proof=proof).status_code == 200


@pytest.mark.parametrize("iat", [-HOUR, HOUR])
def test_a_proof_of_an_hour_before_or_after(rp, iat):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, proof=proof_for(rp, iat=rp.now() + iat))) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("iat", ["now", None, True, float("nan"), float("inf"), [1], {"a": 1}])
def test_a_proof_has_the_time_as_a_number(rp, iat):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, proof=proof_for(rp, iat=iat))) == (400, "invalid_dpop_proof")


def test_a_proof_of_another_method_is_refused(rp):
    proof = proof_for(rp, htm="GET")

    assert error(rp.redeem(rp.sign_in()["code"], proof=proof)) == (400, "invalid_dpop_proof")


# The code is bound to a key


def test_ensure_mismatched_dpop_jkt_fails(rp):
    other = client_key("ES256", "other")

    assert error(rp.push(proof=True, dpop_jkt=other.thumbprint())) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("by_proof", [True, False], ids=["par-proof", "dpop_jkt"])
def test_a_code_is_redeemed_with_the_key_it_is_bound_to(rp, by_proof):
    jkt = {} if by_proof else {"dpop_jkt": rp.dpop.thumbprint()}
    pushed = rp.push(proof=by_proof, **jkt).json["request_uri"]
    page = rp.visit({"client_id": rp.client_id, "request_uri": pushed})
    code = rp.answer(rp.go_on(page))["code"]

    other = rp.redeem(code, proof=proof_for(rp, key=client_key("ES256", "other")))
    right = rp.redeem(code)

    assert error(other) == (400, "invalid_dpop_proof")
    assert right.status_code == 200


@pytest.mark.parametrize("jkt", ["", "x", "x" * 5000])
def test_a_dpop_jkt_that_is_no_thumbprint_lets_nobody_in(rp, jkt):
    pushed = rp.push(dpop_jkt=jkt)
    if pushed.status_code == 201:
        page = rp.visit({"client_id": rp.client_id, "request_uri": pushed.json["request_uri"]})
        answer = rp.redeem(rp.answer(rp.go_on(page))["code"])
        # An empty parameter is none (RFC 6749 section 3.1).
        assert answer.status_code == (400 if jkt else 200)
    else:
        assert error(pushed) == (400, "invalid_request")


# DPoP at a resource


@pytest.mark.parametrize("scheme", ["DPoP", "dPoP", "dpop", "DPOP"])
def test_access_token_type_header_case_sensitivity(rp, scheme):
    token = rp.log_in().access_token

    assert resource(rp, token, resource_proof(rp, token), scheme=scheme).status_code == 200


@pytest.mark.parametrize("written", SAME_URL)
def test_a_url_may_be_written_differently(rp, written):
    token = rp.log_in().access_token
    proof = resource_proof(rp, token, htu=SAME_URL[written](rp.metadata["userinfo_endpoint"]))

    assert resource(rp, token, proof).status_code == 200


@pytest.mark.parametrize("written", OTHER_URL)
def test_a_proof_of_another_url_is_refused(rp, written):
    token = rp.log_in().access_token
    proof = resource_proof(rp, token, htu=OTHER_URL[written](rp.metadata["userinfo_endpoint"]))

    assert error(resource(rp, token, proof)) == (401, "invalid_dpop_proof")


# dpop-negative-tests: what is wrong with the proofs
BAD_PROOFS = {
    "none": lambda rp, token: [],
    "two-headers": lambda rp, token: [resource_proof(rp, token), resource_proof(rp, token)],
    "no-jwt": lambda rp, token: ["x.y.z"],
    "typ-missing": lambda rp, token: [resource_proof(rp, token, header={"typ": "JWT"})],
    "alg-none": lambda rp, token: [
        unsigned(signing.part(resource_proof(rp, token), 1), typ="dpop+jwt", jwk=public_jwk(rp.dpop))
    ],
    "alg-HS256": lambda rp, token: [
        signing.confused(
            signing.part(resource_proof(rp, token), 1),
            public_jwk(client_key("RS256")),
            typ="dpop+jwt",
            jwk=public_jwk(client_key("RS256")),
        )
    ],
    "private-jwk": lambda rp, token: [resource_proof(rp, token, header={"jwk": rp.dpop.as_dict(private=True)})],
    "jwk-missing": lambda rp, token: [resource_proof(rp, token, header={"jwk": None})],
    "jwk-of-another-key": lambda rp, token: [
        resource_proof(rp, token, header={"jwk": public_jwk(client_key("ES256", "other"))})
    ],
    "jwk-of-another-type": lambda rp, token: [
        resource_proof(rp, token, header={"jwk": public_jwk(client_key("RS256"))})
    ],
    "symmetric-jwk": lambda rp, token: [resource_proof(rp, token, header={"jwk": {"kty": "oct", "k": "c2VjcmV0"}})],
    "signature-broken": lambda rp, token: [resource_proof(rp, token)[:-4] + "AAAA"],
    "another-key": lambda rp, token: [resource_proof(rp, token, key=client_key("ES256", "other"))],
    "htm": lambda rp, token: [resource_proof(rp, token, htm="POST")],
    "htm-missing": lambda rp, token: [resource_proof(rp, token, htm=None)],
    "htm-lower-case": lambda rp, token: [resource_proof(rp, token, htm="get")],
    "htu-missing": lambda rp, token: [resource_proof(rp, token, htu=None)],
    "iat-missing": lambda rp, token: [resource_proof(rp, token, iat=None)],
    "iat-old": lambda rp, token: [resource_proof(rp, token, iat=rp.now() - HOUR)],
    "iat-early": lambda rp, token: [resource_proof(rp, token, iat=rp.now() + HOUR)],
    "jti-missing": lambda rp, token: [resource_proof(rp, token, jti=None)],
    "jti-no-text": lambda rp, token: [resource_proof(rp, token, jti=7)],
    "ath-missing": lambda rp, token: [resource_proof(rp, token, ath=None)],
    "ath-of-another-token": lambda rp, token: [resource_proof(rp, token, ath=signing.b64(b"x" * 32))],
}


@pytest.mark.parametrize("wrong", BAD_PROOFS)
def test_dpop_negative_tests(rp, wrong):
    token = rp.log_in().access_token

    answer = resource(rp, token, *BAD_PROOFS[wrong](rp, token))

    assert error(answer) == (401, "invalid_dpop_proof")
    assert answer.headers["WWW-Authenticate"].startswith("DPoP error=")
    assert resource(rp, token, resource_proof(rp, token)).status_code == 200


def test_a_proof_is_good_once(rp):
    token = rp.log_in().access_token
    proof = resource_proof(rp, token)

    first, replayed = resource(rp, token, proof), resource(rp, token, proof)

    assert first.status_code == 200
    assert error(replayed) == (401, "invalid_dpop_proof")


def test_a_bound_token_is_no_bearer_token(rp):
    token = rp.log_in().access_token

    alone = resource(rp, token, scheme="Bearer")
    with_proof = resource(rp, token, resource_proof(rp, token), scheme="Bearer")

    assert (alone.status_code, with_proof.status_code) == (401, 401)


def test_dpop_at_an_issuer_that_does_not_demand_it(sandbox):
    rp = RelyingParty.register(sandbox, dpop_bound_access_tokens=True)
    rp.dpop = client_key("ES256", "dpop")

    tokens = rp.log_in()

    assert rp.claims(tokens)["sub"] == "alice"
    assert error(rp.userinfo(tokens.access_token, proof=False)) == (401, "invalid_dpop_proof")


# Client assertions: what is changed, and whether it is good
ASSERTIONS: dict[str, tuple[Any, bool]] = {
    "nbf-8-seconds-ahead": (lambda rp: {"nbf": rp.now() + 8}, True),
    "iat-8-seconds-ahead": (lambda rp: {"iat": rp.now() + 8}, True),
    "nbf-over-a-minute-ahead": (lambda rp: {"nbf": rp.now() + 70}, False),
    "iat-over-a-minute-ahead": (lambda rp: {"iat": rp.now() + 70}, False),
    "exp-5-minutes-past": (lambda rp: {"exp": rp.now() - 300, "iat": rp.now() - 360}, False),
    "exp-missing": (lambda rp: {"exp": None}, False),
    "exp-far-away": (lambda rp: {"exp": rp.now() + 2 * 24 * HOUR}, False),
    "wrong-aud": (lambda rp: {"aud": "https://other.example/"}, False),
    "aud-missing": (lambda rp: {"aud": None}, False),
    "aud-as-array": (lambda rp: {"aud": [rp.issuer]}, False),
    "aud-par-url": (lambda rp: {"aud": rp.metadata["pushed_authorization_request_endpoint"]}, False),
    "aud-token-endpoint-url": (lambda rp: {"aud": rp.metadata["token_endpoint"]}, False),
    "aud-with-trailing-slash": (lambda rp: {"aud": f"{rp.issuer}/"}, False),
    "aud-object": (lambda rp: {"aud": [{}]}, False),
    "no-sub": (lambda rp: {"sub": None}, False),
    "no-iss": (lambda rp: {"iss": None}, False),
    "iss-of-another": (lambda rp: {"iss": "conformance-client"}, False),
    "jti-missing": (lambda rp: {"jti": None}, False),
    "jti-no-text": (lambda rp: {"jti": {"a": 1}}, False),
}


@pytest.mark.parametrize("endpoint", ["token", "par"])
@pytest.mark.parametrize("case", ASSERTIONS)
def test_client_assertions(rp, case, endpoint):
    changes, is_good = ASSERTIONS[case]
    code = rp.sign_in()["code"]
    _, proven = rp.credentials("", **changes(rp))

    answer = rp.redeem(code, auth=False, **proven) if endpoint == "token" else push(rp, proven)

    if is_good:
        assert answer.status_code in (200, 201)
    else:
        assert error(answer) == (401, "invalid_client")


def push(rp: RelyingParty, credentials: dict[str, str]) -> Any:
    return rp.call("pushed_authorization_request_endpoint", {**rp.ask(), **credentials}, auth=False)


def test_an_assertion_signed_by_another_algorithm_than_registered(sandbox):
    rp = fapi_client(sandbox, "PS256", token_endpoint_auth_signing_alg="PS256")
    rsa = client_key("PS256")
    claims = signing.assertion_claims(rp.client_id, rp.issuer, rp.now())
    as_rs256 = signing.sign(claims, type(rsa).import_key({**rsa.as_dict(private=True), "alg": "RS256"}))

    answer = push(rp, {"client_assertion": as_rs256, "client_assertion_type": signing.ASSERTION_TYPE})

    assert error(answer) == (401, "invalid_client")


def test_an_rs256_assertion_of_a_client_with_an_ec_key(rp):
    rp.key = client_key("RS256")

    assert error(rp.push()) == (401, "invalid_client")


def test_ensure_client_id_in_token_endpoint(sandbox, rp):
    other = fapi_client(sandbox, "ES256", "other")
    code = rp.sign_in()["code"]

    answer = rp.redeem(code, client_id=other.client_id)

    assert error(answer) == (401, "invalid_client")


def test_ensure_client_assertion_in_token_endpoint(rp):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, auth=False, client_id=rp.client_id)) == (401, "invalid_client")
    assert error(rp.redeem(code, auth=False)) == (401, "invalid_client")


def test_nothing_of_all_this_spends_the_code(rp, sandbox):
    code = rp.sign_in()["code"]
    rp.redeem(code, proof=False)
    rp.redeem(code, auth=False)
    rp.redeem(code, code_verifier="w" * 43)

    assert rp.redeem(code).status_code == 200
    with sandbox.world() as world:
        assert world.store.count(tables.Token, client_id=rp.client_id) == 1
