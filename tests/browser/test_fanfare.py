"""A fan in Chromium: a brand's page of another origin signs in at Fanfare, and the code is in the mailbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from sandbox.core.mailbox import deliver
from tests.browser.test_looks import SIZES, keep
from tests.support.fanfare import ADDRESS, PK, SK, bearer

CALL = """async ([url, method, headers, body]) => {
  const sent = body ? {body: JSON.stringify(body)} : {}
  const answer = await fetch(url, {method, headers: {'Content-Type': 'application/json', ...headers}, ...sent})
  const text = await answer.text()
  const seen = ['X-RateLimit-Limit', 'X-Request-Id', 'X-Sandbox-Reason'].map(name => answer.headers.get(name) !== null)
  return {status: answer.status, body: text ? JSON.parse(text) : null, seen}
}"""


@pytest.fixture
def shop(visit: Any, callback: str) -> Page:
    """A page of the brand, on an origin of its own."""
    page: Page = visit(callback)
    return page


def call(page: Page, url: str, method: str = "POST", body: Any = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return page.evaluate(CALL, [url, method, named, body])


def test_a_page_of_another_origin_signs_in_and_out(live, sandbox, shop):
    assert urlsplit(shop.url).netloc != urlsplit(live.origin).netloc
    identity = {"provider": "okta", "issuer": "https://brand.example.test", "subject": "user-1"}
    # The brand's backend does this, where nobody can see the secret key.
    code = sandbox.post("/api/auth/external/authorize", json=identity, headers=bearer(SK)).json["exchangeCode"]
    exchange, key = f"{live.origin}/api/auth/external/exchange", {"X_Publishable_Key": PK}

    session = call(shop, exchange, body={"exchangeCode": code}, **key, DPoP="a.b.c")
    again = call(shop, exchange, body={"exchangeCode": code}, **key)
    renewed = call(shop, f"{live.origin}/auth/refresh", body={"refreshToken": session["body"]["refreshToken"]}, **key)
    token = f"Bearer {renewed['body']['accessToken']}"
    me = call(shop, f"{live.origin}/consumers/me", "GET", **key, Authorization=token)
    done = call(shop, f"{live.origin}/auth/logout", Authorization=token)

    assert (session["status"], session["body"]["session"]["type"]) == (200, "authenticated")
    assert session["seen"] == [True, True, False]
    assert (again["status"], again["body"]) == (401, {"error": "invalid_exchange_code"})
    assert me["body"]["id"] == session["body"]["session"]["consumerId"]
    assert (done["status"], done["body"]) == (204, None)


def test_a_page_may_call_with_credentials(live, shop):
    """The vendor's SDK can be told to; there are no cookies to send."""
    status = shop.evaluate(
        "async ([url, key]) => (await fetch(url, {method: 'POST', credentials: 'include', "
        "headers: {'X-Publishable-Key': key}})).status",
        [f"{live.origin}/api/auth/guest", PK],
    )

    assert status == 200


def test_a_fan_finds_the_code_in_the_mailbox(live, shop, visit):
    key = {"X_Publishable_Key": PK}
    sent = call(shop, f"{live.origin}/api/auth/otp/request", body={"email": ADDRESS}, **key)
    call(shop, f"{live.origin}/api/auth/otp/request", body={"phone": "+12125550100"}, **key)

    mailbox = visit(live.origin)
    mailbox.click("#mailbox")
    expect(mailbox.locator(".mails > li")).to_have_count(2)
    mailbox.get_by_label("To").fill(ADDRESS)
    mailbox.get_by_label("Sent by").select_option("Fanfare")
    mailbox.click("#filter")
    (text,) = mailbox.locator(".mail-text").all_inner_texts()
    otp = text.split(" is ")[1][:6]

    session = call(shop, f"{live.origin}/api/auth/otp/verify", body={"email": ADDRESS, "code": otp}, **key)
    assert sent["body"] == {"ok": True}
    assert (session["status"], session["body"]["session"]["email"]) == (200, ADDRESS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mailbox_fits(live, visit, sandbox, scheme, size):
    page = visit(f"{live.origin}/_sandbox/mailbox", color_scheme=scheme, viewport=SIZES[size])
    keep(page, f"mailbox-empty-{size}-{scheme}")
    long = f"{'a-very-long-name-' * 8}@example.test"
    with sandbox.world() as world:
        for to, text in ((ADDRESS, "Your verification code is 123456."), (long, "One line.\nAnother line.")):
            deliver(world, service="fanfare", to=to, subject="Your verification code", text=text)
    page.reload()
    expect(page.locator(".mails > li")).to_have_count(2)
    keep(page, f"mailbox-{size}-{scheme}")
    page.goto(f"{live.origin}/_sandbox/mailbox?to=nobody")
    keep(page, f"mailbox-nothing-fits-{size}-{scheme}")
