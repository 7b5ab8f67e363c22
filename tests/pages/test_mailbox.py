"""The mailbox: what services would have sent to people, as a page and as JSON."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.core.mailbox import MOST_SHOWN, deliver
from tests.support.forms import submit
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import links, words

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
    for text in (
        "<bdi>Fanfare</bdi> to",
        "a@example.test",
        "2027-01-15 08:00:00 UTC",
        "&lt;b&gt;<strong>123456</strong>&lt;/b&gt;",
    ):
        assert text in page
    assert "1 mail" in page


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

    assert "<bdi>somebody</bdi> to" in sandbox.get(PAGE).text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Your code is 123456. It expires in 10 minutes.", ["123456"]),
        ("It is 0007 and good for 3600 seconds.", ["0007"]),
        ("Type WDJB-4KQ7 at the device.", ["WDJB-4KQ7"]),
        ("Call +12125550100 before 2027-01-15, room X1.", []),
        ("Hello OCTOCAT, nothing to type.", []),
    ],
)
def test_codes_stand_out_and_can_be_copied(sandbox, text, codes):
    send(sandbox, text=text)
    page = sandbox.get(PAGE)

    assert re.findall("<strong>([^<]*)</strong>", page.text) == codes
    assert re.findall('aria-label="Copy the code ([^"]*)"', page.text) == codes


def test_an_address_of_the_sandbox_is_a_link_and_any_other_is_text(sandbox):
    others = (
        "https://localhost/verify",
        "http://localhost:81/verify",
        "http://localhost@evil.example.test/",
        "http://localhost.evil.example.test/123456",
        "http://localhost\\@evil.example.test/",
        "javascript:alert(1)",
        "http://[",
    )
    send(sandbox, text=f"Open http://localhost/verify?token=a&b=c. Not {' '.join(others)}")
    page = sandbox.get(PAGE)

    assert "http://localhost/verify?token=a&b=c" in links(page)
    assert all(
        "evil" not in link and "javascript" not in link and "verify?" in link for link in links(page) if "//" in link
    )
    for other in others:
        assert other in words(page)
    assert "<strong>123456" not in page.text


def test_the_mailbox_is_emptied_and_what_was_chosen_stays(sandbox):
    send(sandbox, "a@example.test")
    send(sandbox, "b@example.test")
    done = submit(sandbox, sandbox.get(f"{PAGE}?to=a@example.test"), "empty")

    assert listed(sandbox) == []
    assert done.headers["Location"] == f"{PAGE}?done=emptied&to=a%40example.test"
    assert "The mailbox is empty." in words(sandbox.get(done.headers["Location"]))


def test_each_world_has_its_own_mailbox(sandbox):
    send(sandbox)
    assert "No mail yet." in words(sandbox.get(f"/w/t1{PAGE}"))
    assert sandbox.post(f"/w/t1{PAGE}", data={"do": "empty"}).headers["Location"] == f"/w/t1{PAGE}?done=emptied"
    assert listed(sandbox) == ["a@example.test"]


def test_nobody_else_empties_it(sandbox):
    send(sandbox)

    assert sandbox.post(PAGE, data={"do": "empty"}, headers={"Origin": "https://evil.example.test"}).status_code == 403
    assert sandbox.post(PAGE, data={"do": "something"}).status_code == 400
    assert listed(sandbox) == ["a@example.test"]


@pytest.mark.parametrize("value", [value for value in HOSTILE.values() if "\0" not in value and "\ud800" not in value])
def test_hostile_mails_are_text(sandbox, value):
    send(sandbox, to=value, subject=value, text=f"http://localhost/{value} 123456{value}", service=value)
    page = sandbox.get(PAGE, query_string={"done": value})

    assert (page.status_code, complaint(page, PAGE)) == (200, "")


def test_the_home_page_leads_there(sandbox):
    assert f'href="{PAGE}"' in sandbox.get("/").text
