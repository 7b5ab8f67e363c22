"""OpenID Connect Dynamic: every module of the checklist, and the rules of registration and its management."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.keysets import rotate_key
from tests.conformance import signing
from tests.conformance.listener import Listener
from tests.conformance.relying_party import CALLBACK, RelyingParty, configure, error, page_error
from tests.conformance.signing import client_key

REFRESHING = {"grant_types": ["authorization_code", "refresh_token"]}
REQUEST = {"response_type": "code", "scope": "openid"}


@pytest.fixture
def signing_rp(sandbox, listener: Listener) -> RelyingParty:
    """A client that signs its requests, at an issuer that takes these and may call the client's server."""
    configure(sandbox, "conformance", request_objects=True, network=[listener.origin])
    return RelyingParty.register(sandbox, key=client_key("RS256"), request_object_signing_alg="RS256")


def request_object(rp: RelyingParty, **changes: Any) -> str:
    inside = {"iss": rp.client_id, "aud": rp.issuer, **rp.ask(), **changes}
    return signing.sign({name: value for name, value in inside.items() if value is not None}, rp.key)


def managed(rp: RelyingParty, method: str = "GET", token: str | None = None, **metadata: Any) -> Any:
    """Call the client's configuration endpoint."""
    bearer = {"Authorization": f"Bearer {token or rp.registration['registration_access_token']}"}
    body = {"json": metadata} if metadata else {}
    return rp.backend.open(rp.registration["registration_client_uri"], method=method, headers=bearer, **body)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_oidcc_idtoken_rs256(sandbox, algorithm):
    rp = RelyingParty.register(sandbox, id_token_signed_response_alg=algorithm)

    tokens = rp.log_in()

    assert tokens.header["alg"] == algorithm
    assert tokens.header["kid"]


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_oidcc_userinfo_rs256(sandbox, algorithm):
    rp = RelyingParty.register(sandbox, userinfo_signed_response_alg=algorithm)
    tokens = rp.log_in(scope="openid email")

    answer = rp.userinfo(tokens.access_token)

    assert (answer.status_code, answer.content_type) == (200, "application/jwt")
    told = signing.verify(answer.text, rp.jwks())
    assert told.header["alg"] == algorithm
    assert (told.claims["iss"], told.claims["aud"], told.claims["sub"]) == (rp.issuer, rp.client_id, "alice")
    assert told.claims["email"] == "alice@contoso.test"


def test_oidcc_ensure_redirect_uri_in_authorization_request(sandbox):
    rp = RelyingParty.register(sandbox, redirect_uris=[CALLBACK, f"{CALLBACK}/2"])

    assert page_error(rp.authorize(redirect_uri=None)) == "invalid_request"


def test_oidcc_redirect_uri_query_ok(sandbox):
    """The registered query is kept, and the answer appended to it."""
    rp = RelyingParty.register(sandbox, redirect_uris=[f"{CALLBACK}?foo=bar"])

    assert rp.log_in().claims["sub"] == "alice"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(f"{CALLBACK}?foo=bar2", id="oidcc-redirect-uri-query-mismatch"),
        pytest.param(f"{CALLBACK}?foo=bar&foo=bar", id="oidcc-redirect-uri-query-added"),
        pytest.param(CALLBACK, id="query-left-out"),
    ],
)
def test_a_redirect_uri_with_another_query(sandbox, sent):
    rp = RelyingParty.register(sandbox, redirect_uris=[f"{CALLBACK}?foo=bar"])

    assert page_error(rp.authorize(redirect_uri=sent)) == "invalid_request"


@pytest.mark.parametrize("uri", [f"{CALLBACK}#foobar", f"{CALLBACK}#"])
def test_oidcc_redirect_uri_regfrag(rp, uri):
    assert error(rp.ask_to_register(redirect_uris=[uri])) == (400, "invalid_redirect_uri")


def test_oidcc_server_with_private_key_jwt(sandbox):
    rp = RelyingParty.register(sandbox, key=client_key("RS256"), token_endpoint_auth_method="private_key_jwt")

    assert rp.log_in().claims["sub"] == "alice"
    assert rp.secret is None


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param(lambda rp: rp.issuer, id="issuer"),
        pytest.param(lambda rp: rp.metadata["token_endpoint"], id="token-endpoint"),
        pytest.param(lambda rp: [rp.issuer, "urn:other"], id="list"),
    ],
)
def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(sandbox, audience):
    rp = RelyingParty.register(sandbox, key=client_key(), token_endpoint_auth_method="private_key_jwt")
    code = rp.sign_in()["code"]
    _, proven = rp.credentials("", aud=audience(rp))

    answer = rp.redeem(code, auth=False, **proven)

    assert rp.check_tokens(answer).claims["sub"] == "alice"


