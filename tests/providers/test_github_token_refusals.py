"""Every way in which GitHub's token endpoint says no, as a catalogue: cause, true reason, vendor's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core import tables
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.conftest import HouseClient, SignIn
from tests.support.github import (
    APP,
    BAD_CODE,
    BAD_REFRESH,
    CALLBACK,
    CHALLENGE,
    CLIENT,
    CREDENTIALS,
    JSON,
    MISMATCH,
    SECRET,
    TOKEN,
    UNVERIFIED,
    basic,
    error,
    redeem,
    refresh,
)

Cause = Callable[[HouseClient, SignIn], Any]


def octocat(sign_in: SignIn, **query: str) -> str:
    return sign_in("github", as_="octocat", client=CLIENT, **query)


def expired(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = octocat(sign_in)
    sandbox.clock.advance(minutes=10)
    return redeem(sandbox, code)


def replayed(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = octocat(sign_in)
    redeem(sandbox, code)
    return redeem(sandbox, code)


def with_challenge(sign_in: SignIn) -> str:
    return octocat(sign_in, code_challenge=CHALLENGE, code_challenge_method="S256")


def expired_refresh(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    sandbox.clock.advance(seconds=15_897_600)
    return refresh(sandbox, first["refresh_token"])


def used_refresh(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    refresh(sandbox, first["refresh_token"])
    return refresh(sandbox, first["refresh_token"])


def revoked_refresh(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    sandbox.post(f"/settings/connections/applications/{APP}", data={"revoke": "octocat"})
    return refresh(sandbox, first["refresh_token"])


def foreign_refresh(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    return refresh(sandbox, first["refresh_token"], client_id=CLIENT)


def refresh_without_secret(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    body = {"client_id": APP, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    return sandbox.post(TOKEN, json=body, headers=JSON)


def raw(body: bytes, content_type: str) -> Cause:
    return lambda sandbox, sign_in: sandbox.post(TOKEN, data=body, content_type=content_type, headers=JSON)


def faulty(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = octocat(sign_in)
    with sandbox.world() as world:
        arm_fault(world, "github", "access_token", Reason.REFRESH_TOKEN_EXPIRED)
    return redeem(sandbox, code)


def deactivated(sandbox: HouseClient) -> None:
    with sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="octocat")


def code_of_deactivated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    code = octocat(sign_in)
    deactivated(sandbox)
    return redeem(sandbox, code)


def refresh_of_deactivated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    first = redeem(sandbox, sign_in("github", as_="octocat", client=APP), client_id=APP).json
    deactivated(sandbox)
    return refresh(sandbox, first["refresh_token"])


REFUSALS: list[tuple[str, Cause, dict[str, str]]] = [
    ("CODE_UNKNOWN", lambda s, i: redeem(s, "0" * 20), BAD_CODE),
    ("CODE_UNKNOWN", lambda s, i: redeem(s, octocat(i)[:-1]), BAD_CODE),
    ("CODE_UNKNOWN", lambda s, i: redeem(s, ""), BAD_CODE),
    ("CODE_UNKNOWN", lambda s, i: redeem(s, "\0"), BAD_CODE),
    ("CODE_UNKNOWN", lambda s, i: redeem(s, octocat(i).upper()), BAD_CODE),
    ("CODE_EXPIRED", expired, BAD_CODE),
    ("IDENTITY_DEACTIVATED", code_of_deactivated, BAD_CODE),
    ("IDENTITY_DEACTIVATED", refresh_of_deactivated, BAD_CODE),
    ("CODE_ALREADY_REDEEMED", replayed, BAD_CODE),
    ("CODE_OF_ANOTHER_CLIENT", lambda s, i: redeem(s, octocat(i), client_id="gmi-console"), BAD_CODE),
    ("CLIENT_UNKNOWN", lambda s, i: redeem(s, octocat(i), client_id="nobody"), CREDENTIALS),
    ("CLIENT_UNKNOWN", lambda s, i: redeem(s, octocat(i), client_id=""), CREDENTIALS),
    ("CLIENT_UNKNOWN", lambda s, i: s.post(TOKEN, headers=JSON), CREDENTIALS),
    (
        "CLIENT_UNKNOWN",
        lambda s, i: s.post(
            TOKEN,
            data={"client_id": "gmi-console", "code": octocat(i)},
            headers={**basic(CLIENT, SECRET), **JSON},
        ),
        CREDENTIALS,
    ),
    ("CLIENT_SECRET_WRONG", lambda s, i: redeem(s, octocat(i), client_secret="wrong"), CREDENTIALS),
    ("CLIENT_SECRET_WRONG", lambda s, i: redeem(s, octocat(i), client_secret="é\0"), CREDENTIALS),
    ("CLIENT_SECRET_MISSING", lambda s, i: redeem(s, octocat(i), client_secret=""), CREDENTIALS),
    ("CLIENT_SECRET_MISSING", refresh_without_secret, CREDENTIALS),
    ("REDIRECT_URI_MISMATCH", lambda s, i: redeem(s, octocat(i), redirect_uri="http://evil.test/"), MISMATCH),
    (
        "REDIRECT_URI_MISMATCH",
        lambda s, i: redeem(s, octocat(i, redirect_uri=CALLBACK), redirect_uri=f"{CALLBACK}/below"),
        MISMATCH,
    ),
    ("VERIFIER_MISSING", lambda s, i: redeem(s, with_challenge(i)), BAD_CODE),
    ("VERIFIER_MISMATCH", lambda s, i: redeem(s, with_challenge(i), code_verifier="x" * 43), BAD_CODE),
    ("VERIFIER_MISMATCH", lambda s, i: redeem(s, with_challenge(i), code_verifier=CHALLENGE), BAD_CODE),
    ("VERIFIER_MISMATCH", lambda s, i: redeem(s, with_challenge(i), code_verifier="short"), BAD_CODE),
    (
        "EMAIL_UNVERIFIED",
        lambda s, i: redeem(s, i("github", as_="unverified", client=CLIENT)),
        UNVERIFIED,
    ),
    (
        "GRANT_TYPE_UNSUPPORTED",
        lambda s, i: redeem(s, octocat(i), grant_type="password"),
        error(
            "unsupported_grant_type",
            "no grant is called 'password'",
            "https://docs.github.com/developers/apps/authorizing-oauth-apps#error-codes-for-the-device-flow",
        ),
    ),
    ("REFRESH_TOKEN_UNKNOWN", lambda s, i: refresh(s, "ghr_unknown"), BAD_REFRESH),
    ("REFRESH_TOKEN_UNKNOWN", lambda s, i: refresh(s, ""), BAD_REFRESH),
    ("REFRESH_TOKEN_EXPIRED", expired_refresh, BAD_REFRESH),
    ("REFRESH_TOKEN_ALREADY_USED", used_refresh, BAD_REFRESH),
    ("REFRESH_TOKEN_REVOKED", revoked_refresh, BAD_REFRESH),
    ("REFRESH_TOKEN_OF_ANOTHER_CLIENT", foreign_refresh, BAD_REFRESH),
    ("BODY_MALFORMED", raw(b'{"client_id": ', "application/json"), CREDENTIALS),
    ("BODY_MALFORMED", raw(b"[" * 100_000, "application/json"), CREDENTIALS),
    ("BODY_MALFORMED", raw(b'{"code": "\\ud800"}', "application/json"), CREDENTIALS),
    ("CLIENT_UNKNOWN", raw(b"[1, 2]", "application/json"), CREDENTIALS),
    ("CLIENT_UNKNOWN", raw(b'{"client_id": 7, "code": null}', "application/json"), CREDENTIALS),
    ("CLIENT_UNKNOWN", raw(b"client_id=a", "text/plain"), CREDENTIALS),
    ("CLIENT_UNKNOWN", raw(b"\xff\xfe=%ff", "application/x-www-form-urlencoded"), CREDENTIALS),
    ("REFRESH_TOKEN_EXPIRED", faulty, BAD_REFRESH),
]


@pytest.mark.parametrize(
    ("reason", "cause", "body"),
    [pytest.param(*row, id=f"{number:02}-{row[0]}-{row[2]['error']}") for number, row in enumerate(REFUSALS)],
)
def test_it_says_no_in_the_vendors_words(sandbox, sign_in, reason, cause, body):
    answer = cause(sandbox, sign_in)

    assert (answer.status_code, answer.json) == (200, body)
    assert answer.headers["X-Sandbox-Reason"].startswith(f"{reason}; ")
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", TOKEN, 405, "method_not_allowed"),
        ("PUT", TOKEN, 405, "method_not_allowed"),
        ("DELETE", "/login/device/code", 405, "method_not_allowed"),
    ],
)
def test_a_wrong_method_is_refused_in_the_same_format(sandbox, method, path, status, name):
    answer = sandbox.open(path, method=method, headers=JSON)

    assert (answer.status_code, answer.json["error"]) == (status, name)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_ten_megabytes_are_refused(sandbox, content_type):
    answer = sandbox.post(TOKEN, data=b"a" * 10_000_000, content_type=content_type, headers=JSON)

    assert (answer.status_code, answer.json["error"]) == (413, "payload_too_large")
