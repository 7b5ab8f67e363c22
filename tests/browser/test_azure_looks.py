"""Looks at Azure's pages as tests.support.looks does, and goes through a login as a person would.

The pictures are kept in tests/artefacts, for people to look at.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Route

from tests.support.azure_login import CALLBACK, CONTOSO, EVERYONE, WEB, change_application, path
from tests.support.looks import SIZES, look

QUERY = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile User.Read"}


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_fit_to_be_seen(live, visit, size):
    authorize = f"{live.origin}{path('authorize')}?{urlencode(QUERY)}"

    page = visit(f"{authorize}&login_hint=alice", viewport=SIZES[size])
    look(page, f"azure-sign-in-{size}")
    page.get_by_label("Use another account").fill("nobody")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    look(page, f"azure-sign-in-refused-{size}")
    page.click("[id='as-long-name']")
    look(page, f"azure-consent-{size}")
    page.click("[id='switch']")
    page.click("[id='as-blocked']")
    look(page, f"azure-error-{size}")
    page.goto(f"{live.origin}/common/oauth2/deviceauth")
    look(page, f"azure-device-{size}")
    page.goto(f"{live.origin}/error?code=50011")
    look(page, f"azure-explained-{size}")
    page.goto(f"{live.origin}{path('logout')}")
    look(page, f"azure-signed-out-{size}")


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_form_post_reaches_the_application(live, sandbox, visit, callback, java_script):
    change_application(sandbox, EVERYONE, redirect_uris=[callback])
    query = urlencode({**QUERY, "client_id": EVERYONE, "redirect_uri": callback, "response_mode": "form_post"})
    page = visit(f"{live.origin}/{CONTOSO}/oauth2/v2.0/authorize?{query}", java_script_enabled=java_script)
    posted: list[str] = []

    def land(route: Route) -> None:
        posted.append(route.request.post_data or "")
        route.fulfill(body="done")

    page.route(callback, land)
    page.click("[id='as-alice']")
    page.click("[id='allow']")
    if not java_script:
        page.click("[id='continue']")
    page.wait_for_url(callback)

    assert posted[0].startswith("code=1.A")
