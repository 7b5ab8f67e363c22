"""oidc-client-ts, unmodified, in Chromium: a single-page application that logs in across origins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.single_page import SinglePage, application, open_single_page, with_cookies_in_frames

LIBRARY = "oidc-client-ts/dist/browser/oidc-client-ts.min.js"
SCOPE = "openid profile email"

Open = Callable[..., AbstractContextManager[SinglePage]]


@pytest.fixture
def open_spa(node: object, browser: Browser, chromium_path: str, tmp_path: Path) -> Open:
    """Open the application in a new browser: `with open_spa(live_tls.origin, scope="openid") as spa:`."""

    def open_spa(origin: str, *, cookies_in_frames: bool = False, **settings: str) -> Any:
        settings = {"authority": f"{origin}/oidc/main", "scope": SCOPE, **settings}
        new_context = browser.new_context
        if cookies_in_frames:
            new_context = with_cookies_in_frames(browser, chromium_path, tmp_path)
        return open_single_page(new_context, origin, application("spa-oidc-client-ts.js", LIBRARY, settings))

    return open_spa


def calls(sandbox: Any) -> list[tuple[str, int]]:
    """What was asked of the sandbox preflights left out."""
    return [(entry.operation, entry.status) for entry in sandbox.journal() if entry.method != "OPTIONS"]


@pytest.mark.parametrize("transport", ["live", "live_tls"], ids=["http", "https"])
def test_a_person_signs_in(request, open_spa, sandbox, transport):
    with open_spa(request.getfixturevalue(transport).origin) as spa:
        assert spa.told() is None
        spa.sign_in("alice")
        user = spa.told()

    assert (user["profile"]["email"], user["profile"]["nickname"]) == ("alice@contoso.test", "Al")
    assert user["scope"] == SCOPE
    assert [call for call in calls(sandbox) if call[0] in ("token", "userinfo")] == [("token", 200), ("userinfo", 200)]


def test_the_session_is_renewed_by_refresh_token(open_spa, live_tls, sandbox):
    with open_spa(live_tls.origin, scope=f"{SCOPE} offline_access") as spa:
        spa.told()
        spa.sign_in("alice")
        before = spa.told()
        spa.press("renew")
        after = spa.told()

    assert after["access_token"] != before["access_token"]
    assert after["profile"]["sub"] == before["profile"]["sub"]
    assert [call[0] for call in calls(sandbox)].count("authorize") == 1


def renew_in_an_iframe(spa: SinglePage) -> tuple[Any, Any]:
    spa.told()
    spa.sign_in("alice")
    before = spa.told()
    spa.press("renew")
    return before, spa.told()


def test_the_session_is_renewed_in_an_iframe(open_spa, live, sandbox):
    """Over plain http the cookie reaches frames of the same site alone: of one host name, whatever the port."""
    with open_spa(live.origin.replace("127.0.0.1", "localhost")) as spa:
        before, after = renew_in_an_iframe(spa)

    assert after["access_token"] != before["access_token"]
    assert after["profile"]["sid"] == before["profile"]["sid"]
    assert [call for call in calls(sandbox) if call[0] == "authorize"] == [("authorize", 200), ("authorize", 302)]


def test_the_session_is_renewed_in_an_iframe_of_another_site(open_spa, live_tls):
    with open_spa(live_tls.origin, cookies_in_frames=True) as spa:
        before, after = renew_in_an_iframe(spa)

    assert after["access_token"] != before["access_token"]
    assert after["profile"]["sid"] == before["profile"]["sid"]


def test_an_iframe_of_another_site_has_no_session_where_the_browser_withholds_cookies(open_spa, live_tls):
    with open_spa(live_tls.origin) as spa:
        _, after = renew_in_an_iframe(spa)

    assert after["error"] == "login_required"


def test_whoever_is_not_signed_in_is_told_so_in_the_iframe(open_spa, live_tls, sandbox):
    with open_spa(live_tls.origin) as spa:
        spa.told()
        spa.press("renew")

        assert spa.told()["error"] == "login_required"

    assert sandbox.journal()[-1].reason == "LOGIN_REQUIRED"


def test_a_person_signs_out(open_spa, live_tls, sandbox):
    with open_spa(live_tls.origin) as spa:
        spa.told()
        spa.sign_in("alice")
        spa.told()
        spa.press("sign-out")
        assert spa.told() is None
        spa.press("renew")
        assert spa.told()["error"] == "login_required"

    assert ("end_session", 302) in calls(sandbox)


def test_a_person_who_cancels_comes_back_with_an_error(open_spa, live_tls):
    with open_spa(live_tls.origin) as spa:
        spa.told()
        spa.press("sign-in")
        spa.press("deny")

        assert spa.told() == {"error": "access_denied", "error_description": "the person pressed Cancel"}
