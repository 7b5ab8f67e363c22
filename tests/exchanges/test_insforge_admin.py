"""Admins of a project: password, session, refresh, logout, and what opens the admin endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.jwts import sign
from sandbox.core.keys import secret_key
from sandbox.core.refusals import Reason
from sandbox.exchanges.insforge.tokens import sign_by_secret
from tests.support.insforge import (
    ADMIN_COOKIE,
    AS_ADMIN,
    AUTH,
    LOGIN_AGAIN,
    NEW_KEY,
    PROJECT,
    SECRET,
    admin,
    anon,
    api_key,
    bearer,
    check_refused,
    claims,
    cloud_code,
    configure,
    cookies,
    error,
    exchange,
    invalid,
    row,
    setting,
    sign_up,
    without_cookies,
)

R = Reason
SESSIONS, CURRENT = f"{AUTH}/admin/sessions", f"{AUTH}/admin/sessions/current"
REFRESH, LOGOUT = f"{AUTH}/admin/refresh", f"{AUTH}/admin/logout"
CLEARED = (
    f"{ADMIN_COOKIE}=; Path=/api/auth/admin; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None"
)
LOGGED_OUT = {"success": True, "message": "Logged out successfully"}
BAD_PASSWORD = error(401, "AUTH_UNAUTHORIZED", "Invalid admin credentials")
BAD_TOKEN = error(401, "AUTH_UNAUTHORIZED", "Invalid token")
NOT_ADMIN = error(403, "AUTH_UNAUTHORIZED", "Admin access required", AS_ADMIN)


def signing_in(**body: Any) -> Any:
    return lambda sandbox: sandbox.post(SESSIONS, json=body)


SIGN_IN = [
    row("wrong name", R.IDENTITY_UNKNOWN, BAD_PASSWORD, signing_in(username="root", password="sandbox-password")),
    row("wrong password", R.PASSWORD_WRONG, BAD_PASSWORD, signing_in(username="admin", password="x")),
    row("nothing", R.FIELD_MISSING, invalid("username: Required, password: Required"), signing_in()),
    row(
        "blank name", R.FIELD_INVALID, invalid("username: Username is required"), signing_in(username=" ", password="x")
    ),
    row(
        "long name",
        R.FIELD_INVALID,
        invalid("username: Username must be at most 100 characters"),
        signing_in(username="x" * 101, password="x"),
    ),
    row("before 2.2", R.FIELD_MISSING, invalid("username: Required"), signing_in(email="a@b.test", password="x")),
]


@pytest.mark.parametrize(("reason", "body", "cause"), SIGN_IN)
def test_a_bad_sign_in_is_refused(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def test_name_and_password_begin_a_session(sandbox):
    answer = sandbox.post(SESSIONS, json={"username": " admin ", "password": "sandbox-password"})

    assert answer.json["admin"] == {"sub": "local:admin"}
    assert answer.json["projectAdmin"] == {"subject": "local:admin", "username": "admin"}
    assert set(cookies(answer)) == {ADMIN_COOKIE}


def test_a_session_tells_whose_it_is(sandbox):
    answer = sandbox.get(CURRENT, headers=bearer(admin(sandbox)["accessToken"]))

    assert answer.json == {
        "admin": {"sub": "local:admin"},
        "projectAdmin": {"subject": "local:admin", "username": "admin"},
    }


def current(token: Any) -> Any:
    return lambda sandbox: sandbox.get(CURRENT, headers=bearer(token(sandbox)))


def old_token(sandbox: Any) -> str:
    token: str = admin(sandbox)["accessToken"]
    sandbox.clock.advance(seconds=900)
    return token


def refresh_token(sandbox: Any) -> str:
    admin(sandbox)
    cookie = sandbox.get_cookie(ADMIN_COOKIE, path="/api/auth/admin")
    return str(cookie.value)


CURRENT_REFUSALS = [
    row(
        "nothing",
        R.TOKEN_MISSING,
        error(401, "AUTH_INVALID_CREDENTIALS", "No token provided", LOGIN_AGAIN),
        lambda sandbox: sandbox.get(CURRENT),
    ),
    row(
        "lower case",
        R.TOKEN_MISSING,
        error(401, "AUTH_INVALID_CREDENTIALS", "No token provided", LOGIN_AGAIN),
        lambda sandbox: sandbox.get(CURRENT, headers={"Authorization": f"bearer {admin(sandbox)['accessToken']}"}),
    ),
    row("garbage", R.TOKEN_MALFORMED, BAD_TOKEN, current(lambda sandbox: "x")),
    row("expired", R.TOKEN_EXPIRED, BAD_TOKEN, current(old_token)),
    row("the cloud's", R.TOKEN_KEY_UNKNOWN, BAD_TOKEN, current(cloud_code)),
    row("a refresh token", R.TOKEN_TYPE_WRONG, BAD_TOKEN, current(refresh_token)),
    row(
        "a user's",
        R.PERMISSION_DENIED,
        error(403, "AUTH_UNAUTHORIZED", "Admin access required"),
        current(lambda sandbox: sign_up(sandbox).json["accessToken"]),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), CURRENT_REFUSALS)
def test_a_bad_token_has_no_session(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, body)


def test_the_secret_signs_where_the_key_is_not_loaded(sandbox):
    with sandbox.world() as world:
        token = sign_by_secret(world, "access_token", {"sub": "local:admin", "role": "project_admin"}, 60)

    assert sandbox.get(CURRENT, headers=bearer(token)).status_code == 200


# Refresh and logout


def test_a_refresh_goes_on_with_the_session(sandbox):
    session = admin(sandbox)
    sandbox.clock.advance(minutes=20)

    answer = sandbox.post(REFRESH, headers={"X-CSRF-Token": session["csrfToken"]})

    assert list(answer.json) == ["admin", "projectAdmin", "accessToken", "csrfToken"]
    assert answer.json["csrfToken"] == session["csrfToken"]
    assert claims(answer.json["accessToken"])["iat"] > claims(session["accessToken"])["iat"]
    assert set(cookies(answer)) == {ADMIN_COOKIE}


def with_cookie(value: Any, csrf: str = "x") -> Any:
    def cause(sandbox: Any) -> Any:
        configure(sandbox, secure_cookies="strict")
        held = value(sandbox)
        headers = {"X-CSRF-Token": csrf, **({"Cookie": f"{ADMIN_COOKIE}={held}"} if held else {})}
        return without_cookies(sandbox).post(REFRESH, headers=headers)

    return cause


def by_secret(**said: Any) -> Any:
    def make(sandbox: Any) -> str:
        with sandbox.world() as world:
            return sign_by_secret(world, "refresh_token", {"sub": "local:admin", **said}, said.pop("ttl", 60))

    return make


def old_refresh_token(sandbox: Any) -> str:
    token = refresh_token(sandbox)
    sandbox.clock.advance(days=7)
    return token


BAD_REFRESH = error(401, "AUTH_UNAUTHORIZED", "Invalid or expired refresh token")
REFRESH_REFUSALS = [
    row(
        "no cookie",
        R.TOKEN_MISSING,
        error(401, "AUTH_UNAUTHORIZED", "No admin refresh token provided"),
        with_cookie(lambda sandbox: None),
    ),
    row("garbage", R.REFRESH_TOKEN_UNKNOWN, BAD_REFRESH, with_cookie(lambda sandbox: "x")),
    row("expired", R.REFRESH_TOKEN_EXPIRED, BAD_REFRESH, with_cookie(old_refresh_token)),
    row(
        "an access token",
        R.REFRESH_TOKEN_UNKNOWN,
        BAD_REFRESH,
        with_cookie(lambda sandbox: admin(sandbox)["accessToken"]),
    ),
    row(
        "another secret",
        R.REFRESH_TOKEN_UNKNOWN,
        BAD_REFRESH,
        with_cookie(lambda sandbox: sign({"sub": "a", "type": "refresh", "exp": 9e9}, secret_key("s" * 32))),
    ),
    row(
        "no nonce",
        R.REFRESH_TOKEN_UNKNOWN,
        BAD_REFRESH,
        with_cookie(by_secret(type="refresh", sessionType="admin")),
    ),
    row(
        "another type",
        R.TOKEN_TYPE_WRONG,
        error(401, "AUTH_UNAUTHORIZED", "Invalid refresh token type"),
        with_cookie(by_secret(type="access")),
    ),
    row(
        "a user's session",
        R.TOKEN_AUDIENCE_WRONG,
        error(401, "AUTH_UNAUTHORIZED", "Invalid admin refresh session type"),
        with_cookie(lambda sandbox: sign_up(sandbox, client_type="server").json["refreshToken"]),
    ),
]


@pytest.mark.parametrize(("reason", "body", "cause"), REFRESH_REFUSALS)
def test_a_bad_refresh_token_is_refused_and_cleared(sandbox, reason, body, cause):
    answer = cause(sandbox)

    check_refused(sandbox, answer, reason, body)
    assert answer.headers.getlist("Set-Cookie") == [CLEARED]


@pytest.mark.parametrize("path", [REFRESH, LOGOUT])
@pytest.mark.parametrize("csrf", [None, "", "wrong"])
def test_without_its_csrf_token_a_cookie_is_refused_and_kept(sandbox, path, csrf):
    admin(sandbox)

    answer = sandbox.post(path, headers={} if csrf is None else {"X-CSRF-Token": csrf})

    check_refused(sandbox, answer, R.CSRF_TOKEN_WRONG, error(403, "FORBIDDEN", "Invalid CSRF token"))
    assert cookies(answer) == {}


@pytest.mark.parametrize("path", [REFRESH, LOGOUT])
def test_the_csrf_token_of_one_session_is_useless_for_another(sandbox, path):
    first = exchange(sandbox, cloud_code(sandbox)).json["csrfToken"]
    second = exchange(sandbox, cloud_code(sandbox)).json["csrfToken"]
    users = sign_up(sandbox).json["csrfToken"]

    answers = [sandbox.post(path, headers={"X-CSRF-Token": token}) for token in (first, users, second)]

    # The cookie is the second session's.
    assert first != second
    assert [answer.status_code for answer in answers] == [403, 403, 200]


def test_a_logout_clears_the_cookie_and_nothing_else(sandbox):
    session, held = admin(sandbox), sandbox.get_cookie(ADMIN_COOKIE, path="/api/auth/admin").value
    csrf = {"X-CSRF-Token": session["csrfToken"]}

    answer = sandbox.post(LOGOUT, headers=csrf)

    assert answer.json == LOGGED_OUT
    assert cookies(answer)[ADMIN_COOKIE].startswith(f"{ADMIN_COOKIE}=; Path=/api/auth/admin; Expires=Thu, 01 Jan 1970")
    assert sandbox.get_cookie(ADMIN_COOKIE, path="/api/auth/admin") is None
    again = without_cookies(sandbox).post(REFRESH, headers={**csrf, "Cookie": f"{ADMIN_COOKIE}={held}"})
    assert again.status_code == 200
    assert sandbox.get(CURRENT, headers=bearer(session["accessToken"])).status_code == 200


@pytest.mark.parametrize("cookie", [None, "x"])
def test_who_is_not_signed_in_may_log_out(sandbox, cookie):
    headers = {} if cookie is None else {"Cookie": f"{ADMIN_COOKIE}={cookie}"}

    answer = without_cookies(sandbox).post(LOGOUT, headers=headers)

    assert (answer.json, set(cookies(answer))) == (LOGGED_OUT, {ADMIN_COOKIE})


# What opens the admin endpoints

KEYS = {
    "API key": api_key,
    "API key as bearer": lambda sandbox: bearer(setting(sandbox, "api_key")),
    "admin's session": lambda sandbox: bearer(admin(sandbox)["accessToken"]),
    "session of the cloud": lambda sandbox: bearer(exchange(sandbox, cloud_code(sandbox)).json["accessToken"]),
    "code of the cloud": lambda sandbox: bearer(cloud_code(sandbox)),
}
ADMIN_PATHS = ["/config", "/users", "/oauth/configs", "/oauth/custom/configs"]


@pytest.mark.parametrize("path", ADMIN_PATHS)
@pytest.mark.parametrize("key", KEYS)
def test_an_admin_is_let_in(sandbox, path, key):
    assert sandbox.get(AUTH + path, headers=KEYS[key](sandbox)).status_code == 200


STRANGERS = [
    row(
        "nothing",
        R.TOKEN_MISSING,
        error(401, "AUTH_INVALID_CREDENTIALS", "No admin token provided", LOGIN_AGAIN),
        lambda sandbox: {},
    ),
    row("a user", R.PERMISSION_DENIED, NOT_ADMIN, lambda sandbox: bearer(sign_up(sandbox).json["accessToken"])),
    row("the anon key", R.TOKEN_MALFORMED, BAD_TOKEN, anon),
    row(
        "a bad API key",
        R.TOKEN_UNKNOWN,
        error(401, "AUTH_INVALID_API_KEY", "Invalid API key", NEW_KEY),
        lambda sandbox: {"X-API-Key": "ik_x"},
    ),
    row(
        "a bad API key as bearer",
        R.TOKEN_UNKNOWN,
        error(401, "AUTH_INVALID_API_KEY", "Invalid API key", NEW_KEY),
        lambda sandbox: bearer("ik_x"),
    ),
    row(
        "another project's code",
        R.TOKEN_AUDIENCE_WRONG,
        error(403, "AUTH_UNAUTHORIZED", "Project ID mismatch", LOGIN_AGAIN),
        lambda sandbox: bearer(cloud_code(sandbox, projectId="other-project")),
    ),
    row(
        "an expired code",
        R.TOKEN_EXPIRED,
        error(
            401,
            "AUTH_INVALID_CREDENTIALS",
            'Invalid cloud authorization code: "exp" claim timestamp check failed',
            LOGIN_AGAIN,
        ),
        lambda sandbox: bearer(cloud_code(sandbox, ttl=0)),
    ),
    row(
        "a forged code",
        R.TOKEN_ALGORITHM_NOT_ALLOWED,
        error(
            401,
            "AUTH_INVALID_CREDENTIALS",
            'Invalid cloud authorization code: "alg" (Algorithm) Header Parameter value not allowed',
            LOGIN_AGAIN,
        ),
        lambda sandbox: bearer(
            sign({"type": "project_authorization", "projectId": PROJECT, "userId": "u"}, secret_key(SECRET))
        ),
    ),
]


@pytest.mark.parametrize("path", ADMIN_PATHS)
@pytest.mark.parametrize(("reason", "body", "headers"), STRANGERS)
def test_anybody_else_is_not(sandbox, path, reason, body, headers):
    check_refused(sandbox, sandbox.get(AUTH + path, headers=headers(sandbox)), reason, body)


def test_an_admin_is_told_the_anon_key(sandbox):
    key = setting(sandbox, "anon_key")

    assert sandbox.get("/api/metadata/anon-key", headers=api_key(sandbox)).json == {"anonKey": key}
    assert sandbox.post(f"{AUTH}/tokens/anon", headers=api_key(sandbox)).json == {
        "accessToken": key,
        "message": "Anon key retrieved successfully (deprecated route, use GET /api/metadata/anon-key)",
    }


def test_there_may_be_no_anon_key(sandbox):
    configure(sandbox, anon_key=None)

    answer = sandbox.get("/api/metadata/anon-key", headers=api_key(sandbox))

    check_refused(sandbox, answer, R.NOT_CONFIGURED, error(404, "SECRET_NOT_FOUND", "Anon key not initialized"))


def test_the_backend_is_well(sandbox):
    answer = sandbox.get("/api/health")

    assert {**answer.json, "timestamp": ""} == {
        "status": "ok",
        "version": "2.3.1",
        "service": "Insforge OSS Backend",
        "timestamp": "",
    }


def test_the_dashboard_may_be_framed_by_those_who_are_trusted(sandbox):
    configure(sandbox, trusted_origins=["https://*.insforge.dev"])

    page = sandbox.get("/insforge/dashboard")

    assert 'data-exchange-url="http://localhost/insforge/api/auth/admin/sessions/exchange"' in page.text
    assert "frame-ancestors 'self' http://localhost https://*.insforge.dev" in page.headers["Content-Security-Policy"]
    assert sandbox.get("/dashboard").status_code == 200
