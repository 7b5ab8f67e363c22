"""Azure's device login: the code, the page on which it is typed, and the polls."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.ids import USER_CODE
from tests.support.azure_login import (
    CONTOSO,
    EVERYONE,
    PUBLIC,
    WEB,
    change_application,
    change_person,
    claims,
    path,
    post_token,
    sign_in,
)
from tests.support.forms import submit

PAGE = "/common/oauth2/deviceauth"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def begin(sandbox, tenant: str = CONTOSO, **form: str) -> Any:
    given = {"client_id": PUBLIC, "scope": "User.Read openid profile offline_access", **form}
    data = {name: value for name, value in given.items() if value}
    return sandbox.post(f"{path('devicecode', tenant)}?mkt=de-DE", data=data)


def poll(sandbox, device_code: str, tenant: str = CONTOSO, **form: str) -> Any:
    given = {"grant_type": GRANT, "client_id": PUBLIC, "client_secret": "", "device_code": device_code, **form}
    return post_token(sandbox, tenant, **given)


def decide(sandbox, user_code: str, decision: str = "allow", as_: str = "alice") -> Any:
    page = submit(sandbox, sandbox.get(PAGE), "continue", user_code=user_code)
    return submit(sandbox, submit(sandbox, page, f"as-{as_}"), decision)


def test_a_device_gets_a_code_to_show(sandbox):
    answer = begin(sandbox)

    assert list(answer.json) == ["user_code", "device_code", "verification_uri", "expires_in", "interval", "message"]
    assert len(answer.json["user_code"]) == 9
    assert set(answer.json["user_code"]) <= set(USER_CODE)
    assert answer.json["verification_uri"] == f"http://localhost{PAGE}"
    assert (answer.json["expires_in"], answer.json["interval"]) == (900, 5)
    assert answer.json["message"] == (
        f"To sign in, use a web browser to open the page http://localhost{PAGE} and enter the code "
        f"{answer.json['user_code']} to authenticate."
    )


@pytest.mark.parametrize("grant_type", [GRANT, "device_code"])
def test_a_device_is_let_in(sandbox, grant_type):
    begun = begin(sandbox).json

    before = poll(sandbox, begun["device_code"], grant_type=grant_type)
    done = decide(sandbox, begun["user_code"].lower())
    after = poll(sandbox, begun["device_code"], grant_type=grant_type, client_info="1")
    again = poll(sandbox, begun["device_code"], grant_type=grant_type)

    assert (before.status_code, before.json["error"], before.json["error_codes"]) == (
        400,
        "authorization_pending",
        [70016],
    )
    assert "You have signed in to the" in done.text
    assert claims(after.json["id_token"])["preferred_username"] == "alice@contoso.test"
    assert {"refresh_token", "client_info"} <= set(after.json)
    assert again.json["error_codes"] == [54005]


def test_fast_polling_is_told_to_go_on_and_never_to_slow_down(sandbox):
    begun = begin(sandbox).json

    answers = [poll(sandbox, begun["device_code"]).json["error"] for _ in range(5)]
    decide(sandbox, begun["user_code"])

    assert answers == ["authorization_pending"] * 5
    assert poll(sandbox, begun["device_code"]).status_code == 200


def test_a_device_is_refused(sandbox):
    begun = begin(sandbox).json

    page = decide(sandbox, begun["user_code"], "deny")
    answer = poll(sandbox, begun["device_code"])

    assert "You declined the request" in page.text
    assert (answer.status_code, answer.json["error"]) == (400, "authorization_declined")
    assert answer.json["error_codes"] == [65004]


def test_a_device_is_refused_before_anybody_signed_in(sandbox):
    begun = begin(sandbox).json
    page = submit(sandbox, sandbox.get(PAGE), "continue", user_code=begun["user_code"])
    submit(sandbox, page, "deny")

    assert poll(sandbox, begun["device_code"]).json["error"] == "authorization_declined"


def test_a_device_code_lasts_a_quarter_of_an_hour(sandbox):
    begun = begin(sandbox).json
    sandbox.clock.advance(seconds=900)

    answer = poll(sandbox, begun["device_code"])

    assert (answer.json["error"], answer.json["error_codes"]) == ("expired_token", [70019])
    page = submit(sandbox, sandbox.get(PAGE), "continue", user_code=begun["user_code"])
    assert (page.status_code, sandbox.journal()[-1].reason) == (422, "USER_CODE_UNKNOWN")


@pytest.mark.parametrize(
    ("form", "number", "reason"),
    [
        ({"device_code": "1.Aunknown"}, 70018, "DEVICE_CODE_UNKNOWN"),
        ({"device_code": ""}, 900144, "FIELD_MISSING"),
        ({"client_id": WEB, "client_secret": "sandbox-secret"}, 70018, "DEVICE_CODE_UNKNOWN"),
        ({"client_id": WEB}, 7000218, "CLIENT_SECRET_MISSING"),
        ({"client_secret": "any"}, 700025, "CLIENT_CREDENTIALS_UNEXPECTED"),
    ],
)
def test_a_poll_is_refused(sandbox, form, number, reason):
    begun = begin(sandbox).json

    answer = poll(sandbox, **{"device_code": begun["device_code"], **form})

    assert answer.json["error_codes"] == [number]
    assert (answer.json["error"] == "bad_verification_code") == (number == 70018)
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize(
    ("tenant", "form", "number"),
    [
        (CONTOSO, {"client_id": ""}, 900144),
        (CONTOSO, {"client_id": "99999999-9999-4999-8999-999999999999"}, 700016),
        (CONTOSO, {"scope": ""}, 900144),
        (CONTOSO, {"scope": "nonsense"}, 70011),
        ("common", {}, 50194),
        ("nope", {}, 90002),
    ],
)
def test_a_device_login_is_not_begun(sandbox, tenant, form, number):
    answer = begin(sandbox, tenant, **form)

    assert (answer.status_code, answer.json["error_codes"]) == (400, [number])


def test_the_page_refuses_a_code_that_is_unknown_or_answered(sandbox):
    begun = begin(sandbox).json
    decide(sandbox, begun["user_code"])

    empty = submit(sandbox, sandbox.get(PAGE), "continue", user_code="")
    answered = submit(sandbox, sandbox.get(PAGE), "continue", user_code=begun["user_code"])

    assert (empty.status_code, empty.headers["X-Sandbox-Reason"].split(";")[0]) == (422, "USER_CODE_UNKNOWN")
    assert "work. Check the code and try again" in empty.text
    assert answered.headers["X-Sandbox-Reason"].split(";")[0] == "TRANSACTION_ALREADY_DECIDED"
    assert "already authorized or declined" in answered.text


def test_two_people_cannot_both_answer_a_device(sandbox):
    begun = begin(sandbox).json
    pages = [submit(sandbox, sandbox.get(PAGE), "continue", user_code=begun["user_code"]) for _ in range(2)]
    first, second = submit(sandbox, pages[0], "as-alice"), submit(sandbox, pages[1], "as-admin")

    submit(sandbox, first, "allow")
    late = submit(sandbox, second, "allow")

    assert (late.status_code, sandbox.journal()[-1].reason) == (400, "TRANSACTION_ALREADY_DECIDED")
    assert "AADSTS90120" in late.text
    assert claims(poll(sandbox, begun["device_code"]).json["id_token"])["name"] == "Alice Liddell"


def test_a_device_always_asks_a_person(sandbox):
    sign_in(sandbox)
    begun = begin(sandbox, client_id=WEB).json
    page = submit(sandbox, sandbox.get(f"{PAGE}?user_code={begun['user_code']}"), "continue")

    assert "Pick an account" in page.text
    assert "Are you trying to sign in on another device?" in submit(sandbox, page, "as-alice").text


def test_a_device_at_common_gets_tokens_of_the_home_tenant(sandbox):
    change_application(sandbox, EVERYONE, public_client=True)
    begun = begin(sandbox, "common", client_id=EVERYONE).json
    decide(sandbox, begun["user_code"], as_="guest")

    elsewhere = poll(sandbox, begun["device_code"], client_id=EVERYONE)
    answer = poll(sandbox, begun["device_code"], "common", client_id=EVERYONE)

    assert elsewhere.json["error_codes"] == [700005]
    assert claims(answer.json["id_token"])["tid"] == "ffffaaaa-0000-4bbb-8ccc-dddd00000002"


def test_who_is_kept_out_meanwhile_gets_no_tokens(sandbox):
    begun = begin(sandbox).json
    decide(sandbox, begun["user_code"])
    change_person(sandbox, "alice", deactivated=True)

    assert poll(sandbox, begun["device_code"]).json["error_codes"] == [50057]