@pytest.mark.parametrize("network", [[], ["https://localhost:8443"]], ids=["where-none-may-be-loaded", "as-a-picture"])
@pytest.mark.parametrize("name", ["logo_uri", "policy_uri", "tos_uri"])
def test_oidcc_registration_uris_are_shown_on_the_login_page(sandbox, name, network):
    configure(sandbox, "conformance", network=network)
    uri = "https://localhost:8443/about"
    rp = RelyingParty.register(sandbox, client_name="Shop & Sons", **{name: uri})

    page = rp.authorize()

    assert "Shop &amp; Sons" in page.text
    if name == "logo_uri" and network:
        assert f'src="{uri}"' in page.text
        assert "https://localhost:8443" in page.headers["Content-Security-Policy"]
    else:
        assert f'href="{uri}"' in page.text
        assert "https://localhost:8443" not in page.headers["Content-Security-Policy"]


def test_oidcc_registration_jwks_uri(sandbox, listener):
    configure(sandbox, "conformance", network=[listener.origin])
    uri = listener.put("/jwks", signing.jwks(client_key("ES256", "unused"), client_key("RS256")))
    rp = RelyingParty.register(
        sandbox, key=client_key("RS256"), jwks_uri=uri, token_endpoint_auth_method="private_key_jwt"
    )

    assert rp.log_in().claims["sub"] == "alice"
    assert {(call.method, call.path) for call in listener.calls} == {("GET", "/jwks")}


def test_oidcc_registration_sector(rp):
    """Not applicable, since there are no pairwise subjects; who wants them is refused."""
    refused = rp.ask_to_register(
        subject_type="pairwise", sector_identifier_uri="https://localhost:8443/redirect_uris.json"
    )

    assert rp.metadata["subject_types_supported"] == ["public"]
    assert error(refused) == (400, "invalid_client_metadata")


def test_oidcc_server_rotate_keys(rp):
    before = {key["kid"]: key for key in rp.jwks()["keys"]}
    with rp.browser.world() as world:
        rotate_key(world, "oidc/conformance", "RS256")

    after = {key["kid"]: key for key in rp.jwks()["keys"]}

    [new] = after.keys() - before.keys()
    assert before.keys() <= after.keys()
    assert after[new]["n"] not in [key.get("n") for key in before.values()]
    assert rp.log_in().header["kid"] == new


def test_oidcc_refresh_token_rp_key_rotation(sandbox, listener):
    configure(sandbox, "conformance", network=[listener.origin])
    rp = RelyingParty.register(
        sandbox,
        key=client_key("RS256", "old"),
        jwks_uri=listener.put("/jwks", signing.jwks(client_key("RS256", "old"))),
        token_endpoint_auth_method="private_key_jwt",
        **REFRESHING,
    )
    tokens = rp.log_in(scope="openid offline_access", prompt="consent")
    listener.put("/jwks", signing.jwks(client_key("RS256", "new")))

    rp.key = client_key("RS256", "new")
    renewed = rp.check_tokens(rp.refresh(tokens.refresh_token), nonce=None)
    rp.key = client_key("RS256", "old")
    with_the_old_key = rp.refresh(renewed.refresh_token)

    assert renewed.claims["sub"] == "alice"
    assert error(with_the_old_key) == (401, "invalid_client")


def test_oidcc_request_uri_signed_rs256(signing_rp, listener):
    rp = signing_rp
    uri = listener.put("/request.jwt", request_object(rp, state="inside", nonce="inside"))
    rp.sent = rp.ask(state="inside", nonce="inside")

    page = rp.visit({"client_id": rp.client_id, **REQUEST, "request_uri": uri})
    back = rp.answer(rp.go_on(page))

    assert rp.check_tokens(rp.redeem(back["code"])).claims["nonce"] == "inside"
    assert rp.metadata["request_uri_parameter_supported"] is True
    assert "RS256" in rp.metadata["request_object_signing_alg_values_supported"]
    assert [call.path for call in listener.calls] == ["/request.jwt"]


@pytest.mark.parametrize("unsigned", [True, False])
def test_oidcc_request_uri_unsigned(signing_rp, listener, unsigned):
    rp = signing_rp
    forged = signing.unsigned({**rp.ask(), "iss": rp.client_id}) if unsigned else "no request object"
    uri = listener.put("/request.jwt", forged)

    assert rp.sign_in(request_uri=uri)["error"] == "invalid_request_object"
    assert rp.pages == []


