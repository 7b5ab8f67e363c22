"""A person in Chromium signs in: with a mouse, with the keyboard alone, without JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from sandbox.threads import ThreadServer
from tests.support.person import query

CLIENT = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
REGISTERED = "http://127.0.0.1:9999/callback"
JSON = {"Accept": "application/json"}


def authorize_url(live: ThreadServer, callback: str, **parameters: str) -> str:
    asked = {"client_id": CLIENT["client_id"], "redirect_uri": callback, "state": "xyz", **parameters}
    return f"{live.origin}/login/oauth/authorize?{urlencode(asked)}"


def redeem(live: ThreadServer, code: str) -> Any:
    body = {**CLIENT, "code": code}
    return requests.post(f"{live.origin}/login/oauth/access_token", json=body, headers=JSON).json()


def press(page: Page, button: str) -> None:
    page.click(f"[id='{button}']")


def landed(page: Page, callback: str) -> dict[str, str]:
    """Wait until the browser has come back to the application; what it brought."""
    page.wait_for_url(f"{callback}?*")
    return query(page.url)


def type_code(page: Page, code: str) -> None:
    """Type into the field that has the focus by itself; a key that comes before the focus is lost."""
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code)
    expect(page.get_by_label("Code")).to_have_value(code)
    page.keyboard.press("Enter")


def tab_to(page: Page, element: str) -> None:
    """Press Tab until the element with this id has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("id") == element:
            return
    raise AssertionError(f"Tab never reaches {element}")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_person_clicks_through(live, visit, callback, javascript):
    page = visit(authorize_url(live, callback, scope="user gist"), java_script_enabled=javascript)
    expect(page).to_have_title("Sign in to GitHub · GitHub (sandbox)")
    expect(page.get_by_text("to continue to")).to_contain_text("Sandbox OAuth app")

    page.get_by_role("button", name="The Octocat").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Authorize Sandbox OAuth app")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)

    page.get_by_role("button", name="Authorize Sandbox OAuth app").click()
    expect(page.get_by_role("heading")).to_have_text("Signed in")
    brought = landed(page, callback)

    assert (brought["state"], brought["iss"]) == ("xyz", f"{live.origin}/login/oauth")
    assert redeem(live, brought["code"])["scope"] == "user,gist"


def test_a_person_grants_less_than_was_asked(live, visit, callback):
    page = visit(authorize_url(live, callback, scope="user gist"))
    press(page, "as-octocat")

    page.get_by_role("checkbox", name="Gists").uncheck()
    press(page, "allow")

    assert redeem(live, landed(page, callback)["code"])["scope"] == "user"


def test_a_person_needs_no_mouse(live, visit, callback):
    page = visit(authorize_url(live, callback, scope="gist"))

    tab_to(page, "as-octocat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Authorize Sandbox OAuth app")
    page.wait_for_load_state()
    tab_to(page, "allow")
    page.keyboard.press("Enter")

    assert redeem(live, landed(page, callback)["code"])["scope"] == "gist"


def test_the_first_stop_of_the_keyboard_skips_to_the_content(live, visit, callback):
    page = visit(authorize_url(live, callback))

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")

    expect(page.locator(":focus")).to_have_id("main")


def test_a_person_types_a_login(live, visit, callback):
    page = visit(authorize_url(live, callback))
    page.get_by_label("Type a login").fill("nobody")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("There is no account with this login")
    field = page.get_by_label("Type a login")
    expect(field).to_be_focused()
    expect(field).to_have_value("nobody")
    expect(page.get_by_role("button", name="Continue as")).to_have_count(0)

    field.fill("octocat")
    page.keyboard.press("Enter")
    press(page, "allow")

    assert "code" in landed(page, callback)


def test_a_person_changes_accounts(live, visit, callback):
    page = visit(authorize_url(live, callback, login="alice"))
    page.get_by_role("button", name="Continue as alice").click()
    press(page, "switch")
    press(page, "as-octocat")
    expect(page.get_by_text("wants to access")).to_contain_text("octocat")
    press(page, "allow")

    token = redeem(live, landed(page, callback)["code"])["access_token"]

    user = requests.get(f"{live.origin}/api/v3/user", headers={"Authorization": f"Bearer {token}"}).json()
    assert user["login"] == "octocat"


