"""A person in Chromium at a generic issuer: signs in once, comes back by form, signs out everywhere."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from sandbox.core import tables
from sandbox.threads import ThreadServer
from tests.support.person import query


def authorize_url(live: ThreadServer, callback: str, issuer: str = "demo", **asked: str) -> str:
    usual = {
        "client_id": "web-shop",
        "redirect_uri": callback,
        "response_type": "code",
        "scope": "openid",
        "state": "x",
    }
    return f"{live.origin}/oidc/{issuer}/authorize?{urlencode({**usual, **asked})}"


def press(page: Page, button: str) -> None:
    page.click(f"[id='{button}']")


def test_a_fresh_issuer_warns_and_signs_in(live, visit, callback):
    page = visit(authorize_url(live, callback))
    expect(page.locator("#unregistered")).to_contain_text("No client is registered at this issuer")

    press(page, "as-alice")
    expect(page.get_by_role("checkbox", name="Sign you in")).to_be_disabled()
    press(page, "allow")
    page.wait_for_url(f"{callback}?*")
    assert query(page.url)["iss"] == f"{live.origin}/oidc/demo"

    page.goto(authorize_url(live, callback, state="again"))
    page.wait_for_url(f"{callback}?*state=again*")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_answer_comes_back_by_form(live, visit, callback, javascript):
    posted: list[str] = []
    page = visit(authorize_url(live, callback, response_mode="form_post"), java_script_enabled=javascript)
    page.on("request", lambda request: posted.append(request.post_data or "") if request.method == "POST" else None)
    page.route(callback, lambda route: route.fulfill(body="<title>Signed in</title>", content_type="text/html"))

    press(page, "as-alice")
    press(page, "allow")
    if not javascript:
        expect(page.get_by_role("heading", level=1)).to_have_text("Back to the application")
        press(page, "continue")
    page.wait_for_url(callback)

    assert "?" not in page.url
    assert set(query(f"?{posted[-1]}")) == {"code", "state", "iss"}


def test_signing_out_reaches_the_applications(live, visit, callback, sandbox, watch):
    with sandbox.world() as world:
        client = world.store.find(tables.Client, service="oidc/main", client_id="oidc-client")
        settings = {
            **client.settings,
            "frontchannel_logout_uri": callback.replace("/callback", "/front-channel"),
            "frontchannel_logout_session_required": True,
            "post_logout_redirect_uris": [callback],
        }
        changed = {"settings": settings, "redirect_uris": [callback]}
        world.store.change(tables.Client, changed, service="oidc/main", client_id="oidc-client")
    asked = {"client_id": "oidc-client", "response_type": "id_token", "nonce": "n", "issuer": "main"}
    page = visit(authorize_url(live, callback, **asked))
    press(page, "as-alice")
    press(page, "allow")
    page.wait_for_url(f"{callback}#*")
    hint = query(page.url.replace("#", "?"))["id_token"]

    with page.expect_request(lambda request: "/front-channel?" in request.url) as told:
        page.goto(
            f"{live.origin}/oidc/main/logout?"
            + urlencode({"id_token_hint": hint, "post_logout_redirect_uri": callback, "state": "bye"})
        )
    page.wait_for_url(f"{callback}?state=bye")

    assert set(query(told.value.url)) == {"iss", "sid"}
    page.goto(authorize_url(live, callback, **asked, prompt="none"))
    page.wait_for_url(f"{callback}#*")
    assert query(page.url.replace("#", "?"))["error"] == "login_required"


def test_a_person_signs_out_by_hand(live, visit, callback):
    page = visit(authorize_url(live, callback))
    press(page, "as-alice")
    expect(page.locator("#allow")).to_be_visible()

    page.goto(f"{live.origin}/oidc/demo/logout")
    expect(page.get_by_text("is signed in as alice")).to_be_visible()
    press(page, "confirm-logout")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")

    page.goto(f"{live.origin}/oidc/demo/logout")
    expect(page.get_by_text("Nobody is signed in, in this browser.")).to_be_visible()
