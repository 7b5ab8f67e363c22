"""Signs people in with Playwright, on the real pages, as they would themselves.

Opens no browser: the page is the test's, at whichever provider its application has sent it to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def sign_in(
    page: Page,
    provider: str,
    *,
    as_: str,
    decision: Literal["allow", "deny"] = "allow",
    start: str | None = None,
    timeout: float = 10_000,
) -> None:
    """Choose the account `as_` on the provider's page, and allow or deny what the application asks for.

    `start` is opened first: a link of the application that leads to the provider. Whoever is not among the accounts
    shown is typed. It returns when the browser has left for the application; `provider` is told in errors.

    Raises playwright's TimeoutError if nobody is asked within `timeout` milliseconds; AssertionError if the person is
    turned away, and if a denial is wanted where nothing is asked.
    """
    if start:
        page.goto(start)
    account, typed, consent = page.locator(f'[id="as-{as_}"]'), page.locator("#login"), page.locator("#allow")
    account.or_(typed).or_(consent).first.wait_for(timeout=timeout)
    if consent.count() == 0:
        if account.count():
            _press(page, account, timeout)
        else:
            typed.fill(as_)
            _press(page, page.locator("#continue"), timeout)
    refused = page.locator("#message")
    if refused.count():
        raise AssertionError(f"{provider} turns {as_} away: {refused.inner_text().strip()}")
    if consent.count():
        _press(page, page.locator(f"#{decision}"), timeout)
    elif decision == "deny":
        raise AssertionError(f"{provider} asks {as_} for no consent, so there is nothing to deny; it is at {page.url}")


def _press(page: Page, button: Locator, timeout: float) -> None:
    """Press a button, and wait for the page that it leads to."""
    with page.expect_event("framenavigated", lambda frame: frame == page.main_frame, timeout=timeout):
        button.click(timeout=timeout)
    page.wait_for_load_state("domcontentloaded", timeout=timeout)
