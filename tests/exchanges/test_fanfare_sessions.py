"""Fanfare's sessions: their tokens, how they go on and end, guests who become somebody, and reading a consumer."""

from __future__ import annotations

import uuid
from typing import Any

import jwt
import pytest

from sandbox.core import tables
from sandbox.core.refusals import Reason
from tests.support.fanfare import (
    AUTH,
    HEADER,
    INVALID_CODE,
    NO_CONSUMER,
    NO_REFRESH,
    NO_SECRET,
    NOBODY,
    OTHER_PK,
    OTHER_SK,
    SK,
    WRONG_KEY,
    authorize,
    bearer,
    check_refused,
    code,
    configure,
    consumer_id,
    exchange,
    guest,
    log_out,
    me,
    page,
    part,
    read_consumer,
    refresh,
    sign_in,
)

R = Reason


def verified(sandbox: Any, token: str) -> dict[str, Any]:
    (key,) = sandbox.get("/_sandbox/fanfare/jwks.json").json["keys"]
    claims: dict[str, Any] = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["EdDSA"])
    return claims


# Tokens


def test_the_tokens_are_signed_with_the_published_key(sandbox):
    session = sign_in(sandbox, claims={"email": "fan@example.test"})
    who = consumer_id(session)
    tokens = {name: session[name] for name in ("accessToken", "refreshToken", "beaconToken")}
    claims = {name: verified(sandbox, token) for name, token in tokens.items()}

    assert {token.split(".")[0] for token in tokens.values()} == {HEADER}
    access, renewal, beacon = claims.values()
    issued_at, session_id = access["iat"], access["sessionId"]
    assert list(access.items()) == [
        ("consumerId", who),
        ("organizationId", "org_sandbox"),
        ("sessionId", session_id),
        ("email", "fan@example.test"),
        ("iat", issued_at),
        ("exp", issued_at + 3600),
        ("iss", "consumer-app"),
        ("sub", who),
    ]
    assert session_id.startswith("sess_")
    assert (renewal["type"], renewal["exp"]) == ("refresh", issued_at + 2_592_000)
    assert beacon == {
        "organizationId": "org_sandbox",
        "consumerId": who,
        "sessionId": session_id,
        "type": "beacon",
        "iat": issued_at,
        "exp": issued_at + 3600,
    }


def test_the_published_key_is_an_ed25519_key(sandbox):
    (key,) = sandbox.get("/_sandbox/fanfare/jwks.json").json["keys"]

    assert {name: key[name] for name in ("kty", "crv", "alg", "use")} == {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
    }


@pytest.mark.parametrize("kind", ["refreshToken", "beaconToken"])
def test_only_an_access_token_opens_a_session(sandbox, kind):
    session = sign_in(sandbox)

    check_refused(sandbox, me(sandbox, session[kind]), R.TOKEN_TYPE_WRONG, NOBODY)
    check_refused(sandbox, refresh(sandbox, session["accessToken"]), R.REFRESH_TOKEN_UNKNOWN, NO_REFRESH)


def test_an_access_token_expires(sandbox):
    token = sign_in(sandbox)["accessToken"]
    sandbox.clock.advance(hours=1)

    check_refused(sandbox, me(sandbox, token), R.TOKEN_EXPIRED, NOBODY)
    check_refused(sandbox, log_out(sandbox, token), R.TOKEN_EXPIRED, NOBODY)


def test_lifetimes_are_the_fixtures(sandbox):
    configure(sandbox, access_token_ttl=10, refresh_token_ttl=20)
    session = sign_in(sandbox)

    assert session["refreshTokenTtlSeconds"] == 20
    sandbox.clock.advance(seconds=10)
    check_refused(sandbox, me(sandbox, session["accessToken"]), R.TOKEN_EXPIRED, NOBODY)
    sandbox.clock.advance(seconds=10)
    check_refused(sandbox, refresh(sandbox, session["refreshToken"]), R.REFRESH_TOKEN_EXPIRED, NO_REFRESH)


# Refresh and logout


def test_a_refresh_token_is_used_once_and_using_it_twice_ends_the_session(sandbox):
    first = sign_in(sandbox)
    second = refresh(sandbox, first["refreshToken"])

    assert second.status_code == 200
    members = ["accessToken", "refreshToken", "refreshTokenTtlSeconds", "accessTokenExpiresAt", "beaconToken"]
    assert list(second.json) == members
    assert me(sandbox, second.json["accessToken"]).json["id"] == consumer_id(first)
    check_refused(sandbox, refresh(sandbox, first["refreshToken"]), R.REFRESH_TOKEN_ALREADY_USED, NO_REFRESH)
    check_refused(sandbox, refresh(sandbox, second.json["refreshToken"]), R.REFRESH_TOKEN_REVOKED, NO_REFRESH)
    check_refused(sandbox, me(sandbox, second.json["accessToken"]), R.TOKEN_REVOKED, NOBODY)


def test_another_session_lives_on_when_one_is_ended(sandbox):
    first, other = sign_in(sandbox), sign_in(sandbox)
    refresh(sandbox, first["refreshToken"])
    refresh(sandbox, first["refreshToken"])

    assert refresh(sandbox, other["refreshToken"]).status_code == 200


