"""Trying a login on the pages: a person's own browser goes to a provider and comes back, breaks a step, mends it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from sandbox import Config
from sandbox.services import SERVICES
from sandbox.web.touring.watching import COOKIE
from tests.support.forms import submit
from tests.support.hostile import HOSTILE, complaint
from tests.support.tours import API, TRIPS, begin, go_on, go_to, name

TRY = "/_sandbox/try"
GITHUB, OIDC, AZURE = ("github", None, None), ("oidc", None, None), ("azure", None, None)
CONSOLE, IN_BROWSER = ("insforge-cloud", "insforge", "admin"), ("azure", "prisme", "login")
SEEN = [trip for trip in TRIPS if trip != CONSOLE]
each_trip = pytest.mark.parametrize("trip", TRIPS, ids=name)


def value(trip: Any) -> str:
    """How the form of the choice calls a trip."""
    return "/".join(part for part in trip if part)


def start(client: Any, trip: Any, *, world: str = "", **typed: str) -> str:
    """The path of the tour that begins when somebody presses Start."""
    begun = client.post(f"{world}{TRY}", data={"trip": value(trip), **typed})
    assert begun.status_code == 303, begun.text
    return str(begun.headers["Location"].partition("#")[0])


def link(page: Any, id_: str) -> str:
    """Where the link with this id leads."""
    found = re.search(rf'id="{id_}" href="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def sign_in(client: Any, page: Any, as_: str = "alice") -> Any:
    """What the browser is answered last before it would leave the provider."""
    answer = client.get(link(page, "open"))
    for _ in range(6):
        if answer.status_code != 200:
            return answer
        button = f"as-{as_}" if f'id="as-{as_}"' in answer.text else "allow"
        answer = submit(client, answer, button)
    raise AssertionError(answer.text)


def come_back(client: Any, answer: Any) -> Any:
    """The page of the tour, to which the browser was brought."""
    assert answer.status_code == 303, (answer.status_code, answer.headers.get("Location"))
    recorded = client.get(answer.headers["Location"])
    assert recorded.status_code == 303, recorded.text
    return client.get(recorded.headers["Location"].partition("#")[0])


def tour_of(client: Any, path: str) -> Any:
    """The tour of a page, as the API tells it."""
    world, _, id_ = path.partition("/_sandbox/try/")
    return client.get(f"{world}{API}/{id_}").json


def press(client: Any, path: str, button: str, **typed: str) -> Any:
    """The page after a button of the page at this path; its form's version is that of the page."""
    answer = submit(client, client.get(path), button, **typed)
    return client.get(answer.headers["Location"].partition("#")[0]) if answer.status_code == 303 else answer


def break_by(client: Any, path: str, break_id: str) -> Any:
    """The page after one of its breaks was pressed."""
    page = client.get(path).text
    assert f'name="break" value="{break_id}"' in page, page
    found = re.search(r'action="([^"]+)"><input type="hidden" name="version" value="(\d+)">\s*<div class="break-', page)
    assert found, page
    answer = client.post(found[1], data={"version": found[2], "break": break_id})
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"].partition("#")[0])


