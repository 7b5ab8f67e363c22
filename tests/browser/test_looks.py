"""Takes pictures of the pages, light and dark, wide and narrow, and checks what a picture cannot show.

The pictures are kept in tests/artefacts, for people to look at.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
AUTHORIZE = "/login/oauth/authorize?client_id=Iv1.sandboxclient&scope=user%20repo%20read:org"


def keep(page: Page, name: str) -> None:
    """Save a picture of the whole page, which must not be wider than the window."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True, animations="disabled")
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{name} is {too_wide} px wider than the window"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit(live, visit, scheme, size):
    page = visit(live.origin, color_scheme=scheme, viewport=SIZES[size])
    suffix = f"{size}-{scheme}"
    keep(page, f"home-{suffix}")

    page.goto(f"{live.origin}{AUTHORIZE}&login=alice")
    keep(page, f"sign-in-{suffix}")
    page.get_by_label("Type a login").fill("deactivated")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    keep(page, f"sign-in-refused-{suffix}")
    page.click("[id='as-long-name']")
    keep(page, f"consent-{suffix}")

    device = requests.post(
        f"{live.origin}/login/device/code",
        json={"client_id": "Iv1.sandboxclient"},
        headers={"Accept": "application/json"},
    ).json()
    page.goto(device["verification_uri"])
    page.get_by_label("Code").fill(device["user_code"])
    keep(page, f"device-{suffix}")
    page.keyboard.press("Enter")
    page.click("[id='as-octocat']")
    page.click("[id='allow']")
    keep(page, f"device-done-{suffix}")

    page.goto(f"{live.origin}/settings/connections/applications/Iv1.sandboxclient")
    keep(page, f"connections-{suffix}")
    page.goto(f"{live.origin}/_sandbox/callback?code=0123456789abcdef0123&state=github&iss={live.origin}/login/oauth")
    keep(page, f"callback-{suffix}")
    page.goto(f"{live.origin}/_sandbox/snippets")
    keep(page, f"snippets-{suffix}")
    page.goto(f"{live.origin}/login/oauth/authorize?client_id=nobody")
    keep(page, f"error-{suffix}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_an_issuer_fit(live, visit, callback, scheme, size):
    suffix = f"{size}-{scheme}"
    asked = {"client_id": "my-shop", "response_type": "code", "redirect_uri": callback}
    asked["scope"] = "openid profile email address phone groups offline_access"
    page = visit(f"{live.origin}/oidc/demo/authorize?{urlencode(asked)}", color_scheme=scheme, viewport=SIZES[size])
    keep(page, f"issuer-sign-in-{suffix}")
    page.click("[id='as-long-name']")
    page.wait_for_selector("#allow")
    keep(page, f"issuer-consent-{suffix}")
    page.goto(f"{live.origin}/oidc/demo/logout")
    keep(page, f"issuer-sign-out-{suffix}")
    page.click("#confirm-logout")
    page.wait_for_selector(".verdict")
    keep(page, f"issuer-signed-out-{suffix}")
    page.goto(f"{live.origin}/oidc/main/authorize?client_id=nobody")
    keep(page, f"issuer-error-{suffix}")


def test_a_page_can_be_zoomed_to_twice_its_size(live, visit):
    page = visit(f"{live.origin}{AUTHORIZE}", viewport={"width": 320, "height": 512})

    keep(page, "sign-in-zoomed")