@pytest.mark.parametrize(("token", "reason"), [(None, R.TOKEN_MISSING), ("x", R.REFRESH_TOKEN_UNKNOWN)])
def test_a_refresh_needs_a_token_of_ours(sandbox, token, reason):
    check_refused(sandbox, refresh(sandbox, token), reason, NO_REFRESH)
    nothing = sandbox.post(f"{AUTH}/refresh", headers=page())
    assert (nothing.status_code, nothing.json) == NO_REFRESH


def test_a_refresh_token_is_good_at_its_own_organization(sandbox):
    session = sign_in(sandbox)

    answer = refresh(sandbox, session["refreshToken"], key=OTHER_PK)

    check_refused(sandbox, answer, R.REFRESH_TOKEN_OF_ANOTHER_CLIENT, NO_REFRESH)
    assert refresh(sandbox, session["refreshToken"]).status_code == 200


def test_a_logout_ends_the_session(sandbox):
    session = sign_in(sandbox)
    renewed = refresh(sandbox, session["refreshToken"]).json

    answer = log_out(sandbox, session["accessToken"])

    assert (answer.status_code, answer.data, answer.content_type) == (204, b"", None)
    check_refused(sandbox, refresh(sandbox, renewed["refreshToken"]), R.REFRESH_TOKEN_REVOKED, NO_REFRESH)
    check_refused(sandbox, me(sandbox, renewed["accessToken"]), R.TOKEN_REVOKED, NOBODY)
    check_refused(sandbox, log_out(sandbox, session["accessToken"]), R.TOKEN_REVOKED, NOBODY)


@pytest.mark.parametrize(("token", "reason"), [(None, R.TOKEN_MISSING), ("a.b.c", R.TOKEN_MALFORMED)])
def test_a_logout_needs_an_access_token(sandbox, token, reason):
    check_refused(sandbox, log_out(sandbox, token), reason, NOBODY)


# Guests


def test_a_guest_has_a_session(sandbox):
    session = guest(sandbox)
    about = session["session"]

    assert list(about) == ["type", "consumerId", "expiresAt", "guestId"]
    assert (about["type"], about["guestId"]) == ("guest", about["consumerId"])
    assert part(session["accessToken"])["isGuest"] is True
    assert me(sandbox, session["accessToken"]).json["email"] is None
    assert refresh(sandbox, session["refreshToken"]).status_code == 200


def test_a_guest_stays_the_consumer_of_a_new_identity(sandbox):
    before = guest(sandbox)
    value = code(sandbox, claims={"email": "fan@example.test"}, canonicalSubject="c-1")
    session = exchange(sandbox, value, before["accessToken"]).json

    assert consumer_id(session) == consumer_id(before)
    assert (session["session"]["type"], session["session"]["email"]) == ("authenticated", "fan@example.test")
    assert "isGuest" not in part(session["accessToken"])
    assert consumer_id(sign_in(sandbox)) == consumer_id(before)
    assert consumer_id(sign_in(sandbox, subject="user-2", canonicalSubject="c-1")) == consumer_id(before)
    known = read_consumer(sandbox, session)
    assert (known["primaryExternalId"], known["primarySourceVendor"]) == ("user-1", "okta")


def test_the_sessions_of_a_guest_end_when_the_guest_becomes_somebody(sandbox):
    before = guest(sandbox)
    sign_in(sandbox, before["accessToken"])

    check_refused(sandbox, refresh(sandbox, before["refreshToken"]), R.REFRESH_TOKEN_REVOKED, NO_REFRESH)
    check_refused(sandbox, me(sandbox, before["accessToken"]), R.TOKEN_REVOKED, NOBODY)


def test_a_guest_switches_to_the_consumer_of_a_known_identity(sandbox):
    known, before = sign_in(sandbox), guest(sandbox)

    session = sign_in(sandbox, before["accessToken"])

    assert consumer_id(session) == consumer_id(known) != consumer_id(before)
    assert me(sandbox, before["accessToken"]).status_code == 200


def test_a_guest_switches_to_the_consumer_of_a_linked_identity(sandbox):
    known, before = sign_in(sandbox, canonicalSubject="c-1"), guest(sandbox)

    session = sign_in(sandbox, before["accessToken"], subject="user-2", canonicalSubject="c-1")

    assert consumer_id(session) == consumer_id(known)


def test_of_two_codes_for_a_new_identity_the_first_that_is_exchanged_decides(sandbox):
    """The consumer of whoever is signed in already stays."""
    first, second = code(sandbox), code(sandbox)
    signed_in = exchange(sandbox, second).json

    session = exchange(sandbox, first, guest(sandbox)["accessToken"]).json

    assert consumer_id(session) == consumer_id(signed_in)


def test_a_guest_becomes_one_person_only(sandbox):
    before = guest(sandbox)["accessToken"]
    first, second = code(sandbox), code(sandbox, subject="user-2")

    sessions = [exchange(sandbox, value, before).json for value in (first, second)]

    assert len({consumer_id(session) for session in sessions}) == 2