class TestChoice:
    @each_trip
    def test_every_login_that_makes_sense_is_offered(self, sandbox, trip):
        assert f'value="{value(trip)}"' in sandbox.get(TRY).text

    def test_one_press_begins(self, sandbox):
        begun = submit(sandbox, sandbox.get(TRY), "start")

        assert begun.status_code == 303
        assert "Sign in at GitHub" in sandbox.get(begun.headers["Location"].partition("#")[0]).text

    @pytest.mark.parametrize(
        ("query", "chosen"),
        [
            ("provider=oidc", "oidc"),
            ("exchange=fanfare", "azure/fanfare/external"),
            ("provider=oidc&exchange=prisme&via=login", "oidc/prisme/login"),
            ("provider=nobody", "github"),
        ],
    )
    def test_a_link_may_choose_beforehand(self, sandbox, query, chosen):
        assert f'value="{chosen}" checked' in sandbox.get(f"{TRY}?{query}").text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({}, "Choose where the login goes"),
            ({"trip": "nobody"}, "no provider is called"),
            ({"trip": "github/jitsudo/login"}, "nobody comes from github"),
            ({"trip": "github", "identity": "nobody"}, "nobody"),
            ({"trip": "github", "issuer": "oidc/main"}, "main is none of GitHub"),
            ({"trip": "oidc/prisme/login", "issuer": "oidc/strange"}, "no login provider"),
        ],
    )
    def test_what_cannot_be_is_said_above_the_form_which_keeps_what_was_chosen(self, sandbox, typed, words):
        page = sandbox.post(TRY, data=typed)

        assert page.status_code == 400
        assert words in unescape(page.text)
        assert 'id="problem"' in page.text
        if "issuer" in typed and typed["issuer"] != "oidc/strange":
            assert f'value="{typed["issuer"]}" selected' in page.text

    def test_an_issuer_of_the_provider_can_be_chosen(self, sandbox):
        path = start(sandbox, OIDC, issuer="oidc/google", identity="alice")

        assert "/oidc/google/authorize" in link(sandbox.get(path), "open")

    def test_by_another_name_of_this_machine_the_page_tells_where_it_is_best(self, sandbox):
        assert "http://localhost:9400/_sandbox/try" in sandbox.get(TRY, base_url="http://127.0.0.1:9400").text
        assert 'href="http://localhost' not in sandbox.get(TRY, base_url="http://localhost:9400").text

    def test_the_latest_tours_can_be_gone_on_with(self, sandbox):
        path = start(sandbox, GITHUB)

        assert f'href="{path}"' in sandbox.get(TRY).text


class TestOwnBrowser:
    @pytest.mark.parametrize("trip", SEEN, ids=name)
    def test_a_person_signs_in_by_hand_and_goes_on_to_the_end(self, sandbox, trip):
        path = start(sandbox, trip)
        for _ in range(8):
            page = sandbox.get(path)
            if 'id="open"' in page.text:
                page = come_back(sandbox, sign_in(sandbox, page))
            elif 'id="send"' in page.text:
                press(sandbox, path, "send")

        tour = tour_of(sandbox, path)
        assert tour["status"] == "done"
        assert [hop["refused"] for hop in tour["hops"] if hop["refused"]] == []
        assert "browser" in {hop["by"] for hop in tour["hops"]}
        assert {entry.flow for entry in sandbox.journal()} == {tour["flow"]}

    @pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
    @pytest.mark.parametrize("trip", [OIDC, AZURE], ids=name)
    def test_the_browser_comes_back_however_the_answer_comes(self, sandbox, trip, mode):
        path = f"{TRY}/{begin(sandbox, trip, parameters={'response_mode': mode})['id']}"
        page = come_back(sandbox, sign_in(sandbox, sandbox.get(path)))

        assert "Swap the code" in page.text
        assert tour_of(sandbox, path)["hops"][0]["refused"] is None

    def test_a_code_that_nobody_redirects_is_fetched_by_the_sandbox(self, sandbox):
        path = start(sandbox, CONSOLE, identity="alice")

        assert 'id="open"' not in sandbox.get(path).text
        assert "no redirect comes back" in sandbox.get(path).text
        assert "Exchange admin session" in press(sandbox, path, "send").text

    def test_who_signs_in_is_who_was_chosen_there(self, sandbox):
        path = start(sandbox, GITHUB)
        come_back(sandbox, sign_in(sandbox, sandbox.get(path), as_="octocat"))

        assert sandbox.journal()[-1].login == "octocat"

    def test_in_another_world(self, sandbox):
        path = start(sandbox, OIDC, world="/w/t1")
        page = come_back(sandbox, sign_in(sandbox, sandbox.get(path)))

        assert path.startswith("/w/t1/_sandbox/try/")
        assert "Swap the code" in page.text
        assert "/w/t1/_sandbox/flows/" in page.text
        assert sandbox.get(path.removeprefix("/w/t1")).status_code == 404

    def test_two_tours_in_one_browser_each_get_their_own_callback(self, sandbox):
        first, second = start(sandbox, OIDC), start(sandbox, OIDC)
        pages = [sandbox.get(first), sandbox.get(second)]
        answers = [sign_in(sandbox, page) for page in pages]

        assert [answer.headers["Location"].partition("/back")[0] for answer in answers] == [first, second]
        for answer in answers:
            assert "Swap the code" in come_back(sandbox, answer).text

    def test_another_login_in_the_same_browser_is_not_touched(self, sandbox):
        page = sandbox.get(start(sandbox, OIDC))
        own = dict(parse_qsl(urlsplit(link(page, "open")).query)) | {"state": "mine"}
        answer = sandbox.get("/oidc/main/authorize", query_string=own)
        for _ in range(2):
            answer = submit(sandbox, answer, "as-alice" if "as-alice" in answer.text else "allow")
            if answer.status_code != 200:
                break

        assert answer.headers["Location"].startswith("http://127.0.0.1:9999/callback?")

    def test_a_browser_without_the_cookie_goes_where_the_provider_sends_it(self, sandbox):
        page = sandbox.get(start(sandbox, OIDC))
        sandbox.delete_cookie(COOKIE)

        assert sign_in(sandbox, page).headers["Location"].startswith("http://127.0.0.1:9999/callback?")

    def test_the_cookie_is_no_scripts_and_no_other_sites(self, sandbox):
        header = next(one for one in sandbox.get(start(sandbox, OIDC)).headers.getlist("Set-Cookie") if COOKIE in one)

        assert "HttpOnly" in header
        assert "SameSite=Lax" in header
        assert "Path=/;" in f"{header};"

    def test_the_journal_has_the_providers_own_answer(self, sandbox):
        sign_in(sandbox, sandbox.get(start(sandbox, OIDC)))

        assert sandbox.journal()[-1].status == 302

    def test_a_tour_that_was_forgotten_meanwhile_lets_the_browser_go(self, sandbox):
        path = start(sandbox, OIDC)
        page = sandbox.get(path)
        submit(sandbox, page, "drop")

        assert sign_in(sandbox, page).headers["Location"].startswith("http://127.0.0.1:9999/callback?")
        assert sandbox.get(f"{path}/back?code=c&state=s").status_code == 404


