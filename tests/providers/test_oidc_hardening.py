"""Generic issuers under attack: planted cookies, hostile registrations, and what is gone in the middle of a login."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import jwt
import pytest

from sandbox.core import tables
from sandbox.core.keys import generate_pem, load_key
from tests.conftest import HouseClient
from tests.support.databases import on_either_database
from tests.support.forms import submit
from tests.support.oidc import CALLBACK, CLIENT, RelyingParty
from tests.support.person import query

OUT = "http://127.0.0.1:9999/signed-out"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def party(sandbox: HouseClient) -> RelyingParty:
    """The confidential client of the issuer `main`."""
    return RelyingParty(sandbox)


def reason(answer: Any) -> str:
    """The true cause of a refusal, or an empty text."""
    return str(answer.headers.get("X-Sandbox-Reason", "").partition(";")[0])


def register(sandbox: HouseClient, issuer: str = "main", **metadata: Any) -> RelyingParty:
    """A client that has registered itself."""
    answer = sandbox.post(f"/oidc/{issuer}/register", json={"redirect_uris": [CALLBACK], **metadata})
    assert answer.status_code == 201, answer.text
    return RelyingParty(sandbox, issuer, answer.json["client_id"], secret=answer.json["client_secret"])


def consent_page(party: RelyingParty) -> Any:
    """The page on which Alice is asked."""
    return submit(party.sandbox, party.authorize(prompt="login consent"), "as-alice")


def change_client(sandbox: HouseClient, **settings: Any) -> None:
    """Change settings of the client, as its fixture would have them."""
    with sandbox.world() as world:
        client = world.store.find(tables.Client, service="oidc/main", client_id=CLIENT)
        assert client is not None
        changed = {"settings": {**client.settings, **settings}}
        world.store.change(tables.Client, changed, service="oidc/main", client_id=CLIENT)


# Sessions


def test_a_planted_cookie_is_worth_nothing_after_the_sign_in(app, party):
    attacker: Any = app.test_client()
    for browser in (party.sandbox, attacker):
        browser.set_cookie("oidc_session", "planted", path="/oidc/main")

    party.tokens()

    assert query(party.authorize(prompt="none").location)["code"]
    assert query(RelyingParty(attacker).authorize(prompt="none").location)["error"] == "login_required"


def test_each_sign_in_takes_the_sessions_of_the_browser_along(party):
    party.sign_in("alice")
    party.sign_in("octocat", prompt="login")

    with party.sandbox.world() as world:
        live = world.store.list(tables.SignInSession, order=("login",), ended_at=None)
    assert [session.login for session in live] == ["alice", "octocat"]
    assert len({session.browser for session in live}) == 1


def test_a_code_tells_of_the_sign_in_that_it_came_of(party):
    party.sandbox.clock.freeze()
    code, then = party.code(), party.sandbox.clock.now()
    party.sandbox.clock.advance(minutes=5)
    party.sign_in(prompt="login")

    claims = jwt.decode(party.redeem(code).json["id_token"], options={"verify_signature": False})

    assert claims["auth_time"] == then


def test_whoever_signs_out_meanwhile_is_asked_to_sign_in_again(party):
    device = party.post("/device_authorization", {"scope": "openid"}).json
    typed = party.sandbox.post("/oidc/main/device", data={"user_code": device["user_code"]})
    pages = [consent_page(party), submit(party.sandbox, typed, "as-alice")]
    with party.sandbox.world() as world:
        world.store.change(tables.SignInSession, {"ended_at": world.now()})

    for page in pages:
        assert 'id="as-alice"' in submit(party.sandbox, page, "allow").text
    polled = party.post("/token", {"grant_type": DEVICE, "device_code": device["device_code"]})
    assert polled.json["error"] == "authorization_pending"


# What is gone


@pytest.mark.parametrize("how", ["deactivated", "deleted"])
def test_the_session_of_somebody_who_is_gone_is_none(party, how):
    tokens = party.tokens()
    with party.sandbox.world() as world:
        if how == "deleted":
            world.store.remove(tables.Identity, login="alice")
        else:
            world.store.change(tables.Identity, {"deactivated": True}, login="alice")

    assert 'id="as-octocat"' in party.authorize().text
    assert query(party.authorize(prompt="none").location)["error"] == "login_required"
    assert party.post("/introspect", {"token": tokens["access_token"]}).json == {"active": False}


def test_a_client_that_is_gone_breaks_nothing(party):
    tokens, asked = party.tokens(), consent_page(party)
    device = party.post("/device_authorization", {"scope": "openid"}).json
    with party.sandbox.world() as world:
        world.store.remove(tables.Client, service="oidc/main", client_id=CLIENT)

    allowed = submit(party.sandbox, asked, "allow")
    typed = party.sandbox.post("/oidc/main/device", data={"user_code": device["user_code"]})
    userinfo = party.userinfo(tokens["access_token"])

    assert (allowed.status_code, reason(allowed)) == (400, "CLIENT_UNKNOWN")
    assert (typed.status_code, reason(typed)) == (422, "CLIENT_UNKNOWN")
    assert (userinfo.status_code, userinfo.json["error"]) == (401, "invalid_token")


# Registration


@pytest.mark.parametrize("host", ["a;sandbox", "a,default-src", "*", "'unsafe-inline'", "a%20b", '"'])
def test_a_front_channel_uri_adds_nothing_to_a_policy(sandbox, host):
    party = register(sandbox, frontchannel_logout_uri=f"http://{host}/out", post_logout_redirect_uris=[OUT])
    hint = party.tokens()["id_token"]

    page = sandbox.get("/oidc/main/logout", query_string={"id_token_hint": hint, "post_logout_redirect_uri": OUT})

    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


@pytest.mark.parametrize("name", ["redirect_uris", "frontchannel_logout_uri", "client_uri"])
def test_a_uri_is_ascii(sandbox, name):
    uri = "http://\u1234.test/"
    document = {"redirect_uris": [CALLBACK], name: [uri] if name == "redirect_uris" else uri}

    assert sandbox.post("/oidc/main/register", json=document).status_code == 400


@on_either_database
def test_a_removed_client_does_not_come_back(app, sandbox):
    for _ in range(8):
        made = sandbox.post("/oidc/main/register", json={"redirect_uris": [CALLBACK]}).json
        bearer = {"Authorization": f"Bearer {made['registration_access_token']}"}
        start, url = Barrier(16), f"/oidc/main/register/{made['client_id']}"

        def call(number: int, start: Barrier = start, url: str = url, bearer: dict[str, str] = bearer) -> int:
            client: Any = app.test_client()
            start.wait(60)
            if not number:
                return int(client.delete(url, headers=bearer).status_code)
            return int(client.put(url, json={"redirect_uris": [CALLBACK]}, headers=bearer).status_code)

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(call, range(16))) <= {200, 204, 401}

        assert sandbox.get(url, headers=bearer).status_code == 401


def test_the_codes_of_a_removed_client_die_with_it(sandbox):
    """Whose last client is gone takes any client again; what was meant for a secret must not be had without one."""
    made = sandbox.post("/oidc/fresh/register", json={"redirect_uris": [CALLBACK]}).json
    party = RelyingParty(sandbox, "fresh", made["client_id"], secret=made["client_secret"])
    code = party.code()
    sandbox.delete(
        f"/oidc/fresh/register/{made['client_id']}",
        headers={"Authorization": f"Bearer {made['registration_access_token']}"},
    )
    party.secret = None

    assert party.redeem(code).json["error"] == "invalid_grant"


def test_a_snippet_never_shows_a_client_that_registered_itself(sandbox):
    party = register(sandbox, client_name="intruder")

    page = sandbox.get("/_sandbox/snippets").text

    assert CLIENT in page
    assert party.client_id not in page
    assert str(party.secret) not in page


# Odd values


@on_either_database
@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "[" * 900 + "]" * 900])
def test_claims_hold_what_can_be_kept(party, value):
    answer = party.authorize(claims=f'{{"userinfo": {{"name": {{"value": {value}}}}}}}')

    assert query(answer.location)["error"] == "invalid_request"


@pytest.mark.parametrize("resource", ["http://[", "https://[::1", "http://[/oidc/main", "http://", "acct:a@b"])
def test_webfinger_takes_any_resource(sandbox, resource):
    answer = sandbox.get("/.well-known/webfinger", query_string={"resource": resource})

    assert answer.json["links"][0]["href"] == "http://localhost/oidc/main"


@pytest.mark.parametrize("member", ["state", "redirect_uri", "login_hint"])
def test_a_request_object_holds_text(sandbox, member):
    with sandbox.world() as world:
        oidc = world.settings["oidc"]
        issuers = {**oidc["issuers"], "main": {**oidc["issuers"]["main"], "request_objects": True}}
        world.store.change(tables.World, {"settings": {**world.settings, "oidc": {**oidc, "issuers": issuers}}})
    key = load_key(generate_pem())
    party = register(sandbox, jwks={"keys": [dict(key.jwk)]})
    claims = {"response_type": "code", "redirect_uri": CALLBACK, "response_mode": "form_post", member: "\ud800"}

    answer = party.authorize(request=jwt.encode(claims, key.signing, "RS256", headers={"kid": key.kid}))

    assert query(answer.location)["error"] == "invalid_request_object"


# Scopes


def test_no_grant_is_a_way_around_the_scopes_of_a_client(party):
    change_client(party.sandbox, scope="openid email")
    asked = {"scope": "openid email groups"}
    by_password = party.post(
        "/token", {"grant_type": "password", "username": "alice", "password": "sandbox-password"} | asked
    )
    device = party.post("/device_authorization", asked).json
    page = party.sandbox.post("/oidc/main/device", data={"user_code": device["user_code"]})
    submit(party.sandbox, submit(party.sandbox, page, "as-alice"), "allow")
    by_device = party.post("/token", {"grant_type": DEVICE, "device_code": device["device_code"]})

    assert by_password.json["scope"] == "openid email"
    assert by_device.json["scope"] == "openid email"


def test_a_narrower_refresh_narrows_one_access_token(party):
    first = party.tokens(scope="openid email offline_access")
    again = {"grant_type": "refresh_token"}

    narrow = party.post("/token", {**again, "refresh_token": first["refresh_token"], "scope": "openid"}).json
    whole = party.post("/token", {**again, "refresh_token": narrow["refresh_token"]}).json

    assert narrow["scope"] == "openid"
    assert whole["scope"] == "openid email offline_access"
