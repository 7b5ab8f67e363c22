"""The mailbox: what services would have sent to people, as a page and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.mailbox import MOST_SHOWN, deliver

PAGE, API = "/_sandbox/mailbox", "/_sandbox/api/mailbox"


def send(sandbox: Any, to: str = "a@example.test", **more: str) -> None:
    with sandbox.world() as world:
        deliver(world, **{"service": "fanfare", "to": to, "subject": "A code", "text": "It is 123456.", **more})


def listed(sandbox: Any, **query: str) -> list[str]:
    return [mail["to"] for mail in sandbox.get(API, query_string=query).json["mail"]]


def test_nothing_is_in_a_new_mailbox(sandbox):
    assert sandbox.get(API).json == {"mail": []}
    assert "No mail yet." in sandbox.get(PAGE).text


def test_a_mail_is_shown_as_it_was_sent(sandbox):
    with sandbox.world() as world:
        world.set_clock(world.clock.at(1_800_000_000).frozen())
    send(sandbox, text="First line.\nIt is <b>123456</b>.")
    (mail,) = sandbox.get(API).json["mail"]

    assert mail.pop("id") > 0
    assert mail == {
        "service": "fanfare",
        "to": "a@example.test",
        "subject": "A code",
        "text": "First line.\nIt is <b>123456</b>.",
        "sent_at": 1_800_000_000,
    }
    page = sandbox.get(PAGE).text
    for text in ("Fanfare to", "a@example.test", "2027-01-15 08:00:00 UTC", "&lt;b&gt;123456&lt;/b&gt;", "1 mail<"):
        assert text in page


def test_the_latest_mail_comes_first(sandbox):
    for to in ("a@example.test", "b@example.test", "+12125550100"):
        send(sandbox, to)

    assert listed(sandbox) == ["+12125550100", "b@example.test", "a@example.test"]


def test_mails_are_chosen_by_recipient_and_by_service(sandbox):
    send(sandbox, "a@example.test")
    send(sandbox, "+12125550100", service="insforge")

    assert listed(sandbox, to=" A@Example.test ") == ["a@example.test"]
    assert listed(sandbox, to="+12125550100") == ["+12125550100"]
    assert listed(sandbox, service="fanfare") == ["a@example.test"]
    assert listed(sandbox, service="fanfare", to="+12125550100") == listed(sandbox, to="a") == []
    page = sandbox.get(PAGE, query_string={"service": "insforge", "to": "a@example.test"}).text
    assert "No mail fits." in page
    assert '<option value="insforge" selected>InsForge</option>' in page
    assert 'value="a@example.test"' in page


def test_the_oldest_of_many_mails_are_not_shown(sandbox):
    for number in range(MOST_SHOWN + 1):
        send(sandbox, f"{number}@example.test")

    assert len(listed(sandbox)) == MOST_SHOWN
    assert "0@example.test" not in listed(sandbox)
    assert f"The latest {MOST_SHOWN}" in sandbox.get(PAGE).text


@pytest.mark.parametrize("path", [PAGE, API])
def test_no_other_page_reads_the_mailbox(sandbox, path):
    send(sandbox)
    answer = sandbox.get(path, headers={"Origin": "https://evil.example.test"})

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_sender_that_is_no_service_is_named_as_it_is(sandbox):
    send(sandbox, service="somebody")

    assert "somebody to" in sandbox.get(PAGE).text


def test_the_home_page_leads_there(sandbox):
    assert f'href="{PAGE}"' in sandbox.get("/").text
