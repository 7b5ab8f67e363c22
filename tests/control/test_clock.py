"""The clock over the control API: read, set, frozen, advanced, for one world at a time."""

from __future__ import annotations

import pytest

from tests.support.databases import on_either_database

CLOCK = "/_sandbox/api/clock"
NEW_YEAR = 1_798_761_600


def test_a_new_world_has_the_time_of_the_machine(sandbox):
    clock = sandbox.get(CLOCK).json

    assert clock == {"now": clock["now"], "iso": clock["iso"], "frozen": False, "offset": 0}
    assert abs(clock["now"] - sandbox.clock.now()) <= 1


@pytest.mark.parametrize(
    "moment", [NEW_YEAR, "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", "2027-01-01T00:00:00.999Z"]
)
def test_a_clock_is_set_and_frozen(sandbox, moment):
    clock = sandbox.put(CLOCK, json={"now": moment, "frozen": True}).json

    assert (clock["now"], clock["iso"], clock["frozen"]) == (NEW_YEAR, "2027-01-01T00:00:00Z", True)
    assert sandbox.get(CLOCK).json["now"] == NEW_YEAR


def test_a_frozen_clock_goes_on_from_where_it_stood(sandbox):
    sandbox.put(CLOCK, json={"now": NEW_YEAR, "frozen": True})
    clock = sandbox.put(CLOCK, json={"frozen": False}).json

    assert clock["frozen"] is False
    assert 0 <= clock["now"] - NEW_YEAR <= 5
    assert clock["offset"] != 0


@pytest.mark.parametrize("frozen", [True, False])
def test_a_clock_comes_back_to_the_time_of_the_machine(sandbox, frozen):
    sandbox.put(CLOCK, json={"now": NEW_YEAR, "frozen": frozen})
    clock = sandbox.put(CLOCK, json={"now": "real"}).json

    assert (clock["frozen"], abs(clock["offset"]) <= 1) == (frozen, True)
    assert sandbox.put(CLOCK, json={"now": "real", "frozen": False}).json["offset"] == 0


@on_either_database
def test_what_expires_next_comes_first(sandbox, sign_in):
    assert sandbox.get(f"{CLOCK}/expiring").json == {"expiring": []}
    sandbox.put(CLOCK, json={"now": NEW_YEAR, "frozen": True})
    sandbox.post("/_sandbox/api/login", json={"exchange": "fanfare", "identity": "octocat"})
    code = sign_in("github", as_="octocat", client="Iv1.sandboxclient")
    expiring = sandbox.get(f"{CLOCK}/expiring").json["expiring"]

    assert expiring[0] == {
        "what": "code",
        "service": "github",
        "kind": "authorization_code",
        "client_id": "Iv1.sandboxclient",
        "login": "octocat",
        "expires_at": NEW_YEAR + 600,
    }
    moments = [one["expires_at"] for one in expiring]
    assert moments == sorted(moments)
    assert {one["what"] for one in expiring} == {"code", "token"}
    assert sandbox.get(f"{CLOCK}/expiring?limit=1").json["expiring"] == expiring[:1]
    body = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret", "code": code}
    sandbox.post("/login/oauth/access_token", json=body)
    assert expiring[0] not in sandbox.get(f"{CLOCK}/expiring").json["expiring"]
    sandbox.post(f"{CLOCK}/advance", json={"days": 1_000})
    assert sandbox.get(f"{CLOCK}/expiring").json == {"expiring": []}


def test_time_passes_by_all_that_is_given(sandbox):
    sandbox.put(CLOCK, json={"now": NEW_YEAR, "frozen": True})
    step = {"seconds": 1, "minutes": 1, "hours": 1, "days": 1}

    assert sandbox.post(f"{CLOCK}/advance", json=step).json["now"] == NEW_YEAR + 90_061
    assert sandbox.post(f"{CLOCK}/advance", json={"days": -1}).json["now"] == NEW_YEAR + 3_661


@pytest.mark.parametrize(
    "moment", ["", "tomorrow", "2027-01-01T00:00:00", "2027-13-01T00:00:00Z", -1, 250_246_627_200, True, None, [1]]
)
def test_what_is_no_moment_is_refused(sandbox, moment):
    answer = sandbox.put(CLOCK, json={"now": moment})

    assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_INVALID")
    assert answer.json["errors"][0]["pointer"] == "#/now"


def test_people_sign_in_on_the_last_day_there_is(sandbox):
    sandbox.put(CLOCK, json={"now": "9899-12-31T23:59:59Z", "frozen": True})

    for body in ({"exchange": "prisme"}, {"provider": "github", "exchange": "insforge"}, {"provider": "azure"}):
        assert sandbox.post("/_sandbox/api/login", json={**body, "identity": "octocat"}).status_code == 200, body


def test_a_whole_number_may_be_written_with_a_point(sandbox):
    sandbox.put(CLOCK, json={"now": NEW_YEAR, "frozen": True})

    answer = sandbox.post(f"{CLOCK}/advance", data=b'{"seconds": 60.0}')

    assert repr(answer.json["now"]) == str(NEW_YEAR + 60)


def test_nobody_leaves_the_years_that_dates_can_show(sandbox):
    answer = sandbox.post(f"{CLOCK}/advance", json={"days": -100_000})

    assert (answer.status_code, answer.json["reason"]) == (400, "FIELD_INVALID")


def test_a_code_expires_as_the_clock_is_advanced(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client="gmi-console")
    sandbox.post(f"{CLOCK}/advance", json={"minutes": 11})
    answer = sandbox.post("/api/v1/oauth/token", json={"provider": "github", "code": code})

    assert answer.status_code != 200
    assert sandbox.journal()[-1].reason == "CODE_EXPIRED"


def test_each_world_has_a_clock_of_its_own(sandbox):
    sandbox.put(f"/w/t1{CLOCK}", json={"now": NEW_YEAR, "frozen": True})

    assert sandbox.get(f"/w/t1{CLOCK}").json["frozen"] is True
    assert sandbox.get(CLOCK).json["frozen"] is False
