"""The journal from Python, what tests assert of it, and how it reads."""

from __future__ import annotations

import pytest
import requests

from sandbox.client import Finding, Request, Verdict
from sandbox.client.timeline import WIDTH, render_timeline


def log_in(idp):
    login = idp.login("github", "octocat", client="Iv1.sandboxclient")
    form = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": login.code}
    url = f"{idp.url}/login/oauth/access_token"
    return [requests.post(url, form, headers={"Accept": "application/json"}, timeout=10) for _ in range(2)]


def test_requests_are_found_by_what_is_known_of_them(idp):
    log_in(idp)

    first, second = idp.journal.requests("github", "access_token")
    assert (first.reason, second.reason) == (None, "CODE_ALREADY_REDEEMED")
    assert (second.client_id, second.login, second.method) == ("Iv1.sandboxclient", "octocat", "POST")
    assert idp.journal.requests(reason="CODE_ALREADY_REDEEMED") == [second]
    assert idp.journal.requests(operation="access_token", after=first.id) == [second]
    assert idp.journal.get(first.id) == first
    assert "sandbox-secret" not in repr(idp.journal.requests())


def test_the_journal_is_cleared(idp):
    log_in(idp)

    idp.journal.clear()

    assert idp.journal.requests() == []


def test_a_login_is_followed_through(idp):
    log_in(idp)

    (flow,) = idp.flows(client_id="Iv1.sandboxclient", login="octocat")

    assert flow.services == ("github",)
    whole = idp.flow(flow.id)
    assert [entry.operation for entry in whole.entries][-2:] == ["access_token", "access_token"]
    assert "code-replayed" in [finding.code for finding in whole.findings]


def test_what_was_requested_is_asserted_by_number(idp):
    log_in(idp)

    idp.assert_requested("github", "access_token")
    idp.assert_requested("github", "access_token", times=2, client_id="Iv1.sandboxclient")
    idp.assert_requested("azure", times=0)
    with pytest.raises(AssertionError, match=r"github access_token: requested 2 times, not 1 times") as failed:
        idp.assert_requested("github", "access_token", times=1)
    assert "CODE_ALREADY_REDEEMED: the code was redeemed" in str(failed.value)
    with pytest.raises(AssertionError, match="azure token: requested 0 times, not at least once"):
        idp.assert_requested("azure", "token")


def test_a_client_passes_or_not_by_the_verdict(idp):
    with pytest.raises(AssertionError, match="nothing to judge"):
        idp.assert_passed()
    log_in(idp)

    with pytest.raises(AssertionError, match="error code-replayed"):
        idp.assert_passed("Iv1.sandboxclient")
    with pytest.raises(AssertionError, match="no request of nobody"):
        idp.assert_passed("nobody")


def test_a_timeline_groups_by_login_and_fits_the_screen():
    about = {"service": "github", "operation": "access_token", "method": "POST", "at": 1_800_000_000}
    long = "/login/oauth/" + "x" * 200
    requests_ = [
        Request(id=1, path="/login", status=200, flow="a", **about),
        Request(id=2, path=long, status=500, flow="b", login="alice", client_id="shop", **about),
        Request(
            id=3,
            path="/token",
            status=200,
            flow="a",
            reason="CODE_EXPIRED",
            detail="it is " + "so " * 60 + "old",
            **about,
        ),
        Request(id=4, path="/jwks", status=200, fault="github: slow", **about),
    ]
    finding = Finding("state-missing", "error", "there is no state " * 9)

    shown = render_timeline(requests_, [Verdict("shop", "github", False, 1, (finding,))])

    lines = shown.splitlines()
    assert max(map(len, lines)) <= WIDTH == 100
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings == ["login a", "login b: alice at shop", "outside of any login", "shop at github: failed"]
    assert lines[1] == "  08:00:00 200 POST   /login"
    assert lines[2] == "           github access_token, 0.0 ms"
    assert "           ! made to go wrong by github: slow" in lines
    assert any(line.startswith("           > CODE_EXPIRED: it is so") for line in lines)
    assert any(line.startswith("  - error state-missing: there is no state") for line in lines)


def test_no_requests_are_said_to_be_none():
    assert render_timeline([]) == "no requests"
