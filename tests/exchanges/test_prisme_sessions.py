"""Sessions of Prisme.ai: cookies and CSRF tokens, who is let in, organizations, access tokens, and nobody at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.core import jwts, keysets, tables
from sandbox.core.refusals import Reason
from tests.support.azure_login import claims as read_claims
from tests.support.prisme import (
    ACCESS_TOKENS,
    AGENTS,
    ANONYMOUS,
    EXCHANGE,
    ME,
    NO_EXCHANGE,
    bearer,
    check_refused,
    configure,
    exchange,
    forge,
    id_token,
    me,
    nobody,
    row,
    session,
)

R = Reason
ORG = "/v2/user/active-org"
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def refused(message, error="AuthenticationError", status=401):
    return status, {"error": error, "message": message}


# Cookies and CSRF tokens (check 15)


def test_a_login_sets_the_vendors_cookies(sandbox):
    answer = exchange(sandbox, forge(sandbox))

    access, browser = answer.headers.getlist("Set-Cookie")
    assert access == f"access-token={answer.json['token']}; Path=/; HttpOnly"
    assert re.fullmatch(rf"connect\.sid=s%3A{UUID}\.\w{{43}}; Path=/; Expires=[\w, :]+ GMT; HttpOnly", browser)


def test_over_https_they_are_secure(sandbox):
    token = forge(sandbox, iss="https://localhost/oidc/main")
    body = {"provider": "custom", "subject_token": token}

    answer = nobody(sandbox).post(f"https://localhost/prisme{EXCHANGE}", json=body)

    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.endswith("; HttpOnly; Secure; SameSite=None")
        assert "; Path=/prisme/;" in cookie


def test_the_fixture_may_have_no_cookies(sandbox):
    configure(sandbox, cookies=False)

    assert "Set-Cookie" not in exchange(sandbox, forge(sandbox)).headers


def test_the_cookie_comes_before_the_header(sandbox):
    alice, octocat = session(sandbox), session(sandbox, "octocat")
    sandbox.set_cookie("access-token", alice["token"])

    assert sandbox.get(ME, headers=bearer(octocat["token"])).json["id"] == alice["id"]

    sandbox.set_cookie("access-token", "garbage")
    answer = sandbox.get(ME, headers=bearer(octocat["token"]))
    check_refused(sandbox, answer, R.TOKEN_MALFORMED, refused("Malformed authentication token"))


@pytest.mark.parametrize("path", [ORG, EXCHANGE, ANONYMOUS, ACCESS_TOKENS])
def test_a_cookie_that_writes_needs_its_csrf_token(sandbox, path):
    opened = session(sandbox)
    body: dict[str, Any] = {"orgSlug": "contoso", "provider": "custom", "subject_token": forge(sandbox)}
    body |= {"name": "n", "expiresAt": "2999-01-01T00:00:00Z"}
    method = "PUT" if path == ORG else "POST"
    csrf = me(sandbox, opened["token"]).headers["x-prismeai-csrf-token"]
    cookie = {"Cookie": f"access-token={opened['token']}"}

    def call(headers):
        return nobody(sandbox).open(path, method=method, json=body, headers=headers)

    check_refused(sandbox, call(cookie), R.CSRF_TOKEN_WRONG, refused("Missing CSRF token."))
    wrong = {**cookie, "x-prismeai-csrf-token": "wrong"}
    check_refused(sandbox, call(wrong), R.CSRF_TOKEN_WRONG, refused("Invalid CSRF token found."))
    assert call({**cookie, "x-prismeai-csrf-token": csrf}).status_code == 200
    assert call(bearer(opened["token"])).status_code == 200


def test_an_expired_cookie_does_not_stop_a_login(sandbox):
    opened = session(sandbox, expiresAfter=1)
    sandbox.clock.advance(seconds=2)

    answer = exchange(sandbox, forge(sandbox), headers={"Cookie": f"access-token={opened['token']}"})

    assert answer.status_code == 200


# Who is let in


def signed(sandbox, **claims):
    with sandbox.world() as world:
        now = world.now()
        usual = {"exp": now + 60, "iat": now, "sub": "x", "prismeaiSessionId": "y", **claims}
        return jwts.sign(usual, keysets.signing_key(world, "prisme", "RS256"), {"typ": "jwt"})


def spoilt(sandbox):
    return session(sandbox)["token"][:-8] + "AAAAAAAA"


def access_token(sandbox, opened=None, expires="2999-01-01T00:00:00Z"):
    opened = opened or session(sandbox)
    body = {"name": "CI", "expiresAt": expires}
    return nobody(sandbox).post(ACCESS_TOKENS, json=body, headers=bearer(opened["token"])).json


def expired_access_token(sandbox):
    end = datetime.fromtimestamp(sandbox.clock.now() + 60, UTC).isoformat()
    token = access_token(sandbox, expires=end)["token"]
    sandbox.clock.advance(minutes=2)
    return token


CATALOGUE = [
    row("nothing", R.TOKEN_MISSING, refused("No authentication token found"), lambda sandbox: nobody(sandbox).get(ME)),
    row(
        "another scheme",
        R.TOKEN_MISSING,
        refused("No authentication token found"),
        lambda sandbox: nobody(sandbox).get(ME, headers={"Authorization": "Basic eDp5"}),
    ),
    row("garbage", R.TOKEN_MALFORMED, refused("Malformed authentication token"), lambda sandbox: me(sandbox, "x")),
    row(
        "no session inside",
        R.TOKEN_MALFORMED,
        refused("Malformed authentication token"),
        lambda sandbox: me(sandbox, signed(sandbox, prismeaiSessionId=7)),
    ),
    row("signature", R.TOKEN_SIGNATURE_BAD, refused("invalid signature"), lambda sandbox: me(sandbox, spoilt(sandbox))),
    row(
        "unknown session",
        R.TOKEN_UNKNOWN,
        refused("Invalid access token"),
        lambda sandbox: me(sandbox, signed(sandbox)),
    ),
    row("unknown access token", R.TOKEN_UNKNOWN, refused("Invalid access token"), lambda sandbox: me(sandbox, "at:x")),
    row(
        "expired access token",
        R.TOKEN_EXPIRED,
        refused("Expired access token"),
        lambda sandbox: me(sandbox, expired_access_token(sandbox)),
    ),
    row(
        "agents of nobody",
        R.TOKEN_MISSING,
        refused("No authentication token found"),
        lambda sandbox: nobody(sandbox).get(AGENTS),
    ),
    row(
        "somebody else's organization",
        R.PERMISSION_DENIED,
        refused("Forbidden", "ForbiddenError", 403),
        lambda sandbox: nobody(sandbox).put(ORG, json={"orgSlug": "zzz"}, headers=bearer(session(sandbox)["token"])),
    ),
    row(
        "anonymous nowhere",
        R.OBJECT_UNKNOWN,
        refused("Could not find organization 'zzz'", "ObjectNotFoundError", 404),
        lambda sandbox: nobody(sandbox).post(ANONYMOUS, json={"orgSlug": "zzz"}),
    ),
    row(
        "anonymous where it is off",
        R.PERMISSION_DENIED,
        refused("Anonymous sessions are disabled", "ForbiddenError", 403),
        lambda sandbox: nobody(sandbox).post(ANONYMOUS, json={"orgSlug": "octo-org"}),
    ),
]


@pytest.mark.parametrize(("reason", "told", "cause"), CATALOGUE)
def test_a_refusal_is_in_the_vendors_words(sandbox, reason, told, cause):
    check_refused(sandbox, cause(sandbox), reason, told)


def test_a_user_who_is_gone_is_nobody(sandbox):
    opened = session(sandbox)
    with sandbox.world() as world:
        world.store.remove(tables.Account, service="prisme", login=opened["id"])

    check_refused(sandbox, me(sandbox, opened["token"]), R.TOKEN_UNKNOWN, refused("Invalid access token"))


# Organizations


def test_the_profile_tells_of_organizations_and_of_the_active_one(sandbox):
    profile = me(sandbox, session(sandbox)["token"]).json

    assert [(org["slug"], org["roleSlug"]) for org in profile["organizations"]] == [
        ("contoso", "org:owner"),
        ("octo-org", "org:member"),
    ]
    assert (profile["org"]["slug"], profile["org"]["status"], profile["permissions"]) == ("contoso", "active", ["*"])


def test_a_session_acts_in_the_organization_that_it_chose(sandbox):
    opened, other = session(sandbox), session(sandbox)

    chosen = nobody(sandbox).put(ORG, json={"orgSlug": "octo-org"}, headers=bearer(opened["token"]))

    assert (chosen.status_code, chosen.json["org"]["slug"]) == (200, "octo-org")
    assert me(sandbox, opened["token"]).json["org"]["slug"] == "octo-org"
    assert me(sandbox, other["token"]).json["org"]["slug"] == "contoso"


def test_whoever_is_in_no_organization_has_none(sandbox):
    anonymous = nobody(sandbox).post(ANONYMOUS, json={}).json

    profile = me(sandbox, anonymous["token"]).json

    assert (profile["org"], profile["permissions"], profile["organizations"]) == (None, [], [])


# Agents, of which there are none


def test_the_agents_are_listed_by_pages(sandbox):
    token = session(sandbox)["token"]

    def listed(query):
        return nobody(sandbox).get(f"{AGENTS}{query}", headers=bearer(token)).json

    assert listed("?page=3&limit=7") == {"items": [], "total": 0, "page": 3, "limit": 7}
    assert listed("") == listed("?page=x&limit=-1") == {"items": [], "total": 0, "page": 1, "limit": 20}


# Access tokens


def test_an_access_token_calls_as_its_user(sandbox):
    opened = session(sandbox)

    made = access_token(sandbox, opened)
    profile = me(sandbox, made["token"])
    older = nobody(sandbox).get(ME, headers={"x-prismeai-token": made["token"]})

    assert made == {
        "name": "CI",
        "expiresAt": "2999-01-01T00:00:00Z",
        "userId": opened["id"],
        "token": made["token"],
        "_id": made["_id"],
    }
    assert re.fullmatch(f"at:{UUID}", made["token"])
    assert (profile.json["id"], profile.json["sessionId"]) == (opened["id"], f"at:{made['_id']}")
    assert "expires" not in profile.json
    assert "x-prismeai-csrf-token" not in profile.headers
    assert older.json == profile.json


def test_access_tokens_are_listed_and_deleted(sandbox):
    opened, stranger = session(sandbox), session(sandbox, "octocat")
    made = [access_token(sandbox, opened) for _ in range(2)]
    client, ours, theirs = nobody(sandbox), bearer(opened["token"]), bearer(stranger["token"])

    listed = client.get(ACCESS_TOKENS, headers=ours).json
    assert [token["id"] for token in listed] == [token["_id"] for token in made]
    assert set(listed[0]) == {"name", "expiresAt", "userId", "id"}
    told = refused("Access token not found", "NotFoundError", 404)
    one = f"{ACCESS_TOKENS}/{made[0]['token']}"
    check_refused(sandbox, client.delete(one, headers=theirs), R.OBJECT_UNKNOWN, told)
    assert client.delete(one, headers=ours).status_code == 200
    check_refused(sandbox, client.delete(one, headers=ours), R.OBJECT_UNKNOWN, told)
    check_refused(sandbox, me(sandbox, made[0]["token"]), R.TOKEN_REVOKED, refused("Invalid access token"))
    assert client.delete(f"{ACCESS_TOKENS}/{made[1]['_id']}", headers=ours).status_code == 200
    assert client.get(ACCESS_TOKENS, headers=ours).json == []


@pytest.mark.parametrize("end", ["yesterday", "2001-01-01T00:00:00Z", "", "0001-01-01T00:00:00+23:59"])
def test_an_access_token_ends_later(sandbox, end):
    answer = nobody(sandbox).post(
        ACCESS_TOKENS, json={"name": "n", "expiresAt": end}, headers=bearer(session(sandbox)["token"])
    )

    message = "Invalid expiresAt : must be a valid ISO8601 string after current date"
    told = {"error": "BadParameters", "message": message, "details": []}
    check_refused(sandbox, answer, R.FIELD_INVALID, (400, told))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", EXCHANGE),
        ("POST", ANONYMOUS),
        ("GET", ACCESS_TOKENS),
        ("POST", ACCESS_TOKENS),
        ("DELETE", ACCESS_TOKENS + "/x"),
    ],
)
def test_an_access_token_makes_no_session_and_no_other_token(sandbox, method, path):
    body = {"provider": "custom", "subject_token": "x", "name": "n", "expiresAt": "2999-01-01T00:00:00Z"}

    answer = nobody(sandbox).open(path, method=method, json=body, headers=bearer(access_token(sandbox)["token"]))

    told = refused("Calling this API with an access token is forbidden.")
    check_refused(sandbox, answer, R.TOKEN_TYPE_WRONG, told)


# Nobody at all (check 19)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"expiresAfter": 0}'])
def test_an_anonymous_session_needs_no_body(sandbox, data):
    sandbox.clock.freeze()

    answer = nobody(sandbox).post(ANONYMOUS, data=data, content_type="application/json")

    user = answer.json
    assert list(user) == ["firstName", "authData", "id", "token", "sessionId", "expires"]
    assert re.fullmatch(rf"anonymous-{sandbox.clock.now()}000-\d+", user["firstName"])
    assert user["authData"] == {"anonymous": {"expiresAt": user["expires"]}}
    assert read_claims(user["token"])["exp"] == sandbox.clock.now() + 2_592_000
    assert me(sandbox, user["token"]).json["sessionId"] == user["sessionId"]
    assert len(answer.headers.getlist("Set-Cookie")) == 2


def test_an_anonymous_session_may_be_in_an_organization(sandbox):
    body = {"orgSlug": "contoso", "expiresAfter": 60}

    user = nobody(sandbox).post(ANONYMOUS, json=body).json

    assert me(sandbox, user["token"]).json["org"]["role"]["slug"] == "agent-standard"


def test_an_organization_may_let_in_pages_of_some_domains_only(sandbox):
    with sandbox.world() as world:
        known = world.settings["prisme"]["organizations"]
    changed = {**known["contoso"], "allowed_domains": ["localhost"]}
    configure(sandbox, organizations={**known, "contoso": changed})

    def begin(**headers):
        return nobody(sandbox).post(ANONYMOUS, json={"orgSlug": "contoso"}, headers=headers)

    told = refused("Anonymous sessions are disabled", "ForbiddenError", 403)
    assert begin(Origin="http://localhost:3000").status_code == 200
    check_refused(sandbox, begin(Origin="https://evil.test"), R.PERMISSION_DENIED, told)
    check_refused(sandbox, begin(), R.PERMISSION_DENIED, told)


def test_anonymous_sessions_can_be_off(sandbox):
    configure(sandbox, anonymous=False)

    told = refused("Anonymous sessions are disabled", "ForbiddenError", 403)
    check_refused(sandbox, nobody(sandbox).post(ANONYMOUS, json={}), R.PERMISSION_DENIED, told)


def test_a_session_is_no_id_token(sandbox):
    opened = session(sandbox)

    assert exchange(sandbox, opened["token"]).status_code == 401
    assert exchange(sandbox, id_token(sandbox), "closed").json == NO_EXCHANGE[1]
