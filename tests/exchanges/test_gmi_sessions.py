"""POST and PATCH /me/sessions, and GET /me/profile: a session begins, is renewed, and opens the profile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from sandbox.core import jwts
from sandbox.core.keys import secret_key
from sandbox.core.refusals import Reason
from sandbox.core.tables import Identity
from sandbox.core.tokens import revoke_tokens
from tests.conftest import HouseClient, SignIn
from tests.support.gmi import (
    API,
    BAD_AUTH_TOKEN,
    BAD_BEARER,
    BAD_DEVICE,
    BAD_OTP,
    BAD_REFRESH,
    DEVICE,
    EMAIL,
    EXPIRED_BEARER,
    NO_BODY,
    auth_token,
    begin,
    check_refused,
    claims,
    error,
    header,
    invalid,
    missing,
    present_token,
    profile,
    provider_token,
    refresh,
    row,
    session,
)

URL = f"{API}/me/sessions"
TWO_FACTOR = "two-factor@contoso.test"
HEADERS = {"CE-ClientId": DEVICE}


def test_the_whole_way_from_github_to_the_profile(sandbox, sign_in):
    sandbox.clock.freeze()
    token = present_token(sandbox, provider_token(sandbox, sign_in)).json["authToken"]
    begun = begin(sandbox, token)

    assert begun.status_code == 201
    assert list(begun.json) == ["accessToken", "refreshToken"]
    answer = profile(sandbox, begun.json["accessToken"])
    said = claims(begun.json["accessToken"])
    assert answer.status_code == 200
    assert answer.json == {
        "user": {
            "id": said["userId"],
            "email": EMAIL,
            "firstName": "The",
            "lastName": "Octocat",
            "lastLoginAt": said["iat"],
            "lastLoginIDP": "github",
        },
        "organization": {"id": said["orgId"], "role": "org_owner"},
    }
    entries = sandbox.journal()
    assert {entry.flow for entry in entries if entry.service == "gmi"} == {entries[0].flow}
    assert (entries[-1].client_id, entries[-1].login) == (DEVICE, "octocat")


def test_the_tokens_say_what_clients_read(sandbox):
    tokens = session(sandbox)

    access, renewal = claims(tokens["accessToken"]), claims(tokens["refreshToken"])
    assert header(tokens["accessToken"])["alg"] == header(tokens["refreshToken"])["alg"] == "HS256"
    assert list(access) == ["userId", "email", "orgId", "role", "sessionId", "clientId", "iat", "exp", "jti"]
    assert (access["email"], access["role"], access["clientId"]) == (EMAIL, "org_owner", DEVICE)
    assert access["exp"] - access["iat"] == 3600
    assert list(renewal) == ["userId", "sessionId", "type", "iat", "exp", "jti"]
    assert (renewal["type"], renewal["exp"] - renewal["iat"]) == ("refresh", 2_592_000)
    assert (renewal["userId"], renewal["sessionId"]) == (access["userId"], access["sessionId"])


@pytest.mark.parametrize(
    ("email", "first_name", "last_name"),
    [
        ("alice@contoso.test", "Alice", "Liddell"),
        ("no-name@contoso.test", "no-name", ""),
        ("emoji@contoso.test", "Zoë", "🦄 Ünïcorn 👩🏽‍🚀"),
    ],
)
def test_names_come_from_the_fixture_or_the_display_name(sandbox, email, first_name, last_name):
    user = profile(sandbox, session(sandbox, email)["accessToken"]).json["user"]

    assert (user["firstName"], user["lastName"]) == (first_name, last_name)


def test_who_has_no_e_mail_has_an_empty_one(sandbox, sign_in):
    token = present_token(sandbox, provider_token(sandbox, sign_in, "no-email")).json["authToken"]

    assert profile(sandbox, begin(sandbox, token).json["accessToken"]).json["user"]["email"] == ""


def test_a_user_keeps_id_and_organization(sandbox):
    first = profile(sandbox, session(sandbox)["accessToken"]).json
    sandbox.clock.advance(days=1)
    second = profile(sandbox, session(sandbox)["accessToken"]).json

    assert second["user"]["id"] == first["user"]["id"]
    assert second["organization"] == first["organization"]
    assert second["user"]["lastLoginAt"] >= first["user"]["lastLoginAt"] + 86_400


@pytest.mark.parametrize("device", ["a", "gmisdk", "ABCxyz9"])
def test_a_device_has_one_to_seven_letters_or_digits(sandbox, device):
    assert begin(sandbox, auth_token(sandbox), device).status_code == 201


def test_what_the_official_client_adds_is_tolerated(sandbox):
    assert begin(sandbox, auth_token(sandbox), type="native", otpCode=None).status_code == 201


def test_a_code_that_nobody_asked_for_is_ignored(sandbox):
    assert begin(sandbox, auth_token(sandbox), otpCode="000000").status_code == 201


@pytest.mark.parametrize("otp_code", ["246810", 246810], ids=["text", "number"])
def test_the_second_factor_lets_in_even_after_a_wrong_try(sandbox, otp_code):
    token = auth_token(sandbox, TWO_FACTOR)

    assert begin(sandbox, token, otpCode="000000").json == BAD_OTP
    assert begin(sandbox, token, otpCode=otp_code).status_code == 201


def test_a_refresh_gives_two_new_tokens(sandbox):
    old = session(sandbox)
    answer = refresh(sandbox, old["refreshToken"])

    assert answer.status_code == 200
    assert list(answer.json) == ["accessToken", "refreshToken"]
    assert not set(answer.json.values()) & set(old.values())
    assert claims(answer.json["accessToken"])["sessionId"] == claims(old["accessToken"])["sessionId"]
    assert profile(sandbox, answer.json["accessToken"]).status_code == 200
    assert refresh(sandbox, answer.json["refreshToken"]).status_code == 200


def test_an_access_token_outlives_the_refresh(sandbox):
    old = session(sandbox)
    refresh(sandbox, old["refreshToken"])

    assert profile(sandbox, old["accessToken"]).status_code == 200


def test_a_refused_refresh_does_not_spend_the_token(sandbox):
    token = session(sandbox)["refreshToken"]
    refresh(sandbox, token, device="other")

    assert refresh(sandbox, token).status_code == 200


@pytest.mark.parametrize("times", range(3))
def test_of_parallel_refreshes_one_wins(app, sandbox, times):
    token = session(sandbox)["refreshToken"]
    barrier = Barrier(2)

    def attempt(_: int) -> Any:
        client: Any = app.test_client()
        barrier.wait()
        return refresh(client, token)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(attempt, range(2)), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json == BAD_REFRESH


def test_of_parallel_sessions_with_one_auth_token_one_begins(app, sandbox):
    token = auth_token(sandbox)
    barrier = Barrier(4)

    def attempt(_: int) -> int:
        client: Any = app.test_client()
        barrier.wait()
        return begin(client, token).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [201, 400, 400, 400]


def test_parallel_first_logins_make_one_user(app):
    barrier = Barrier(4)

    def attempt(_: int) -> str:
        client: Any = app.test_client()
        barrier.wait()
        return claims(auth_token(client))["userId"]

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(attempt, range(4)))) == 1


def deactivate(sandbox: HouseClient) -> None:
    with sandbox.world() as world:
        world.store.change(Identity, {"deactivated": True}, login="octocat")


def begin_with(auth_token: Any, **more: Any) -> Any:
    return lambda sandbox, sign_in: begin(sandbox, auth_token, **more)


def begin_as(email: str, device: str | None = DEVICE, **more: Any) -> Any:
    return lambda sandbox, sign_in: begin(sandbox, auth_token(sandbox, email), device, **more)


def begin_again(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = auth_token(sandbox)
    begin(sandbox, token)
    return begin(sandbox, token)


def begin_late(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = auth_token(sandbox)
    sandbox.clock.advance(minutes=5)
    return begin(sandbox, token)


def begin_deactivated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = auth_token(sandbox)
    deactivate(sandbox)
    return begin(sandbox, token)


def begin_with_a_refresh_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    return begin(sandbox, session(sandbox)["refreshToken"])


def post(**body: Any) -> Any:
    return lambda sandbox, sign_in: sandbox.post(URL, json=body, headers=HEADERS)


def types(field: str, value: Any) -> dict[str, Any]:
    return error("request", 0, validationDetail=[invalid(field, "type", "string", value, "Invalid type.")])


BEGIN = [
    row("no device", Reason.HEADER_INVALID, 400, BAD_DEVICE, begin_as(EMAIL, None)),
    row("empty device", Reason.HEADER_INVALID, 400, BAD_DEVICE, begin_as(EMAIL, "")),
    row("8 characters", Reason.HEADER_INVALID, 400, BAD_DEVICE, begin_as(EMAIL, "abcd1234")),
    row("a hyphen", Reason.HEADER_INVALID, 400, BAD_DEVICE, begin_as(EMAIL, "a-b")),
    row("not ASCII", Reason.HEADER_INVALID, 400, BAD_DEVICE, begin_as(EMAIL, "ü")),
    row("no device, no body", Reason.HEADER_INVALID, 400, BAD_DEVICE, lambda box, sign_in: box.post(URL)),
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, lambda box, sign_in: box.post(URL, headers=HEADERS)),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("authToken"), post()),
    row("wrong type", Reason.FIELD_INVALID, 400, types("authToken", {}), post(authToken={})),
    row("true", Reason.FIELD_INVALID, 400, types("otpCode", True), post(authToken="x", otpCode=True)),
    row("invented", Reason.CODE_UNKNOWN, 400, BAD_AUTH_TOKEN, begin_with("eyJhbGciOiJIUzI1NiIsInR")),
    row("NUL", Reason.CODE_UNKNOWN, 400, BAD_AUTH_TOKEN, begin_with("\0")),
    row("a refresh token", Reason.CODE_UNKNOWN, 400, BAD_AUTH_TOKEN, begin_with_a_refresh_token),
    row("spent", Reason.CODE_ALREADY_REDEEMED, 400, BAD_AUTH_TOKEN, begin_again),
    row("late", Reason.CODE_EXPIRED, 400, BAD_AUTH_TOKEN, begin_late),
    row("deactivated", Reason.IDENTITY_DEACTIVATED, 400, BAD_AUTH_TOKEN, begin_deactivated),
    row("no code", Reason.OTP_MISSING, 400, BAD_OTP, begin_as(TWO_FACTOR)),
    row("null code", Reason.OTP_MISSING, 400, BAD_OTP, begin_as(TWO_FACTOR, otpCode=None)),
    row("empty code", Reason.OTP_MISSING, 400, BAD_OTP, begin_as(TWO_FACTOR, otpCode="")),
    row("wrong code", Reason.OTP_WRONG, 400, BAD_OTP, begin_as(TWO_FACTOR, otpCode="000000")),
    row("odd code", Reason.OTP_WRONG, 400, BAD_OTP, begin_as(TWO_FACTOR, otpCode="٢٤٦٨١٠")),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), BEGIN)
def test_refusals_to_begin(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


def refresh_with(token: Any, device: str | None = DEVICE) -> Any:
    return lambda sandbox, sign_in: refresh(sandbox, token, device)


def refresh_from(device: str | None) -> Any:
    return lambda sandbox, sign_in: refresh(sandbox, session(sandbox)["refreshToken"], device)


def refresh_again(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["refreshToken"]
    refresh(sandbox, token)
    return refresh(sandbox, token)


def refresh_late(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["refreshToken"]
    sandbox.clock.advance(days=30)
    return refresh(sandbox, token)


def refresh_revoked(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["refreshToken"]
    with sandbox.world() as world:
        revoke_tokens(world, service="gmi")
    return refresh(sandbox, token)


def refresh_deactivated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["refreshToken"]
    deactivate(sandbox)
    return refresh(sandbox, token)


def refresh_with_an_access_token(sandbox: HouseClient, sign_in: SignIn) -> Any:
    return refresh(sandbox, session(sandbox)["accessToken"])


def patch(**body: Any) -> Any:
    return lambda sandbox, sign_in: sandbox.patch(URL, json=body, headers=HEADERS)


REFRESH = [
    row("no device", Reason.HEADER_INVALID, 400, BAD_DEVICE, refresh_from(None)),
    row("8 characters", Reason.HEADER_INVALID, 400, BAD_DEVICE, refresh_from("abcd1234")),
    row("no body", Reason.BODY_MISSING, 400, NO_BODY, lambda box, sign_in: box.patch(URL, headers=HEADERS)),
    row("nothing given", Reason.FIELD_MISSING, 400, missing("refreshToken"), patch()),
    row("wrong type", Reason.FIELD_INVALID, 400, types("refreshToken", 1.5), patch(refreshToken=1.5)),
    row("invented", Reason.REFRESH_TOKEN_UNKNOWN, 400, BAD_REFRESH, refresh_with("eyJ")),
    row("an access token", Reason.REFRESH_TOKEN_UNKNOWN, 400, BAD_REFRESH, refresh_with_an_access_token),
    row("used", Reason.REFRESH_TOKEN_ALREADY_USED, 400, BAD_REFRESH, refresh_again),
    row("late", Reason.REFRESH_TOKEN_EXPIRED, 400, BAD_REFRESH, refresh_late),
    row("revoked", Reason.REFRESH_TOKEN_REVOKED, 400, BAD_REFRESH, refresh_revoked),
    row("other device", Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT, 400, BAD_REFRESH, refresh_from("web2")),
    row("deactivated", Reason.IDENTITY_DEACTIVATED, 400, BAD_REFRESH, refresh_deactivated),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), REFRESH)
def test_refusals_to_refresh(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)


def show(authorization: str | None) -> Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return lambda sandbox, sign_in: sandbox.get(f"{API}/me/profile", headers=headers)


def show_with(kind: str) -> Any:
    return lambda sandbox, sign_in: profile(sandbox, session(sandbox)[kind])


def show_late(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["accessToken"]
    sandbox.clock.advance(hours=1)
    return profile(sandbox, token)


def show_revoked(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["accessToken"]
    with sandbox.world() as world:
        revoke_tokens(world, service="gmi")
    return profile(sandbox, token)


def show_deactivated(sandbox: HouseClient, sign_in: SignIn) -> Any:
    token = session(sandbox)["accessToken"]
    deactivate(sandbox)
    return profile(sandbox, token)


def show_altered(sandbox: HouseClient, sign_in: SignIn) -> Any:
    head, body, signature = session(sandbox)["accessToken"].split(".")
    return profile(sandbox, f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}")


def show_forged(secret: str, algorithm: str = "HS256", **more: Any) -> Any:
    def cause(sandbox: HouseClient, sign_in: SignIn) -> Any:
        said = {**claims(session(sandbox)["accessToken"]), **more}
        return profile(sandbox, jwts.sign(said, secret_key(secret, algorithm)))

    return cause


OWN, FOREIGN = "sandbox-gmi-secret-for-local-use-only", "f" * 64
NONE = "eyJhbGciOiJub25lIn0.eyJ1c2VySWQiOiJ4IiwiZXhwIjo5OTk5OTk5OTk5fQ."

BEARER = [
    row("no header", Reason.TOKEN_MISSING, 401, BAD_BEARER, show(None)),
    row("no token", Reason.TOKEN_MISSING, 401, BAD_BEARER, show("Bearer ")),
    row("Basic", Reason.TOKEN_MISSING, 401, BAD_BEARER, show("Basic eDp5")),
    row("not a JWT", Reason.TOKEN_MALFORMED, 401, BAD_BEARER, show("Bearer abc")),
    row("not ASCII", Reason.TOKEN_MALFORMED, 401, BAD_BEARER, show("Bearer ü.ü.ü")),
    row("unsigned", Reason.TOKEN_SIGNATURE_BAD, 401, BAD_BEARER, show(f"Bearer {NONE}")),
    row("altered", Reason.TOKEN_SIGNATURE_BAD, 401, BAD_BEARER, show_altered),
    row("foreign key", Reason.TOKEN_SIGNATURE_BAD, 401, BAD_BEARER, show_forged(FOREIGN)),
    row("HS512", Reason.TOKEN_SIGNATURE_BAD, 401, BAD_BEARER, show_forged(OWN + OWN, "HS512")),
    row("self-made", Reason.TOKEN_UNKNOWN, 401, BAD_BEARER, show_forged(OWN, email="admin@octo-org.test")),
    row("endless", Reason.TOKEN_MALFORMED, 401, BAD_BEARER, show_forged(OWN, exp="never")),
    row("refresh token", Reason.TOKEN_TYPE_WRONG, 401, BAD_BEARER, show_with("refreshToken")),
    row("revoked", Reason.TOKEN_REVOKED, 401, BAD_BEARER, show_revoked),
    row("deactivated", Reason.IDENTITY_DEACTIVATED, 401, BAD_BEARER, show_deactivated),
    row("late", Reason.TOKEN_EXPIRED, 401, EXPIRED_BEARER, show_late),
]


@pytest.mark.parametrize(("reason", "status", "body", "cause"), BEARER)
def test_refusals_of_access_tokens(sandbox, sign_in, reason, status, body, cause):
    check_refused(sandbox, cause(sandbox, sign_in), reason, status, body)
