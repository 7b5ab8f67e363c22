"""Fanfare's external identities: a brand's backend vouches for a user, and a code carries that to a browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from tests.support.fanfare import (
    AUTH,
    BAD_JSON,
    EXTERNAL,
    IDENTITY,
    INVALID_CODE,
    NO_SECRET,
    NOBODY,
    OTHER_PK,
    OTHER_SK,
    PK,
    SK,
    WRONG_KEY,
    authorize,
    bearer,
    check_refused,
    code,
    consumer_id,
    exchange,
    guest,
    me,
    page,
    read_consumer,
    sign_in,
)

R = Reason
ULID = "[0-9A-HJKMNP-TV-Z]{26}"
UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def seconds(moment: str) -> int:
    return int(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


# The way of a login


def test_a_code_becomes_a_session(sandbox):
    sandbox.clock.freeze()
    answer = authorize(sandbox, claims={"email": "fan@example.test"})
    session = exchange(sandbox, answer.json["exchangeCode"])

    assert list(answer.json) == ["exchangeCode", "expiresAt", "resolution"]
    assert re.fullmatch(f"exc_{ULID}", answer.json["exchangeCode"])
    assert seconds(answer.json["expiresAt"]) == sandbox.clock.now() + 60
    assert (answer.json["resolution"], session.status_code) == ("created", 200)
    assert list(session.json) == ["session", "accessToken", "refreshToken", "refreshTokenTtlSeconds", "beaconToken"]
    about = session.json["session"]
    assert list(about) == ["type", "consumerId", "expiresAt", "email"]
    assert (about["type"], about["email"]) == ("authenticated", "fan@example.test")
    assert re.fullmatch(UUID7, about["consumerId"])
    assert seconds(about["expiresAt"]) == sandbox.clock.now() + 3600
    assert session.json["refreshTokenTtlSeconds"] == 2_592_000


def test_a_code_works_once(sandbox):
    value = code(sandbox)
    assert exchange(sandbox, value).status_code == 200

    check_refused(sandbox, exchange(sandbox, value), R.CODE_ALREADY_REDEEMED, INVALID_CODE)
    sandbox.clock.advance(seconds=61)
    check_refused(sandbox, exchange(sandbox, value), R.CODE_ALREADY_REDEEMED, INVALID_CODE)


def test_a_code_is_good_for_a_minute(sandbox):
    sandbox.clock.freeze()
    early, late = code(sandbox), code(sandbox)

    sandbox.clock.advance(seconds=59)
    assert exchange(sandbox, early).status_code == 200
    sandbox.clock.advance(seconds=1)
    check_refused(sandbox, exchange(sandbox, late), R.CODE_EXPIRED, (401, {"error": "exchange_code_expired"}))


def test_a_code_is_good_at_its_own_organization(sandbox):
    value = code(sandbox)

    check_refused(sandbox, exchange(sandbox, value, key=OTHER_PK), R.CODE_OF_ANOTHER_CLIENT, INVALID_CODE)
    check_refused(sandbox, exchange(sandbox, "exc_01HXYZ123456789"), R.CODE_UNKNOWN, INVALID_CODE)
    assert exchange(sandbox, value).status_code == 200


def test_a_proof_of_possession_is_passed_over(sandbox):
    headers = {**page(), "DPoP": "abc.def.ghi"}

    assert (
        sandbox.post(f"{EXTERNAL}/exchange", json={"exchangeCode": code(sandbox)}, headers=headers).status_code == 200
    )
    assert "abc.def.ghi" not in str(sandbox.journal()[-1].request)
    assert "Dpop" in sandbox.journal()[-1].request["headers"]


# Who an identity is


def test_a_triple_is_one_consumer(sandbox):
    first, second = authorize(sandbox), authorize(sandbox)
    sessions = [exchange(sandbox, answer.json["exchangeCode"]).json for answer in (first, second)]

    assert [first.json["resolution"], second.json["resolution"]] == ["created", "existing"]
    assert consumer_id(sessions[0]) == consumer_id(sessions[1])


@pytest.mark.parametrize("member", ["provider", "issuer", "subject"])
def test_another_triple_is_another_consumer_whatever_its_email(sandbox, member):
    claims = {"email": "fan@example.test"}
    first = sign_in(sandbox, claims=claims)

    answer = authorize(sandbox, **{member: "other"}, claims=claims)

    assert answer.json["resolution"] == "created"
    assert consumer_id(exchange(sandbox, answer.json["exchangeCode"]).json) != consumer_id(first)


def test_the_same_triple_of_another_organization_is_another_consumer(sandbox):
    first = sign_in(sandbox)

    answer = authorize(sandbox, key=OTHER_SK, canonicalSubject="c-1")

    assert answer.json["resolution"] == "created"
    assert consumer_id(exchange(sandbox, answer.json["exchangeCode"], key=OTHER_PK).json) != consumer_id(first)


def test_a_canonical_subject_links_identities(sandbox):
    first = sign_in(sandbox, canonicalSubject="c-1")

    answer = authorize(sandbox, subject="user-2", canonicalSubject="c-1")
    second = exchange(sandbox, answer.json["exchangeCode"]).json

    assert answer.json["resolution"] == "linked"
    assert consumer_id(second) == consumer_id(first)
    assert authorize(sandbox, subject="user-2").json["resolution"] == "existing"
    assert authorize(sandbox, key=OTHER_SK, subject="user-3", canonicalSubject="c-1").json["resolution"] == "created"


def test_a_bound_identity_stays_its_own_consumer(sandbox):
    first, other = sign_in(sandbox, canonicalSubject="c-1"), sign_in(sandbox, subject="user-2", canonicalSubject="c-2")

    answer = authorize(sandbox, canonicalSubject="c-2")
    review = sandbox.journal()[-1].response["review"]
    again = exchange(sandbox, answer.json["exchangeCode"]).json

    assert (answer.status_code, answer.json["resolution"]) == (200, "existing")
    assert consumer_id(again) == consumer_id(first) != consumer_id(other)
    assert review == "the identity is bound already, so its canonicalSubject was passed over"


def test_a_canonical_subject_has_no_effect_later(sandbox):
    sign_in(sandbox)
    authorize(sandbox, canonicalSubject="c-1")

    assert authorize(sandbox, subject="user-2", canonicalSubject="c-1").json["resolution"] == "created"


def test_claims_fill_what_is_empty(sandbox):
    session = sign_in(sandbox, claims={"email": "", "plan": {"any": ["thing", 1, None]}})
    empty = read_consumer(sandbox, session)
    authorize(sandbox, claims={"email": "first@example.test", "name": "First Name"})
    filled = read_consumer(sandbox, session)
    authorize(sandbox, claims={"email": "second@example.test", "fullName": "Second Name"})

    assert (empty["email"], empty["fullName"]) == (None, None)
    assert (filled["email"], filled["fullName"]) == ("first@example.test", "First Name")
    assert read_consumer(sandbox, session) == filled


def test_the_full_name_comes_before_the_name(sandbox):
    session = sign_in(sandbox, claims={"name": "Short", "fullName": "In Full"})

    assert read_consumer(sandbox, session)["fullName"] == "In Full"


def test_a_linked_identity_fills_what_is_empty_as_well(sandbox):
    session = sign_in(sandbox, canonicalSubject="c-1")
    authorize(sandbox, subject="user-2", canonicalSubject="c-1", claims={"email": "fan@example.test"})

    assert me(sandbox, session["accessToken"]).json["email"] == "fan@example.test"


# Who may call


def ask(sandbox: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sandbox.post(f"{EXTERNAL}/authorize", json=IDENTITY, headers=named)


def token(sandbox: Any) -> str:
    return str(guest(sandbox)["accessToken"])


CALLERS = {
    "nobody": (lambda sandbox: {}, R.CLIENT_SECRET_MISSING, NO_SECRET),
    "another scheme": (lambda sandbox: {"Authorization": f"Basic {SK}"}, R.CLIENT_SECRET_MISSING, NO_SECRET),
    "no scheme": (lambda sandbox: {"Authorization": SK}, R.CLIENT_SECRET_MISSING, NO_SECRET),
    "an unknown key": (lambda sandbox: bearer("sk_test_unknown"), R.CLIENT_SECRET_WRONG, NO_SECRET),
    "no key at all": (lambda sandbox: bearer("secret"), R.CLIENT_SECRET_WRONG, NO_SECRET),
    "a foreign token": (lambda sandbox: bearer("a.b.c"), R.CLIENT_SECRET_WRONG, NO_SECRET),
    "a publishable key": (lambda sandbox: bearer(PK), R.CLIENT_CREDENTIALS_UNEXPECTED, WRONG_KEY),
    "a page": (lambda sandbox: page(), R.CLIENT_CREDENTIALS_UNEXPECTED, WRONG_KEY),
    "a consumer": (lambda sandbox: bearer(token(sandbox)), R.TOKEN_TYPE_WRONG, WRONG_KEY),
    "an alias that is wrong": (lambda sandbox: {"X-Secret-Key": "sk_test_x"}, R.CLIENT_SECRET_WRONG, NO_SECRET),
    "another organization": (
        lambda sandbox: {**bearer(SK), "X-Organization-Id": "org_second"},
        R.CLIENT_OF_ANOTHER_TENANT,
        (403, {"error": "forbidden"}),
    ),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_only_a_secret_key_may_vouch(sandbox, caller):
    headers, reason, said = CALLERS[caller]

    check_refused(sandbox, ask(sandbox, **headers(sandbox)), reason, said)


def test_a_secret_key_may_come_in_older_headers_and_beside_a_publishable_one(sandbox):
    assert ask(sandbox, X_Organization_Id="org_sandbox", X_Secret_Key=SK).status_code == 200
    assert ask(sandbox, Authorization=f"bearer {SK}", X_Publishable_Key=PK).status_code == 200
    assert SK not in str([(row.request, row.detail) for row in sandbox.journal()])


def test_the_key_is_looked_at_before_the_body(sandbox):
    nobody = sandbox.post(f"{EXTERNAL}/authorize", data="{")
    somebody = sandbox.post(f"{EXTERNAL}/authorize", data="{", headers=bearer(SK))
    nothing = sandbox.post(f"{EXTERNAL}/authorize", headers=bearer(SK))

    assert (nobody.status_code, nobody.json) == NO_SECRET
    assert (somebody.status_code, somebody.json) == BAD_JSON
    check_refused(sandbox, nothing, R.BODY_MISSING, BAD_JSON)


@pytest.mark.parametrize("key", [None, "pk_test_unknown", SK])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{EXTERNAL}/exchange"),
        ("POST", "/api/auth/guest"),
        ("POST", "/api/auth/otp/request"),
        ("POST", "/api/auth/otp/verify"),
        ("POST", f"{AUTH}/refresh"),
        ("GET", "/consumers/me"),
    ],
)
def test_a_page_needs_its_publishable_key(sandbox, method, path, key):
    answer = sandbox.open(path, method=method, json={}, headers={"X-Publishable-Key": key} if key else {})

    check_refused(sandbox, answer, R.CLIENT_UNKNOWN, NOBODY)


# What only a fault brings


@pytest.mark.parametrize(
    ("operation", "reason", "said"),
    [
        ("exchange", R.OBJECT_ALREADY_EXISTS, (409, {"error": "consumer_conflict"})),
        ("exchange", R.RATE_LIMITED, (429, {"error": "Rate limit exceeded", "retryAfter": 60})),
        ("exchange", R.INTERNAL_ERROR, (500, {"error": "Internal server error"})),
        ("exchange", R.CODE_EXPIRED, (401, {"error": "exchange_code_expired"})),
        ("exchange", R.FIELD_INVALID, (400, {"error": "validation_error", "issues": []})),
    ],
)
def test_a_fault_speaks_the_vendors_words(sandbox, operation, reason, said):
    with sandbox.world() as world:
        arm_fault(world, "fanfare", operation, reason)

    answer = exchange(sandbox, "x")

    check_refused(sandbox, answer, reason, said)
    assert answer.headers.get("Retry-After") == ("60" if said[0] == 429 else None)
    assert (answer.headers["X-RateLimit-Remaining"] == "0") is (said[0] == 429)
