"""What an exchange meets that asks a provider without HTTP: the faults of the provider's operation."""

from __future__ import annotations

import pytest

from tests.conftest import HouseClient
from tests.support import gmi, prisme
from tests.support.recipes import CONTROL

REDEEM = {"service": "github", "operation": "access_token"}


def arm(sandbox: HouseClient, **rule: object) -> str:
    return str(sandbox.post(f"{CONTROL}/faults", json=rule).json["id"])


def test_a_refusal_at_the_token_endpoint_reaches_the_exchange(sandbox, sign_in):
    code = gmi.console_code(sign_in)
    fault = arm(sandbox, **REDEEM, refuse={"reason": "CODE_EXPIRED"})
    first = gmi.swap_code(sandbox, code)

    assert (first.status_code, first.json) == (400, gmi.BAD_CODE)
    assert sandbox.journal()[-1].fault == fault
    assert gmi.swap_code(sandbox, code).status_code == 200


@pytest.mark.parametrize(
    "action",
    [
        {"refuse": {"reason": "INTERNAL_ERROR"}},
        {"refuse": {"reason": "RATE_LIMITED"}},
        {"answer": {"status": 502}},
        {"drop": {}},
        {"truncate": {}},
        {"malform": {}},
        {"redirect_loop": {}},
    ],
    ids=str,
)
def test_a_provider_that_gives_no_answer_has_failed(sandbox, sign_in, action):
    code = gmi.console_code(sign_in)
    arm(sandbox, **REDEEM, **action, times=1)
    first = gmi.swap_code(sandbox, code)

    assert (first.status_code, first.json) == (500, gmi.UPSTREAM)
    assert first.headers["X-Sandbox-Reason"].startswith("PROVIDER_FAILED")
    assert gmi.swap_code(sandbox, code).status_code == 200


@pytest.mark.parametrize("rule", [{"client_id": "gmi-console"}, {"login": "octocat"}], ids=str)
def test_the_client_and_the_person_are_those_of_the_code(sandbox, sign_in, rule):
    theirs, ours = gmi.console_code(sign_in, as_="alice"), gmi.console_code(sign_in)
    arm(sandbox, **REDEEM, **rule, refuse={"reason": "CODE_EXPIRED"})
    answers = {"login": (200, 400), "client_id": (400, 200)}[next(iter(rule))]

    assert tuple(gmi.swap_code(sandbox, code).status_code for code in (theirs, ours)) == answers


def test_what_looks_a_person_up_meets_it_too(sandbox, sign_in):
    token = gmi.provider_token(sandbox, sign_in)
    arm(sandbox, service="github", operation="get_user", refuse={"reason": "TOKEN_REVOKED"})

    assert gmi.present_token(sandbox, token).json == gmi.BAD_PROVIDER_TOKEN
    assert gmi.present_token(sandbox, token).status_code == 201


def test_a_fault_of_the_exchange_leaves_the_provider_alone(sandbox, sign_in):
    code = gmi.console_code(sign_in)
    arm(sandbox, service="gmi", operation="exchange_authorization_code", forge={"tamper": "expired"})

    assert gmi.swap_code(sandbox, code).status_code == 200
    assert gmi.present_token(sandbox, gmi.provider_token(sandbox, sign_in)).status_code == 201


def test_keys_that_are_not_given_fail_the_exchange(sandbox):
    token = prisme.id_token(sandbox)
    arm(sandbox, service="oidc", operation="keys", refuse={"reason": "INTERNAL_ERROR"})
    first = prisme.exchange(sandbox, token)

    assert first.status_code == 401
    assert first.headers["X-Sandbox-Reason"].startswith("PROVIDER_FAILED")