@pytest.mark.parametrize("after", ["the first page", "the consent page"])
def test_cancel_tells_the_registered_callback(live, visit, callback, watch, after):
    page = visit(authorize_url(live, callback, scope="gist"))
    page.route(f"{REGISTERED}?*", lambda route: route.fulfill(body="cancelled"))
    if after == "the consent page":
        press(page, "as-octocat")

    press(page, "deny")
    brought = landed(page, REGISTERED)
    assert (brought["error"], brought["state"]) == ("access_denied", "xyz")
    assert brought["error_description"] == "The user has denied your application access."
    watch.origins.remove("http://127.0.0.1:9999")


def test_a_form_of_another_site_decides_nothing(live, visit, callback, watch):
    page = visit(authorize_url(live, callback))
    transaction = page.locator("[name=transaction]").first.get_attribute("value")
    attack = (
        f"<form method=post action='{live.origin}/login/oauth/authorize'>"
        f"<input name=transaction value='{transaction}'><button name=identity value=octocat>Win</button></form>"
    )
    page.route("http://evil.test/", lambda route: route.fulfill(body=attack, content_type="text/html"))
    page.goto("http://evil.test/")
    page.get_by_role("button", name="Win").click()

    expect(page.get_by_text("Cross-site request rejected.")).to_be_visible()
    watch.origins.discard("http://evil.test")


@pytest.mark.parametrize("decision", ["allow", "deny"])
@pytest.mark.parametrize("moment", ["at once", "after signing in"])
def test_a_person_answers_a_device(live, visit, decision, moment):
    device = requests.post(f"{live.origin}/login/device/code", json={**CLIENT, "scope": "gist"}, headers=JSON).json()
    page = visit(device["verification_uri"])
    type_code(page, device["user_code"].lower().replace("-", " "))
    if (decision, moment) != ("deny", "at once"):
        press(page, "as-octocat")
    press(page, decision)

    heading = "Your device is connected" if decision == "allow" else "The request was cancelled"
    expect(page.get_by_role("heading")).to_have_text(heading)
    who = "octocat" if (decision, moment) != ("deny", "at once") else "any GitHub account"
    expect(page.locator(".who")).to_contain_text("Sandbox OAuth app")
    expect(page.locator(".who")).to_contain_text(who)
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": device["device_code"]}
    told = requests.post(f"{live.origin}/login/oauth/access_token", json={**CLIENT, **grant}, headers=JSON).json()
    assert told.get("error", told.get("scope")) == ("gist" if decision == "allow" else "access_denied")


def test_a_wrong_user_code_is_explained(live, visit):
    page = visit(f"{live.origin}/login/device")
    type_code(page, "WRNG-CODE")

    expect(page.get_by_role("alert")).to_contain_text("No device is waiting with this code")
    expect(page.get_by_label("Code")).to_have_value("WRNG-CODE")


def test_a_person_revokes_what_was_granted(live, visit, callback):
    page = visit(authorize_url(live, callback, scope="gist"))
    press(page, "as-octocat")
    press(page, "allow")
    token = redeem(live, landed(page, callback)["code"])["access_token"]

    page.goto(f"{live.origin}/settings/connections/applications/{CLIENT['client_id']}")
    expect(page.get_by_text("1 token")).to_be_visible()
    page.get_by_role("button", name="Revoke access of octocat").click()

    expect(page.get_by_role("status")).to_have_text("All that octocat had granted is revoked.")
    expect(page.get_by_text("Nobody has authorized this application.")).to_be_visible()
    user = requests.get(f"{live.origin}/api/v3/user", headers={"Authorization": f"Bearer {token}"})
    assert user.status_code == 401


def test_the_sandbox_has_a_callback_that_shows_what_came(live, visit):
    asked = {"client_id": "gmi-console", "redirect_uri": f"http://localhost:{live.port}/_sandbox/callback"}
    page = visit(f"{live.origin}/login/oauth/authorize?{urlencode({**asked, 'state': 'github'})}")
    press(page, "as-octocat")
    press(page, "allow")

    expect(page.get_by_role("heading", level=1)).to_have_text("The code has arrived")
    code = query(page.url)["code"]
    expect(page.locator(".parameters")).to_contain_text(code)
    answer = requests.post(f"{live.origin}/api/v1/oauth/token", json={"provider": "github", "code": code})
    assert answer.json()["accessToken"].startswith("gho_")
