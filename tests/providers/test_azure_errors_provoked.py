"""Azure's errors that a test provokes, that routing finds, and the ids by which they are found again."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.support.azure_login import answer, authorize, post_token, tokens

GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("reason", "status", "error", "number", "more"),
    [
        (Reason.MFA_REQUIRED, 400, "interaction_required", 50076, {"suberror", "claims"}),
        (Reason.MFA_ENROLMENT_REQUIRED, 400, "interaction_required", 50079, {"suberror", "claims"}),
        (Reason.CONSENT_REQUIRED, 400, "invalid_grant", 65001, {"suberror"}),
        (Reason.ACCESS_BLOCKED, 400, "interaction_required", 53003, set()),
        (Reason.POLLING_TOO_FAST, 400, "authorization_pending", 70016, set()),
        (Reason.RATE_LIMITED, 429, "temporarily_unavailable", 90055, set()),
        (Reason.PROVIDER_FAILED, 503, "temporarily_unavailable", 90033, set()),
        (Reason.REFRESH_TOKEN_REVOKED, 400, "invalid_grant", 50173, set()),
        (Reason.SSO_REQUIRED, 400, "invalid_request", 9002313, set()),
    ],
)
def test_a_fault_speaks_the_vendors_words(sandbox, reason, status, error, number, more):
    issued = tokens(sandbox)
    with sandbox.world() as world:
        arm_fault(world, "azure", "token", reason)

    told = post_token(sandbox, grant_type="refresh_token", refresh_token=issued["refresh_token"])
    again = post_token(sandbox, grant_type="refresh_token", refresh_token=issued["refresh_token"])

    assert (told.status_code, told.json["error"], told.json["error_codes"]) == (status, error, [number])
    assert {"suberror", "claims"} & set(told.json) == more
    assert told.headers["x-ms-clitelem"] == f"1,{number},0,,"
    assert again.status_code == 200


@pytest.mark.parametrize("path_", ["/contoso.test/oauth2/v2.0/token", "/contoso.test/oauth2/nothing", "/common/x"])
def test_what_routing_refuses_speaks_the_room_s_words(sandbox, path_):
    told = sandbox.get(path_)

    assert told.status_code in (404, 405)
    assert "AADSTS9" in told.text


def test_a_correlation_id_may_be_given_in_the_query(sandbox):
    told = answer(authorize(sandbox, prompt="none", **{"client-request-id": "c-0123"}))
    odd = answer(authorize(sandbox, prompt="none", **{"client-request-id": "a b"}))

    assert " Correlation ID: c-0123 " in told["error_description"]
    assert re.search(rf" Correlation ID: {GUID} ", odd["error_description"])
    assert dict(parse_qsl(urlsplit(told["error_uri"]).query)) == {"code": "50058"}
