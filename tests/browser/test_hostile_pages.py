"""What others choose is text on every page in Chromium: names, claims, scopes, states, errors; and no page is torn.

A world of tests.support.evil is walked through. Nothing of it may run, become an element or an attribute, lead anywhere
as a script, turn round what stands beside it, or make a page wider than the window.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from playwright.sync_api import Page, expect

from sandbox.protocol.pkce import s256
from sandbox.threads import ThreadServer
from tests.support import azure_login as azure
from tests.support.evil import BROUGHT, CALLBACK, CLIENT, EVIL, EVIL_ENTRIES, LOGIN, LONG, haunt
from tests.support.lived_in import API
from tests.support.looks import SIZES
from tests.support.own_addresses import OWN, addresses

BEFORE = "window.hit = () => { window.isHit = true; };"
WRONG = r"""() => {
  const found = [];
  if (window.isHit) found.push("a script ran");
  for (const one of document.querySelectorAll("xss-mark, [onfocus], [onclick], [onerror], script:not([src])"))
    found.push(`an element: ${one.outerHTML.slice(0, 200)}`);
  const leads = /^(href|src|action|formaction|data|xlink:href)$/, runs = /^\s*(javascript|data:text|vbscript)/i;
  for (const one of document.querySelectorAll("*")) {
    for (const {name, value} of one.attributes) {
      if (!/^[a-zA-Z:_-][\w:.-]*$/.test(name)) found.push(`an attribute: ${name}`);
      if (leads.test(name) && runs.test(value)) found.push(`a script URL: ${one.outerHTML.slice(0, 200)}`);
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.data.includes("\u202e") || !text.parentElement.checkVisibility()) continue;
    let around = text.parentElement, isolated = false;
    for (; getComputedStyle(around).display.startsWith("inline") && !isolated; around = around.parentElement)
      isolated = /isolate|plaintext/.test(getComputedStyle(around).unicodeBidi) || around.hasAttribute("dir");
    const rest = around.textContent.trim();
    if (!isolated && !rest.endsWith(text.data.trim()))
      found.push(`turned round: ${around.outerHTML.slice(0, 300)}`);
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`${wide} px too wide`);
  return [...new Set(found)];
}"""


def open_browser(live: ThreadServer, visit: Any) -> Page:
    page: Page = visit(f"{live.origin}{OWN}/health", viewport=SIZES["phone"])
    page.add_init_script(BEFORE)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    return page


def wrong(page: Page) -> list[str]:
    found: list[str] = page.evaluate(WRONG)
    return found


def test_the_check_finds_what_it_is_for(live, visit, watch):
    page = open_browser(live, visit)
    page.goto(f"{live.origin}{OWN}/clock")
    assert wrong(page) == []

    page.evaluate("""() => {
      document.getElementById("main").innerHTML = `<xss-mark onfocus="hit()"></xss-mark>
        <a href=" javascript:hit()">x</a><p>\u202eevil <em>after</em></p><img alt="" width="9000" height="9">`;
      hit();
    }""")
    # The browser would have stopped it.
    assert all("Content Security Policy" in complaint for complaint in watch.complaints)
    watch.complaints.clear()
    found = " ".join(wrong(page))
    for problem in ("a script ran", "an element", "a script URL", "turned round", "too wide"):
        assert problem in found


def test_every_own_page_shows_it_as_text(live, sandbox, visit):
    pages = addresses(haunt(sandbox), EVIL_ENTRIES, BROUGHT)
    page = open_browser(live, visit)

    found = {}
    for named in pages.values():
        for name, address in named.items():
            page.goto(f"{live.origin}{address}")
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            for size in SIZES:
                page.set_viewport_size(SIZES[size])
                found[f"{name}-{size}"] = wrong(page)
    assert {name: problems for name, problems in found.items() if problems} == {}

    page.goto(f"{live.origin}{OWN}/people?q={LOGIN}")
    expect(page.locator("#main")).to_contain_text("<xss-mark onfocus=hit()")


@pytest.mark.parametrize(
    ("path", "field", "button"),
    [
        ("tokens", "#token", "#explain"),
        ("tokens", "#claims-json", "#mint"),
        ("fixture", "#text", "#replace"),
        ("people/new", "#login", "#add-usual"),
        ("worlds", "#name", "#make"),
        ("people", "#q", "#search"),
        ("faults", "#q", "#search"),
        ("flows", "#client_id", "#filter"),
    ],
)
def test_a_form_that_refuses_it_keeps_it_as_text(live, visit, path, field, button):
    page = open_browser(live, visit)
    page.goto(f"{live.origin}{OWN}/{path}")
    page.fill(field, EVIL)
    with page.expect_navigation():
        page.click(button)

    assert wrong(page) == []
    expect(page.locator(field)).to_have_value(re.compile("xss-mark"))


GITHUB = "/login/oauth/authorize"
CODE = {"response_type": "code", "redirect_uri": CALLBACK, "state": LONG}
SIGN_INS = {
    "GitHub": (GITHUB, {"client_id": CLIENT, **CODE, "scope": f"user {EVIL}"}),
    "an issuer": ("/oidc/main/authorize", {"client_id": CLIENT, **CODE, "scope": f"openid profile {EVIL}"}),
    "Azure": (azure.path("authorize"), {"client_id": azure.WEB, **CODE, "redirect_uri": azure.CALLBACK}),
    "InsForge Cloud": ("/insforge-cloud/api/oauth/v1/authorize", {"client_id": CLIENT, **CODE, "scope": "user:read"}),
}
PKCE = {"code_challenge": s256("v" * 43), "code_challenge_method": "S256"}


@pytest.mark.parametrize(("path", "asked"), SIGN_INS.values(), ids=SIGN_INS)
def test_every_sign_in_page_shows_it_as_text(live, sandbox, visit, path, asked):
    haunt(sandbox)
    sandbox.delete(f"{API}/faults")
    page = open_browser(live, visit)
    asked = {"scope": "openid User.Read", **PKCE, **asked}
    page.goto(f"{live.origin}{path}?{urlencode(asked)}")
    assert wrong(page) == []
    expect(page.locator("[id='as-octocat']")).to_contain_text("<xss-mark")

    page.fill("#login", EVIL)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert wrong(page) == []
    page.click("[id='as-octocat']")
    page.wait_for_selector("#allow")
    assert wrong(page) == []

    page.goto(f"{live.origin}{path}?{urlencode({**asked, 'client_id': EVIL})}")
    assert wrong(page) == []
    if path != GITHUB:
        # GitHub says so to the callback that is registered.
        page.goto(f"{live.origin}{path}?{urlencode({**asked, 'redirect_uri': f'javascript:hit()//{EVIL}'})}")
        assert wrong(page) == []


@pytest.mark.parametrize(
    "path",
    ["/login/device", "/common/oauth2/deviceauth", "/oidc/main/device", "/insforge-cloud/api/oauth/v1/device"],
)
def test_every_page_for_devices_shows_it_as_text(live, visit, path):
    page = open_browser(live, visit)
    page.goto(f"{live.origin}{path}?{urlencode({'user_code': EVIL})}")
    assert wrong(page) == []
    page.get_by_label("Code").fill(EVIL)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert wrong(page) == []


@pytest.mark.parametrize("reveal", ["", "?reveal=true"])
def test_the_files_of_a_login_have_it_as_data(live, sandbox, reveal):
    flow = haunt(sandbox).flows["evil"]
    for kind in ("har", "json", "pytest"):
        answer = requests.get(f"{live.origin}{OWN}/flows/{flow}/{kind}{reveal}", timeout=10)
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "html" not in answer.headers["Content-Type"]
        if kind == "pytest":
            compile(answer.text, "test_login.py", "exec")
        else:
            assert "<xss-mark onfocus=hit()" in json.dumps(answer.json())
    har = requests.get(f"{live.origin}{OWN}/flows/{flow}/har{reveal}", timeout=10).json()["log"]
    assert har["version"] == "1.2"
    assert [one["response"]["status"] for one in har["entries"]][-1] == 400
