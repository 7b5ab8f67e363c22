"""Tours over the API: every login goes to its end, every break is refused by whom it should be, and one caller wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from sandbox.core import tours
from sandbox.core.tour_table import Tour
from tests.support.databases import on_either_database
from tests.support.tours import API, PROVIDERS, TRIPS, begin, finish, go_on, go_to, name

GITHUB, OIDC, AZURE = ("github", None, None), ("oidc", None, None), ("azure", None, None)
GMI, CONSOLE = ("github", "gmi", "code"), ("insforge-cloud", "insforge", "admin")
PRISME, IN_BROWSER = ("oidc", "prisme", "token-exchange"), ("azure", "prisme", "login")
FANFARE, JITSUDO = ("oidc", "fanfare", "external"), ("oidc", "jitsudo", "login")
INSFORGE = ("github", "insforge", "oauth")
# What these services take, as their contracts say: the cloud's code is good until it expires, an open list of
# redirect URIs, a brand that may call its own login as it likes, and an address that only the issuer compares.
LET_THROUGH = {
    ("exchange_admin_session", "code-twice"),
    ("begin_oauth", "redirect-uri-wrong"),
    ("authorize", "provider-wrong"),
    ("create_login_url", "redirect-uri-wrong"),
}
each_trip = pytest.mark.parametrize("trip", TRIPS, ids=name)


class TestToTheEnd:
    @each_trip
    def test_every_login_goes_to_its_end_and_tells_the_story_of_each_hop(self, sandbox, trip):
        tour = finish(sandbox, begin(sandbox, trip))

        assert (tour["status"], tour["next"]) == ("done", None)
        assert tour["result"]
        assert [hop["story"] for hop in tour["hops"] if not hop["story"]] == []
        assert {entry.flow for entry in sandbox.journal()} == {tour["flow"]}

    def test_the_result_is_a_session_that_works(self, sandbox):
        session = finish(sandbox, begin(sandbox, GMI))["result"]

        profile = sandbox.get("/api/v1/me/profile", headers={"Authorization": f"Bearer {session['accessToken']}"})
        assert profile.json["user"]["email"] == "alice@contoso.test"

    @pytest.mark.parametrize("trip", [OIDC, AZURE], ids=name)
    def test_the_application_checks_the_id_token(self, sandbox, trip):
        tour = finish(sandbox, begin(sandbox, trip))

        checked = [check["name"] for check in tour["hops"][-1]["checks"]]
        assert {"discovery", "signature", "iss", "aud", "exp", "nonce"} <= set(checked)
        assert all(check["passed"] for check in tour["hops"][-1]["checks"])

    def test_the_tokens_of_all_tenants_are_checked_by_the_tenant_that_they_name(self, sandbox):
        tour = finish(sandbox, begin(sandbox, AZURE, issuer="common"))

        assert "{tenantid}" not in next(one for one in tour["hops"][-1]["checks"] if one["name"] == "iss")["detail"]

    def test_a_clock_that_was_moved_is_the_applications_too(self, sandbox):
        sandbox.clock.advance(days=400)

        assert finish(sandbox, begin(sandbox, OIDC))["status"] == "done"

    def test_a_tour_of_another_world_stays_there(self, sandbox):
        tour = finish(sandbox, begin(sandbox, OIDC, world="/w/t1"), world="/w/t1")

        assert tour["url"] == f"http://localhost/w/t1/_sandbox/try/{tour['id']}"
        assert sandbox.get(f"{API}/{tour['id']}").status_code == 404
        assert sandbox.journal() == []

    def test_what_was_shown_is_what_is_sent(self, sandbox):
        tour = begin(sandbox, OIDC)
        shown = tour["next"]["request"]

        assert go_on(sandbox, tour)["hops"][0]["request"] == shown
        assert sandbox.get(f"{API}/{tour['id']}").json["hops"][0]["request"] == shown

    @pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
    @pytest.mark.parametrize("trip", [OIDC, AZURE], ids=name)
    def test_the_answer_may_come_in_any_way(self, sandbox, trip, mode):
        tour = begin(sandbox, trip, parameters={"response_mode": mode})

        assert finish(sandbox, tour)["status"] == "done"


# A trip, how many hops come first, the break, who refuses, why in truth, and the status of the answer.
BROKEN: list[tuple[Any, int, str, str, str, int | None]] = [
    (GITHUB, 0, "client-unknown", "service", "CLIENT_UNKNOWN", 404),
    (GITHUB, 0, "redirect-uri-foreign", "service", "REDIRECT_URI_MISMATCH", 302),
    (OIDC, 0, "redirect-uri-foreign", "service", "REDIRECT_URI_MISMATCH", 400),
    (OIDC, 0, "response-type-unknown", "service", "RESPONSE_TYPE_UNSUPPORTED", 302),
    (AZURE, 0, "denied", "service", "ACCESS_DENIED", 302),
    (OIDC, 0, "state-left-out", "application", "STATE_INVALID", 302),
    (GITHUB, 0, "state-of-another", "application", "STATE_INVALID", 302),
    (OIDC, 0, "code-lost", "application", "FIELD_MISSING", 302),
    (OIDC, 0, "recipe-login-required", "service", "LOGIN_REQUIRED", 302),
    (OIDC, 0, "recipe-callback-wrong-issuer", "application", "TOKEN_ISSUER_WRONG", 302),
    (GITHUB, 1, "code-unknown", "service", "CODE_UNKNOWN", 200),
    (GITHUB, 1, "client-foreign", "service", "CODE_OF_ANOTHER_CLIENT", 200),
    (OIDC, 1, "code-twice", "service", "CODE_ALREADY_REDEEMED", 400),
    (OIDC, 1, "code-missing", "service", "FIELD_MISSING", 400),
    (OIDC, 1, "code-verifier-wrong", "service", "VERIFIER_MISMATCH", 400),
    (OIDC, 1, "code-verifier-missing", "service", "VERIFIER_MISSING", 400),
    (OIDC, 1, "redirect-uri-wrong", "service", "REDIRECT_URI_MISMATCH", 400),
    (AZURE, 1, "client-secret-wrong", "service", "CLIENT_SECRET_WRONG", 401),
    (AZURE, 1, "recipe-code-expired", "service", "CODE_EXPIRED", 400),
    (OIDC, 1, "recipe-id-token-bad-signature", "application", "TOKEN_SIGNATURE_BAD", 200),
    (OIDC, 1, "recipe-id-token-unsigned", "application", "TOKEN_SIGNATURE_BAD", 200),
    (OIDC, 1, "recipe-id-token-wrong-audience", "application", "TOKEN_AUDIENCE_WRONG", 200),
    (OIDC, 1, "recipe-id-token-wrong-issuer", "application", "TOKEN_ISSUER_WRONG", 200),
    (AZURE, 1, "recipe-id-token-expired", "application", "TOKEN_EXPIRED", 200),
    (AZURE, 1, "recipe-id-token-wrong-nonce", "application", "TOKEN_NONCE_WRONG", 200),
    (OIDC, 1, "recipe-token-without-id-token", "application", "TOKEN_MISSING", 200),
    (OIDC, 1, "recipe-token-lost", "application", "PROVIDER_FAILED", None),
    (GITHUB, 1, "recipe-token-bad-gateway", "service", "PROVIDER_FAILED", 502),
    (GMI, 2, "accesstoken-wrong", "service", "TOKEN_UNKNOWN", 400),
    (GMI, 3, "authtoken-forged", "service", "CODE_UNKNOWN", 400),
    (GMI, 3, "authtoken-twice", "service", "CODE_ALREADY_REDEEMED", 400),
    (FANFARE, 2, "authorization-wrong", "service", "CLIENT_SECRET_WRONG", 401),
    (FANFARE, 3, "exchangecode-unknown", "service", "CODE_UNKNOWN", 401),
    (PRISME, 2, "subject-token-forged", "service", "TOKEN_SIGNATURE_BAD", 401),
    (PRISME, 2, "subject-token-audience", "service", "TOKEN_AUDIENCE_WRONG", 401),
    (PRISME, 2, "subject-token-expired", "service", "TOKEN_EXPIRED", 401),
    (JITSUDO, 2, "state-wrong", "service", "STATE_INVALID", 401),
    (IN_BROWSER, 2, "state-wrong", "service", "STATE_INVALID", 302),
    (IN_BROWSER, 2, "browser-other", "service", "CODE_UNKNOWN", 302),
    (INSFORGE, 3, "code-verifier-wrong", "service", "VERIFIER_MISMATCH", 401),
]


class TestBroken:
    @pytest.mark.parametrize("broken", BROKEN, ids=lambda case: f"{name(case[0])}-{case[2]}")
    def test_a_break_is_refused_by_whom_it_should_be_and_for_its_true_cause(self, sandbox, broken):
        trip, hop, break_id, by, reason, status = broken
        tour = go_on(sandbox, go_to(sandbox, trip, hop), **{"break": break_id})

        last = tour["hops"][-1]
        found = (last["refused"]["by"], last["refused"]["reason"], last["response"]["status"])
        assert found == (by, reason, status), last
        assert last["broken"]["id"] == break_id
        assert (tour["status"], len(tour["hops"])) == ("refused", hop + 1)

    @each_trip
    def test_every_break_that_is_offered_is_refused_and_the_step_stays(self, sandbox, trip):
        tour = begin(sandbox, trip)
        for done in range(9):
            step, used = tour["next"], tour
            for one in step["breaks"] if step else ():
                if used["next"] is None or used["next"]["spent"] or len(used["hops"]) > 50:
                    used = go_to(sandbox, trip, done)
                used = go_on(sandbox, used, **{"break": one["id"]})
                is_refused = used["hops"][-1]["refused"] is not None
                assert is_refused == ((step["operation"], one["id"]) not in LET_THROUGH), one
                if is_refused:
                    assert used["next"]["title"] == step["title"]
                else:
                    used = go_to(sandbox, trip, done)
            if step is None:
                break
            tour = go_on(sandbox, go_to(sandbox, trip, done))

    def test_what_was_broken_can_be_mended_and_goes_on(self, sandbox):
        tour = go_on(sandbox, go_to(sandbox, OIDC, 1), **{"break": "client-secret-wrong"})
        mended = finish(sandbox, tour)

        assert [hop["refused"] is None for hop in mended["hops"]] == [True, False, True]
        assert mended["status"] == "done"

    def test_a_code_that_was_spent_by_a_break_is_said_to_be_and_is_refused_then(self, sandbox):
        tour = go_on(sandbox, go_to(sandbox, OIDC, 1), **{"break": "recipe-id-token-bad-signature"})
        assert tour["next"]["spent"]

        again = go_on(sandbox, tour)
        assert again["hops"][-1]["refused"]["reason"] == "CODE_ALREADY_REDEEMED"

    def test_a_code_that_a_wrong_secret_has_brought_is_not_spent(self, sandbox):
        tour = go_on(sandbox, go_to(sandbox, OIDC, 1), **{"break": "client-secret-wrong"})

        assert not tour["next"]["spent"]

    def test_a_recipe_meets_this_call_and_no_other(self, sandbox):
        go_on(sandbox, go_to(sandbox, OIDC, 1), **{"break": "recipe-invalid-grant"})

        assert sandbox.get("/_sandbox/api/faults").json == {"faults": []}
        assert finish(sandbox, begin(sandbox, OIDC))["status"] == "done"

    def test_the_refusal_of_a_page_has_its_words_and_no_other(self, sandbox):
        tour = go_on(sandbox, begin(sandbox, GITHUB), **{"break": "client-unknown"})

        said = tour["hops"][0]["response"]
        assert said["page"]
        assert "Page not found" in said["body"]
        assert "CLIENT_UNKNOWN" not in said["body"]
        assert "<" not in said["body"]

    def test_a_break_is_chosen_shown_and_taken_back(self, sandbox):
        tour = begin(sandbox, OIDC)
        path = f"{API}/{tour['id']}/break"

        chosen = sandbox.put(path, json={"break": "redirect-uri-foreign"}).json["next"]
        assert "attacker.example" in chosen["open"]
        assert [one["name"] for one in chosen["parameters"] if one["changed"]] == ["redirect_uri"]
        assert sandbox.put(path, json={"break": None}).json["next"]["request"] == tour["next"]["request"]
        assert sandbox.put(path, json={"break": "gold"}).status_code == 400

    def test_a_person_who_must_press_cancel_has_no_page_to_open(self, sandbox):
        tour = begin(sandbox, OIDC)

        assert sandbox.put(f"{API}/{tour['id']}/break", json={"break": "denied"}).json["next"]["open"] is None


class TestAsked:
    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({}, 400, "none of the shapes"),
            ({"provider": "nobody"}, 400, "no provider is called"),
            ({"exchange": "nobody"}, 400, "no exchange is called"),
            ({"provider": "github", "exchange": "jitsudo"}, 400, "nobody comes from github"),
            ({"provider": "github", "via": "code"}, 400, "a way leads to an exchange"),
            ({"provider": "github", "identity": "nobody"}, 404, "nobody"),
            ({"provider": "oidc", "issuer": "b\u0000d"}, 400, "NUL"),
            ({"provider": "oidc", "issuer": "Nobody Knows"}, 404, "Nobody Knows"),
            ({"exchange": "prisme", "provider": "oidc", "issuer": "strange"}, 409, "no login provider"),
        ],
    )
    def test_what_cannot_be_is_refused_and_leaves_no_tour(self, sandbox, body, status, words):
        answer = sandbox.post(API, json=body)

        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert words in answer.text
        assert sandbox.get(API).json == {"tours": []}

    @pytest.mark.parametrize("trip", TRIPS, ids=name)
    def test_who_is_not_named_is_somebody_for_whom_it_works(self, sandbox, trip):
        tour = begin(sandbox, trip, identity=None)

        assert (tour["identity"], tour["login"]) == (None, "alice")

    def test_an_exchange_alone_is_reached_from_where_its_people_come(self, sandbox):
        assert begin(sandbox, (None, "gmi", None))["provider"] == "github"

    def test_a_sign_in_takes_a_person_or_somebody_who_says_so(self, sandbox):
        tour = begin(sandbox, OIDC)
        answer = sandbox.post(f"{API}/{tour['id']}/next", json={})

        assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_MISSING")

    def test_a_console_that_hands_its_code_over_has_no_page_to_open(self, sandbox):
        step = begin(sandbox, CONSOLE)["next"]

        assert (step["open"], step["hands_over"], step["signs_in"]) == (None, True, True)

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_a_provider_alone_is_asked_with_pkce(self, sandbox, provider):
        assert "code_challenge=" in begin(sandbox, (provider, None, None))["next"]["open"]

    def test_nothing_comes_after_the_end(self, sandbox):
        tour = finish(sandbox, begin(sandbox, GITHUB))
        answer = sandbox.post(f"{API}/{tour['id']}/next", json={"sign_in": True})

        assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_INVALID")


@on_either_database
class TestKept:
    def test_tours_are_listed_latest_first_and_dropped(self, sandbox):
        first, second = begin(sandbox, GITHUB), begin(sandbox, OIDC)
        assert [one["id"] for one in sandbox.get(API).json["tours"]] == [second["id"], first["id"]]

        assert sandbox.delete(f"{API}/{second['id']}").status_code == 204
        assert [one["id"] for one in sandbox.get(API).json["tours"]] == [first["id"]]
        for method, path in (("get", ""), ("delete", ""), ("post", "/next"), ("put", "/break"), ("post", "/callback")):
            body = {"json": {"break": None} if path == "/break" else {"parameters": {}} if path == "/callback" else {}}
            answer = getattr(sandbox, method)(f"{API}/{second['id']}{path}", **(body if path else {}))
            assert answer.status_code == 404, (method, path)

    def test_the_oldest_make_room(self, sandbox, monkeypatch):
        monkeypatch.setattr(tours, "MOST_TOURS", 3)
        begun = [begin(sandbox, GITHUB)["id"] for _ in range(5)]

        assert [one["id"] for one in sandbox.get(API).json["tours"]] == begun[:1:-1]

    def test_a_tour_has_room_for_so_many_requests_and_no_more(self, sandbox):
        tour = begin(sandbox, GITHUB)
        for _ in range(60):
            tour = go_on(sandbox, tour, **{"break": "client-unknown"})

        answer = sandbox.post(f"{API}/{tour['id']}/next", json={"sign_in": True})
        assert (answer.status_code, answer.json["reason"]) == (429, "LIMIT_REACHED")

    def test_a_snapshot_has_the_tours_and_a_reset_none(self, sandbox):
        tour = go_to(sandbox, OIDC, 1)
        snapshot = sandbox.get("/_sandbox/api/snapshot").json
        sandbox.post("/_sandbox/api/reset")
        assert sandbox.get(API).json == {"tours": []}

        assert sandbox.put("/_sandbox/api/snapshot", json=snapshot).status_code == 204
        assert finish(sandbox, sandbox.get(f"{API}/{tour['id']}").json)["status"] == "done"

    def test_a_person_who_is_gone_between_two_steps_is_refused(self, sandbox):
        person = {"login": "newbee", "emails": [{"email": "newbee@contoso.test", "primary": True, "verified": True}]}
        assert sandbox.post("/_sandbox/api/identities", json=person).status_code == 201
        tour = go_to(sandbox, OIDC, 1, identity="newbee")
        assert sandbox.delete("/_sandbox/api/identities/newbee").status_code == 204

        assert go_on(sandbox, tour)["hops"][-1]["refused"]["by"] == "service"
        assert sandbox.get(f"{API}/{tour['id']}").json["status"] == "refused"

    def test_a_step_that_was_lost_with_its_process_can_be_taken_again(self, sandbox):
        tour = begin(sandbox, OIDC)
        with sandbox.world() as world:
            world.store.change(Tour, {"sending_since": 1}, id=tour["id"])

        assert go_on(sandbox, tour)["hops"][0]["refused"] is None


@on_either_database
class TestAtOnce:
    def test_of_many_who_take_a_step_at_once_one_does(self, app, sandbox):
        tour = go_to(sandbox, OIDC, 1)
        barrier = Barrier(6)

        def take(_: int) -> int:
            client = app.test_client()
            barrier.wait()
            status: int = client.post(f"{API}/{tour['id']}/next", json={"version": tour["version"]}).status_code
            return status

        with ThreadPoolExecutor(6) as pool:
            statuses = sorted(pool.map(take, range(6)))

        assert statuses == [200, 409, 409, 409, 409, 409]
        assert [entry.operation for entry in sandbox.journal()].count("token") == 1

    def test_who_has_seen_an_older_state_changes_nothing(self, sandbox):
        tour = begin(sandbox, OIDC)
        go_on(sandbox, tour, version=tour["version"])

        answer = sandbox.post(f"{API}/{tour['id']}/next", json={"sign_in": True, "version": tour["version"]})
        assert (answer.status_code, answer.json["reason"]) == (409, "OBJECT_ALREADY_EXISTS")
        assert len(sandbox.get(f"{API}/{tour['id']}").json["hops"]) == 1