def test_oidcc_ensure_request_object_with_redirect_uri(signing_rp):
    """What is signed wins over what is not, and is looked at as closely."""
    rp = signing_rp
    inside = request_object(rp, state="inside", nonce="inside", redirect_uri=CALLBACK)
    rp.sent = rp.ask(state="inside", nonce="inside")

    page = rp.visit({**rp.ask(redirect_uri=f"{CALLBACK}/outside", state="outside"), "request": inside})
    astray = rp.visit({**rp.ask(), "request": request_object(rp, redirect_uri=f"{CALLBACK}/inside")})

    rp.sent = rp.ask(state="inside", nonce="inside")
    back = rp.answer(rp.go_on(page))
    assert rp.check_tokens(rp.redeem(back["code"])).claims["nonce"] == "inside"
    assert page_error(astray) == "invalid_request"


def test_oidcc_refresh_token(sandbox, second):
    rp = RelyingParty.register(sandbox, **REFRESHING)
    tokens = rp.log_in(scope="openid offline_access", prompt="consent")

    assert error(second.refresh(tokens.refresh_token)) == (400, "invalid_grant")
    assert rp.check_tokens(rp.refresh(tokens.refresh_token), nonce=None).claims["sub"] == "alice"


# Registration itself, and its management


def test_a_registration_is_echoed_with_its_defaults(sandbox):
    rp = RelyingParty.register(sandbox, client_name="Shop", contacts=["ops@shop.example"], software_id="4NRB1")

    assert rp.registration["client_name"] == "Shop"
    assert rp.registration["contacts"] == ["ops@shop.example"]
    assert rp.registration["token_endpoint_auth_method"] == "client_secret_basic"
    assert rp.registration["grant_types"] == ["authorization_code"]
    assert rp.registration["response_types"] == ["code"]
    assert rp.registration["client_secret_expires_at"] == 0
    assert abs(rp.registration["client_id_issued_at"] - rp.now()) < 10


def test_a_registration_is_read_changed_and_deleted(sandbox):
    rp = RelyingParty.register(sandbox)
    tokens = rp.log_in()

    changed = managed(rp, "PUT", redirect_uris=[f"{CALLBACK}/moved"], client_name="Moved")
    read = managed(rp)
    deleted = managed(rp, "DELETE")

    assert changed.json == read.json
    assert read.json["redirect_uris"] == [f"{CALLBACK}/moved"]
    assert (read.json["client_id"], read.json["client_secret"]) == (rp.client_id, rp.secret)
    assert (deleted.status_code, deleted.text) == (204, "")
    assert error(managed(rp)) == (401, "invalid_token")
    assert page_error(rp.authorize()) == "invalid_client"
    assert error(rp.userinfo(tokens.access_token)) == (401, "invalid_token")


def test_a_client_is_managed_by_its_own_token_alone(sandbox):
    rp, other = RelyingParty.register(sandbox), RelyingParty.register(sandbox)

    stolen = managed(rp, "PUT", other.registration["registration_access_token"], redirect_uris=["https://evil.example"])
    as_secret = managed(rp, "GET", rp.secret)
    without = rp.backend.get(rp.registration["registration_client_uri"])

    assert error(stolen) == error(as_secret) == (401, "invalid_token")
    assert without.status_code == 401
    assert "error" not in without.headers["WWW-Authenticate"]
    assert managed(rp).json["redirect_uris"] == [CALLBACK]


def test_an_initial_access_token_may_be_asked_for(sandbox):
    configure(sandbox, "conformance", initial_access_token="let-me-in")
    rp = RelyingParty(sandbox)
    register = {"json": {"redirect_uris": [CALLBACK]}}

    answers = [
        rp.backend.post(rp.metadata["registration_endpoint"], headers={"Authorization": f"Bearer {token}"}, **register)
        for token in ("let-me-in", "Let-Me-In", "")
    ]

    assert [answer.status_code for answer in answers] == [201, 401, 401]
    assert rp.ask_to_register().status_code == 401


def test_an_issuer_without_registration_does_not_advertise_it(sandbox):
    configure(sandbox, "conformance", dynamic_registration=False)
    rp = RelyingParty(sandbox)

    answer = rp.backend.post(f"{rp.issuer}/register", json={"redirect_uris": [CALLBACK]})

    assert "registration_endpoint" not in rp.metadata
    assert error(answer) == (404, "not_found")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"])
def test_a_registered_method_is_the_only_one(sandbox, method):
    rp = RelyingParty.register(sandbox, token_endpoint_auth_method=method)
    rp.pkce = True
    rp.log_in()
    code = rp.sign_in()["code"]

    rp.auth = "client_secret_post" if method == "client_secret_basic" else "client_secret_basic"
    refused = rp.redeem(code)
    rp.auth = method
    taken = rp.redeem(code)

    assert error(refused) == (401, "invalid_client")
    assert taken.status_code == 200
