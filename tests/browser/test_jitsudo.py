"""A person in Chromium signs in for JITSudo, and lands on the page that posts the code, once."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from sandbox.threads import ThreadServer
from tests.support.looks import SIZES, look

# Starting Chromium and swapping a code take their time on a busy machine.
PATIENCE = 20_000


def begin(live: ThreadServer, visit: Any, prefix: str = "", slug: str = "contoso", **options: Any) -> Page:
    """The sign-in page of a tenant's people."""
    body = {"slug": slug, "redirect_uri": f"{live.origin}{prefix}/v1/auth/callback"}
    started = requests.post(f"{live.origin}/jitsudo/_sandbox/login-url", json=body, timeout=10).json()
    page: Page = visit(started["authorize_url"], **options)
    return page


def sign_in(page: Page, login: str) -> None:
    page.click(f"[id='as-{login}']")
    page.click("[id='allow']")
    page.wait_for_url("**/v1/auth/callback**")


def posts(page: Page) -> list[str]:
    """The exchanges that a page asks for from now on."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if request.method == "POST" else None)
    return seen


def claim(page: Page, name: str) -> str:
    row = page.locator("#claim-rows tr").filter(has=page.locator("th", has_text=name))
    return row.locator("td").inner_text()


@pytest.mark.parametrize(("prefix", "slug"), [("", "contoso"), ("/jitsudo", "fabrikam")])
def test_the_page_shows_what_came_and_completes_the_login(live, visit, prefix, slug):
    page = begin(live, visit, prefix, slug)
    sign_in(page, "alice")

    expect(page.locator("#step")).to_have_text("You are signed in.", timeout=PATIENCE)
    assert len(page.locator("#code").inner_text()) > 20
    assert bool(page.locator("#state").inner_text()) is (slug == "contoso")
    assert page.locator("#redirect-uri").inner_text() == f"{live.origin}{prefix}/v1/auth/callback"
    assert claim(page, "email") == "alice@contoso.test"
    assert claim(page, "groups") == '["engineers","everyone"]'
    assert claim(page, "iss") == "jitsudo"
    expect(page.locator("#refusal")).to_be_hidden()


def test_the_code_is_posted_once_whatever_the_person_does(live, visit, sandbox):
    page = begin(live, visit)
    sign_in(page, "alice")
    expect(page.locator("#step")).to_have_text("You are signed in.", timeout=PATIENCE)
    assert "code=" not in page.url

    later = posts(page)
    page.reload()
    expect(page.locator("#step")).to_have_text("There is nothing to post: the browser brought no code.")
    page.goto(f"{live.origin}/")
    page.go_back()

    expect(page.locator("#step")).to_contain_text("nothing to post")
    assert later == []
    exchanges = [entry for entry in sandbox.journal() if entry.operation == "exchange_code"]
    assert [entry.status for entry in exchanges] == [200]


def test_a_refusal_is_shown_with_its_notices_and_its_cause(live, visit):
    page = begin(live, visit)
    sign_in(page, "blocked")

    expect(page.locator("#step")).to_have_text("The sign-in was refused.", timeout=PATIENCE)
    expect(page.locator("#problem-text")).to_have_text(
        "Denied by policy · Your access is suspended. Ask the security team."
    )
    expect(page.locator("#status")).to_have_text("403")
    expect(page.locator("#answer")).to_contain_text('"code": "policy_denied"')
    expect(page.locator("#reason")).to_contain_text("ACCESS_BLOCKED; the rule")
    expect(page.locator("#claims")).to_be_hidden()


def test_an_error_of_the_provider_is_shown_and_nothing_posted(live, visit):
    page = begin(live, visit)
    later = posts(page)
    page.click("[id='as-alice']")
    page.click("[id='deny']")
    page.wait_for_url("**/v1/auth/callback**")

    expect(page.locator("[role=alert]").first).to_contain_text("access_denied")
    assert [url for url in later if "callback" in url] == []


def test_without_javascript_the_page_says_what_it_needs(live, visit):
    page = visit(f"{live.origin}/v1/auth/callback?code=abc&state=def", java_script_enabled=False)

    expect(page.locator("#step")).to_contain_text("needs JavaScript")
    assert (page.locator("#code").inner_text(), page.locator("#state").inner_text()) == ("abc", "def")


def test_what_the_browser_brings_is_text(live, visit):
    hostile = "<img src=x onerror=alert(1)>"
    page = visit(f"{live.origin}/v1/auth/callback?code={hostile}&state={hostile}&error=&error_description={hostile}")

    expect(page.locator("#step")).to_have_text("The sign-in was refused.", timeout=PATIENCE)
    assert page.locator("#code").inner_text() == hostile
    expect(page.locator("#problem-text")).to_have_text("Invalid or expired state")


@pytest.mark.parametrize("size", SIZES)
def test_the_page_is_fit_to_be_seen(live, visit, size):
    page = begin(live, visit, viewport=SIZES[size])
    sign_in(page, "long-name")
    expect(page.locator("#step")).to_have_text("You are signed in.", timeout=PATIENCE)
    look(page, f"jitsudo-callback-{size}", grows=True)
    page.goto(f"{live.origin}/v1/auth/callback?code=0123456789&state=made-up")
    expect(page.locator("#refusal")).to_be_visible(timeout=PATIENCE)
    look(page, f"jitsudo-refused-{size}", grows=True)
    page.goto(f"{live.origin}/v1/auth/callback")
    look(page, f"jitsudo-nothing-{size}")
