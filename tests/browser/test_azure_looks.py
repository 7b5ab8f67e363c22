"""Takes pictures of Azure's pages, light and dark, wide and narrow, and goes through a login as a person would.

The pictures are kept in tests/artefacts, for people to look at.
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Route

from tests.browser.test_looks import SIZES, keep
from tests.support.azure_login import CALLBACK, CONTOSO, EVERYONE, WEB, change_application, path

QUERY = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile User.Read"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit(live, visit, scheme, size):
    suffix = f"{size}-{scheme}"
    authorize = f"{live.origin}{path('authorize')}?{urlencode(QUERY)}"

    page = visit(f"{authorize}&login_hint=alice", color_scheme=scheme, viewport=SIZES[size])
    keep(page, f"azure-sign-in-{suffix}")
    page.get_by_label("Use another account").fill("nobody")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    keep(page, f"azure-sign-in-refused-{suffix}")
    page.click("[id='as-long-name']")
    keep(page, f"azure-consent-{suffix}")
    page.click("[id='switch']")
    page.click("[id='as-blocked']")
    keep(page, f"azure-error-{suffix}")
    page.goto(f"{live.origin}/common/oauth2/deviceauth")
    keep(page, f"azure-device-{suffix}")
    page.goto(f"{live.origin}/error?code=50011")
    keep(page, f"azure-explained-{suffix}")
    page.goto(f"{live.origin}{path('logout')}")
    keep(page, f"azure-signed-out-{suffix}")


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
