"""A person in Chromium opens a project in the console of InsForge Cloud; its dashboard asks for a code and swaps it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from sandbox.core import tables
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.conftest import HouseClient
from tests.support.looks import SIZES, look

CLOUD, PROJECT = "insforge-cloud", "sandbox-project"
SIGNED_IN = "You are signed in as an administrator."
WAIT = 15_000
# Starting Chromium and swapping a code take their time on a busy machine.
PATIENCE = 20_000


def open_project(live: ThreadServer, visit: Any, **options: Any) -> Page:
    """Sign in to the console and open the project."""
    page: Page = visit(f"{live.origin}/console", **options)
    page.click("[id='as-alice']")
    page.click(f"[id='open-{PROJECT}']")
    page.wait_for_url(f"**/console/{PROJECT}")
    return page


def dashboard(page: Page) -> FrameLocator:
    return page.frame_locator("#dashboard")


def change(sandbox: HouseClient, slug: str, **settings: Any) -> None:
    with sandbox.world() as world:
        changed = {**world.settings, slug: {**world.settings[slug], **settings}}
        world.store.change(tables.World, {"settings": changed})


def move_dashboard(sandbox: HouseClient, origin: str) -> str:
    """Have the project's dashboard on another origin, which the console trusts; where it is."""
    with sandbox.world() as world:
        project = {**world.settings[CLOUD]["projects"][0], "dashboard_url": f"{origin}/insforge/dashboard"}
    change(sandbox, CLOUD, projects=[project], trusted_origins=[origin])
    return str(project["dashboard_url"])


def elsewhere(live: ThreadServer) -> str:
    return live.origin.replace("127.0.0.1", "localhost")


def said(page: Page) -> list[str]:
    return page.locator("#messages li").all_inner_texts()


