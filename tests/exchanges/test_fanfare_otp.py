"""Fanfare's one-time codes by e-mail and text message, and the mailbox where they are."""

from __future__ import annotations

import re

import pytest

from sandbox.core.refusals import Reason
from tests.support.fanfare import (
    ADDRESS,
    OLD_OTP,
    OTHER_PK,
    OTP,
    WRONG_OTP,
    bearer,
    check_refused,
    configure,
    consumer_id,
    guest,
    me,
    page,
    read_consumer,
    refresh,
    request_otp,
    sign_in,
    verify_otp,
)

R = Reason


def mails(sandbox, **query):
    return sandbox.get("/_sandbox/api/mailbox", query_string=query).json["mail"]


def test_a_code_lets_a_stranger_in(sandbox):
    sent = request_otp(sandbox, email="Fan@Example.test", name="A Fan")
    session = verify_otp(sandbox, email="fan@example.TEST")

    assert (sent.status_code, sent.json) == (200, {"ok": True})
    assert session.status_code == 200
    assert session.json["session"]["type"] == "authenticated"
    assert session.json["session"]["email"] == ADDRESS
    known = read_consumer(sandbox, session.json)
    assert (known["email"], known["fullName"], known["primaryExternalId"]) == (ADDRESS, "A Fan", None)


def test_an_address_is_one_consumer(sandbox):
    sessions = []
    for _ in range(2):
        request_otp(sandbox)
        sessions.append(verify_otp(sandbox).json)

    assert consumer_id(sessions[0]) == consumer_id(sessions[1])


def test_an_address_is_not_the_identity_that_claims_it(sandbox):
    other = sign_in(sandbox, claims={"email": ADDRESS})
    request_otp(sandbox)

    assert consumer_id(verify_otp(sandbox).json) != consumer_id(other)


def test_a_code_by_text_message(sandbox):
    request_otp(sandbox, phone="(212) 555-0100")
    session = verify_otp(sandbox, phone="+1 212 555 0100").json

    assert session["session"]["phone"] == "+12125550100"
    assert [mail["to"] for mail in mails(sandbox)] == ["+12125550100"]
    assert me(sandbox, session["accessToken"]).json["phone"] == "+12125550100"


@pytest.mark.parametrize(
    ("number", "country", "full"),
    [
        ("030 1234567", "DE", "+49301234567"),
        ("06 1234 5678", "it", "+390612345678"),
        ("1 212 555 0100", "US", "+12125550100"),
        ("+44 20 7946 0000", "US", "+442079460000"),
    ],
)
def test_a_national_number_is_of_its_country(sandbox, number, country, full):
    request_otp(sandbox, phone=number, defaultCountry=country)

    assert mails(sandbox)[0]["to"] == full


def test_a_wrong_code_is_refused_and_another_guess_allowed(sandbox):
    request_otp(sandbox)

    check_refused(sandbox, verify_otp(sandbox, "000000"), R.OTP_WRONG, WRONG_OTP)
    assert verify_otp(sandbox).status_code == 200
    check_refused(sandbox, verify_otp(sandbox), R.CODE_ALREADY_REDEEMED, WRONG_OTP)


def test_a_code_expires_after_ten_minutes(sandbox):
    sandbox.clock.freeze()
    request_otp(sandbox)

    sandbox.clock.advance(minutes=10)
    check_refused(sandbox, verify_otp(sandbox), R.CODE_EXPIRED, OLD_OTP)
    request_otp(sandbox)
    assert verify_otp(sandbox).status_code == 200


def test_a_code_is_guessed_five_times(sandbox):
    request_otp(sandbox)
    for _ in range(5):
        check_refused(sandbox, verify_otp(sandbox, "000000"), R.OTP_WRONG, WRONG_OTP)

    check_refused(sandbox, verify_otp(sandbox), R.LIMIT_REACHED, WRONG_OTP)
    request_otp(sandbox)
    assert verify_otp(sandbox).status_code == 200


def test_a_code_that_nobody_asked_for_is_refused(sandbox):
    check_refused(sandbox, verify_otp(sandbox), R.CODE_UNKNOWN, WRONG_OTP)
    request_otp(sandbox, key=OTHER_PK)
    check_refused(sandbox, verify_otp(sandbox), R.CODE_UNKNOWN, WRONG_OTP)


def test_a_code_is_random_if_the_fixture_has_none(sandbox):
    configure(sandbox, otp_code=None)
    request_otp(sandbox)
    first = re.findall(r"\b[0-9]{6}\b", mails(sandbox)[0]["text"])
    request_otp(sandbox)
    (otp,) = re.findall(r"\b[0-9]{6}\b", mails(sandbox)[0]["text"])

    assert first != [otp]
    assert verify_otp(sandbox, first[0]).json == WRONG_OTP[1]
    assert verify_otp(sandbox, otp).status_code == 200


@pytest.mark.parametrize(("ttl", "life"), [(600, "10 minutes"), (90, "90 seconds")])
def test_a_mail_says_what_a_person_needs(sandbox, ttl, life):
    configure(sandbox, otp_ttl=ttl)
    request_otp(sandbox)
    (mail,) = mails(sandbox)

    assert (mail["service"], mail["to"], mail["subject"]) == ("fanfare", ADDRESS, "Your verification code")
    assert mail["text"] == f"Your verification code is {OTP}. It expires in {life}."


# Guests


def test_a_guest_stays_the_consumer_of_a_new_address(sandbox):
    before = guest(sandbox)
    request_otp(sandbox)

    session = verify_otp(sandbox, token=before["accessToken"]).json

    assert consumer_id(session) == consumer_id(before)
    assert session["session"]["type"] == "authenticated"
    assert refresh(sandbox, before["refreshToken"]).status_code == 401


def test_a_guest_switches_to_the_consumer_of_a_known_address(sandbox):
    request_otp(sandbox)
    known = verify_otp(sandbox).json
    before = guest(sandbox)
    request_otp(sandbox)

    session = verify_otp(sandbox, token=before["accessToken"]).json

    assert consumer_id(session) == consumer_id(known) != consumer_id(before)
    assert me(sandbox, before["accessToken"]).status_code == 200


def test_a_login_is_the_codes_in_the_journal_whoever_the_guest_was(sandbox):
    before = guest(sandbox)
    request_otp(sandbox)

    verify_otp(sandbox, token=before["accessToken"])

    asked, verified = sandbox.journal()[-2:]
    assert (verified.flow, verified.login) == (asked.flow, consumer_id(before))


def test_a_wrong_guess_leaves_the_guest_alone(sandbox):
    before = guest(sandbox)
    request_otp(sandbox)
    verify_otp(sandbox, "000000", before["accessToken"])

    headers = {**page(), **bearer(before["accessToken"])}
    assert sandbox.get("/consumers/me", headers=headers).status_code == 200
