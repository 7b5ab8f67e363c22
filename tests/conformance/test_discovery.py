"""Discovery advertises exactly what works: every member and value of every shipped issuer's document is tried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Config, create_app
from tests.conformance.provers import PROVERS, Bench
from tests.conformance.relying_party import ORIGIN, configure, error

ISSUERS = ["main", "conformance", "fapi"]


def documents() -> dict[str, dict[str, Any]]:
    """What each issuer says of itself."""
    app = create_app(Config())
    try:
        client = app.test_client()
        urls = {name: f"{ORIGIN}/oidc/{name}/.well-known/openid-configuration" for name in ISSUERS}
        return {name: client.get(url).json for name, url in urls.items()}
    finally:
        app.extensions["sandbox"].close()


DOCUMENTS = documents()


def advertised() -> Iterator[Any]:
    for issuer, document in DOCUMENTS.items():
        for member, values in document.items():
            for value in values if isinstance(values, list) else [values]:
                shown = str(value).rpartition("/")[2] if member.endswith(("_endpoint", "_uri")) else value
                yield pytest.param(issuer, member, value, id=f"{issuer}-{member}-{shown}")


@pytest.fixture
def bench(sandbox, listener) -> Bench:
    return Bench(sandbox, "main", listener)


@pytest.mark.parametrize(("issuer", "member", "value"), [*advertised()])
def test_what_is_advertised_works(bench, issuer, member, value):
    assert member in PROVERS, f"{member} is advertised, and nothing in provers.py proves it"
    bench.issuer = issuer

    PROVERS[member](bench, value)


def test_nothing_is_proved_that_is_not_advertised():
    assert set(PROVERS) == {member for document in DOCUMENTS.values() for member in document}


# The other half: what is not advertised does not work


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize(
    "metadata",
    [
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"userinfo_signed_response_alg": "ES512"},
        {"request_object_signing_alg": "none"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_signing_alg": "none"},
        {"subject_type": "pairwise"},
        {"grant_types": ["urn:openid:params:grant-type:ciba"]},
        {"response_types": ["none"]},
    ],
    ids=lambda metadata: "-".join(map(str, *metadata.items())),
)
def test_what_is_not_advertised_cannot_be_registered(bench, issuer, metadata):
    bench.issuer = issuer

    assert error(bench.reader.ask_to_register(**metadata)) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("issuer", ISSUERS)
def test_an_unknown_scope_is_ignored_and_not_granted(bench, issuer):
    bench.issuer = issuer

    assert bench.client().log_in(scope="openid unheard-of").answer["scope"] == "openid"


@pytest.mark.parametrize("issuer", ISSUERS)
def test_an_unknown_grant_is_refused(bench, issuer):
    bench.issuer = issuer

    answer = bench.client().call("token_endpoint", {"grant_type": "urn:openid:params:grant-type:ciba"}, proof=True)

    assert error(answer) == (400, "unsupported_grant_type")


# What settings of an issuer add


def test_plain_pkce_is_advertised_where_it_works(bench):
    configure(bench.sandbox, "main", plain_pkce=True)
    rp = bench.client()
    plain = "p" * 43

    back = rp.sign_in(code_challenge=plain, code_challenge_method="plain")

    assert rp.metadata["code_challenge_methods_supported"] == ["S256", "plain"]
    assert rp.redeem(back["code"], code_verifier="q" * 43).status_code == 400
    assert rp.redeem(back["code"], code_verifier=plain).status_code == 200


def test_request_objects_are_advertised_where_they_work(bench):
    configure(bench.sandbox, "main", request_objects=True)

    assert bench.reader.metadata["request_parameter_supported"] is True
    assert bench.reader.metadata["request_uri_parameter_supported"] is True
    PROVERS["request_parameter_supported"](bench, True)


def test_own_scopes_and_claims_are_advertised_where_they_work(bench):
    configure(bench.sandbox, "main", scopes=["orders:read"], claims={"plan": "gold"})
    rp = bench.client()

    tokens = rp.log_in(scope="openid orders:read", claims='{"userinfo": {"plan": null}}')

    assert "orders:read" in rp.metadata["scopes_supported"]
    assert "plan" in rp.metadata["claims_supported"]
    assert tokens.answer["scope"] == "openid orders:read"
    assert rp.claims(tokens)["plan"] == "gold"