class TestAgain:
    def test_what_came_back_counts_once(self, sandbox):
        path = start(sandbox, OIDC)
        answer = sign_in(sandbox, sandbox.get(path))
        first, again = come_back(sandbox, answer), come_back(sandbox, answer)

        assert len(tour_of(sandbox, path)["hops"]) == 1
        assert "Swap the code" in first.text
        assert "Swap the code" in again.text

    def test_a_form_that_is_sent_again_only_brings_the_page_up_to_date(self, sandbox):
        path = start(sandbox, OIDC, identity="alice")
        page = sandbox.get(path)
        submit(sandbox, page, "send")
        behind = submit(sandbox, page, "send")

        assert behind.headers["Location"] == f"{path}?done=behind"
        assert "was taken already" in sandbox.get(behind.headers["Location"]).text
        assert len(tour_of(sandbox, path)["hops"]) == 1

    def test_looking_again_changes_nothing(self, sandbox):
        path = start(sandbox, OIDC)
        before = tour_of(sandbox, path)
        assert sandbox.get(path).data == sandbox.get(path).data

        assert tour_of(sandbox, path) == before

    def test_starting_over_begins_the_same_anew(self, sandbox):
        path = start(sandbox, ("oidc", "prisme", "login"), issuer="oidc/main", identity="alice")
        again = submit(sandbox, sandbox.get(path), "again").headers["Location"].partition("#")[0]

        old, new = tour_of(sandbox, path), tour_of(sandbox, again)
        assert old["id"] != new["id"]
        assert all(old[name] == new[name] for name in ("provider", "exchange", "via", "issuer", "identity"))

    def test_a_tour_can_be_forgotten(self, sandbox):
        path = start(sandbox, OIDC)

        assert "forgotten" in press(sandbox, path, "drop").text
        assert sandbox.get(path).status_code == 404