def test_the_dashboard_in_the_frame_becomes_an_admin_session(live, visit):
    page = open_project(live, visit)
    inside = dashboard(page)

    expect(inside.locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    expect(inside.locator("#session-sub")).to_contain_text("cloud:")
    expect(inside.locator("#context-project")).to_have_text("Sandbox project (us-east)")
    expect(inside.locator("#context-user")).to_have_text("alice@contoso.test")
    inside.get_by_role("button", name="Check the session").click()
    expect(inside.locator("#state")).to_have_text("The session is good.")
    assert set(said(page)) == {
        "frame → console: REQUEST_PROJECT_INFO",
        "console → frame: PROJECT_INFO",
        "frame → console: REQUEST_USER_INFO",
        "console → frame: USER_INFO",
        "frame → console: REQUEST_AUTHORIZATION_CODE",
        "console → frame: AUTHORIZATION_CODE",
    }


def test_the_dashboard_in_a_tab_gets_its_code_and_nothing_else(live, visit, watch):
    page = open_project(live, visit)
    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open the dashboard in a tab").click()
    tab = opened.value
    watch.over(tab)
    expect(tab.locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    # What is no code is not listened to: the code that comes after it is the proof that it was heard.
    page.evaluate("tab.postMessage({type: 'PROJECT_INFO', name: 'x', region: 'y'}, settings.dashboardOrigin)")
    page.evaluate("tab.postMessage({type: 'AUTHORIZATION_CODE', code: 'abc'}, settings.dashboardOrigin)")

    expect(tab.locator("#problem-text")).to_contain_text("Invalid Compact JWS", timeout=PATIENCE)
    expect(tab.locator("#context")).to_be_hidden()
    assert [line for line in said(page) if "tab" in line] == [
        "tab → console: REQUEST_AUTHORIZATION_CODE",
        "console → tab: AUTHORIZATION_CODE",
    ]


@pytest.mark.parametrize("kind", ["AUTHORIZATION_CODE_ERROR", "AUTH_ERROR"])
def test_an_error_of_the_console_is_shown(live, visit, sandbox, kind):
    page = open_project(live, visit)
    inside = dashboard(page)
    expect(inside.locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    with sandbox.world() as world:
        arm_fault(world, CLOUD, "project_code", Reason.PERMISSION_DENIED)
    if kind == "AUTH_ERROR":
        page.evaluate("void (code = async () => ({type: 'AUTH_ERROR', message: 'Not today'}))")

    inside.get_by_role("button", name="Ask again").click()

    told = "Not today" if kind == "AUTH_ERROR" else "Insufficient permissions for requested operation"
    expect(inside.locator("#problem-text")).to_have_text(told)
    assert f"console → frame: {kind} ({told})" in said(page)


def test_a_console_that_is_silent_is_waited_for_a_quarter_of_a_minute(live, visit):
    page = open_project(live, visit)
    inside = dashboard(page)
    expect(inside.locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    page.context.clock.install()
    page.evaluate("void (code = () => new Promise(() => {}))")
    inside.get_by_role("button", name="Ask again").click()
    expect(inside.locator("#state")).to_have_text("Asking the console for a code …")

    page.context.clock.fast_forward(WAIT - 1000)
    expect(inside.locator("#problem")).to_be_hidden()
    page.context.clock.fast_forward(1001)

    expect(inside.locator("#problem-text")).to_have_text("Authorization code request timed out")


def test_whoever_presses_twice_asks_once(live, visit):
    page = open_project(live, visit)
    inside = dashboard(page)
    expect(inside.locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    page.evaluate("void (window.answers = [], code = () => new Promise((answer) => answers.push(answer)))")

    for _ in range(2):
        inside.get_by_role("button", name="Ask again").click()
    page.wait_for_function("answers.length > 0")
    page.evaluate("answers.forEach((answer) => answer({type: 'AUTH_ERROR', message: 'Not today'}))")

    expect(inside.locator("#problem-text")).to_have_text("Not today")
    assert said(page).count("frame → console: REQUEST_AUTHORIZATION_CODE") == 2


def test_a_console_of_another_origin_is_heard_if_it_is_trusted(live, visit, sandbox):
    move_dashboard(sandbox, elsewhere(live))
    change(sandbox, "insforge", trusted_origins=[live.origin])
    page = open_project(live, visit)

    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)


def test_a_dashboard_is_heard_however_the_fixture_writes_its_origin(live, visit, sandbox):
    move_dashboard(sandbox, elsewhere(live).replace("localhost", "LOCALHOST"))
    change(sandbox, "insforge", trusted_origins=[live.origin])
    page = open_project(live, visit)

    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)


def test_a_console_that_is_not_trusted_is_not_heard(live, visit, sandbox, watch):
    move_dashboard(sandbox, live.origin)
    page = open_project(live, visit)
    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    url = move_dashboard(sandbox, elsewhere(live))
    page.context.clock.install()
    # In a tab: a frame of a stranger would not even load.
    page.evaluate("url => { settings.dashboardUrl = url; settings.dashboardOrigin = new URL(url).origin }", url)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open the dashboard in a tab").click()
    tab = opened.value
    watch.over(tab)

    expect(page.locator("#messages")).to_contain_text("console → tab: AUTHORIZATION_CODE")
    expect(tab.locator("#state")).to_have_text("Asking the console for a code …")
    page.context.clock.fast_forward(WAIT + 1)

    expect(tab.locator("#problem-text")).to_have_text("Authorization code request timed out")


def test_a_page_that_takes_the_dashboards_place_gets_nothing(live, visit, sandbox):
    page = open_project(live, visit)
    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    before = said(page)

    page.evaluate("window.postMessage({type: 'REQUEST_AUTHORIZATION_CODE'}, '*')")
    dashboard(page).get_by_role("button", name="Ask again").click()
    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    expect(page.locator("#messages li")).to_have_count(2 * len(before))


def test_a_dashboard_that_nobody_opened_says_so(live, visit):
    page = visit(f"{live.origin}/insforge/dashboard")

    expect(page.locator("#problem-text")).to_have_text(
        "Open this page from the console: nobody is there to ask for a code."
    )


def test_without_javascript_the_pages_say_what_is_missing(live, visit):
    page = open_project(live, visit, java_script_enabled=False)

    expect(page.get_by_text("which needs JavaScript")).to_be_visible()


def test_a_person_signs_out_of_the_console(live, visit):
    page = visit(f"{live.origin}/console")
    page.click("[id='as-alice']")
    page.get_by_role("button", name="Not you? Sign out").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to InsForge Cloud")


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_fit_to_be_seen(live, visit, size):
    page = visit(f"{live.origin}/console", viewport=SIZES[size])
    look(page, f"insforge-sign-in-{size}")
    page.click("[id='as-alice']")
    page.wait_for_selector(f"[id='open-{PROJECT}']")
    look(page, f"insforge-console-{size}")
    page.click(f"[id='open-{PROJECT}']")
    expect(dashboard(page).locator("#state")).to_have_text(SIGNED_IN, timeout=PATIENCE)
    look(page, f"insforge-project-{size}", grows=True)
    page.goto(f"{live.origin}/console/nope")
    look(page, f"insforge-error-{size}")
    page.goto(f"{live.origin}/insforge/dashboard")
    page.wait_for_selector("#problem:not([hidden])")
    look(page, f"insforge-dashboard-{size}", grows=True)
