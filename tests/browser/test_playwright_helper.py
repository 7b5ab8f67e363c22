"""The helper for Playwright, on the real pages of the providers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from sandbox.playwright import sign_in
from sandbox.threads import ThreadServer
from tests.support.person import query


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser."""
    with browser.new_context() as context:
        yield context.new_page()


def landing(live: ThreadServer) -> str:
    """The callback that both applications have registered; any port of localhost will do."""
    return f"http://localhost:{live.port}/_sandbox/callback"


def github(live: ThreadServer, **more: str) -> str:
    asked = {"client_id": "gmi-console", "redirect_uri": landing(live), "state": "s", **more}
    return f"{live.origin}/login/oauth/authorize?{urlencode(asked)}"


def azure(live: ThreadServer) -> str:
    asked = {
        "client_id": "11111111-1111-4111-8111-111111111111",
        "response_type": "code",
        "redirect_uri": landing(live),
        "scope": "openid User.Read",
    }
    return f"{live.origin}/contoso.test/oauth2/v2.0/authorize?{urlencode(asked)}"


def test_somebody_signs_in(page, live):
    page.goto(github(live))

    sign_in(page, "github", as_="octocat")

    assert page.url.startswith(landing(live))
    assert query(page.url)["code"]


def test_somebody_denies(page, live):
    sign_in(page, "azure", as_="alice", decision="deny", start=azure(live))

    assert query(page.url)["error"] == "access_denied"


def test_the_pages_of_azure_are_known_too(page, live):
    sign_in(page, "azure", as_="alice", start=azure(live))

    assert "code" in query(page.url)


def test_who_may_not_sign_in_is_turned_away_in_the_words_of_the_page(page, live):
    with pytest.raises(AssertionError, match=r"github turns deactivated away: .+"):
        sign_in(page, "github", as_="deactivated", start=github(live))


def test_who_is_not_listed_is_typed(page, live):
    with pytest.raises(AssertionError, match="github turns nobody away"):
        sign_in(page, "github", as_="nobody", start=github(live))


def test_nothing_is_denied_where_nothing_is_asked(page, live):
    sign_in(page, "github", as_="octocat", start=github(live))
    page.context.clear_cookies()

    with pytest.raises(AssertionError, match="asks octocat for no consent"):
        sign_in(page, "github", as_="octocat", decision="deny", start=github(live))


def test_a_page_that_asks_nobody_is_told(page, live):
    page.goto(f"{live.origin}/_sandbox/health")

    with pytest.raises(PlaywrightTimeout):
        sign_in(page, "github", as_="octocat", timeout=200)
