"""The list of logins in Chromium comes up to date while it is looked at, and moves nothing that is in use."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from sandbox.threads import ThreadServer
from sandbox.web.pages import events
from tests.support.lived_in import API, log_in

FLOWS = "/_sandbox/flows"
# A stream is opened, heard and read again on a busy machine.
PATIENCE = 20_000


def open_list(live: ThreadServer, visit: Any, query: str = "", **options: Any) -> Page:
    page: Page = visit(f"{live.origin}{FLOWS}{query}", **options)
    expect(page.locator("#live")).to_have_attribute("data-state", "on", timeout=PATIENCE)
    return page


def row(page: Page, login: str) -> Any:
    return page.locator("#list tbody tr").filter(has_text=login)


def test_a_login_in_another_browser_appears_by_itself_and_comes_up_to_date(live, visit, sandbox):
    page = open_list(live, visit)
    expect(page.locator("#list")).to_contain_text("Nobody has signed in yet.")

    other = visit(f"{live.origin}/login/oauth/authorize?client_id=gmi-console&state=s")
    expect(row(page, "Nobody yet")).to_have_count(1, timeout=PATIENCE)
    other.click("[id='as-octocat']")
    other.wait_for_selector("#allow")

    expect(row(page, "octocat")).to_have_attribute("data-outcome", "pending", timeout=PATIENCE)
    expect(page.locator("#said")).to_contain_text("pending")
    page.click(".flows-link")
    expect(page.locator(".flow-head h1")).to_contain_text("octocat")


def test_a_refused_login_is_told_with_its_reason(live, visit, sandbox):
    page = open_list(live, visit)
    sandbox.post(f"{API}/faults", json={"service": "gmi", "refuse": {"reason": "CODE_EXPIRED"}})
    login = {"provider": "github", "identity": "octocat", "exchange": "gmi", "until": "session"}
    sandbox.post(f"{API}/login", json=login)

    expect(row(page, "octocat")).to_contain_text("CODE_EXPIRED", timeout=PATIENCE)
    expect(page.locator("#said")).to_have_text("octocat: refused")


def test_what_the_reader_is_about_to_press_stays_where_it_is(live, visit, sandbox):
    log_in(sandbox, "github", "octocat")
    page = open_list(live, visit)
    page.locator(".flows-link").focus()
    log_in(sandbox, "github", "alice")

    news = page.get_by_role("button", name="Show 1 new login")
    expect(news).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator(":focus")).to_have_text("octocat")
    news.click()

    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(page.locator(":focus")).to_have_text("alice")


def test_only_what_was_asked_for_appears(live, visit, sandbox):
    page = open_list(live, visit, "?login=alice")
    log_in(sandbox, "github", "octocat")
    log_in(sandbox, "github", "alice")

    expect(row(page, "alice")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_the_page_goes_on_when_its_stream_has_ended(live, visit, sandbox, monkeypatch):
    monkeypatch.setattr(events, "_LONGEST", 0)
    page = visit(live.origin)
    for reach in (lambda: page.goto(f"{live.origin}{FLOWS}"), lambda: None):
        with page.expect_request("**/flows/events*", timeout=PATIENCE):
            reach()
    monkeypatch.undo()
    log_in(sandbox, "github", "octocat")

    expect(row(page, "octocat")).to_have_count(1, timeout=PATIENCE)


def test_without_room_for_a_stream_the_page_looks_by_itself(live, visit, sandbox, monkeypatch):
    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    page = visit(f"{live.origin}{FLOWS}")
    expect(page.locator("#live")).to_have_text("Every 5 seconds", timeout=PATIENCE)
    log_in(sandbox, "github", "octocat")

    expect(row(page, "octocat")).to_have_count(1, timeout=PATIENCE)


def test_without_javascript_a_reload_has_the_news(live, visit, sandbox):
    page = visit(f"{live.origin}{FLOWS}", java_script_enabled=False)
    expect(page.locator("#live")).to_have_text("Reload for news")
    log_in(sandbox, "github", "octocat")
    page.reload()

    expect(page.locator("#list tbody tr")).to_have_count(1)
