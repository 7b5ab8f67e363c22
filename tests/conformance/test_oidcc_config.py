"""OpenID Connect Config: what the checklist says of the discovery document and of the keys, at each shipped issuer."""

from __future__ import annotations

import re

import pytest

from tests.conformance.relying_party import ORIGIN, RelyingParty, error

BCP_47 = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# OIDC Discovery 1.0 section 3, RP-Initiated, Front-Channel and Back-Channel Logout, RFC 8414, 8628, 9126, 9207, 9449,
# OpenID Connect Prompt Create (prompt_values_supported).
KNOWN = """
issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint scopes_supported
response_types_supported response_modes_supported grant_types_supported acr_values_supported subject_types_supported
id_token_signing_alg_values_supported userinfo_signing_alg_values_supported request_object_signing_alg_values_supported
token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported display_values_supported
claim_types_supported claims_supported claims_parameter_supported request_parameter_supported ui_locales_supported
request_uri_parameter_supported require_request_uri_registration code_challenge_methods_supported end_session_endpoint
revocation_endpoint revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported
introspection_endpoint introspection_endpoint_auth_methods_supported device_authorization_endpoint
introspection_endpoint_auth_signing_alg_values_supported pushed_authorization_request_endpoint
require_pushed_authorization_requests authorization_response_iss_parameter_supported dpop_signing_alg_values_supported
frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported
backchannel_logout_session_supported prompt_values_supported
"""


@pytest.fixture(params=["main", "conformance", "fapi"])
def rp(request, sandbox) -> RelyingParty:
    """Somebody who reads the metadata of an issuer."""
    return RelyingParty(sandbox, request.param)


def test_oidcc_discovery_endpoint_verification(rp):
    document = rp.metadata

    assert document["issuer"] == rp.issuer
    assert not document["issuer"].endswith("/")
    assert {"code"} <= set(document["response_types_supported"])
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert set(document["subject_types_supported"]) <= {"public", "pairwise"}
    assert "authorization_code" in document["grant_types_supported"]
    assert isinstance(document["code_challenge_methods_supported"], list)
    assert "openid" in document["scopes_supported"]
    assert document["claims_supported"]
    assert "RS256" in document["request_object_signing_alg_values_supported"]
    assert all(BCP_47.fullmatch(tag) for tag in document["ui_locales_supported"])


def test_every_address_is_https_and_of_the_issuer(rp):
    addresses = [value for name, value in rp.metadata.items() if name.endswith(("_endpoint", "_uri", "issuer"))]

    assert all(address.startswith(f"{ORIGIN}/oidc/") for address in addresses)
    assert len(addresses) == 11


def test_no_member_is_unknown(rp):
    assert set(rp.metadata) <= set(KNOWN.split())


def test_members_have_the_types_of_the_standard(rp):
    for name, value in rp.metadata.items():
        if name.startswith("require_") or (name.endswith("_supported") and isinstance(value, bool)):
            assert isinstance(value, bool), name
        elif name.endswith("_supported"):
            assert value, name
            assert all(isinstance(item, str) for item in value), name
            assert len(set(value)) == len(value), name
        else:
            assert isinstance(value, str), name


def test_dynamic_clients_find_what_they_need(rp):
    assert {"code", "id_token", "id_token token"} - token_types(rp) <= set(rp.metadata["response_types_supported"])
    assert {"authorization_code", "implicit"} <= set(rp.metadata["grant_types_supported"])
    assert rp.metadata["registration_endpoint"]


def token_types(rp: RelyingParty) -> set[str]:
    """What an issuer that binds every token to a key cannot hand to a browser."""
    return {"id_token token"} if rp.issuer.endswith("/fapi") else set()


def test_keys_are_public_distinct_and_complete(rp):
    keys = rp.jwks()["keys"]

    assert len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert key["use"] == "sig"
        assert set(key) - {"kid", "use", "alg", "kty"} in ({"n", "e"}, {"crv", "x", "y"}, {"crv", "x"})
    assert [key["alg"] for key in keys] == rp.metadata["id_token_signing_alg_values_supported"]


def test_the_document_is_the_same_wherever_it_is_found(rp):
    name = rp.issuer.rpartition("/")[2]
    places = [
        f"{rp.issuer}/.well-known/oauth-authorization-server",
        f"{ORIGIN}/.well-known/openid-configuration/oidc/{name}",
        f"{ORIGIN}/.well-known/oauth-authorization-server/oidc/{name}",
    ]

    assert [rp.backend.get(place).json for place in places] == [rp.metadata] * 3


@pytest.mark.parametrize("name", ["token", "auth", "-no", "a b", "x" * 64, "%00"])
def test_an_issuer_that_cannot_be_is_not_found(rp, name):
    answer = rp.backend.get(f"{ORIGIN}/oidc/{name}/.well-known/openid-configuration")

    assert error(answer) == (404, "not_found")


def test_no_issuer_is_called_as_another_rooms_path(rp):
    # At the root /oidc/jwks is the key set of an exchange.
    assert rp.backend.get(f"{ORIGIN}/oidc/jwks/.well-known/openid-configuration").status_code == 404


def test_a_certified_issuer_does_not_answer_over_http(rp, sandbox):
    path = rp.issuer.removeprefix(ORIGIN)
    answer = sandbox.get(f"{path}/.well-known/openid-configuration", base_url="http://localhost")

    if path.endswith("main"):
        assert answer.json["issuer"] == "http://localhost/oidc/main"
    else:
        assert error(answer) == (400, "invalid_request")
        assert sandbox.journal()[-1].reason == "HTTPS_REQUIRED"


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo", "/revoke"])
def test_pages_of_other_origins_may_call(rp, path):
    preflight = rp.backend.options(
        rp.issuer + path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, dpop",
        },
    )

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "content-type", "dpop"} <= set(allowed)
    assert "Access-Control-Allow-Credentials" not in preflight.headers


@pytest.mark.parametrize("path", ["/authorize", "/logout", "/login"])
def test_pages_of_other_origins_may_not_read_pages(rp, path):
    answer = rp.backend.options(rp.issuer + path, headers={"Origin": "https://app.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers
