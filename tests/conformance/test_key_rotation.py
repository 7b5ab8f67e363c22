"""Keys are rotated while clients are signed in: the old one vouches for what it signed, the new one signs."""

from __future__ import annotations

import pytest

from sandbox.core import keysets
from tests.conformance import signing
from tests.conformance.relying_party import SIGNED_OUT, RelyingParty, configure, page_error

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
SERVICE = "oidc/conformance"


@pytest.fixture(params=ALGORITHMS)
def algorithm(request) -> str:
    return request.param


@pytest.fixture
def rp(sandbox, algorithm) -> RelyingParty:
    """A client of an issuer that signs everything by this algorithm."""
    configure(sandbox, "conformance", id_token_signing_alg=algorithm)
    return RelyingParty.register(
        sandbox,
        grant_types=["authorization_code", "refresh_token"],
        post_logout_redirect_uris=[SIGNED_OUT],
        userinfo_signed_response_alg=algorithm,
    )


def rotate(rp: RelyingParty, algorithm: str) -> str:
    """Have the issuer sign with a new key; the new kid."""
    with rp.browser.world() as world:
        return keysets.rotate_key(world, SERVICE, algorithm).kid


def drop(rp: RelyingParty, kid: str) -> bool:
    with rp.browser.world() as world:
        return keysets.drop_key(world, SERVICE, kid)


def test_old_tokens_verify_and_new_ones_name_the_new_key(rp, algorithm):
    before = rp.log_in(scope="openid offline_access", prompt="consent")
    nonce = rp.sent["nonce"]

    kid = rotate(rp, algorithm)
    after = rp.log_in()

    assert before.header["kid"] != kid == after.header["kid"]
    assert rp.check_id_token(before.id_token, nonce=nonce, access_token=before.access_token)
    assert signing.verify(before.access_token, rp.jwks()).claims["sub"] == "alice"
    assert signing.part(after.access_token, 0)["kid"] == kid
    renewed = rp.check_tokens(rp.refresh(before.refresh_token), nonce=None)
    assert renewed.header["kid"] == kid


def test_old_access_tokens_are_still_good(rp, algorithm):
    token = rp.log_in().access_token

    kid = rotate(rp, algorithm)

    answer = rp.userinfo(token)
    assert signing.verify(answer.text, rp.jwks()).header["kid"] == kid
    assert rp.call("introspection_endpoint", {"token": token}).json["active"] is True


def test_a_code_from_before_brings_tokens_of_the_new_key(rp, algorithm):
    code = rp.sign_in()["code"]

    kid = rotate(rp, algorithm)

    assert rp.check_tokens(rp.redeem(code)).header["kid"] == kid


def test_hints_of_a_retired_key_work_until_it_is_dropped(rp, algorithm):
    old = rp.log_in()
    rotate(rp, algorithm)

    with_retired = rp.sign_in(prompt="none", id_token_hint=old.id_token)
    dropped = drop(rp, old.header["kid"])
    with_dropped = rp.sign_in(prompt="none", id_token_hint=old.id_token)
    logout = rp.log_out(id_token_hint=old.id_token, post_logout_redirect_uri=SIGNED_OUT)

    assert "code" in with_retired
    assert dropped
    assert with_dropped["error"] == "invalid_request"
    assert page_error(logout) == "invalid_token"
    assert old.header["kid"] not in [key["kid"] for key in rp.jwks()["keys"]]


def test_a_logout_with_a_hint_of_a_retired_key(rp, algorithm):
    old = rp.log_in()
    rotate(rp, algorithm)

    answer = rp.log_out(id_token_hint=old.id_token, post_logout_redirect_uri=SIGNED_OUT)

    assert answer.status_code == 302
    assert not rp.is_signed_in()


def test_the_key_that_signs_cannot_be_dropped(rp):
    kid = rp.log_in().header["kid"]

    assert not drop(rp, kid)
    assert rp.log_in().header["kid"] == kid


def test_all_keys_stay_published_over_many_rotations(rp, algorithm):
    kids = [rp.log_in().header["kid"], *(rotate(rp, algorithm) for _ in range(3))]

    published = rp.jwks()["keys"]

    assert set(kids) <= {key["kid"] for key in published}
    assert len({key["kid"] for key in published}) == len(published)
    # Clients that take the first key of its kind take the one that signs.
    assert next(key["kid"] for key in published if key["alg"] == algorithm) == kids[-1]


def test_a_rotation_leaves_other_algorithms_and_issuers_alone(rp, algorithm, sandbox):
    main = RelyingParty(sandbox, "main")
    before, theirs = rp.jwks()["keys"], main.jwks()

    kid = rotate(rp, algorithm)

    assert [key for key in rp.jwks()["keys"] if key["kid"] != kid and key["alg"] != algorithm] == [
        key for key in before if key["alg"] != algorithm
    ]
    assert main.jwks() == theirs
