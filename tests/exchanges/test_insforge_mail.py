"""Codes that InsForge sends by e-mail: to sign in, to verify an address, to set a new password."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.support.insforge import AUTH, NEW, api_key, check_refused, error, invalid, sign_up

R = Reason
OTP = "246810"
SENT = {
    "/email/send-otp": "If sign-in is available for this email, we have sent a verification code.",
    "/email/send-verification": (
        "If your email is registered, we have sent you a verification code. Please check your inbox."
    ),
    "/email/send-reset-password": (
        "If your email is registered, we have sent you a password reset code. Please check your inbox."
    ),
}
BAD_OTP = invalid("Invalid or expired verification code")


def post(sandbox: Any, path: str, **body: Any) -> Any:
    return sandbox.post(f"{AUTH}{path}", json={"email": NEW["email"], **body})


def change_config(sandbox: Any, **changed: Any) -> None:
    sandbox.put(f"{AUTH}/config", json=changed, headers=api_key(sandbox))


@pytest.mark.parametrize("path", SENT)
def test_a_code_is_said_to_be_sent_whoever_asks(sandbox, path):
    answer = post(sandbox, path)

    assert (answer.status_code, answer.json) == (202, {"success": True, "message": SENT[path]})
    check_refused(sandbox, post(sandbox, path, email="x"), R.FIELD_INVALID, invalid("email: Invalid email format"))


def mails(sandbox: Any) -> list[tuple[str, str, str]]:
    listed = sandbox.get("/_sandbox/api/mailbox?service=insforge").json["mail"]
    return [(mail["to"], mail["subject"], mail["text"]) for mail in listed]


def test_a_code_is_in_the_mailbox(sandbox):
    sign_up(sandbox)
    for path in ("/email/send-otp", "/email/send-verification", "/email/send-reset-password"):
        post(sandbox, path, email="NEW@example.test")

    text = f"Your code is {OTP}. It is good once, for 900 seconds."
    subjects = ("Reset your password", "Verify your email", "Your sign-in code")
    assert mails(sandbox) == [(NEW["email"], subject, text) for subject in subjects]


def test_who_has_not_signed_up_gets_a_sign_in_code_only(sandbox):
    for path in ("/email/send-otp", "/email/send-verification", "/email/send-reset-password"):
        post(sandbox, path)

    assert [subject for _, subject, _ in mails(sandbox)] == ["Your sign-in code"]


def test_a_sign_up_that_must_be_verified_brings_a_mail(sandbox):
    change_config(sandbox, requireEmailVerification=True)
    sign_up(sandbox)

    assert [subject for _, subject, _ in mails(sandbox)] == ["Verify your email"]


def test_a_code_signs_a_stranger_up_and_in(sandbox):
    post(sandbox, "/email/send-otp")

    answer = post(sandbox, "/sessions", method="otp", otp=OTP, name="Otto")

    user = answer.json["user"]
    assert (user["email"], user["emailVerified"], user["profile"]) == (NEW["email"], True, {"name": "Otto"})
    check_refused(sandbox, post(sandbox, "/sessions", method="otp", otp=OTP), R.CODE_ALREADY_REDEEMED, BAD_OTP)


def test_a_code_verifies_whom_it_signs_in(sandbox):
    user = sign_up(sandbox).json["user"]
    post(sandbox, "/email/send-otp")

    answer = post(sandbox, "/sessions", method="otp", otp=OTP)

    assert {**answer.json["user"], "emailVerified": False, "updatedAt": user["updatedAt"]} == user


def test_a_wrong_or_old_code_is_refused(sandbox):
    post(sandbox, "/email/send-otp")

    check_refused(sandbox, post(sandbox, "/sessions", method="otp", otp="000000"), R.OTP_WRONG, BAD_OTP)
    sandbox.clock.advance(minutes=15)
    check_refused(sandbox, post(sandbox, "/sessions", method="otp", otp=OTP), R.CODE_EXPIRED, BAD_OTP)


LIMITED = "Too many {} from this IP. Please try again in 15 minutes."


@pytest.mark.parametrize(
    ("path", "operation", "what"),
    [
        ("/sessions", "create_session", "verification attempts"),
        ("/email/verify", "verify_email", "verification attempts"),
        ("/email/send-otp", "send_otp", "send email verification requests"),
        ("/email/send-reset-password", "send_reset_password", "send email verification requests"),
    ],
)
def test_a_limit_on_attempts_can_be_provoked(sandbox, path, operation, what):
    with sandbox.world() as world:
        arm_fault(world, "insforge", operation, R.RATE_LIMITED)

    limited = error(429, "TOO_MANY_REQUESTS", LIMITED.format(what))
    check_refused(sandbox, post(sandbox, path, otp=OTP), R.RATE_LIMITED, limited)


def test_nobody_is_signed_up_by_a_code_where_nobody_may(sandbox):
    change_config(sandbox, disableSignup=True)
    post(sandbox, "/email/send-otp")

    answer = post(sandbox, "/sessions", method="otp", otp=OTP)

    closed = error(403, "AUTH_SIGNUP_DISABLED", "User signups are disabled for this project.")
    check_refused(sandbox, answer, R.PERMISSION_DENIED, closed)


def test_an_address_is_verified_before_the_first_session(sandbox):
    change_config(sandbox, requireEmailVerification=True)

    signed_up = sign_up(sandbox)
    verified = post(sandbox, "/email/verify", otp=OTP)

    assert signed_up.json == {"accessToken": None, "requireEmailVerification": True}
    assert verified.json["user"]["emailVerified"] is True
    assert list(verified.json) == ["user", "accessToken", "csrfToken"]
    assert post(sandbox, "/sessions", password=NEW["password"]).status_code == 200


def test_a_code_for_nobody_verifies_nobody(sandbox):
    post(sandbox, "/email/send-verification")

    check_refused(sandbox, post(sandbox, "/email/verify", otp=OTP), R.CODE_UNKNOWN, BAD_OTP)


def test_a_code_leads_to_a_new_password(sandbox):
    sign_up(sandbox)
    post(sandbox, "/email/send-reset-password")

    token = post(sandbox, "/email/exchange-reset-password-token", code=OTP)
    short = post(sandbox, "/email/reset-password", otp=token.json["token"], newPassword="x")
    done = post(sandbox, "/email/reset-password", otp=token.json["token"], newPassword="another-1")

    assert list(token.json) == ["token", "expiresAt"]
    weak = invalid("Password must contain at least 6 characters long")
    assert (short.status_code, short.json) == (400, weak)
    assert done.json == {"message": "Password reset successfully"}
    assert post(sandbox, "/sessions", password="another-1").status_code == 200
    assert post(sandbox, "/sessions", password=NEW["password"]).status_code == 401
    again = post(sandbox, "/email/reset-password", otp=token.json["token"], newPassword="another-2")
    check_refused(sandbox, again, R.CODE_ALREADY_REDEEMED, BAD_OTP)


def test_a_code_is_good_for_its_purpose_only(sandbox):
    sign_up(sandbox)
    post(sandbox, "/email/send-reset-password")

    answer = post(sandbox, "/sessions", method="otp", otp=OTP)

    check_refused(sandbox, answer, R.CODE_UNKNOWN, BAD_OTP)
    form = post(sandbox, "/email/exchange-reset-password-token", code="x")
    check_refused(sandbox, form, R.FIELD_INVALID, invalid("code: Reset password code must be a 6-digit numeric code"))


def test_a_reset_token_is_nobodys_if_its_user_is_gone(sandbox):
    user = sign_up(sandbox).json["user"]
    post(sandbox, "/email/send-reset-password")
    token = post(sandbox, "/email/exchange-reset-password-token", code=OTP).json["token"]
    sandbox.delete(f"{AUTH}/users", json={"userIds": [user["id"]]}, headers=api_key(sandbox))

    answer = post(sandbox, "/email/reset-password", otp=token, newPassword="another-1")

    check_refused(sandbox, answer, R.CODE_UNKNOWN, BAD_OTP)
