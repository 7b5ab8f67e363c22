"""The page of the clock: what it moves has moved, and codes and tokens expire by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.forms import submit
from tests.support.github import CLIENT, redeem
from tests.support.hostile import HOSTILE, complaint
from tests.support.own_pages import fields, words

PAGE, API = "/_sandbox/clock", "/_sandbox/api/clock"
MOMENT = 1_800_000_000


def press(sandbox: Any, button: str, prefix: str = "", **typed: str) -> Any:
    return submit(sandbox, sandbox.get(f"{prefix}{PAGE}"), button, **typed)


def clock(sandbox: Any, prefix: str = "") -> dict[str, Any]:
    return sandbox.get(f"{prefix}{API}").json


@pytest.fixture
def frozen(sandbox):
    sandbox.put(API, json={"now": MOMENT, "frozen": True})
    return sandbox


def test_the_time_of_the_world_and_of_the_machine_are_shown(sandbox):
    assert "Real time The same as on this machine." in words(sandbox.get(PAGE))
    sandbox.post(f"{API}/advance", json={"days": 2, "hours": 3})
    assert "Moved 2 days 3 hours ahead of this machine, where it is" in words(sandbox.get(PAGE))
    sandbox.put(API, json={"now": MOMENT, "frozen": True})
    assert "08:00:00 Friday, 15 January 2027, UTC Frozen" in words(sandbox.get(PAGE))


def test_a_code_expires_by_one_click(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=CLIENT)
    done = press(sandbox, "step-660")

    assert "The clock is moved." in words(sandbox.get(done.headers["Location"]))
    assert redeem(sandbox, code).json["error"] == "bad_verification_code"


@pytest.mark.parametrize("seconds", [60, 660, 3_600, 86_400, 2_592_000])
def test_each_step_goes_as_far_as_it_says(frozen, seconds):
    assert press(frozen, f"step-{seconds}").status_code == 303
    assert clock(frozen)["now"] == MOMENT + seconds


@pytest.mark.parametrize(
    ("number", "unit", "seconds"), [("90", "seconds", 90), (" 5 ", "minutes", 300), ("-2", "days", -172_800)]
)
def test_it_goes_by_any_number_and_unit(frozen, number, unit, seconds):
    press(frozen, "advance", number=number, unit=unit)

    assert clock(frozen)["now"] == MOMENT + seconds


@pytest.mark.parametrize("typed", ["2027-02-01T12:00", "2027-02-01T12:00:00", "2027-02-01 12:00"])
def test_it_is_set_to_a_date_and_time(frozen, typed):
    press(frozen, "set", moment=typed)

    assert (clock(frozen)["iso"], clock(frozen)["frozen"]) == ("2027-02-01T12:00:00Z", True)


def test_it_stands_still_goes_on_and_comes_back_to_real_time(sandbox):
    press(sandbox, "set", moment="2030-01-01T00:00:00")
    press(sandbox, "freeze")
    assert clock(sandbox)["frozen"]
    press(sandbox, "thaw")
    assert (clock(sandbox)["frozen"], clock(sandbox)["iso"][:10]) == (False, "2030-01-01")
    press(sandbox, "freeze")
    done = press(sandbox, "real")

    assert "The clock shows real time again." in words(sandbox.get(done.headers["Location"]))
    assert (clock(sandbox)["frozen"], clock(sandbox)["offset"]) == (False, 0)


def test_what_expires_next_is_listed_and_can_be_let_expire(sandbox, sign_in):
    assert "Nothing that would expire." in words(sandbox.get(PAGE))
    code = sign_in("github", as_="octocat", client=CLIENT)
    sandbox.clock.freeze()

    assert f"GitHub code authorization_code octocat at {CLIENT} Let it expire" in words(sandbox.get(PAGE))
    press(sandbox, "until-1")
    assert "Nothing that would expire." in words(sandbox.get(PAGE))
    assert redeem(sandbox, code).json["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("button", "typed", "told"),
    [
        ("advance", {"number": "soon", "unit": "hours"}, 'hours must be a whole number; found "soon".'),
        ("advance", {"number": "", "unit": "hours"}, 'hours must be a whole number; found "".'),
        ("advance", {"number": "5", "unit": "years"}, "A unit is one of seconds, minutes, hours, days."),
        ("advance", {"number": "999999999", "unit": "days"}, "is no epoch second of the years 1970 to 9899."),
        ("set", {"moment": ""}, "Choose a date and a time."),
        ("set", {"moment": "tomorrow"}, "'tomorrow' is no date and time"),
        ("set", {"moment": "1960-01-01T00:00:00"}, "is no epoch second of the years 1970 to 9899."),
    ],
)
def test_a_refusal_is_told_in_words_and_what_was_typed_stays(frozen, button, typed, told):
    page = press(frozen, button, **typed)

    assert page.status_code == 400
    assert told in words(page)
    assert {name: fields(page)[name] for name in typed if name != "unit"} == {
        name: value for name, value in typed.items() if name != "unit"
    }
    assert clock(frozen)["now"] == MOMENT


def test_each_world_has_its_own_clock(sandbox):
    done = press(sandbox, "step-86400", "/w/t1")

    assert done.headers["Location"] == f"/w/t1{PAGE}?done=moved"
    assert (clock(sandbox, "/w/t1")["offset"], clock(sandbox)["offset"]) == (86_400, 0)


def test_a_form_of_another_origin_moves_nothing(frozen):
    for headers in ({"Origin": "https://evil.example.test"}, {"Sec-Fetch-Site": "same-site"}):
        assert frozen.post(PAGE, data={"step": "60"}, headers=headers).status_code == 403
    assert clock(frozen)["now"] == MOMENT


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_text(frozen, value):
    value = value.encode(errors="replace").decode()
    for typed in (
        {"do": value},
        {"step": value},
        {"until": value},
        {"do": "advance", "number": value, "unit": "days"},
        {"do": "advance", "number": "1", "unit": value},
        {"do": "set", "moment": value},
    ):
        answer = frozen.post(PAGE, data=typed)
        assert (answer.status_code, complaint(answer, PAGE)) == (400, ""), typed
    assert not complaint(frozen.get(PAGE, query_string={"done": value}), PAGE)
    assert clock(frozen)["now"] == MOMENT
