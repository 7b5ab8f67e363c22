"""A person in Chromium tries logins: from the front door, hop by hop, to the session and the page of its flow."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sandbox.threads import ThreadServer
from tests.support.tours import TRIPS, Trip, name

FANFARE, GMI = ("oidc", "fanfare", "external"), ("github", "gmi", "code")
INSFORGE, JITSUDO = ("oidc", "insforge", "oauth"), ("oidc", "jitsudo", "login")
PRISME = ("azure", "prisme", "login")
MOST_HOPS, MOST_TABS = 10, 120
NOW = "#now .button-go"

each_pair = pytest.mark.parametrize("trip", [trip for trip in TRIPS if trip[1]], ids=name)


def open_home(live: ThreadServer, visit: Any, **options: Any) -> Page:
    """Some exchanges have their callback registered for this name alone."""
    page: Page = visit(live.origin.replace("127.0.0.1", "localhost"), **options)
    return page


def press(page: Page, selector: str) -> None:
    """Click, and wait for the page that comes of it."""
    with page.expect_navigation():
        page.click(selector)


def start(page: Page, trip: Trip) -> None:
    press(page, ".hero-actions .button-go")
    page.check(f"input[value='{'/'.join(part for part in trip if part)}']")
    press(page, "#start")
    expect(page.locator("#now")).to_be_visible()


def begin(live: ThreadServer, visit: Any, trip: Trip, hops: int = 0) -> Page:
    """The page of a new tour, for whose first hops the sandbox signs in."""
    page = open_home(live, visit)
    start(page, trip)
    for _ in range(hops):
        press(page, "#send")
    return page


def sign_in(page: Page, login: str = "alice") -> None:
    """Go to the provider, sign in there and agree, as far as asked; the browser comes back to the tour."""
    press(page, "#open")
    for button in (f"as-{login}", "allow"):
        if page.locator(f"[id='{button}']").count():
            press(page, f"[id='{button}']")
    expect(page.locator("#now")).to_be_visible()


def go_to_the_end(page: Page) -> None:
    for _ in range(MOST_HOPS):
        if page.locator(".hop-end").count():
            return
        if page.locator("#open").count():
            sign_in(page)
        else:
            press(page, "#send")
        expect(page.locator(".hop-bad:has(.hop-body[open])")).to_have_count(0)
    raise AssertionError("the tour has no end")


def break_it(page: Page, kind: str) -> None:
    press(page, f"button[name=break][value='{kind}']")


@each_pair
def test_a_person_signs_in_at_the_providers_own_pages_and_sees_the_whole_login(live, visit, trip):
    page = open_home(live, visit)
    start(page, trip)
    go_to_the_end(page)

    hops = page.locator(".hop-good").count()
    assert page.locator(".hop-bad").count() == 0
    tokens = page.locator("#now .token").count()
    press(page, NOW)

    expect(page.locator(".diagram-box svg")).to_be_visible()
    expect(page.locator(".flow-head .tag")).to_have_text("Succeeded")
    # A sign-in in a person's own browser is several requests.
    assert page.locator(".leg").count() >= hops
    assert page.locator(".tokens .token").count() >= tokens
    if page.locator(".tokens").count():
        leg = page.locator(".leg:has(.tokens)").first
        if leg.get_attribute("open") is None:
            leg.locator(".leg-title").click()
        leg.locator(".token-name").first.click()
        expect(leg.locator(".token[open] .claims tbody tr").first).to_be_visible()


@pytest.mark.parametrize(
    ("trip", "hops", "kind", "said", "reason"),
    [
        (FANFARE, 1, "client-secret-wrong", "invalid_client", "CLIENT_SECRET_WRONG"),
        (FANFARE, 3, "exchangecode-unknown", "Fanfare says", "CODE_UNKNOWN"),
        (PRISME, 2, "browser-other", "begun in another browser", "CODE_UNKNOWN"),
        (JITSUDO, 0, "slug-wrong", "domain not registered", "OBJECT_UNKNOWN"),
    ],
    ids=["the token endpoint", "an exchange", "the callback of an exchange", "the start at an exchange"],
)
def test_a_broken_step_is_refused_and_mended(live, visit, trip, hops, kind, said, reason):
    page = begin(live, visit, trip, hops)
    break_it(page, kind)

    refusal = page.get_by_role("group", name="The refusal")
    expect(refusal).to_contain_text(said)
    expect(refusal).to_contain_text("The true cause")
    expect(refusal).to_contain_text(reason)

    press(page, "#over" if page.locator("#over").count() else "#send" if hops else NOW)
    go_to_the_end(page)
    expect(page.locator(".hop-end")).to_be_visible()


def test_the_application_refuses_the_callback_of_somebody_elses_login(live, visit):
    page = begin(live, visit, FANFARE)
    break_it(page, "state-of-another")
    expect(page.locator("#open")).to_contain_text("Open it, broken")
    sign_in(page)

    refusal = page.get_by_role("group", name="The refusal")
    expect(refusal).to_contain_text("Your application says")
    expect(refusal).to_contain_text("a login that this browser has not begun")
    expect(page.locator(".check-bad")).to_contain_text("state")

    sign_in(page)
    go_to_the_end(page)


def test_who_presses_cancel_at_the_provider_is_told_what_the_application_gets(live, visit):
    page = begin(live, visit, FANFARE)
    press(page, "#open")
    press(page, "#deny")

    expect(page.get_by_role("group", name="The refusal")).to_contain_text("access_denied")
    sign_in(page)
    go_to_the_end(page)


def test_a_provider_that_sends_nobody_back_is_left_by_the_back_button(live, visit):
    page = begin(live, visit, INSFORGE, hops=1)
    break_it(page, "redirect-uri-foreign")
    tour = page.url
    press(page, "#open")
    expect(page.get_by_role("heading", level=1)).to_have_text("invalid_request")

    page.goto(tour)
    expect(page.get_by_role("group", name="The refusal")).to_contain_text("REDIRECT_URI_MISMATCH")
    sign_in(page)
    go_to_the_end(page)


def test_going_back_and_looking_again_change_nothing(live, visit):
    page = begin(live, visit, GMI)
    press(page, "#open")
    page.go_back()
    expect(page.locator("#open")).to_be_visible()
    sign_in(page)
    page.reload()
    expect(page.locator(".hop-good")).to_have_count(1)
    press(page, "#send")
    page.go_back()
    expect(page.locator(".hop-good")).to_have_count(2)
    page.reload()
    expect(page.locator(".hop-good")).to_have_count(2)
    go_to_the_end(page)


def test_a_page_that_is_out_of_date_only_comes_up_to_date(live, visit):
    page = begin(live, visit, GMI)
    other = page.context.new_page()
    other.goto(page.url)
    press(page, "#send")
    press(other, "#send")

    expect(other.locator("#done")).to_contain_text("taken already")
    expect(other.locator(".hop-good")).to_have_count(1)


def test_a_person_needs_no_javascript(live, visit):
    page = open_home(live, visit, java_script_enabled=False)
    start(page, FANFARE)
    go_to_the_end(page)
    press(page, NOW)

    expect(page.locator(".flow-head .tag")).to_have_text("Succeeded")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what the selector means has the focus, and then Enter."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_a_person_needs_no_mouse(live, visit):
    page = open_home(live, visit)
    tab_to(page, ".hero-actions a")
    tab_to(page, "#start")
    tab_to(page, "#open")
    tab_to(page, "[id='as-octocat']")
    if page.locator("#allow").count():
        tab_to(page, "#allow")
    while page.locator("#send").count():
        tab_to(page, "#send")

    expect(page.locator(".hop-end h2")).to_have_text("Signed in")
    tab_to(page, NOW)
    expect(page.locator(".flow-head h1")).to_contain_text("octocat")