STRANGERS = {
    "no token": lambda sandbox: "x",
    "no token of ours": lambda sandbox: "a.b.c",
    "a refresh token": lambda sandbox: guest(sandbox)["refreshToken"],
    "no guest": lambda sandbox: sign_in(sandbox, subject="user-2")["accessToken"],
    "of another organization": lambda sandbox: sandbox.post("/auth/guest", headers=page(key=OTHER_PK)).json[
        "accessToken"
    ],
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_token_that_is_no_guests_is_passed_over(sandbox, stranger):
    session = sign_in(sandbox, STRANGERS[stranger](sandbox))

    assert session["session"]["type"] == "authenticated"
    assert consumer_id(sign_in(sandbox)) == consumer_id(session)
    assert read_consumer(sandbox, session)["primaryExternalId"] == "user-1"


@pytest.mark.parametrize("stranger", [*STRANGERS, "a guest"])
def test_a_login_is_the_codes_in_the_journal_whatever_token_comes_along(sandbox, stranger):
    token = guest(sandbox)["accessToken"] if stranger == "a guest" else STRANGERS[stranger](sandbox)

    session = sign_in(sandbox, token)

    vouched, swapped = sandbox.journal()[-2:]
    assert (swapped.flow, swapped.client_id) == (vouched.flow, "org_sandbox")
    assert swapped.login == consumer_id(session)


def test_a_guest_who_has_expired_is_passed_over(sandbox):
    before = guest(sandbox)
    sandbox.clock.advance(hours=1)

    assert consumer_id(sign_in(sandbox, before["accessToken"])) != consumer_id(before)


def test_a_refused_exchange_leaves_the_guest_alone(sandbox):
    before = guest(sandbox)

    check_refused(sandbox, exchange(sandbox, "x", before["accessToken"]), R.CODE_UNKNOWN, INVALID_CODE)
    assert me(sandbox, before["accessToken"]).status_code == 200


# Reading a consumer


def test_a_consumer_reads_about_oneself(sandbox):
    session = sign_in(sandbox, claims={"email": "fan@example.test", "fullName": "A Fan"})
    answer = me(sandbox, session["accessToken"])

    assert list(answer.json) == ["id", "email", "phone", "fullName", "createdAt", "active"]
    assert answer.json["active"] == {"journeys": []}
    assert (answer.json["id"], answer.json["fullName"]) == (consumer_id(session), "A Fan")


def test_a_consumer_reads_with_the_key_of_the_organization(sandbox):
    token = sign_in(sandbox)["accessToken"]

    alone = sandbox.get("/consumers/me", headers=bearer(token))
    elsewhere = sandbox.get("/consumers/me", headers=page(token, OTHER_PK))
    check_refused(sandbox, elsewhere, R.TOKEN_OF_ANOTHER_CLIENT, NOBODY)
    assert (alone.status_code, alone.json) == NOBODY
    check_refused(sandbox, sandbox.get("/consumers/me", headers=page()), R.TOKEN_MISSING, NOBODY)


def test_a_backend_reads_a_consumer(sandbox):
    session = sign_in(sandbox, claims={"email": "fan@example.test"})
    known = read_consumer(sandbox, session)

    assert list(known) == [
        "id",
        "email",
        "fullName",
        "phone",
        "primaryExternalId",
        "primarySourceVendor",
        "createdAt",
    ]
    assert (known["id"], known["email"], known["phone"]) == (consumer_id(session), "fan@example.test", None)


def test_a_backend_reads_its_own_consumers_only(sandbox):
    session = sign_in(sandbox)
    path = f"/fanfare/consumers/{consumer_id(session)}"

    elsewhere = sandbox.get(path, headers=bearer(OTHER_SK))
    check_refused(sandbox, elsewhere, R.IDENTITY_OF_ANOTHER_TENANT, NO_CONSUMER)
    nobody = sandbox.get(f"/fanfare/consumers/{uuid.uuid4()}", headers=bearer(SK))
    check_refused(sandbox, nobody, R.OBJECT_UNKNOWN, NO_CONSUMER)
    check_refused(sandbox, sandbox.get(path), R.CLIENT_SECRET_MISSING, NO_SECRET)
    check_refused(sandbox, sandbox.get(path, headers=page()), R.CLIENT_CREDENTIALS_UNEXPECTED, WRONG_KEY)
    consumer = sandbox.get(path, headers=bearer(session["accessToken"]))
    check_refused(sandbox, consumer, R.TOKEN_TYPE_WRONG, WRONG_KEY)


def test_the_moved_consumer_is_gone(sandbox):
    before = guest(sandbox)
    value = authorize(sandbox).json["exchangeCode"]
    with sandbox.world() as world:
        moved = {row.login for row in world.store.list(tables.Account, order=("login",), service="fanfare")}
    exchange(sandbox, value, before["accessToken"])

    (gone,) = moved - {consumer_id(before)}
    answer = sandbox.get(f"/fanfare/consumers/{gone}", headers=bearer(SK))
    check_refused(sandbox, answer, R.OBJECT_UNKNOWN, NO_CONSUMER)
