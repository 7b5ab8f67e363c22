"""The pages of logins: the list finds them, and each is shown hop by hop, with its refusals and tokens explained."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from sandbox import Config
from sandbox.core import tables
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, links, words

LIST, API = "/_sandbox/flows", "/_sandbox/api"
CALLBACK = "http://127.0.0.1:9999/callback"


def log_in(sandbox: Any, prefix: str = "", **asked: Any) -> str:
    """A whole login of octocat's at GitHub and GMI, unless something else is asked for; returns its flow."""
    body = {"provider": "github", "identity": "octocat", "exchange": "gmi", "until": "session", **asked}
    answer = sandbox.post(f"{prefix}{API}/login", json={key: value for key, value in body.items() if value})
    return str(answer.json["flow"]) if answer.status_code == 200 else newest(sandbox, prefix)


def newest(sandbox: Any, prefix: str = "") -> str:
    return str(sandbox.get(f"{prefix}{API}/flows").json["flows"][0]["id"])


def refuse(sandbox: Any, reason: str = "CODE_EXPIRED") -> str:
    """A login that GMI refuses; returns its flow."""
    sandbox.post(f"{API}/faults", json={"service": "gmi", "refuse": {"reason": reason}})
    return log_in(sandbox)


def page_of(sandbox: Any, flow: str, prefix: str = "", **query: str) -> Any:
    answer = sandbox.get(f"{prefix}{LIST}/{flow}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer


def listed(page: Any) -> list[str]:
    """The flows that a page of the list leads to, in its order."""
    return [link.rpartition("/")[2] for link in links(page) if "/flows/" in link]


class TestList:
    def test_at_first_it_says_how_to_begin(self, sandbox):
        page = sandbox.get(LIST)

        assert "Nobody has signed in yet." in words(page)
        assert "/_sandbox/try" in links(page)

    def test_it_tells_who_came_from_where_to_where_and_what_came_of_it(self, sandbox):
        sandbox.clock.freeze()
        flow = log_in(sandbox)

        page = sandbox.get(LIST)

        assert listed(page) == [flow]
        assert "Succeeded octocat GitHub to → GMI Cloud gmi-console 4" in words(page)

    def test_times_are_of_the_worlds_clock(self, sandbox):
        sandbox.put(f"{API}/clock", json={"now": "2031-05-06T07:08:09Z", "frozen": True})
        log_in(sandbox)

        assert "07:08:09 2031-05-06" in words(sandbox.get(LIST))

    def test_a_refused_login_tells_the_reason_and_by_whom(self, sandbox):
        refuse(sandbox)

        assert "Refused octocat GitHub to → GMI Cloud CODE_EXPIRED at GMI Cloud" in words(sandbox.get(LIST))

    def test_it_is_narrowed_by_application_person_and_outcome(self, sandbox):
        good, bad = log_in(sandbox), refuse(sandbox)
        other = log_in(sandbox, provider="oidc", identity="alice", exchange=None, until="code")

        def found(**query: str) -> list[str]:
            return listed(sandbox.get(LIST, query_string=query))

        assert found() == [other, bad, good]
        assert found(client_id="gmi-console") == [bad, good]
        assert found(login="alice") == [other]
        assert found(outcome="refused") == [bad]
        assert found(outcome="pending") == [other]
        assert found(outcome="succeeded", login="octocat") == [good]
        assert found(login="nobody") == []

    def test_what_was_asked_for_stays_in_the_fields(self, sandbox):
        page = sandbox.get(LIST, query_string={"login": " bob ", "client_id": "x", "outcome": "refused"})

        assert fields(page) == {"client_id": "x", "login": "bob", "outcome": "refused"}
        assert "No login fits." in words(page)

    def test_an_outcome_that_there_is_not_is_no_condition(self, sandbox):
        flow = log_in(sandbox)

        assert listed(sandbox.get(f"{LIST}?outcome=wonderful")) == [flow]

    def test_earlier_logins_are_on_further_pages(self, sandbox):
        with sandbox.world() as world:
            world.store.add(tables.JournalEntry, *(entry(number) for number in range(120)))

        first = sandbox.get(LIST)
        second = sandbox.get(f"{LIST}{next(link for link in links(first) if 'before=' in link).partition('flows')[2]}")
        third = sandbox.get(f"{LIST}{next(link for link in links(second) if 'before=' in link).partition('flows')[2]}")

        found = listed(first) + listed(second) + listed(third)
        assert found == [f"flow-{number}" for number in reversed(range(120))]
        assert not [link for link in links(third) if "before=" in link]
        assert "data-events" in first.text
        assert "data-events" not in second.text

    def test_of_an_outcome_that_is_rare_one_goes_on_page_by_page(self, sandbox):
        with sandbox.world() as world:
            rows = [entry(n, reason=None if n else "CODE_EXPIRED") for n in range(500)]
            world.store.add(tables.JournalEntry, *rows)
        address, seen = f"{LIST}?outcome=refused", []
        for _ in range(5):
            page = sandbox.get(address)
            seen += listed(page)
            further = [link for link in links(page) if "before=" in link]
            if not further:
                break
            address = further[0]

        assert seen == ["flow-0"]

    @pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 30, "\u0661"])
    def test_a_place_that_is_none_is_the_beginning(self, sandbox, before):
        flow = log_in(sandbox)

        assert listed(sandbox.get(LIST, query_string={"before": before})) == [flow]

    def test_a_world_has_a_list_of_its_own(self, sandbox):
        log_in(sandbox)
        flow = log_in(sandbox, "/w/t1")

        page = sandbox.get(f"/w/t1{LIST}")

        assert listed(page) == [flow]
        assert f"/w/t1{LIST}/{flow}" in links(page)
        assert 'data-events="/w/t1/_sandbox/flows/events?after=' in page.text


