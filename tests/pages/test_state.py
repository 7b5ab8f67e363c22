"""The banner that tells what is not as it was at the start, on own pages and on those of services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.github import CLIENT
from tests.support.own_pages import links, words
from tests.support.statements import asked

API, SIGN_IN = "/_sandbox/api", f"/login/oauth/authorize?client_id={CLIENT}"
PAGES = ["/", "/_sandbox/clock", SIGN_IN, "/login/oauth/authorize?client_id=nobody", "/nothing"]
BANNER = '<aside class="state"'
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def statements(app: Any) -> Iterator[list[str]]:
    """What the database is asked."""
    with asked(app) as heard:
        yield heard


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_told_where_all_is_as_it_was(sandbox, path):
    assert BANNER not in sandbox.get(path, headers=BROWSER).text


@pytest.mark.parametrize("path", PAGES)
def test_the_world_its_clock_and_its_faults_are_told_on_every_page(sandbox, path):
    sandbox.put(f"/w/t1{API}/clock", json={"now": 1_800_000_000, "frozen": True})
    sandbox.post(f"/w/t1{API}/faults", json={"recipe": "prisme: session-expired"})
    sandbox.post(f"/w/t1{API}/faults", json={"service": "prisme", "delay": {"seconds": 1}})
    page = sandbox.get(f"/w/t1{path}", headers=BROWSER)

    shown = words(page)
    assert "World t1" in shown
    assert "The clock stands at 2027-01-15 08:00:00 UTC" in shown
    assert "2 faults are armed : prisme: session-expired, delay at prisme" in shown
    assert {f"/w/t1/_sandbox/{name}" for name in ("worlds", "clock", "faults")} <= set(links(page))


def test_own_pages_put_it_right_by_one_click_and_others_only_tell(sandbox):
    sandbox.post(f"{API}/clock/advance", json={"minutes": 11})
    sandbox.post(f"{API}/faults", json={"recipe": "prisme: session-expired"})

    assert "Back to real time" not in words(sandbox.get(SIGN_IN))
    assert "Remove all" not in words(sandbox.get(SIGN_IN))
    shown = words(sandbox.get("/_sandbox/mailbox"))
    assert "The clock is 11 minutes ahead Back to real time" in shown
    assert "1 fault is armed : prisme: session-expired Remove all" in shown
    sandbox.post("/_sandbox/clock", data={"do": "real"})
    sandbox.post("/_sandbox/faults", data={"do": "remove-all"})
    assert BANNER not in sandbox.get("/_sandbox/mailbox").text


def test_faults_that_are_over_are_not_told(sandbox):
    sandbox.post(f"{API}/faults", json={"service": "github", "operation": "authorize", "delay": {"seconds": 0}})
    sandbox.post(f"{API}/faults", json={"recipe": "prisme: session-expired"})
    sandbox.get(SIGN_IN)

    assert "1 fault is armed" in words(sandbox.get(SIGN_IN))


def test_a_page_of_a_service_on_its_own_host_tells_it_without_links(sandbox):
    sandbox.post(f"{API}/clock/advance", json={"days": -2})
    page = sandbox.get(SIGN_IN, base_url="http://github.localhost")

    assert "The clock is 2 days behind" in words(page)
    assert not [link for link in links(page) if "_sandbox" in link]


def test_who_asks_for_an_unknown_host_is_refused_without_a_world(sandbox):
    sandbox.post(f"{API}/clock/advance", json={"days": 2})
    page = sandbox.get("/", base_url="http://evil.example.test", headers=BROWSER)

    assert page.status_code == 421
    assert BANNER not in page.text


def test_the_database_is_asked_for_faults_only_where_some_are_armed(sandbox, statements):
    for path in (SIGN_IN, "/_sandbox/mailbox", "/nothing"):
        sandbox.get(path, headers=BROWSER)
    assert not [statement for statement in statements if "faults.id" in statement]
    sandbox.post(f"{API}/faults", json={"recipe": "prisme: session-expired"})
    statements.clear()
    sandbox.get("/_sandbox/mailbox")
    assert len([statement for statement in statements if "faults.id" in statement]) == 1
