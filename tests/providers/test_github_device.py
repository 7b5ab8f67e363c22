"""GitHub's device flow: a device polls, a person types its code on a page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.conftest import HouseClient
from tests.support.forms import submit

START = "/login/device/code"
TOKEN = "/login/oauth/access_token"
CLIENT = "Iv1.sandboxclient"
APP = "Iv23.sandboxghapp"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DOCS = "https://docs.github.com/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow"
JSON = {"Accept": "application/json"}


def start(sandbox: HouseClient, client: str = CLIENT, scope: str = "gist") -> dict[str, Any]:
    answer = sandbox.post(START, data={"client_id": client, "scope": scope}, headers=JSON)
    assert answer.status_code == 200
    return dict(answer.json)


def poll(sandbox: HouseClient, device_code: str, client: str = CLIENT) -> dict[str, Any]:
    body = {"client_id": client, "device_code": device_code, "grant_type": GRANT}
    answer = sandbox.post(TOKEN, data=body, headers=JSON)
    assert answer.status_code == 200
    return dict(answer.json)


def enter(sandbox: HouseClient, user_code: str) -> Any:
    return submit(sandbox, sandbox.get("/login/device"), "continue", user_code=user_code)


def approve(sandbox: HouseClient, user_code: str, as_: str = "octocat", press: str = "allow") -> Any:
    page = submit(sandbox, enter(sandbox, user_code), f"as-{as_}")
    return submit(sandbox, page, press) if f'id="{press}"' in page.text else page


def test_a_device_waits_until_its_user_has_approved(sandbox):
    begun = start(sandbox)
    pending = poll(sandbox, begun["device_code"])
    done = approve(sandbox, begun["user_code"])
    sandbox.clock.advance(seconds=5)
    answer = poll(sandbox, begun["device_code"])

    assert list(begun) == ["device_code", "expires_in", "interval", "user_code", "verification_uri"]
    assert re.fullmatch(r"[0-9a-f]{40}", begun["device_code"])
    assert re.fullmatch(r"[A-Z]{4}-[A-Z]{4}", begun["user_code"])
    assert (begun["expires_in"], begun["interval"]) == (900, 5)
    assert begun["verification_uri"] == "http://localhost/login/device"
    assert pending == {
        "error": "authorization_pending",
        "error_description": "The authorization request is still pending.",
        "error_uri": DOCS,
    }
    assert done.status_code == 200
    assert "Location" not in done.headers
    assert answer["access_token"].startswith("gho_")
    assert answer["scope"] == "gist"


def test_the_start_answers_with_a_form_unless_asked_otherwise(sandbox):
    answer = sandbox.post(START, data={"client_id": CLIENT})

    assert answer.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert [name for name, _ in parse_qsl(answer.text)] == [
        "device_code",
        "expires_in",
        "interval",
        "user_code",
        "verification_uri",
    ]


def test_polling_too_fast_slows_down_and_stays_slow(sandbox):
    sandbox.clock.freeze()
    device_code = start(sandbox)["device_code"]
    answers = [poll(sandbox, device_code)]
    for wait in (4, 9, 15):
        sandbox.clock.advance(seconds=wait)
        answers.append(poll(sandbox, device_code))

    assert [answer["error"] for answer in answers] == [
        "authorization_pending",
        "slow_down",
        "slow_down",
        "authorization_pending",
    ]
    assert [answer.get("interval") for answer in answers] == [None, 10, 15, None]
    assert answers[1]["error_description"] == "Too many requests have been made in the same timeframe."
    assert answers[1]["error_uri"] == "https://docs.github.com"


def test_a_device_code_is_good_once(sandbox):
    begun = start(sandbox)
    approve(sandbox, begun["user_code"])
    first = poll(sandbox, begun["device_code"])
    sandbox.clock.advance(seconds=10)
    again = poll(sandbox, begun["device_code"])

    assert "access_token" in first
    assert again["error"] == "incorrect_device_code"
    assert sandbox.journal()[-1].reason == "DEVICE_CODE_ALREADY_REDEEMED"


@pytest.mark.parametrize("press", ["deny", "allow-then-deny"])
def test_a_person_may_refuse(sandbox, press):
    begun = start(sandbox)
    page = enter(sandbox, begun["user_code"])
    if press != "deny":
        page = submit(sandbox, page, "as-octocat")
    done = submit(sandbox, page, "deny")
    answers = [poll(sandbox, begun["device_code"]) for _ in range(2)]

    assert done.status_code == 200
    assert (
        answers
        == [
            {
                "error": "access_denied",
                "error_description": "The authorization request was denied.",
                "error_uri": DOCS,
            }
        ]
        * 2
    )


def test_a_device_code_expires(sandbox):
    begun = start(sandbox)
    page = enter(sandbox, begun["user_code"])
    sandbox.clock.advance(seconds=900)

    assert poll(sandbox, begun["device_code"]) == {
        "error": "expired_token",
        "error_description": "The device_code has expired.",
        "error_uri": DOCS,
    }
    assert enter(sandbox, begun["user_code"]).status_code == 422
    assert submit(sandbox, page, "deny").status_code == 400


@pytest.mark.parametrize(
    ("client", "device_code"), [(CLIENT, "unknown"), (CLIENT, ""), ("gmi-console", None), (CLIENT, "\0")]
)
def test_an_unknown_or_foreign_device_code_is_refused(sandbox, client, device_code):
    mine = start(sandbox)["device_code"]

    assert poll(sandbox, mine if device_code is None else device_code, client) == {
        "error": "incorrect_device_code",
        "error_description": "The device_code provided is not valid.",
        "error_uri": DOCS,
    }


def test_the_device_flow_may_be_off(sandbox):
    body = {"client_id": "Iv1.olderclient"}
    start_answer = sandbox.post(START, data=body, headers=JSON)
    poll_answer = sandbox.post(TOKEN, data={**body, "device_code": "x", "grant_type": GRANT}, headers=JSON)

    assert (start_answer.status_code, poll_answer.status_code) == (400, 200)
    assert start_answer.json == poll_answer.json
    assert start_answer.json["error"] == "device_flow_disabled"
    assert start_answer.json["error_description"] == "Device Flow must be explicitly enabled for this App"


@pytest.mark.parametrize("client", ["nobody", ""])
def test_an_unknown_client_cannot_start(sandbox, client):
    answer = sandbox.post(START, data={"client_id": client}, headers=JSON)

    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})
    assert answer.headers["X-Sandbox-Reason"].startswith("CLIENT_UNKNOWN; ")


@pytest.mark.parametrize("typed", ["{}", "{lower}", "{bare}", " {} ", "{spaced}"])
def test_the_user_code_may_be_typed_carelessly(sandbox, typed):
    code = start(sandbox)["user_code"]
    spelled = typed.format(code, lower=code.lower(), bare=code.replace("-", ""), spaced=code.replace("-", " "))

    assert 'id="as-octocat"' in enter(sandbox, spelled).text


@pytest.mark.parametrize("typed", ["", "AAAA-AAAA", "\0", "<script>", "x" * 5000, "ÄÖÜß-ßßßß"])
def test_a_wrong_user_code_is_told_on_the_page(sandbox, typed):
    page = enter(sandbox, typed)

    assert page.status_code == 422
    assert "No device is waiting with this code" in page.text
    assert sandbox.journal()[-1].reason == "USER_CODE_UNKNOWN"


def test_a_refresh_token_of_the_device_flow_needs_no_secret(sandbox):
    begun = start(sandbox, APP)
    approve(sandbox, begun["user_code"])
    first = poll(sandbox, begun["device_code"], APP)
    body = {"client_id": APP, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = sandbox.post(TOKEN, data=body, headers=JSON).json
    body["refresh_token"] = second["refresh_token"]

    assert first["access_token"].startswith("ghu_")
    assert "access_token" in second
    assert "access_token" in sandbox.post(TOKEN, data=body, headers=JSON).json


def test_fifty_submissions_an_hour_are_the_limit(sandbox):
    sandbox.clock.freeze()
    user_code = start(sandbox)["user_code"]
    for _ in range(50):
        enter(sandbox, user_code)
    page = enter(sandbox, user_code)

    assert page.status_code == 422
    assert "Too many codes" in page.text


def test_an_unverified_person_gets_no_token_on_a_device_either(sandbox):
    begun = start(sandbox)
    approve(sandbox, begun["user_code"], as_="unverified")

    assert poll(sandbox, begun["device_code"])["error"] == "unverified_user_email"


def test_a_device_that_a_person_knows_is_not_asked_about_again(sandbox):
    approve(sandbox, start(sandbox)["user_code"])
    begun = start(sandbox)
    done = submit(sandbox, enter(sandbox, begun["user_code"]), "as-octocat")

    assert 'id="allow"' not in done.text
    assert "access_token" in poll(sandbox, begun["device_code"])


def test_a_device_that_another_person_answered_grants_nothing(sandbox):
    begun = start(sandbox)
    pages = [submit(sandbox, enter(sandbox, begun["user_code"]), f"as-{login}") for login in ("alice", "octocat")]
    answers = [submit(sandbox, page, "allow") for page in pages]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert sandbox.journal()[-1].reason == "USER_CODE_UNKNOWN"
    assert "octocat" not in sandbox.get(f"/settings/connections/applications/{CLIENT}").text