def entry(number: int, **given: Any) -> dict[str, Any]:
    """A request of a flow of its own."""
    about = {"at": 1_000, "duration_us": 1, "service": "github", "operation": "authorize", "method": "GET"}
    shown = {"path": "/x", "status": 200, "reason": None, "detail": None, "fault": None, "flow": f"flow-{number}"}
    told = {"client_id": None, "login": None, "facts": {}, "request": {"headers": []}, "response": {"headers": []}}
    return {**about, **shown, **told, **given}


class TestLogin:
    def test_it_says_in_a_sentence_what_came_of_it(self, sandbox):
        assert "octocat signed in at GitHub and got a session of GMI Cloud." in words(page_of(sandbox, log_in(sandbox)))

    def test_the_diagram_leads_to_every_request(self, sandbox):
        page = page_of(sandbox, log_in(sandbox))

        assert "<svg" in page.text
        assert [f"#leg-{number}" for number in range(1, 5)] == [link for link in links(page) if link.startswith("#leg")]
        assert all(f'id="leg-{number}"' in page.text for number in range(1, 5))

    def test_each_request_tells_who_asked_whom_what_and_how_it_was_answered(self, sandbox):
        text = words(page_of(sandbox, log_in(sandbox)))

        assert "Browser to → GitHub authorize GET /login/oauth/authorize 302 Found" in text
        assert "Application to → GMI Cloud create session POST /api/v1/me/sessions 201 Created" in text

    def test_a_refusal_stands_beside_its_true_cause(self, sandbox):
        text = words(page_of(sandbox, refuse(sandbox)))

        assert "What the application was told 2 Invalid authorization code." in text
        assert "What really happened CODE_EXPIRED a fault provoked on purpose" in text
        assert "A fault made this happen on purpose" in text
        assert "octocat signed in at GitHub, but GMI Cloud refused: a fault provoked on purpose (CODE_EXPIRED)." in text

    def test_tokens_are_decoded_with_meanings_and_their_signature_is_judged(self, sandbox):
        text = words(page_of(sandbox, log_in(sandbox, provider="oidc", identity="alice", exchange="fanfare")))

        assert "Id token" in text
        assert "From this moment on nobody must accept it." in text
        assert "Signed with" in text

    def test_what_the_application_did_wrong_comes_first_and_leads_to_its_request(self, sandbox):
        body = {"provider": "oidc", "identity": "alice"}
        login = sandbox.post(f"{API}/login", json=body).json
        form = {"grant_type": "authorization_code", "code": login["code"], "redirect_uri": login["redirect_uri"]}
        for _ in range(2):
            sandbox.post("/oidc/main/token", data=form, auth=("oidc-client", "sandbox-secret"))

        text = words(page_of(sandbox, login["flow"]))

        assert "Error The code was redeemed twice. RFC 6749 section 4.1.2 Request 3" in text

    def test_secrets_are_hidden_until_they_are_asked_for(self, sandbox):
        login = sandbox.post(f"{API}/login", json={"provider": "github", "identity": "octocat", "exchange": "gmi"})
        flow = login.json["flow"]
        with sandbox.world() as world:
            issued = json.dumps([row.response for row in world.store.list(tables.JournalEntry, order=("id",))])
        secret = next(word for word in issued.replace("\\", "").split('"') if word.startswith("gho_"))

        hidden, shown = page_of(sandbox, flow), page_of(sandbox, flow, reveal="true")

        assert secret not in hidden.text
        assert "Reveal secrets" in words(hidden)
        assert secret in shown.text
        assert "Hide secrets" in words(shown)

    def test_of_what_is_not_unicode_the_page_is_none(self, sandbox):
        assert sandbox.get(f"{LIST}/%ff%fe").status_code == 404

    @pytest.mark.parametrize(("kind", "begins"), [("har", '{"log"'), ("json", "{"), ("pytest", '"""')])
    def test_it_is_there_as_a_file(self, sandbox, kind, begins):
        flow = log_in(sandbox)
        address = f"{LIST}/{flow}/{kind}"

        answer = sandbox.get(address)

        assert address in links(page_of(sandbox, flow))
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="flow-{flow}.')
        assert "".join(answer.text.split()).startswith(begins)

    def test_it_is_no_other_kind_of_file(self, sandbox):
        assert sandbox.get(f"{LIST}/{log_in(sandbox)}/exe").status_code == 404

    def test_each_request_can_be_copied(self, sandbox):
        text = words(page_of(sandbox, log_in(sandbox)))

        assert "Copy as curl" in text
        assert "curl -i" in text
        assert "def test_gmi_create_session_answers_with_201" in text

    def test_there_is_no_page_of_a_login_that_never_was(self, sandbox):
        assert sandbox.get(f"{LIST}/nothing").status_code == 404

    def test_a_long_login_is_shown_in_parts_and_its_repeats_are_drawn_once(self, sandbox):
        rows = [entry(0, flow="long", operation="poll", path=f"/{n}") for n in range(200)]
        with sandbox.world() as world:
            world.store.add(tables.JournalEntry, *[{**row, "path": "/same"} for row in rows])

        first, last = page_of(sandbox, "long"), page_of(sandbox, "long", offset="150")

        assert "poll, 50 times" in first.text
        assert 'id="leg-50"' in first.text
        assert 'id="leg-51"' not in first.text
        assert 'id="leg-200"' in last.text
        assert "151 to 200 of 200" in words(last)
        assert "No request here." in words(page_of(sandbox, "long", offset="9000"))

    def test_in_a_world_all_links_stay_there(self, sandbox):
        page = page_of(sandbox, log_in(sandbox, "/w/t1"), "/w/t1")

        outside = [link for link in links(page) if link.startswith("/") and not link.startswith("/w/t1/")]
        assert outside == []

    def test_a_huge_body_is_cut(self, sandbox):
        huge = {"headers": [["Content-Type", "application/json"]], "body": json.dumps({"x": ["y" * 90] * 900})}
        with sandbox.world() as world:
            world.store.add(tables.JournalEntry, entry(0, flow="huge", request=huge, response=huge))

        assert len(page_of(sandbox, "huge", reveal="true").text) < 500_000


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(sandbox, value):
    value = value.encode("utf-8", "replace").decode()
    asked = {"client_id": "oidc-client", "response_type": "code", "redirect_uri": CALLBACK, "scope": f"openid {value}"}
    sandbox.get("/oidc/main/authorize", query_string={**asked, "state": value, "nonce": value, "login_hint": value})
    form = {"grant_type": "authorization_code", "code": value, "redirect_uri": value}
    sandbox.post("/oidc/main/token", data=form, auth=("oidc-client", "sandbox-secret"))
    kept = value.replace("\0", "")
    with sandbox.world() as world:
        evil = entry(0, flow="evil", client_id=kept, login=kept, path=kept, operation=kept, detail=kept, reason=kept)
        sent = {"query": kept, "headers": [[kept, kept], ["Location", kept]], "body": json.dumps({"error": kept})}
        world.store.add(tables.JournalEntry, {**evil, "request": sent, "response": sent, "fault": kept})

    for query in ({}, {"login": value, "client_id": value, "outcome": value, "before": value}, {"reveal": "true"}):
        for path in (LIST, f"{LIST}/evil", f"{LIST}/{newest(sandbox)}"):
            page = sandbox.get(path, query_string=query)
            assert page.status_code == 200, page.text
            assert complaint(page, path) == ""
    for path in (f"{LIST}/{quote(value, safe='')}", f"{LIST}/evil/pytest", f"{LIST}/evil/har"):
        assert complaint(sandbox.get(path), path) == ""


class TestBeyondThisMachine:
    @pytest.fixture
    def config(self) -> Config:
        return Config(control_token="s" * 20, host="0.0.0.0")

    def test_nobody_is_shown_secrets(self, sandbox):
        headers = {"X-Sandbox-Token": "s" * 20}
        body = {"provider": "github", "identity": "octocat"}
        flow = sandbox.post(f"{API}/login", json=body, headers=headers).json["flow"]

        page = sandbox.get(f"{LIST}/{flow}?reveal=true", headers=headers)

        assert page.status_code == 200
        assert "Reveal secrets" not in words(page)
        assert "Secrets are cut to their first characters." in words(page)

    @pytest.mark.parametrize("path", [LIST, f"{LIST}/x", f"{LIST}/x/har"])
    def test_who_has_not_the_token_sees_nothing(self, sandbox, path):
        assert sandbox.get(path).status_code == 401
