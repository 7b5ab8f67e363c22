"""Two issuers in one sandbox: codes, tokens, sessions, keys and clients of one are worth nothing at the other."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core import tables
from tests.conformance import signing
from tests.conformance.provers import DEVICE, EXCHANGE, TOKEN_TYPE
from tests.conformance.relying_party import CALLBACK, RelyingParty, error, page_error
from tests.conformance.signing import client_key
from tests.support.forms import find_form, submit

GRANT, CLIENT, TOKEN = (400, "invalid_grant"), (401, "invalid_client"), (401, "invalid_token")
SAME = {
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token", DEVICE, EXCHANGE],
}


@pytest.fixture
def pair(sandbox) -> tuple[RelyingParty, RelyingParty]:
    """The same client at two issuers: same id, same secret, same addresses."""
    here, there = (RelyingParty.register(sandbox, name, **SAME) for name in ("conformance", "main"))
    with sandbox.world() as world:
        world.store.change(
            tables.Client, {"client_id": here.client_id, "secret": here.secret}, client_id=there.client_id
        )
    there.client_id, there.secret = here.client_id, here.secret
    return here, there


@pytest.fixture
def here(pair) -> RelyingParty:
    return pair[0]


@pytest.fixture
def there(pair) -> RelyingParty:
    return pair[1]


def test_each_works_by_itself(here, there):
    """Without this, all others would prove nothing."""
    assert here.log_in().claims["iss"] != there.log_in().claims["iss"]


def test_codes(here, there):
    code = here.sign_in()["code"]
    there.sent = here.sent

    assert error(there.redeem(code)) == GRANT
    assert here.redeem(code).status_code == 200


def test_access_tokens(here, there):
    token = here.log_in().access_token

    assert error(there.userinfo(token)) == TOKEN
    assert there.call("introspection_endpoint", {"token": token}).json == {"active": False}
    assert there.call("revocation_endpoint", {"token": token}).status_code == 200
    assert here.userinfo(token).status_code == 200


def test_refresh_tokens(here, there):
    token = here.log_in(scope="openid offline_access", prompt="consent").refresh_token

    assert error(there.refresh(token)) == GRANT
    assert here.refresh(token).status_code == 200


def test_device_codes_and_user_codes(here, there):
    device = here.call("device_authorization_endpoint", {"scope": "openid"}).json
    page = there.browser.get(f"{there.issuer}/device")

    polled = there.call("token_endpoint", {"grant_type": DEVICE, "device_code": device["device_code"]})
    typed = submit(there.browser, page, "continue", user_code=device["user_code"])

    assert error(polled) == GRANT
    assert typed.status_code == 422


def test_pushed_requests(here, there):
    pushed = here.push().json["request_uri"]

    page = there.visit({"client_id": there.client_id, "request_uri": pushed})

    assert page_error(page) == "invalid_request_uri"


def test_transactions(here, there):
    form, fields = find_form(here.authorize().text, "as-alice")

    page = there.browser.post(form.action.replace("/conformance/", "/main/"), data=dict(fields))

    assert page_error(page) == "invalid_request"


def test_sessions(here, there):
    here.log_in()

    assert not there.is_signed_in()
    assert here.is_signed_in()


def test_a_session_cookie_that_is_carried_over(here, there):
    cookie = submit(here.browser, here.authorize(), "as-alice").headers["Set-Cookie"].partition(";")[0]
    assert here.browser.get(here.metadata["authorization_endpoint"], query_string=here.ask()).status_code == 200

    there.sent = there.ask(prompt="none")
    answer = there.backend.get(
        there.metadata["authorization_endpoint"], query_string=there.sent, headers={"Cookie": cookie}
    )

    assert there.answer(answer)["error"] == "login_required"


def test_consents(here, there):
    here.log_in()
    there.log_in()

    assert there.pages == ["login", "consent"]


def test_keys(here, there):
    kids = [{key["kid"] for key in rp.jwks()["keys"]} for rp in (here, there)]
    moduli = [{key.get("n") for key in rp.jwks()["keys"] if "n" in key} for rp in (here, there)]

    assert not kids[0] & kids[1]
    assert not moduli[0] & moduli[1]


@pytest.mark.parametrize("sign_anew", [False, True], ids=["as-it-is", "with-the-issuer-changed"])
def test_id_tokens_as_hints(here, there, sign_anew):
    """Not even with the right iss inside: the signature is of the other issuer's key."""
    there.log_in()
    tokens = here.log_in()
    hint = tokens.id_token
    if sign_anew:
        hint = signing.sign({**tokens.claims, "iss": there.issuer}, client_key("RS256"), kid=tokens.header["kid"])

    silent = there.sign_in(prompt="none", id_token_hint=hint)
    logout = there.log_out(id_token_hint=hint, post_logout_redirect_uri=CALLBACK)

    assert silent["error"] == "invalid_request"
    assert page_error(logout) in ("invalid_token", "invalid_request")
    assert there.is_signed_in()


@pytest.mark.parametrize("kind", ["id_token", "access_token"])
def test_subject_tokens(here, there, kind):
    token = getattr(here.log_in(), kind)
    form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": f"{TOKEN_TYPE}{kind}"}

    assert error(there.call("token_endpoint", form)) == (400, "invalid_request")
    assert here.call("token_endpoint", form).status_code == 200


def test_client_assertions(sandbox):
    key = client_key("RS256")
    here, there = (
        RelyingParty.register(sandbox, name, key=key, token_endpoint_auth_method="private_key_jwt")
        for name in ("conformance", "main")
    )
    made = signing.sign(signing.assertion_claims(there.client_id, here.issuer, there.now()), key)
    form = {"client_assertion": made, "client_assertion_type": signing.ASSERTION_TYPE, "token": "x"}

    assert error(there.call("introspection_endpoint", form, auth=False)) == CLIENT


def test_registrations(here, there):
    bearer = {"Authorization": f"Bearer {here.registration['registration_access_token']}"}
    uri = here.registration["registration_client_uri"]

    assert error(there.backend.get(uri.replace("/conformance/", "/main/"), headers=bearer)) == TOKEN
    assert here.backend.get(uri, headers=bearer).status_code == 200


def test_clients(sandbox):
    stranger = RelyingParty(sandbox, "main", "conformance-client")

    assert page_error(stranger.authorize()) == "invalid_client"
    assert error(stranger.call("token_endpoint", {"grant_type": "client_credentials"})) == CLIENT


def test_dpop_proofs(here, there):
    proof = signing.proof(client_key("ES256", "dpop"), "POST", here.metadata["token_endpoint"], here.now())

    answer: Any = there.redeem(there.sign_in()["code"], proof=proof)

    assert error(answer) == (400, "invalid_dpop_proof")


@pytest.mark.parametrize("ended", ["here", "there"])
def test_logouts(here, there, ended):
    hints = {"here": here.log_in().id_token, "there": there.log_in().id_token}
    rp, other = (here, there) if ended == "here" else (there, here)

    rp.log_out(id_token_hint=hints[ended], post_logout_redirect_uri=CALLBACK)

    assert not rp.is_signed_in()
    assert other.is_signed_in()
