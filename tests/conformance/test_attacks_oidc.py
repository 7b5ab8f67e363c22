"""Attacks on codes, tokens and parameters: stolen, swapped, replayed, guessed, stripped, repeated, huge."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from sandbox.core import tables
from tests.conformance import signing
from tests.conformance.provers import DEVICE
from tests.conformance.relying_party import CALLBACK, RelyingParty, error, page_error
from tests.support.forms import submit

GRANT, CLIENT = (400, "invalid_grant"), (401, "invalid_client")
MAIN = "http://127.0.0.1:9999/callback"


@pytest.fixture
def main(sandbox) -> RelyingParty:
    """The client of another issuer of the same sandbox."""
    return RelyingParty(sandbox, "main", "oidc-client", redirect_uri=MAIN)


@pytest.fixture
def public(sandbox) -> RelyingParty:
    """A client without a secret."""
    return RelyingParty.register(sandbox, token_endpoint_auth_method="none")


# Codes


def test_a_code_that_is_injected_into_another_client(rp, second):
    code = rp.sign_in()["code"]
    second.sent = rp.sent

    assert error(second.redeem(code)) == GRANT
    assert rp.redeem(code).status_code == 200


def test_a_code_that_is_injected_into_another_session_of_the_same_client(rp, other_browser):
    """PKCE binds the code to the browser in which it was asked for (RFC 9700 section 4.5)."""
    rp.pkce = True
    stolen = rp.sign_in()["code"]
    victim = rp.at(other_browser)
    victim.sign_in("admin")

    assert error(victim.redeem(stolen)) == GRANT


def test_the_nonce_tells_of_an_injected_code(rp, other_browser):
    stolen = rp.sign_in()["code"]
    victim = rp.at(other_browser)
    victim.sign_in("admin")

    claims = signing.part(victim.redeem(stolen).json["id_token"], 1)

    assert claims["nonce"] == rp.sent["nonce"] != victim.sent["nonce"]


@pytest.mark.parametrize("redirect_uri", [None, f"{CALLBACK}/", "https://evil.example/", f"{CALLBACK}?a=b"])
def test_a_code_goes_with_its_redirect_uri(rp, redirect_uri):
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, redirect_uri=redirect_uri)) == GRANT
    assert rp.redeem(code).status_code == 200


@pytest.mark.parametrize("secret", ["", "Sandbox-secret", "sandbox-secret ", "x" * 5000, "\0", "sandbox-secre"])
def test_a_failed_authentication_does_not_spend_the_code(rp, secret):
    code = rp.sign_in()["code"]
    rp.secret = secret
    refused = rp.redeem(code)
    rp.secret = "sandbox-secret"

    assert error(refused) == CLIENT
    assert rp.redeem(code).status_code == 200


@pytest.mark.parametrize("code", ["guess", "x" * 43, "x" * 50_000, "\0", "a b", "é"])
def test_a_code_cannot_be_guessed(rp, code):
    assert error(rp.redeem(code)) == GRANT


def test_a_code_that_comes_twice_takes_everything_with_it(rp):
    back = rp.sign_in(scope="openid offline_access", prompt="consent")
    tokens = rp.check_tokens(rp.redeem(back["code"]))
    renewed = rp.check_tokens(rp.refresh(tokens.refresh_token), nonce=None)

    assert error(rp.redeem(back["code"])) == GRANT
    assert error(rp.userinfo(renewed.access_token)) == (401, "invalid_token")
    assert rp.call("introspection_endpoint", {"token": renewed.access_token}).json == {"active": False}
    assert error(rp.refresh(renewed.refresh_token)) == GRANT


def test_another_clients_second_try_harms_nobody(rp, second):
    """Only the client itself can show that its code has leaked; otherwise anyone could end its sessions."""
    back = rp.sign_in()
    tokens = rp.check_tokens(rp.redeem(back["code"]))
    second.sent = rp.sent

    assert error(second.redeem(back["code"])) == GRANT
    assert rp.userinfo(tokens.access_token).status_code == 200


# PKCE


def test_a_challenge_that_is_stripped_is_noticed(rp):
    """The verifier comes although the authorization request had no challenge (RFC 9700 section 4.8)."""
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, code_verifier="v" * 43)) == GRANT


def test_a_verifier_that_is_stripped_is_noticed(rp):
    rp.pkce = True
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, code_verifier=None)) == GRANT
    assert error(rp.redeem(code, code_verifier="")) == GRANT


def test_the_challenge_is_no_verifier(rp):
    rp.pkce = True
    code = rp.sign_in()["code"]

    assert error(rp.redeem(code, code_verifier=rp.sent["code_challenge"])) == GRANT


@pytest.mark.parametrize("method", ["plain", None, "s256", "S512", "none"])
def test_a_weaker_method_is_refused(rp, method):
    rp.pkce = True

    assert rp.sign_in(code_challenge_method=method)["error"] == "invalid_request"


def test_a_public_client_cannot_leave_it_out(public):
    assert public.sign_in()["error"] == "invalid_request"


# Public and confidential clients


def test_a_confidential_client_cannot_pass_for_a_public_one(rp):
    code = rp.sign_in()["code"]
    rp.auth = "none"

    assert error(rp.redeem(code)) == CLIENT


def test_a_public_client_has_no_access_of_its_own(sandbox):
    grants = {"grant_types": ["client_credentials"], "redirect_uris": None}
    public = RelyingParty(sandbox).ask_to_register(token_endpoint_auth_method="none", **grants).json
    form = {"grant_type": "client_credentials", "client_id": public["client_id"]}

    answer = RelyingParty(sandbox).call("token_endpoint", form, auth=False)

    assert error(answer) == (400, "unauthorized_client")


def test_a_public_client_reads_no_tokens(public, rp):
    token = rp.log_in().access_token

    assert error(public.call("introspection_endpoint", {"token": token})) == CLIENT


def test_two_credentials_at_once_are_refused(rp):
    code = rp.sign_in()["code"]

    answer = rp.redeem(code, client_id="conformance-client-2", client_secret="another")

    assert error(answer)[0] in (400, 401)
    assert rp.redeem(code, client_id=rp.client_id).status_code == 200


def test_a_grant_that_was_not_registered_is_refused(sandbox):
    rp = RelyingParty.register(sandbox)

    for grant in ("client_credentials", "refresh_token", "password", DEVICE):
        assert error(rp.call("token_endpoint", {"grant_type": grant})) == (400, "unauthorized_client")


# Refresh tokens


def test_a_refresh_token_that_comes_twice_ends_the_whole_login(rp):
    first = rp.log_in(scope="openid offline_access", prompt="consent")
    second = rp.check_tokens(rp.refresh(first.refresh_token), nonce=None)

    assert error(rp.refresh(first.refresh_token)) == GRANT
    assert error(rp.refresh(second.refresh_token)) == GRANT
    assert error(rp.userinfo(second.access_token)) == (401, "invalid_token")


def test_a_refresh_gives_no_wider_scope(rp):
    tokens = rp.log_in(scope="openid email offline_access", prompt="consent")

    assert error(rp.refresh(tokens.refresh_token, scope="openid email profile")) == (400, "invalid_scope")
    narrower = rp.check_tokens(rp.refresh(tokens.refresh_token, scope="openid"), nonce=None)
    assert narrower.answer["scope"] == "openid"
    assert rp.claims(narrower) == {"sub": "alice"}


def test_an_access_token_is_no_refresh_token_and_no_code(rp):
    tokens = rp.log_in(scope="openid offline_access", prompt="consent")

    assert error(rp.refresh(tokens.access_token)) == GRANT
    assert error(rp.redeem(tokens.access_token)) == GRANT
    assert error(rp.redeem(tokens.refresh_token)) == GRANT
    assert error(rp.userinfo(tokens.refresh_token)) == (401, "invalid_token")


def test_nobody_revokes_the_token_of_another(rp, second):
    tokens = rp.log_in()

    assert error(second.call("revocation_endpoint", {"token": tokens.access_token})) == GRANT
    assert rp.userinfo(tokens.access_token).status_code == 200


# Mix-up


def test_the_answer_names_its_issuer_so_that_a_client_notices_a_mix_up(rp, main):
    """RFC 9207: a client that began at one issuer compares iss before it redeems the code at another."""
    assert rp.sign_in()["iss"] == rp.metadata["issuer"] != main.sign_in()["iss"] == main.metadata["issuer"]
    assert rp.sign_in(prompt="none login")["iss"] == rp.metadata["issuer"]


def test_the_callback_of_one_issuer_is_no_callback_of_another(rp, main):
    """A client that is tricked into redeeming elsewhere gets nothing for it."""
    code = rp.sign_in()["code"]
    main.sent = {"redirect_uri": CALLBACK}

    assert error(main.redeem(code)) == GRANT
    assert rp.redeem(code).status_code == 200


# Pushed requests


def test_the_pushed_request_of_another_client(rp, second):
    pushed = rp.push(state="of-the-first").json["request_uri"]

    assert page_error(second.visit({"client_id": second.client_id, "request_uri": pushed})) == "invalid_request_uri"


def test_a_push_needs_authentication(rp):
    rp.auth = "none"

    assert error(rp.push()) == CLIENT


def test_a_push_for_somebody_else_is_refused(rp, second):
    answer = rp.push(client_id=second.client_id)

    assert error(answer) == CLIENT


def test_a_pushed_request_holds_no_secret(rp, sandbox):
    rp.auth = "client_secret_post"
    rp.push()

    with sandbox.world() as world:
        [row] = world.store.list(tables.Code, order=("digest",), kind="pushed_request")
    assert "sandbox-secret" not in json.dumps(row.data)


# Devices


@pytest.fixture
def waiting(sandbox) -> tuple[RelyingParty, dict[str, Any]]:
    """A device that waits for its user."""
    rp = RelyingParty.register(sandbox, grant_types=[DEVICE], redirect_uris=[CALLBACK])
    return rp, rp.call("device_authorization_endpoint", {"scope": "openid"}).json


def poll(rp: RelyingParty, device_code: str) -> Any:
    return rp.call("token_endpoint", {"grant_type": DEVICE, "device_code": device_code})


def test_a_user_code_is_not_guessed(waiting):
    rp, device = waiting
    page = rp.browser.get(device["verification_uri"])

    for _ in range(50):
        guess = "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(8))
        if guess != device["user_code"].replace("-", ""):
            assert submit(rp.browser, page, "continue", user_code=guess).status_code == 422

    # 20 letters in 8 places: an attacker with 1000 guesses a second finds one of them in 15 minutes by 1 : 28,000.
    assert len(set(device["user_code"]) - set("BCDFGHJKLMNPQRSTVWXZ-")) == 0
    assert error(poll(rp, device["device_code"])) == (400, "authorization_pending")


@pytest.mark.parametrize("code", ["guess", "user_code", "x" * 5000, "\0"])
def test_a_device_code_is_not_guessed(waiting, code):
    rp, device = waiting

    assert error(poll(rp, device.get(code, code))) == GRANT


def test_a_device_code_is_bound_to_its_client(sandbox, waiting):
    _, device = waiting
    thief = RelyingParty.register(sandbox, grant_types=[DEVICE])

    assert error(poll(thief, device["device_code"])) == GRANT


def test_polling_too_fast_slows_down_for_good(waiting):
    rp, device = waiting
    poll(rp, device["device_code"])

    assert error(poll(rp, device["device_code"])) == (400, "slow_down")
    rp.browser.clock.advance(seconds=device["interval"] + 1)
    assert error(poll(rp, device["device_code"])) == (400, "slow_down")
    rp.browser.clock.advance(seconds=device["interval"] + 10)
    assert error(poll(rp, device["device_code"])) == (400, "authorization_pending")


def test_a_device_login_that_is_denied_or_old_gives_nothing(waiting, sandbox):
    rp, device = waiting
    page = submit(rp.browser, rp.browser.get(device["verification_uri_complete"]), "continue")
    rp.go_on(page, decision="deny")
    late = rp.call("device_authorization_endpoint", {"scope": "openid"}).json
    denied = poll(rp, device["device_code"])
    sandbox.clock.advance(seconds=late["expires_in"])

    assert error(denied) == (400, "access_denied")
    assert error(poll(rp, late["device_code"])) == (400, "expired_token")


# Parameters


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "nonce", "response_type", "prompt"])
def test_a_parameter_that_comes_twice_at_authorize(rp, name):
    asked = rp.ask(prompt="consent")

    page = rp.browser.get(
        rp.metadata["authorization_endpoint"], query_string=[*asked.items(), (name, "https://evil.example/")]
    )

    assert page_error(page) == "invalid_request"


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"])
def test_a_parameter_that_comes_twice_at_the_token_endpoint(rp, name):
    code = rp.sign_in()["code"]
    rp.auth = "client_secret_post"
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    form |= rp.credentials("")[1]
    twice = {key: [value, "other"] if key == name else value for key, value in form.items()}

    answer = rp.backend.post(rp.metadata["token_endpoint"], data=twice)

    assert error(answer) == (400, "invalid_request")
    assert rp.redeem(code).status_code == 200


NAMES = "state nonce scope login_hint prompt claims acr_values max_age code_challenge ui_locales"


@pytest.mark.parametrize("name", NAMES.split())
@pytest.mark.parametrize("value", ["x" * 100_000, "x " * 20_000, "é" * 10_000], ids=["long", "many", "wide"])
def test_a_huge_parameter_breaks_nothing(rp, name, value):
    given = f"openid {value}" if name == "scope" else value

    back = rp.answer(rp.go_on(rp.authorize("POST", **{name: given})))

    assert ("code" in back) != ("error" in back)
    if name == "state":
        assert back["state"] == value


@pytest.mark.parametrize("body", ['{"grant_type": "client_credentials"}', "<xml/>", "grant_type"])
@pytest.mark.parametrize("kind", ["application/json", "text/xml", "multipart/form-data"])
def test_another_encoding_than_a_form_is_refused(rp, body, kind):
    headers = {**rp.credentials("")[0], "Content-Type": kind}

    answer = rp.backend.post(rp.metadata["token_endpoint"], data=body, headers=headers)

    assert error(answer) == (400, "invalid_request")


@pytest.mark.parametrize("way", ["query", "two-ways"])
def test_an_access_token_travels_in_one_way_and_never_in_a_url(rp, way):
    token = rp.log_in().access_token
    url = rp.metadata["userinfo_endpoint"]

    if way == "query":
        answer = rp.backend.get(url, query_string={"access_token": token})
        assert answer.status_code == 401
    else:
        headers = {"Authorization": f"Bearer {token}"}
        assert error(rp.backend.post(url, data={"access_token": token}, headers=headers)) == (400, "invalid_request")