class TestBreak:
    def test_one_press_breaks_a_step_and_another_mends_it(self, sandbox):
        path = f"{TRY}/{go_to(sandbox, OIDC, 1)['id']}"
        broken = break_by(sandbox, path, "client-secret-wrong")

        assert "OpenID Connect says" in broken.text
        assert "invalid_client" in broken.text
        assert "CLIENT_SECRET_WRONG" in broken.text
        assert "does not prove who it is" in broken.text
        assert "Mend it and send again" in broken.text
        assert "The tokens are here" in press(sandbox, path, "send").text

    def test_the_application_refuses_by_itself(self, sandbox):
        path = f"{TRY}/{go_to(sandbox, OIDC, 1)['id']}"
        broken = break_by(sandbox, path, "recipe-id-token-bad-signature")

        assert "Your application says" in broken.text
        assert "The code of this step is spent" in broken.text
        assert "Start over" in broken.text

    def test_a_broken_sign_in_is_shown_before_it_is_sent(self, sandbox):
        path = start(sandbox, OIDC)
        shown = break_by(sandbox, path, "redirect-uri-foreign")

        assert "To be broken on purpose" in shown.text
        assert "attacker.example" in link(shown, "open")
        assert "attacker.example" not in link(press(sandbox, path, "mend"), "open")

    def test_a_provider_that_refuses_the_persons_own_browser_is_remembered(self, sandbox):
        path = start(sandbox, OIDC)
        vendor = sandbox.get(link(break_by(sandbox, path, "redirect-uri-foreign"), "open"))
        assert vendor.status_code == 400

        page = sandbox.get(path)
        assert "REDIRECT_URI_MISMATCH" in page.text
        assert "Swap the code" in come_back(sandbox, sign_in(sandbox, page)).text

    def test_a_refusal_that_is_sent_to_the_registered_callback_comes_back_too(self, sandbox):
        path = start(sandbox, GITHUB)
        answer = sandbox.get(link(break_by(sandbox, path, "redirect-uri-foreign"), "open"))

        assert "REDIRECT_URI_MISMATCH" in come_back(sandbox, answer).text

    def test_a_person_who_presses_cancel_is_refused_and_may_sign_in_after_all(self, sandbox):
        path = start(sandbox, OIDC)
        answer = submit(sandbox, sandbox.get(link(sandbox.get(path), "open")), "deny")
        page = come_back(sandbox, answer)

        assert "ACCESS_DENIED" in page.text
        assert "Swap the code" in come_back(sandbox, sign_in(sandbox, page)).text

    def test_a_callback_that_somebody_made_up_is_refused_by_the_application(self, sandbox):
        path = start(sandbox, OIDC)
        sandbox.get(f"{path}/back?code=stolen&state=of-another-login")

        assert tour_of(sandbox, path)["hops"][0]["refused"]["reason"] == "STATE_INVALID"
        assert "STATE_INVALID" in sandbox.get(path).text

    def test_a_callback_is_broken_on_its_way_back(self, sandbox):
        path = start(sandbox, OIDC)
        page = break_by(sandbox, path, "state-of-another")

        assert "STATE_INVALID" in come_back(sandbox, sign_in(sandbox, page)).text

    def test_without_a_state_the_application_refuses_its_own_callback(self, sandbox):
        path = start(sandbox, GITHUB)
        page = break_by(sandbox, path, "state-left-out")

        assert "anybody could have begun this login" in come_back(sandbox, sign_in(sandbox, page)).text

    def test_a_break_that_nobody_minds_is_said_to_be_one(self, sandbox):
        path = f"{TRY}/{go_to(sandbox, CONSOLE, 1)['id']}"
        break_by(sandbox, path, "code-twice")

        assert "Broken, and let through" in sandbox.get(path).text


