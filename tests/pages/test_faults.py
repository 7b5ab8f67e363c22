"""The page of faults: recipes and rules are armed by it, meet real logins, and are removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.forms import submit
from tests.support.github import CLIENT, JSON, TOKEN, redeem
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, links, words

PAGE, API = "/_sandbox/faults", "/_sandbox/api/faults"
ARM = "arm-github-bad-verification-code"


def armed(sandbox: Any, prefix: str = "") -> list[dict[str, Any]]:
    return sandbox.get(f"{prefix}{API}").json["faults"]


def press(sandbox: Any, button: str, page: str = PAGE, **typed: str) -> Any:
    return submit(sandbox, sandbox.get(page), button, **typed)


def test_nothing_goes_wrong_at_first(sandbox):
    assert "Nothing goes wrong." in words(sandbox.get(PAGE))
    assert armed(sandbox) == []


def test_a_recipe_is_armed_by_one_click_and_meets_the_next_login(sandbox, sign_in):
    done = press(sandbox, ARM)
    page = sandbox.get(done.headers["Location"])

    assert done.status_code == 303
    assert "Armed: github: bad-verification-code It waits for the next POST /login/oauth/access_token" in words(page)
    assert "1 time left" in words(page)
    assert redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json["error"] == "bad_verification_code"
    assert "over 1 Remove" in words(sandbox.get(PAGE))
    assert "access_token" in redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json


@pytest.mark.parametrize(
    ("often", "times", "shown"),
    [
        ("", 1, "1 time left"),
        ("once", 1, "1 time left"),
        ("times", 7, "7 times left"),
        ("always", None, "until removed"),
    ],
)
def test_a_recipe_is_armed_as_often_as_it_was_chosen(sandbox, often, times, shown):
    press(sandbox, ARM, often=often, times="7")

    assert [fault["times"] for fault in armed(sandbox)] == [times]
    assert f"access_token {shown}" in words(sandbox.get(PAGE))


def test_a_recipe_is_armed_for_one_client_and_one_person(sandbox, sign_in):
    press(sandbox, ARM, client_id=f" {CLIENT} ", login="alice")

    assert f"only client {CLIENT} , only alice" in words(sandbox.get(PAGE))
    assert "access_token" in redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json
    assert "error" in redeem(sandbox, sign_in("github", as_="alice", client=CLIENT)).json


def test_a_rule_of_ones_own_refuses_for_a_reason(sandbox, sign_in):
    place = {"where": "github access_token", "reason": "CODE_EXPIRED", "detail": "too late"}
    press(sandbox, "arm-rule", often="once", **place)

    [fault] = armed(sandbox)
    assert (fault["service"], fault["operation"], fault["times"]) == ("github", "access_token", 1)
    assert fault["refuse"] == {"reason": "CODE_EXPIRED", "detail": "too late"}
    assert "refuse CODE_EXPIRED: too late A rule of your own." in words(sandbox.get(PAGE))
    assert redeem(sandbox, sign_in("github", as_="octocat", client=CLIENT)).json["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        (
            "answer: {status: 503, body: {error: maintenance}}\nskip: 1",
            {"status": 503, "body": {"error": "maintenance"}},
        ),
        ('{"answer": {"status": 503}, "skip": 1}', {"status": 503}),
    ],
)
def test_a_rule_of_ones_own_may_have_any_action_as_yaml_or_json(sandbox, typed, action):
    press(sandbox, "arm-rule", where="github access_token", often="always", what="action", action=typed)

    [fault] = armed(sandbox)
    assert (fault["answer"], fault["skip"], fault["times"]) == (action, 1, None)
    assert "until removed, after 1 more call" in words(sandbox.get(PAGE))
    assert sandbox.post(TOKEN, headers=JSON).status_code != 503
    assert sandbox.post(TOKEN, headers=JSON).status_code == 503


@pytest.mark.parametrize("typed", ["drop", "drop:", "drop: {}"])
def test_an_action_without_particulars_is_a_word(sandbox, typed):
    press(sandbox, "arm-rule", where="", often="once", what="action", action=typed)

    assert [fault["drop"] for fault in armed(sandbox)] == [{}]
    assert "Any service , any call" in words(sandbox.get(PAGE))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"where": "nowhere token"}, 'service must be a service; found "nowhere"'),
        ({"where": "github tokn"}, 'operation must be an operation of github; found "tokn"'),
        ({"often": "times", "times": "many"}, 'times must be a whole number or null; found "many"'),
        ({"often": "times", "times": "0"}, "times must be at least 1; found 0"),
        ({"reason": "BECAUSE"}, "refuse / reason must be a reason"),
        ({"what": "action", "action": ""}, "The action is missing: one of refuse, answer"),
        ({"what": "action", "action": "delay: {second: 1}"}, "delay / seconds is missing"),
        ({"what": "action", "action": "delay: ["}, "The action, line"),
        ({"what": "action", "action": "explode"}, "The action must be a mapping, such as delay: {seconds: 3}."),
        ({"what": "action", "action": "{drop: , malform: }"}, "malform a fault has one action"),
        ({"client_id": "a\0b"}, "client_id holds the character NUL"),
    ],
)
def test_a_refused_rule_is_told_in_words_and_kept_as_it_was_typed(sandbox, typed, told):
    typed = {"where": "github access_token", "reason": "CODE_EXPIRED", "detail": "too late", "login": "alice", **typed}
    page = press(sandbox, "arm-rule", **typed)

    assert page.status_code == 400
    assert f"Error: {told}" in words(page) or ("This does not fit." in words(page) and told in words(page))
    ids = {"client_id": "rule-client", "login": "rule-login", "often": "rule-often"}
    kept = {ids.get(name, name): value for name, value in typed.items() if name != "times"}
    assert {name: fields(page).get(name) for name in kept} == {
        **kept,
        # A list has no place for what is not on it.
        **({"where": ""} if typed["where"] != "github access_token" else {}),
        **({"reason": ""} if typed["reason"] == "BECAUSE" else {}),
    }
    assert armed(sandbox) == []


def test_a_refused_recipe_keeps_what_was_typed(sandbox):
    page = press(sandbox, ARM, often="times", times="x", login="alice")

    assert page.status_code == 400
    assert (fields(page)["recipe-often"], fields(page)["recipe-login"]) == ("times", "alice")
    assert fields(page)["rule-login"] == ""
    assert sandbox.post(PAGE, data={"recipe": "github: nothing"}).status_code == 400
    assert armed(sandbox) == []


def test_faults_are_removed_one_by_one_or_all(sandbox):
    for button in (ARM, "arm-github-token-slow", "arm-github-rate-limit"):
        press(sandbox, button)
    done = press(sandbox, "remove-2")

    assert [fault["name"] for fault in armed(sandbox)] == ["github: bad-verification-code", "github: rate-limit"]
    assert "The fault is removed." in words(sandbox.get(done.headers["Location"]))
    done = press(sandbox, "remove-all")
    assert armed(sandbox) == []
    assert "All faults are removed." in words(sandbox.get(done.headers["Location"]))


def test_what_was_removed_by_somebody_else_is_told(sandbox):
    page = sandbox.post(PAGE, data={"remove": "gone"})

    assert page.status_code == 400
    assert "There is no fault 'gone'." in words(page)


def test_recipes_are_chosen_by_service_and_found_by_words(sandbox):
    assert "azure: code-expired" not in words(sandbox.get(PAGE))
    assert "azure: code-expired AADSTS70008" in words(sandbox.get(f"{PAGE}?service=azure"))
    found = words(sandbox.get(f"{PAGE}?q=Expired+TOKEN"))
    assert "azure: graph-token-expired" in found
    assert "oidc: id-token-expired" in found
    assert "github: rate-limit" not in found
    assert "No recipe fits." in words(sandbox.get(f"{PAGE}?q=nothing+like+it"))


def test_what_was_chosen_stays_chosen_after_a_click(sandbox):
    page = f"{PAGE}?service=azure&q=expired"

    assert (
        press(sandbox, "arm-azure-code-expired", page).headers["Location"]
        == f"{PAGE}?done=armed&service=azure&q=expired"
    )


def test_a_recipe_shows_its_answer(sandbox):
    shown = words(sandbox.get(PAGE))

    assert "github: token-server-error The token endpoint fails once, and works again. 500 server_error" in shown
    assert '"error_description": "the token endpoint has failed"' in shown


def test_faults_belong_to_the_world_of_the_page(sandbox):
    done = press(sandbox, ARM, f"/w/t1{PAGE}")

    assert done.headers["Location"] == f"/w/t1{PAGE}?done=armed"
    assert (len(armed(sandbox, "/w/t1")), armed(sandbox)) == (1, [])
    page = sandbox.get(done.headers["Location"])
    assert {f"/w/t1/_sandbox/{name}" for name in ("try", "flows", "clock")} <= set(links(page))
    press(sandbox, "remove-all", f"/w/t1{PAGE}")
    assert armed(sandbox, "/w/t1") == []


def test_a_form_of_another_origin_arms_nothing(sandbox):
    for headers in ({"Origin": "https://evil.example.test"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = sandbox.post(PAGE, data={"recipe": "github: rate-limit"}, headers=headers)
        assert (answer.status_code, armed(sandbox)) == (403, [])


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(sandbox, value):
    value = value.encode(errors="replace").decode()
    typed = {
        "where": "github",
        "what": "action",
        "action": f"answer: {value}",
        "login": value[:500],
        "client_id": value,
    }
    for data in (
        {"recipe": value},
        {"remove": value},
        {"do": "rule", **typed},
        {"recipe": "github: rate-limit", **typed},
    ):
        answer = sandbox.post(PAGE, data=data)
        assert not complaint(answer, PAGE), data
        assert answer.status_code in (303, 400)
    page = sandbox.get(PAGE, query_string={"q": value, "service": value, "done": value})
    assert not complaint(page, PAGE)
    assert page.status_code == 200
