"""What an admin says about e-mail: the SMTP configuration and the templates are kept, and told."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.refusals import Reason
from tests.support.insforge import AUTH, LOGIN_AGAIN, api_key, check_refused, error, invalid, row

R = Reason
SMTP, TEMPLATES = f"{AUTH}/smtp-config", f"{AUTH}/email-templates"
SERVER = {
    "enabled": True,
    "host": "smtp.example.test",
    "port": 587,
    "username": "mailer",
    "senderEmail": "hello@example.test",
    "senderName": "Hello",
}
TYPES = [
    *("email-verification-code", "email-verification-link", "request-otp"),
    *("reset-password-code", "reset-password-link"),
]


def put(path: str, body: Any) -> Any:
    return lambda sandbox: sandbox.put(path, json=body, headers=api_key(sandbox))


def test_the_smtp_configuration_begins_empty(sandbox):
    told = sandbox.get(SMTP, headers=api_key(sandbox)).json

    assert list(told) == [
        *("id", "enabled", "host", "port", "username", "hasPassword", "senderEmail", "senderName"),
        *("minIntervalSeconds", "createdAt", "updatedAt"),
    ]
    assert told["id"] == "00000000-0000-0000-0000-000000000000"
    assert (told["enabled"], told["host"], told["port"], told["minIntervalSeconds"]) == (False, "", 465, 60)


def test_the_smtp_configuration_is_kept_and_its_password_told_to_nobody(sandbox):
    first = put(SMTP, {**SERVER, "password": "mail-secret"})(sandbox)
    sandbox.clock.advance(minutes=1)
    second = put(SMTP, {**SERVER, "minIntervalSeconds": 5})(sandbox)

    assert {name: first.json[name] for name in SERVER} == SERVER
    assert (first.json["hasPassword"], second.json["hasPassword"]) == (True, True)
    assert "mail-secret" not in first.text
    assert (second.json["id"], second.json["minIntervalSeconds"]) == (first.json["id"], 5)
    assert second.json["createdAt"] == first.json["createdAt"] < second.json["updatedAt"]
    assert sandbox.get(SMTP, headers=api_key(sandbox)).json == second.json


def test_what_is_not_enabled_need_not_be_whole(sandbox):
    answer = put(SMTP, {"enabled": False, "port": 25})(sandbox)

    assert (answer.status_code, answer.json["host"], answer.json["hasPassword"]) == (200, "", False)


def test_the_templates_are_told_and_changed(sandbox):
    before = sandbox.get(TEMPLATES, headers=api_key(sandbox)).json["data"]
    sandbox.clock.advance(minutes=1)
    changed = put(f"{TEMPLATES}/request-otp", {"subject": "Hi", "bodyHtml": "<b>{{ token }}</b>"})(sandbox).json

    after = sandbox.get(TEMPLATES, headers=api_key(sandbox)).json["data"]

    assert [template["templateType"] for template in before] == TYPES
    assert list(changed) == ["id", "templateType", "subject", "bodyHtml", "createdAt", "updatedAt"]
    assert (changed["subject"], changed["bodyHtml"]) == ("Hi", "<b>{{ token }}</b>")
    assert changed["updatedAt"] > changed["createdAt"]
    assert after == [changed if template["id"] == changed["id"] else template for template in before]


BAD_PORT = invalid("port: Port must be one of: 25, 465, 587, 2525")
REFUSED = [
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("enabled: Required, port: Port must be one of: 25, 465, 587, 2525"),
        put(SMTP, {}),
    ),
    row("another port", R.FIELD_INVALID, BAD_PORT, put(SMTP, {**SERVER, "port": 26})),
    row("a flag for a port", R.FIELD_INVALID, BAD_PORT, put(SMTP, {**SERVER, "port": True})),
    row(
        "an empty password",
        R.FIELD_INVALID,
        invalid("password: SMTP password is required"),
        put(SMTP, {**SERVER, "password": ""}),
    ),
    row(
        "enabled, and nothing else",
        R.FIELD_INVALID,
        invalid(
            "host: SMTP host is required, username: SMTP username is required, "
            "senderEmail: Invalid sender email, senderName: Sender name is required"
        ),
        put(SMTP, {"enabled": True, "port": 25}),
    ),
    row(
        "an empty template",
        R.FIELD_INVALID,
        invalid("subject: Subject is required, bodyHtml: Template body is required"),
        put(f"{TEMPLATES}/request-otp", {"subject": "", "bodyHtml": ""}),
    ),
    row(
        "an unknown template",
        R.FIELD_INVALID,
        invalid(f"Invalid template type. Must be one of: {', '.join(TYPES)}"),
        put(f"{TEMPLATES}/nope", {}),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), REFUSED)
def test_a_bad_change_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


@pytest.mark.parametrize(("method", "path"), [("GET", SMTP), ("PUT", SMTP), ("GET", TEMPLATES)])
def test_only_admins_are_told(sandbox, method, path):
    nobody = error(401, "AUTH_INVALID_CREDENTIALS", "No admin token provided", LOGIN_AGAIN)

    check_refused(sandbox, sandbox.open(path, method=method, json={}), R.TOKEN_MISSING, nobody)
