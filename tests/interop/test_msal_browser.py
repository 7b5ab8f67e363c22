"""MSAL for browsers, unmodified, in Chromium: a single-page application that logs in to Azure across origins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.support.single_page import SinglePage, application, open_single_page, with_cookies_in_frames

LIBRARY = "@azure/msal-browser/lib/msal-browser.min.js"
BRIDGE = "@azure/msal-browser/lib/redirect-bridge/msal-redirect-bridge.min.js"
CLIENT, TENANT = "22222222-2222-4222-8222-222222222222", "aaaabbbb-0000-4ccc-8ddd-eeeeffff0001"
ALICE = f"a11ce000-0000-4000-8000-000000000001.{TENANT}"

Open = Callable[..., AbstractContextManager[SinglePage]]


@pytest.fixture
def open_spa(node: object, browser: Browser, chromium_path: str, tmp_path: Path, live_tls: ThreadServer) -> Open:
    """Open the application in a new browser: `with open_spa() as spa:`."""

    def open_spa(*, cookies_in_frames: bool = False, tenant: str = TENANT) -> Any:
        settings = {
            "clientId": CLIENT,
            "authority": f"{live_tls.origin}/{tenant}",
            "knownAuthorities": [urlsplit(live_tls.origin).netloc],
            "scopes": ["User.Read"],
        }
        new_context = browser.new_context
        if cookies_in_frames:
            new_context = with_cookies_in_frames(browser, chromium_path, tmp_path)
        files = application("spa-msal-browser.js", LIBRARY, settings, bridge=BRIDGE)
        return open_single_page(new_context, live_tls.origin, files)

    return open_spa


def sign_in(spa: SinglePage) -> Any:
    assert spa.told() == {"account": None}
    spa.sign_in("alice")
    return spa.told()


def calls(sandbox: Any) -> list[tuple[str, str]]:
    return [(entry.method, entry.operation) for entry in sandbox.journal()]


def test_a_person_signs_in(open_spa):
    with open_spa() as spa:
        result = sign_in(spa)

    assert result["account"]["homeAccountId"] == ALICE
    assert result["account"]["username"] == "alice@contoso.test"
    assert (result["claims"]["tid"], result["claims"]["aud"]) == (TENANT, CLIENT)
    assert "User.Read" in result["scopes"]


def test_the_answer_is_in_the_fragment(open_spa):
    came: list[str] = []
    with open_spa() as spa:
        spa.page.on("framenavigated", lambda frame: came.append(frame.url))
        sign_in(spa)

    (answer,) = [url for url in came if "code=" in url]
    assert answer.startswith("http://localhost:9998/spa#code=")


def test_tokens_are_renewed_by_refresh_token(open_spa, sandbox):
    with open_spa() as spa:
        before = sign_in(spa)
        spa.press("renew")
        after = spa.told()

    assert after["token"] != before["token"]
    assert after["account"]["homeAccountId"] == ALICE
    assert calls(sandbox).count(("GET", "authorize")) == 1


def test_a_person_who_is_signed_in_already_is_let_in_silently(open_spa):
    with open_spa(cookies_in_frames=True) as spa:
        sign_in(spa)
        spa.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        spa.page.reload()
        assert spa.told() == {"account": None}
        spa.press("single-sign-on")

        assert spa.told()["account"]["homeAccountId"] == ALICE


def test_nobody_is_let_in_silently_before(open_spa):
    with open_spa() as spa:
        spa.told()
        spa.press("single-sign-on")
        refused = spa.told()

    assert (refused["exception"], refused["errorCode"]) == ("InteractionRequiredAuthError", "login_required")
    assert refused["errorNo"] == "50058"


def test_a_second_factor_that_is_asked_for_later_needs_the_person(open_spa, sandbox):
    with open_spa() as spa:
        sign_in(spa)
        with sandbox.world() as world:
            arm_fault(world, "azure", "token", Reason.MFA_REQUIRED)
        spa.press("renew")
        refused = spa.told()

    assert (refused["exception"], refused["errorNo"]) == ("InteractionRequiredAuthError", 50076)


def test_a_person_who_cancels_comes_back_with_an_error(open_spa):
    with open_spa() as spa:
        spa.told()
        spa.press("sign-in")
        spa.press("as-alice")
        spa.press("deny")
        refused = spa.told()

    assert refused["errorCode"] == "access_denied"
    assert "AADSTS65004: User declined to consent to access the app." in refused["message"]


def test_a_person_signs_out(open_spa, sandbox):
    with open_spa() as spa:
        sign_in(spa)
        spa.press("sign-out")
        assert spa.told() == {"account": None}

        spa.press("sign-in")
        expect(spa.page.locator("#as-alice")).to_be_visible()

    assert ("GET", "logout") in calls(sandbox)