class TestEnd:
    def test_the_tokens_are_decoded_with_what_their_claims_mean(self, sandbox):
        tour = go_to(sandbox, OIDC, 2)
        page = sandbox.get(f"{TRY}/{tour['id']}").text

        assert "Its tokens, decoded" in page
        assert "Id token" in page
        assert f"/_sandbox/flows/{tour['flow']}" in page

    def test_a_session_ends_it(self, sandbox):
        tour = go_to(sandbox, IN_BROWSER, 4)

        assert "Signed in" in sandbox.get(f"{TRY}/{tour['id']}").text
        assert "alice@contoso.test" in sandbox.get(f"{TRY}/{tour['id']}").text


class TestGuard:
    def test_beyond_this_machine_the_pages_need_the_token(self, make_sandbox):
        client = make_sandbox(Config(control_token="sandbox-token"))

        for method, path in (
            ("get", TRY),
            ("post", TRY),
            ("get", f"{TRY}/x"),
            ("get", f"{TRY}/x/back"),
            ("post", f"{TRY}/x/next"),
        ):
            assert getattr(client, method)(path).status_code == 401, path

    @pytest.mark.parametrize("action", ["", "/next", "/break", "/again", "/drop"])
    def test_no_other_site_may_act(self, sandbox, action):
        path = start(sandbox, OIDC) if action else TRY
        answer = sandbox.post(f"{path}{action}", headers={"Origin": "https://evil.example"})

        assert answer.status_code == 403

    @pytest.mark.parametrize("bad", HOSTILE.values(), ids=HOSTILE)
    def test_hostile_values_are_text_and_nothing_else(self, sandbox, bad):
        path = start(sandbox, OIDC)
        tour = tour_of(sandbox, path)

        def send(path: str, given: dict[str, str]) -> Any:
            form = "application/x-www-form-urlencoded"
            return sandbox.post(path, data=urlencode(given, errors="surrogatepass"), content_type=form)

        def look(path: str, given: dict[str, str]) -> Any:
            return sandbox.get(f"{path}?{urlencode(given, errors='surrogatepass')}")

        short = bad[:5000]
        answers = [
            look(TRY, {"provider": short, "identity": short, "done": short}),
            send(TRY, {"trip": bad, "identity": bad, "issuer": bad}),
            send(f"{path}/next", {"version": bad, "break": bad}),
            send(f"{path}/break", {"version": str(tour["version"]), "break": bad}),
            look(f"{path}/back", {"code": short, "state": short, "error": short}),
            sandbox.get(path),
            look(f"{path}/back", {short or "x": "y"}),
            sandbox.get(path),
        ]

        assert [found for found in (complaint(one, path) for one in answers) if found] == []

    def test_what_an_identity_is_called_is_text(self, sandbox):
        evil = "<script>alert(1)</script>"
        sandbox.post("/_sandbox/api/identities", json={"login": "evil", "name": evil, "purpose": evil})

        assert evil not in sandbox.get(TRY).text
        assert evil not in sandbox.get(start(sandbox, GITHUB, identity="evil")).text

    @pytest.mark.parametrize("path", ["", "/back", "/next", "/break", "/again", "/drop"])
    def test_a_tour_that_never_was_is_not_found(self, sandbox, path):
        method = "get" if path in ("", "/back") else "post"

        assert getattr(sandbox, method)(f"{TRY}/nobody{path}").status_code == 404


def test_a_tour_of_many_attempts_shows_them_all(sandbox):
    tour = go_to(sandbox, OIDC, 1)
    for _ in range(20):
        tour = go_on(sandbox, tour, **{"break": "client-secret-wrong"})

    assert sandbox.get(f"{TRY}/{tour['id']}").text.count('class="hop hop-bad"') == 20


def test_every_service_tells_the_story_of_operations_that_it_has(sandbox):
    told = {one["slug"]: {op["operation"] for op in one["operations"] if "story" in op} for one in services(sandbox)}

    assert {slug: set(service.stories) for slug, service in SERVICES.items()} == told
    assert all(told.values())


def services(sandbox: Any) -> Any:
    """What GET /services tells."""
    return sandbox.get("/_sandbox/api/services").json["services"]
