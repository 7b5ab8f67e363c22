"""Attacks by registration: odd types, credentials of one's own choice, settings that only a fixture may have."""

from __future__ import annotations

import json

import pytest

from sandbox import Config
from tests.conformance import signing
from tests.conformance.relying_party import CALLBACK, RelyingParty, configure, error
from tests.support.databases import DATABASES, config_on

ODD = [None, True, 7, 1.5, "text", "", [], {}, [[]], [None], [{}], ["x"] * 500, "x" * 50_000, {"a": [{}]}]
# No text at all, to a database at least.
UNFIT = ["\0", "\ud800"]
TEXTS = "client_name jwks_uri scope token_endpoint_auth_method subject_type logo_uri software_id application_type"
SIGNED = "id_token_signed_response_alg userinfo_signed_response_alg token_endpoint_auth_signing_alg"
LISTS = "redirect_uris grant_types response_types contacts default_acr_values request_uris post_logout_redirect_uris"
OTHERS = "jwks default_max_age require_auth_time frontchannel_logout_session_required"
MEMBERS = f"{TEXTS} {SIGNED} {LISTS} {OTHERS}".split()


REFUSED = [(400, "invalid_client_metadata"), (400, "invalid_redirect_uri"), (400, "invalid_request")]


@pytest.fixture(params=DATABASES)
def config(request) -> Config:
    """The shipped cast on either database."""
    return config_on(request)


@pytest.mark.parametrize("member", MEMBERS)
def test_registration_takes_no_odd_types(rp, member):
    for value in [*ODD, *UNFIT, UNFIT, {UNFIT[0]: UNFIT[0]}]:
        document = {"redirect_uris": [CALLBACK], member: value}

        answer = rp.backend.post(rp.metadata["registration_endpoint"], data=json.dumps(document))

        if answer.status_code == 201:
            registered = answer.json
            client = RelyingParty(rp.browser, client_id=registered["client_id"], secret=registered.get("client_secret"))
            assert client.authorize().status_code in (200, 302, 400)
        else:
            assert error(answer) in REFUSED


@pytest.mark.parametrize("body", ["", "[]", "null", '"x"', "7", "{", "[" * 50_000, '{"redirect_uris": NaN}', "\0"])
def test_registration_takes_objects_alone(rp, body):
    answer = rp.backend.post(rp.metadata["registration_endpoint"], data=body)

    assert error(answer)[0] == 400


def test_a_registration_does_not_choose_its_credentials(rp):
    answer = rp.ask_to_register(client_id="conformance-client", client_secret="mine", registration_access_token="mine")

    assert answer.status_code == 201
    assert answer.json["client_id"] != "conformance-client"
    assert "mine" not in (answer.json["client_secret"], answer.json["registration_access_token"])


def test_a_registration_does_not_choose_what_only_a_fixture_may(sandbox):
    rp = RelyingParty.register(sandbox, trusted=True, claims={"role": "admin"}, assertion_audience="any")

    tokens = rp.log_in(scope="openid profile")

    assert rp.pages == ["login", "consent"]
    assert "role" not in {**tokens.claims, **signing.part(tokens.access_token, 1)}


def test_a_change_does_not_choose_the_secret(sandbox):
    rp = RelyingParty.register(sandbox)
    bearer = {"Authorization": f"Bearer {rp.registration['registration_access_token']}"}
    url = rp.registration["registration_client_uri"]

    for change in ({"client_secret": "mine"}, {"client_id": "conformance-client"}):
        answer = rp.backend.put(url, json={"redirect_uris": [CALLBACK], **change}, headers=bearer)
        assert error(answer) == (400, "invalid_client_metadata")


def test_the_jwks_of_a_client_are_never_a_secret_of_ours(sandbox):
    """A symmetric key among the client's keys is no way to sign by the client's secret or by nothing."""
    configure(sandbox, "conformance", request_objects=True)
    known = "known-to-everyone"
    weak = {"keys": [{"kty": "oct", "k": signing.b64(known.encode()), "kid": "weak", "alg": "HS256"}]}
    rp = RelyingParty.register(sandbox, jwks=weak)
    claims = signing.assertion_claims(rp.client_id, rp.issuer, rp.now())
    made = signing.sign(claims, signing.shared_key(known), "HS256", kid="weak")

    form = {"client_assertion": made, "client_assertion_type": signing.ASSERTION_TYPE, "token": "x"}
    assert error(rp.call("introspection_endpoint", form, auth=False)) == (401, "invalid_client")
