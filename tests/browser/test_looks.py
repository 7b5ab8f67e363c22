"""Looks at the pages on which people sign in at GitHub, an issuer and InsForge Cloud, as tests.support.looks does.

The pictures are kept in tests/artefacts, for people to look at.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page

from sandbox.protocol.pkce import s256
from sandbox.threads import ThreadServer
from tests.support.insforge_cloud import CLI, CLI_CALLBACK
from tests.support.looks import SIZES, keep, look

AUTHORIZE = "/login/oauth/authorize?client_id=Iv1.sandboxclient&scope=user%20repo%20read:org"
JSON = {"Accept": "application/json"}
CLOUD = {
    "client_id": CLI,
    "redirect_uri": CLI_CALLBACK,
    "response_type": "code",
    "scope": "user:read organizations:read projects:read",
    "state": "xyz",
    "code_challenge": s256("v" * 43),
    "code_challenge_method": "S256",
}

each_size = pytest.mark.parametrize("size", SIZES)


def connect_device(page: Page, live: ThreadServer, endpoint: str, asked: dict[str, Any], name: str) -> None:
    """Look at the pages on which somebody lets a device in."""
    device = requests.post(f"{live.origin}{endpoint}", data=asked, headers=JSON, timeout=10).json()
    page.goto(device["verification_uri"])
    page.get_by_label("Code").fill(device["user_code"])
    look(page, name.format("device"))
    page.keyboard.press("Enter")
    page.click("[id='as-alice']")
    page.wait_for_selector("#allow")
    look(page, name.format("device-consent"))
    page.click("#allow")
    page.wait_for_selector(".verdict")
    look(page, name.format("device-done"))


@each_size
def test_the_pages_of_github_are_fit_to_be_seen(live, visit, size):
    name = f"github-{{}}-{size}"
    page = visit(f"{live.origin}{AUTHORIZE}&login=alice", viewport=SIZES[size])
    look(page, name.format("sign-in"))
    page.get_by_label("Type a login").fill("deactivated")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    look(page, name.format("sign-in-refused"))
    page.click("[id='as-long-name']")
    page.wait_for_selector("#allow")
    look(page, name.format("consent"))

    connect_device(page, live, "/login/device/code", {"client_id": "Iv1.sandboxclient"}, name)
    page.goto(f"{live.origin}{AUTHORIZE}&prompt=select_account")
    page.wait_for_selector("text=In this browser")
    look(page, name.format("switch"))
    page.goto(f"{live.origin}/settings/connections/applications/Iv1.sandboxclient")
    look(page, name.format("connections"))
    page.goto(f"{live.origin}/login/oauth/authorize?client_id=nobody")
    look(page, name.format("error"))


@each_size
def test_the_pages_of_an_issuer_are_fit_to_be_seen(live, visit, callback, size):
    name = f"issuer-{{}}-{size}"
    asked = {"client_id": "my-shop", "response_type": "code", "redirect_uri": callback}
    asked["scope"] = "openid profile email address phone groups offline_access"
    authorize = f"{live.origin}/oidc/demo/authorize?{urlencode(asked)}"
    page = visit(authorize, viewport=SIZES[size])
    look(page, name.format("sign-in"))
    page.click("[id='as-long-name']")
    page.wait_for_selector("#allow")
    look(page, name.format("consent"))

    connect_device(page, live, "/oidc/main/device_authorization", {"client_id": "oidc-public"}, name)
    page.goto(f"{authorize}&prompt=select_account")
    look(page, name.format("switch"))
    page.goto(f"{live.origin}/oidc/demo/logout")
    look(page, name.format("sign-out"))
    page.click("#confirm-logout")
    page.wait_for_selector(".verdict")
    look(page, name.format("signed-out"))
    page.goto(f"{live.origin}/oidc/main/authorize?client_id=nobody")
    look(page, name.format("error"))


@each_size
def test_the_pages_of_insforge_cloud_are_fit_to_be_seen(live, visit, size):
    name = f"cloud-{{}}-{size}"
    authorize = f"{live.origin}/insforge-cloud/api/oauth/v1/authorize?{urlencode(CLOUD)}"
    page = visit(authorize, viewport=SIZES[size])
    look(page, name.format("sign-in"))
    page.click("[id='as-alice']")
    page.wait_for_selector("#allow")
    look(page, name.format("consent"))

    connect_device(page, live, "/insforge-cloud/api/oauth/v1/device_authorization", {"client_id": CLI}, name)
    page.goto(authorize.replace(CLI, "nobody"))
    look(page, name.format("error"))


def test_a_page_can_be_zoomed_to_twice_its_size(live, visit):
    page = visit(f"{live.origin}{AUTHORIZE}", viewport={"width": 320, "height": 512})

    keep(page, "github-sign-in-zoomed")
