"""End users: sign-up, sessions by kind of client, refresh, profiles, e-mailed codes, and what admins do with them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.refusals import Reason
from tests.support.insforge import (
    AUTH,
    LOGIN_AGAIN,
    NEW,
    USER_COOKIE,
    admin,
    anon,
    api_key,
    bearer,
    check_refused,
    claims,
    cloud_code,
    cookies,
    error,
    invalid,
    row,
    sign_up,
    without_cookies,
)

R = Reason
BODILESS = ["mobile", "desktop", "server"]
PASSWORD = {"email": NEW["email"], "password": NEW["password"]}
NOBODY = "00000000-0000-4000-8000-000000000000"
NO_TOKEN = error(401, "AUTH_INVALID_CREDENTIALS", "No token provided", LOGIN_AGAIN)
BAD_TOKEN = error(401, "AUTH_UNAUTHORIZED", "Invalid token")
BAD_SIGN_IN = error(401, "AUTH_UNAUTHORIZED", "Invalid credentials")
BAD_REFRESH = error(401, "AUTH_UNAUTHORIZED", "Invalid or expired refresh token")
BAD_OTP = invalid("Invalid or expired verification code")
CLOSED = error(403, "AUTH_SIGNUP_DISABLED", "User signups are disabled for this project.")


def sign_in(sandbox: Any, client_type: str | None = None, **body: Any) -> Any:
    asked = {"client_type": client_type} if client_type else {}
    return sandbox.post(f"{AUTH}/sessions", json=body or PASSWORD, query_string=asked)


def change_config(sandbox: Any, **changed: Any) -> Any:
    answer = sandbox.put(f"{AUTH}/config", json=changed, headers=api_key(sandbox))
    assert answer.status_code == 200, answer.text
    return answer


# Sign-up


def test_who_signs_up_is_signed_in(sandbox):
    answer = sign_up(sandbox)

    user = answer.json["user"]
    assert list(answer.json) == ["user", "accessToken", "requireEmailVerification", "csrfToken"]
    assert answer.json["requireEmailVerification"] is False
    assert list(user) == [
        *("id", "email", "emailVerified", "createdAt", "updatedAt", "providers", "profile", "metadata")
    ]
    assert (user["email"], user["emailVerified"], user["providers"]) == (NEW["email"], False, ["email"])
    assert user["profile"] == {"name": "New User"}
    said = claims(answer.json["accessToken"])
    assert {**said, "iat": 0, "exp": 0} == {
        "sub": user["id"],
        "email": NEW["email"],
        "role": "authenticated",
        "iat": 0,
        "exp": 0,
    }
    assert said["exp"] - said["iat"] == 900
    assert cookies(answer)[USER_COOKIE].endswith("; HttpOnly; SameSite=Lax")
    assert "; Max-Age=604800; Path=/api/auth; Expires=" in cookies(answer)[USER_COOKIE]


@pytest.mark.parametrize("kind", BODILESS)
def test_a_client_without_cookies_gets_its_refresh_token(sandbox, kind):
    answers = [sign_up(sandbox, client_type=kind), sign_in(sandbox, kind)]

    for answer in answers:
        assert list(answer.json)[-1] == "refreshToken"
        assert "csrfToken" not in answer.json
        assert cookies(answer) == {}


def test_an_unknown_kind_of_client_is_a_browser(sandbox):
    answer = sign_up(sandbox, client_type="toaster")

    assert (list(answer.json)[-1], set(cookies(answer))) == ("csrfToken", {USER_COOKIE})


@pytest.mark.parametrize("key", [api_key, lambda sandbox: bearer(admin(sandbox)["accessToken"])], ids=["key", "token"])
def test_a_user_whom_an_admin_adds_is_not_signed_in(sandbox, key):
    change_config(sandbox, disableSignup=True)

    answer = sandbox.post(f"{AUTH}/users", json=NEW, headers=key(sandbox))

    assert list(answer.json) == ["user", "accessToken", "requireEmailVerification"]
    assert answer.json["user"]["emailVerified"] is True
    assert USER_COOKIE not in cookies(answer)


def test_the_cloud_may_add_users_as_well(sandbox):
    answer = sandbox.post(f"{AUTH}/users", json=NEW, headers=bearer(cloud_code(sandbox)))

    assert answer.json["user"]["emailVerified"] is True


def signing_up(**more: Any) -> Any:
    def cause(sandbox: Any) -> Any:
        body = {name: value for name, value in {**NEW, **more}.items() if value is not None}
        return sandbox.post(f"{AUTH}/users", json=body, headers=anon(sandbox))

    return cause


def again(sandbox: Any) -> Any:
    sign_up(sandbox)
    return sign_up(sandbox, email=NEW["email"].upper())


def when(cause: Any, **config: Any) -> Any:
    def changed(sandbox: Any) -> Any:
        change_config(sandbox, **config)
        return cause(sandbox)

    return changed


SIGN_UP = [
    row("no key", R.TOKEN_MISSING, NO_TOKEN, lambda sandbox: sandbox.post(f"{AUTH}/users", json=NEW)),
    row(
        "a bad key",
        R.TOKEN_MALFORMED,
        BAD_TOKEN,
        lambda sandbox: sandbox.post(f"{AUTH}/users", json=NEW, headers=bearer("x")),
    ),
    row("known", R.OBJECT_ALREADY_EXISTS, error(409, "AUTH_EMAIL_EXISTS", "User already exists"), again),
    row("weak", R.FIELD_INVALID, invalid("Password must contain at least 6 characters long"), signing_up(password="x")),
    row(
        "weaker than the rules",
        R.FIELD_INVALID,
        invalid(
            "Password must contain at least 8 characters long, at least one number, at least one special character"
        ),
        when(signing_up(password="longer"), passwordMinLength=8, requireNumber=True, requireSpecialChar=True),
    ),
    row("no address", R.FIELD_INVALID, invalid("email: Invalid email format"), signing_up(email="new")),
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("email: Required, password: Required"),
        signing_up(email=None, password=None),
    ),
    row("empty name", R.FIELD_INVALID, invalid("name: Name is required"), signing_up(name="")),
    row("blank name", R.FIELD_INVALID, invalid("name: Name is required"), signing_up(name="  ")),
    row("closed", R.PERMISSION_DENIED, CLOSED, when(signing_up(), disableSignup=True)),
]


@pytest.mark.parametrize(("reason", "body", "cause"), SIGN_UP)
def test_a_bad_sign_up_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


# Sessions


def test_a_password_begins_a_session(sandbox):
    user = sign_up(sandbox).json["user"]

    answer = sign_in(sandbox, email=NEW["email"].upper(), password=NEW["password"])

    assert list(answer.json) == ["user", "accessToken", "csrfToken"]
    assert answer.json["user"] == user
    current = sandbox.get(f"{AUTH}/sessions/current", headers=bearer(answer.json["accessToken"]))
    assert current.json == {"user": user}


SIGN_IN = [
    row("a stranger", R.IDENTITY_UNKNOWN, BAD_SIGN_IN, sign_in),
    row(
        "wrong password",
        R.PASSWORD_WRONG,
        BAD_SIGN_IN,
        lambda sandbox: sign_up(sandbox) and sign_in(sandbox, email=NEW["email"], password="x"),
    ),
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("email: Required, password: Required"),
        lambda sandbox: sign_in(sandbox, x=1),
    ),
    row(
        "bad method",
        R.FIELD_INVALID,
        invalid("method: Invalid discriminator value. Expected 'password' | 'otp'"),
        lambda sandbox: sign_in(sandbox, method="magic"),
    ),
    row(
        "bad form of a code",
        R.FIELD_INVALID,
        invalid("otp: OTP code must be a 6-digit numeric code"),
        lambda sandbox: sign_in(sandbox, method="otp", email=NEW["email"], otp="1"),
    ),
    row(
        "no such code",
        R.CODE_UNKNOWN,
        BAD_OTP,
        lambda sandbox: sign_in(sandbox, method="otp", email=NEW["email"], otp="246810"),
    ),
    row(
        "not verified",
        R.EMAIL_UNVERIFIED,
        error(403, "FORBIDDEN", "Email verification required", "Please verify your email address before logging in"),
        when(lambda sandbox: sign_up(sandbox) and sign_in(sandbox), requireEmailVerification=True),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), SIGN_IN)
def test_a_bad_sign_in_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def deleted(sandbox: Any) -> str:
    answer = sign_up(sandbox).json
    sandbox.delete(f"{AUTH}/users", json={"userIds": [answer["user"]["id"]]}, headers=api_key(sandbox))
    return str(answer["accessToken"])


def expired(sandbox: Any) -> str:
    token = str(sign_up(sandbox).json["accessToken"])
    sandbox.clock.advance(seconds=900)
    return token


def current(token: Any) -> Any:
    return lambda sandbox: sandbox.get(f"{AUTH}/sessions/current", headers=bearer(token(sandbox)))


CURRENT = [
    row("none", R.TOKEN_MISSING, NO_TOKEN, lambda sandbox: sandbox.get(f"{AUTH}/sessions/current")),
    row("garbage", R.TOKEN_MALFORMED, BAD_TOKEN, current(lambda sandbox: "x")),
    row("expired", R.TOKEN_EXPIRED, BAD_TOKEN, current(expired)),
    row(
        "a refresh token",
        R.TOKEN_TYPE_WRONG,
        BAD_TOKEN,
        current(lambda sandbox: sign_up(sandbox, client_type="server").json["refreshToken"]),
    ),
    row(
        "an admin's",
        R.PERMISSION_DENIED,
        error(401, "AUTH_INVALID_CREDENTIALS", "User not authenticated"),
        current(lambda sandbox: admin(sandbox)["accessToken"]),
    ),
    row("of nobody", R.IDENTITY_UNKNOWN, error(401, "AUTH_INVALID_CREDENTIALS", "User not found"), current(deleted)),
]


@pytest.mark.parametrize(("reason", "body", "cause"), CURRENT)
def test_a_bad_token_has_no_session(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


# Refresh and logout


def test_a_browser_goes_on_by_its_cookie(sandbox):
    csrf = sign_up(sandbox).json["csrfToken"]
    sandbox.clock.advance(minutes=20)

    answer = sandbox.post(f"{AUTH}/refresh", headers={"X-CSRF-Token": csrf})

    assert list(answer.json) == ["accessToken", "user", "csrfToken"]
    assert answer.json["csrfToken"] == csrf
    assert set(cookies(answer)) == {USER_COOKIE}


@pytest.mark.parametrize("name", ["refreshToken", "refresh_token"])
@pytest.mark.parametrize("kind", BODILESS)
def test_other_clients_go_on_by_their_token(sandbox, kind, name):
    token = sign_up(sandbox, client_type=kind).json["refreshToken"]

    answer = sandbox.post(f"{AUTH}/refresh", json={name: token}, query_string={"client_type": kind})

    assert list(answer.json) == ["accessToken", "user", "refreshToken"]
    assert cookies(answer) == {}
    old = sandbox.post(f"{AUTH}/refresh", json={name: token}, query_string={"client_type": kind})
    assert old.status_code == 200


def refreshing(token: Any, kind: str = "server") -> Any:
    def cause(sandbox: Any) -> Any:
        value = token(sandbox)
        if kind != "web":
            return sandbox.post(f"{AUTH}/refresh", json={"refreshToken": value}, query_string={"client_type": kind})
        held = {"Cookie": f"{USER_COOKIE}={value}"} if value else {}
        return without_cookies(sandbox).post(f"{AUTH}/refresh", headers=held)

    return cause


def admins_token(sandbox: Any) -> str:
    admin(sandbox)
    return str(sandbox.get_cookie("insforge_admin_refresh_token", path="/api/auth/admin").value)


def deleted_refresh(sandbox: Any) -> str:
    answer = sign_up(sandbox, client_type="server").json
    sandbox.delete(f"{AUTH}/users", json={"userIds": [answer["user"]["id"]]}, headers=api_key(sandbox))
    return str(answer["refreshToken"])


FOREIGN = error(401, "AUTH_UNAUTHORIZED", "Invalid refresh session type")
REFRESH = [
    row(
        "no cookie",
        R.TOKEN_MISSING,
        error(401, "AUTH_UNAUTHORIZED", "No refresh token provided"),
        refreshing(lambda sandbox: None, "web"),
    ),
    row("a bad cookie", R.REFRESH_TOKEN_UNKNOWN, BAD_REFRESH, refreshing(lambda sandbox: "x", "web")),
    row("a bad token", R.REFRESH_TOKEN_UNKNOWN, BAD_REFRESH, refreshing(lambda sandbox: "x")),
    row("an admin's", R.TOKEN_AUDIENCE_WRONG, FOREIGN, refreshing(admins_token)),
    row(
        "of nobody", R.IDENTITY_UNKNOWN, error(401, "AUTH_UNAUTHORIZED", "User not found"), refreshing(deleted_refresh)
    ),
    row(
        "nothing",
        R.FIELD_MISSING,
        invalid("refreshToken: Required"),
        lambda sandbox: sandbox.post(f"{AUTH}/refresh?client_type=server", json={}),
    ),
    row(
        "an empty one",
        R.FIELD_INVALID,
        invalid("refreshToken: refreshToken is required"),
        refreshing(lambda sandbox: ""),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), REFRESH)
def test_a_bad_refresh_is_refused(sandbox, reason, body, cause):
    answer = cause(sandbox)

    check_refused(sandbox, answer, reason, body)
    cleared = reason in (R.TOKEN_MISSING, R.REFRESH_TOKEN_UNKNOWN) and "client_type" not in answer.request.url
    assert set(cookies(answer)) == ({USER_COOKIE} if cleared else set())


@pytest.mark.parametrize("path", ["/refresh", "/logout"])
def test_without_its_csrf_token_a_cookie_is_refused_and_kept(sandbox, path):
    sign_up(sandbox)

    answer = sandbox.post(AUTH + path, headers={"X-CSRF-Token": "x"})

    check_refused(sandbox, answer, R.CSRF_TOKEN_WRONG, error(403, "FORBIDDEN", "Invalid CSRF token"))
    assert cookies(answer) == {}


@pytest.mark.parametrize("path", ["/refresh", "/logout"])
def test_the_csrf_token_of_one_session_is_useless_for_another(sandbox, path):
    first, admins = sign_up(sandbox).json["csrfToken"], admin(sandbox)["csrfToken"]
    second = sign_in(sandbox).json["csrfToken"]

    answers = [sandbox.post(AUTH + path, headers={"X-CSRF-Token": token}) for token in (first, admins, second)]

    # The cookie is the second session's, of the same user.
    assert [answer.status_code for answer in answers] == [403, 403, 200]


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
def test_at_the_root_these_are_insforges(sandbox, path):
    sandbox.post(path)

    assert sandbox.journal()[-1].service == "insforge"


def test_a_logout_clears_the_cookie(sandbox):
    csrf = sign_up(sandbox).json["csrfToken"]

    answer = sandbox.post(f"{AUTH}/logout", headers={"X-CSRF-Token": csrf})

    assert answer.json == {"success": True, "message": "Logged out successfully"}
    assert cookies(answer)[USER_COOKIE].startswith(f"{USER_COOKIE}=; Path=/api/auth; Expires=Thu, 01 Jan 1970 00:00:00")
    assert without_cookies(sandbox).post(f"{AUTH}/logout").status_code == 200


# What admins and everybody see


def test_admins_list_users_newest_first(sandbox):
    for n in range(12):
        sign_up(sandbox, email=f"user-{n}@example.test", name=f"Nr. {n}")

    def page(**asked: Any) -> Any:
        return sandbox.get(f"{AUTH}/users", query_string=asked, headers=api_key(sandbox)).json

    first, rest, found, odd = page(), page(limit=5, offset=10), page(search="NR. 1"), page(limit="x", offset="-1")
    assert [user["email"][5:].partition("@")[0] for user in first["data"]] == [str(n) for n in range(11, 1, -1)]
    assert first["pagination"] == {"offset": 0, "limit": 10, "total": 12}
    assert (len(rest["data"]), rest["pagination"]) == (2, {"offset": 10, "limit": 5, "total": 12})
    assert [user["profile"]["name"] for user in found["data"]] == ["Nr. 11", "Nr. 10", "Nr. 1"]
    assert odd == first


def test_admins_see_and_delete_users(sandbox):
    user = sign_up(sandbox).json["user"]
    key, body = api_key(sandbox), {"userIds": [user["id"], NOBODY]}

    seen = sandbox.get(f"{AUTH}/users/{user['id']}", headers=key).json
    gone = sandbox.delete(f"{AUTH}/users", json=body, headers=key).json

    assert seen == user
    assert gone == {"message": "Users deleted successfully", "deletedCount": 1}
    assert sign_up(sandbox).status_code == 200


def by_admin(method: str, path: str, **options: Any) -> Any:
    return lambda sandbox: sandbox.open(AUTH + path, method=method, headers=api_key(sandbox), **options)


OBJECTS = [
    row("no id", R.FIELD_INVALID, invalid("Invalid user ID format"), by_admin("GET", "/users/x")),
    row(
        "nobody",
        R.OBJECT_UNKNOWN,
        error(404, "AUTH_USER_NOT_FOUND", "User does not exist"),
        by_admin("GET", f"/users/{NOBODY}"),
    ),
    row(
        "no ids",
        R.FIELD_INVALID,
        invalid("userIds: At least one user ID is required"),
        by_admin("DELETE", "/users", json={"userIds": []}),
    ),
    row(
        "bad ids",
        R.FIELD_INVALID,
        invalid("userIds.0: Invalid user ID format"),
        by_admin("DELETE", "/users", json={"userIds": ["x"]}),
    ),
    row("no profile's id", R.FIELD_INVALID, invalid("Invalid user ID format"), by_admin("GET", "/profiles/x")),
    row(
        "nobody's profile",
        R.OBJECT_UNKNOWN,
        error(404, "AUTH_USER_NOT_FOUND", "User not found"),
        by_admin("GET", f"/profiles/{NOBODY}"),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), OBJECTS)
def test_what_is_not_there_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def test_a_profile_is_public_and_changed_member_by_member(sandbox):
    answer = sign_up(sandbox).json
    path, mine = f"{AUTH}/profiles/{answer['user']['id']}", bearer(answer["accessToken"])

    changed = sandbox.patch(
        f"{AUTH}/profiles/current", json={"profile": {"bio": {"a": [1]}, "name": "N"}}, headers=mine
    )

    assert changed.json == {"id": answer["user"]["id"], "profile": {"name": "N", "bio": {"a": [1]}}}
    assert sandbox.get(path).json == changed.json
    nobody = sandbox.patch(f"{AUTH}/profiles/current", json={"profile": {}})
    check_refused(sandbox, nobody, R.TOKEN_MISSING, NO_TOKEN)
    bad = sandbox.patch(f"{AUTH}/profiles/current", json={"profile": []}, headers=mine)
    check_refused(sandbox, bad, R.FIELD_INVALID, invalid("profile: Expected object, received array"))
