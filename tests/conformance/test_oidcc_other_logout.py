"""Front-channel and back-channel logout, and logins that a third party starts: their checklists, over real HTTP.

Session management by iframe (oidcc-session-management-*) is not built, and not advertised.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conformance import signing
from tests.conformance.listener import Listener
from tests.conformance.relying_party import SIGNED_OUT, RelyingParty, configure, error
from tests.support.forms import submit

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def log_out(rp: RelyingParty, hint: str):
    return rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT, state="s")


@pytest.fixture
def front(sandbox) -> RelyingParty:
    """A client with a page to be loaded at logout."""
    return RelyingParty.register(
        sandbox,
        post_logout_redirect_uris=[SIGNED_OUT],
        frontchannel_logout_uri="https://localhost:8443/front?theme=dark",
        frontchannel_logout_session_required=True,
    )


@pytest.fixture
def back(sandbox, listener: Listener) -> RelyingParty:
    """A client that is called at logout, where the issuer may call."""
    configure(sandbox, "conformance", network=[listener.origin])
    return RelyingParty.register(
        sandbox,
        post_logout_redirect_uris=[SIGNED_OUT],
        backchannel_logout_uri=listener.put("/back"),
        backchannel_logout_session_required=True,
    )


def test_session_management_is_not_advertised(rp):
    assert "check_session_iframe" not in rp.metadata
    assert "session_state" not in rp.sign_in()


# Front channel


def test_oidcc_frontchannel_rp_initiated_logout_discovery(rp):
    assert rp.metadata["frontchannel_logout_supported"] is True
    assert rp.metadata["frontchannel_logout_session_supported"] is True


def test_oidcc_frontchannel_rp_initiated_logout(front):
    tokens = front.log_in()

    page = log_out(front, tokens.id_token)

    assert page.status_code == 200
    frames = re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)
    assert len(frames) == 1
    loaded = urlsplit(frames[0].replace("&amp;", "&"))
    assert parse_qs(loaded.query) == {"theme": ["dark"], "iss": [front.issuer], "sid": [tokens.claims["sid"]]}
    assert "frame-src https://localhost:8443" in page.headers["Content-Security-Policy"]
    # The way back is a link, which a script follows as soon as the frames are loaded.
    assert f'href="{SIGNED_OUT}?state=s"' in page.text
    assert not front.is_signed_in()


def test_without_the_session_required_the_frame_is_told_nothing(sandbox):
    rp = RelyingParty.register(sandbox, frontchannel_logout_uri="https://localhost:8443/front")
    hint = rp.log_in().id_token

    page = submit(sandbox, rp.log_out(id_token_hint=hint), "confirm-logout")

    assert 'src="https://localhost:8443/front"' in page.text


def test_only_the_clients_of_this_session_are_told(front, rp):
    hint = rp.log_in().id_token

    answer = log_out(rp, hint)

    assert answer.status_code == 302


# Back channel


def test_oidcc_backchannel_rp_initiated_logout_discovery(rp):
    assert rp.metadata["backchannel_logout_supported"] is True
    assert rp.metadata["backchannel_logout_session_supported"] is True


def test_oidcc_backchannel_rp_initiated_logout(back, listener):
    tokens = back.log_in()

    answer = log_out(back, tokens.id_token)

    assert answer.status_code == 302
    [call] = listener.calls
    assert (call.method, call.path, set(call.form)) == ("POST", "/back", {"logout_token"})
    told = signing.verify(call.form["logout_token"][0], back.jwks())
    assert told.header["typ"] == "logout+jwt"
    assert told.header["alg"] == tokens.header["alg"]
    assert "nonce" not in told.claims
    assert told.claims["events"] == {EVENT: {}}
    assert (told.claims["iss"], told.claims["aud"]) == (back.issuer, back.client_id)
    assert (told.claims["sub"], told.claims["sid"]) == (tokens.claims["sub"], tokens.claims["sid"])
    assert told.claims["iat"] <= back.now() < told.claims["exp"] <= told.claims["iat"] + 120
    assert told.claims["jti"]
    assert not back.is_signed_in()


def test_each_client_of_the_session_is_called_once(back, listener, sandbox):
    twin = RelyingParty.register(sandbox, backchannel_logout_uri=listener.put("/twin"))
    back.log_in()
    twin.log_in()
    hint = back.log_in().id_token

    log_out(back, hint)

    assert sorted(call.path for call in listener.calls) == ["/back", "/twin"]
    told = [signing.part(call.form["logout_token"][0], 1)["aud"] for call in listener.calls]
    assert sorted(told) == sorted([back.client_id, twin.client_id])


@pytest.mark.parametrize("status", [400, 500, 302])
def test_a_client_that_does_not_hear_stops_no_logout(back, listener, status):
    hint = back.log_in().id_token
    listener.put("/back", status=status, Location=listener.put("/elsewhere"))

    answer = log_out(back, hint)

    assert answer.status_code == 302
    assert not back.is_signed_in()
    assert [call.path for call in listener.calls] == ["/back"]


def test_what_the_client_answered_is_in_the_journal(back, listener, sandbox):
    log_out(back, back.log_in().id_token)
    told = [entry.response["backchannel_logout"] for entry in sandbox.journal() if entry.operation == "end_session"]

    assert told == [{back.client_id: "told"}]


# Logins that a third party starts


def test_oidcc_3rdparty_init_login(sandbox):
    uri = "https://localhost:8443/initiate"
    rp = RelyingParty.register(sandbox, initiate_login_uri=uri)

    bearer = {"Authorization": f"Bearer {rp.registration['registration_access_token']}"}
    read = rp.backend.get(rp.registration["registration_client_uri"], headers=bearer)

    assert rp.registration["initiate_login_uri"] == read.json["initiate_login_uri"] == uri


def test_oidcc_3rdparty_init_login_nohttps(rp):
    refused = rp.ask_to_register(initiate_login_uri="http://localhost:8443/initiate")

    assert error(refused) == (400, "invalid_client_metadata")
