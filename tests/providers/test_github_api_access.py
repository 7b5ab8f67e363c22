"""Who may call GitHub's API, how it says no, and the headers that every answer carries."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.core import tables
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.core.tokens import revoke_tokens
from sandbox.providers.github.api.errors import WORDS
from tests.conftest import HouseClient
from tests.support.github_api import (
    BAD_CREDENTIALS,
    GRAPHQL,
    NO_CREDENTIALS,
    NOT_FOUND,
    SUSPENDED,
    api,
    app_token,
    auth,
    oauth_token,
    refusal,
)

Call = Callable[[HouseClient], Any]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def revoked(sandbox: HouseClient) -> Any:
    token = oauth_token(sandbox)
    with sandbox.world() as world:
        revoke_tokens(world, client_id="Iv1.sandboxclient")
    return api(sandbox, "/user", token)


def expired(sandbox: HouseClient) -> Any:
    token = app_token(sandbox)
    sandbox.clock.advance(hours=8)
    return api(sandbox, "/user", token)


def person_gone(sandbox: HouseClient) -> Any:
    return api(sandbox, "/user", oauth_token(sandbox, login="nobody-any-more"))


def armed(reason: Reason, operation: str, path: str) -> Call:
    def call(sandbox: HouseClient) -> Any:
        with sandbox.world() as world:
            arm_fault(world, "github", operation, reason)
        return api(sandbox, path, oauth_token(sandbox))

    return call


REFUSALS = [
    pytest.param(lambda s: api(s, "/user"), NO_CREDENTIALS, "TOKEN_MISSING", id="no-credentials"),
    pytest.param(lambda s: api(s, "/user", " "), NO_CREDENTIALS, "TOKEN_MISSING", id="empty-token"),
    pytest.param(
        lambda s: s.get("/api/v3/user", headers=auth("x", "Digest")),
        NO_CREDENTIALS,
        "TOKEN_MISSING",
        id="unknown-scheme",
    ),
    pytest.param(lambda s: api(s, "/user", "gho_guessed"), BAD_CREDENTIALS, "TOKEN_UNKNOWN", id="unknown-token"),
    pytest.param(revoked, BAD_CREDENTIALS, "TOKEN_REVOKED", id="revoked-token"),
    pytest.param(expired, BAD_CREDENTIALS, "TOKEN_EXPIRED", id="expired-token"),
    pytest.param(
        lambda s: s.get("/api/v3/user", headers=auth("%%%", "Basic")),
        BAD_CREDENTIALS,
        "TOKEN_MALFORMED",
        id="undecodable-basic",
    ),
    pytest.param(person_gone, BAD_CREDENTIALS, "IDENTITY_UNKNOWN", id="token-of-a-person-who-is-gone"),
    pytest.param(
        lambda s: api(s, "/user", oauth_token(s, "deactivated")),
        SUSPENDED,
        "IDENTITY_DEACTIVATED",
        id="suspended-person",
    ),
    pytest.param(
        lambda s: api(s, "/users/alice", "gho_guessed"),
        BAD_CREDENTIALS,
        "TOKEN_UNKNOWN",
        id="bad-token-at-a-public-endpoint",
    ),
    pytest.param(lambda s: api(s, "/nowhere"), NOT_FOUND, "ROUTE_UNKNOWN", id="unknown-path"),
    pytest.param(lambda s: s.put("/api/v3/user"), NOT_FOUND, "METHOD_NOT_ALLOWED", id="method-the-endpoint-lacks"),
    pytest.param(
        armed(Reason.RATE_LIMITED, "get_user", "/user"),
        refusal(
            403,
            "API rate limit exceeded for user ID 583231.",
            "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
        ),
        "RATE_LIMITED",
        id="rate-limit-provoked",
    ),
    pytest.param(
        armed(Reason.SCOPE_INSUFFICIENT, "list_user_emails", "/user/emails"),
        NOT_FOUND,
        "SCOPE_INSUFFICIENT",
        id="no-addresses-provoked",
    ),
    pytest.param(
        armed(Reason.TOKEN_REVOKED, "get_user", "/user"), BAD_CREDENTIALS, "TOKEN_REVOKED", id="revocation-provoked"
    ),
    pytest.param(
        armed(Reason.INTERNAL_ERROR, "get_user", "/user"),
        refusal(500, "Server Error"),
        "INTERNAL_ERROR",
        id="crash-provoked",
    ),
]


@pytest.mark.parametrize(("cause", "answer", "reason"), REFUSALS)
def test_refusals(sandbox, cause, answer, reason):
    response = cause(sandbox)

    assert (response.status_code, response.json) == answer
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["X-Sandbox-Reason"].startswith(f"{reason};")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(sandbox, reason):
    response = armed(reason, "get_user", "/user")(sandbox)

    assert response.status_code == WORDS[reason][0] >= 400
    assert response.headers["X-RateLimit-Limit"] == "5000"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(lambda token: auth(token, "Bearer"), id="Bearer"),
        pytest.param(lambda token: auth(token, "bearer"), id="bearer"),
        pytest.param(lambda token: auth(token, "token"), id="token"),
        pytest.param(lambda token: auth(token, "TOKEN"), id="TOKEN"),
        pytest.param(lambda token: basic("octocat", token), id="basic-password"),
        pytest.param(lambda token: basic(token, "x-oauth-basic"), id="basic-x-oauth-basic"),
        pytest.param(lambda token: basic(token, ""), id="basic-user"),
    ],
)
def test_a_token_may_come_in_many_ways(sandbox, headers):
    response = sandbox.get("/api/v3/user", headers=headers(oauth_token(sandbox)))

    assert response.json["login"] == "octocat"


def test_a_token_in_the_query_is_none(sandbox):
    assert api(sandbox, "/user", access_token=oauth_token(sandbox)).status_code == 401


@pytest.mark.parametrize("path", ["/user", "/users/alice", "/rate_limit", ""])
def test_without_a_user_agent_nothing_is_answered(sandbox, path):
    response = sandbox.get(f"/api/v3{path}", headers={"User-Agent": "", **auth(oauth_token(sandbox))})

    assert response.status_code == 403
    assert response.text.startswith(
        "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
    )
    assert response.content_type == "text/plain; charset=utf-8"


def test_the_user_agent_may_be_made_optional(sandbox):
    with sandbox.world() as world:
        github = {**world.settings["github"], "require_user_agent": False}
        world.store.change(tables.World, {"settings": {**world.settings, "github": github}})

    assert sandbox.get("/api/v3/users/alice", headers={"User-Agent": ""}).status_code == 200


ANSWERS = [
    pytest.param(lambda s: api(s, "/user", oauth_token(s)), id="answer"),
    pytest.param(lambda s: api(s, "/user"), id="refusal"),
    pytest.param(lambda s: api(s, "/nowhere"), id="unknown-path"),
    pytest.param(lambda s: s.patch("/api/v3/user"), id="unknown-method"),
    pytest.param(lambda s: s.post(GRAPHQL, json={}), id="graphql"),
    pytest.param(
        lambda s: s.post("/api/v3/applications/Iv1.sandboxclient/token", data=b"x" * 1_000_001), id="body-too-large"
    ),
    pytest.param(lambda s: s.get("/api/v3/user", headers={"User-Agent": ""}), id="no-user-agent"),
    pytest.param(armed(Reason.INTERNAL_ERROR, "get_user", "/user"), id="crash"),
    pytest.param(lambda s: s.options("/api/v3/user"), id="preflight"),
]


@pytest.mark.parametrize("call", ANSWERS)
def test_every_answer_carries_the_api_headers(sandbox, call):
    sandbox.clock.freeze()
    headers = call(sandbox).headers

    limit, used = int(headers["X-RateLimit-Limit"]), int(headers["X-RateLimit-Used"])
    assert int(headers["X-RateLimit-Remaining"]) == limit - used
    assert 0 < int(headers["X-RateLimit-Reset"]) - sandbox.clock.now() <= 3600
    assert headers["X-RateLimit-Resource"] in ("core", "graphql")
    assert headers["X-GitHub-Media-Type"] == "github.v3; format=json"
    assert headers["X-GitHub-Request-Id"].count(":") == 4
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "X-OAuth-Scopes" in headers["Access-Control-Expose-Headers"]
    assert headers["Date"].endswith("GMT")


def test_the_date_is_the_sandbox_clock(sandbox):
    before = api(sandbox, "").headers["Date"]
    sandbox.clock.advance(days=366)

    assert api(sandbox, "").headers["Date"][12:16] == str(int(before[12:16]) + 1)


@pytest.mark.parametrize(
    "path",
    ["/api/v3/user", "/api/v3/nowhere/at/all", "/api/v3", "/api/graphql", "/api/v3/graphql", "/github/api/v3/user"],
)
def test_a_preflight_is_answered_everywhere_and_without_credentials(sandbox, path):
    preflight = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    response = sandbox.options(path, headers=preflight)

    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Headers"] == (
        "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, "
        "Accept-Encoding, X-GitHub-OTP, X-Requested-With, User-Agent"
    )
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, PATCH, PUT, DELETE"
    assert response.headers["Access-Control-Max-Age"] == "86400"


def test_a_preflight_leaves_a_fault_to_the_call_behind_it(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "github", "get_user", Reason.TOKEN_REVOKED)
    token = oauth_token(sandbox)

    assert sandbox.options("/api/v3/user").status_code == 204
    assert [api(sandbox, "/user", token).status_code for _ in range(2)] == [401, 200]


def test_oauth_apps_are_told_their_scopes_with_comma_and_space(sandbox):
    headers = api(sandbox, "/user/emails", oauth_token(sandbox, scopes="user gist")).headers

    assert headers["X-OAuth-Scopes"] == "user, gist"
    assert headers["X-Accepted-OAuth-Scopes"] == "user, user:email"


def test_a_refusal_for_lack_of_scope_tells_which_would_do(sandbox):
    response = api(sandbox, "/user/emails", oauth_token(sandbox, scopes="gist"))

    assert response.status_code == 404
    assert response.headers["X-OAuth-Scopes"] == "gist"
    assert response.headers["X-Accepted-OAuth-Scopes"] == "user, user:email"


@pytest.mark.parametrize("issue", [app_token, lambda sandbox: None], ids=["github-app", "anonymous"])
def test_others_have_no_scope_headers(sandbox, issue):
    headers = api(sandbox, "/users/alice", issue(sandbox)).headers

    assert "X-OAuth-Scopes" not in headers
    assert "X-Accepted-OAuth-Scopes" not in headers


def test_requests_are_counted_per_person(sandbox):
    token = oauth_token(sandbox)
    used = [api(sandbox, "/user", token).headers["X-RateLimit-Used"] for _ in range(3)]
    other = api(sandbox, "/user", oauth_token(sandbox, "alice")).headers

    assert used == ["1", "2", "3"]
    assert other["X-RateLimit-Remaining"] == "4999"


def test_the_count_starts_anew_with_each_window(sandbox):
    token = oauth_token(sandbox)
    first = api(sandbox, "/user", token).headers
    sandbox.clock.advance(hours=1)
    second = api(sandbox, "/user", token).headers

    assert first["X-RateLimit-Used"] == second["X-RateLimit-Used"] == "1"
    assert int(second["X-RateLimit-Reset"]) - int(first["X-RateLimit-Reset"]) == 3600


def test_reading_the_rate_limit_is_free(sandbox):
    token = oauth_token(sandbox)
    api(sandbox, "/user", token)
    body = [api(sandbox, "/rate_limit", token).json for _ in range(2)][-1]

    core = body["resources"]["core"]
    assert body["rate"] == core
    assert (core["limit"], core["used"], core["remaining"]) == (5000, 1, 4999)
    assert body["resources"]["graphql"]["remaining"] == 5000
    assert body["resources"]["search"]["limit"] == 30


def test_the_anonymous_have_sixty_requests(sandbox):
    api(sandbox, "/users/alice")

    assert api(sandbox, "/rate_limit").json["rate"]["remaining"] == 59


def test_a_spent_budget_is_shown_but_not_enforced(sandbox):
    answers = [api(sandbox, "/users/alice") for _ in range(61)]

    assert answers[-1].status_code == 200
    assert answers[-1].headers["X-RateLimit-Remaining"] == "0"


def test_a_provoked_rate_limit_leaves_nothing(sandbox):
    headers = armed(Reason.RATE_LIMITED, "get_user", "/user")(sandbox).headers

    assert (headers["X-RateLimit-Remaining"], headers["X-RateLimit-Used"]) == ("0", "5000")


def test_the_anonymous_are_limited_by_address(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "github", "get_public_user", Reason.RATE_LIMITED)

    response = api(sandbox, "/users/alice")

    assert response.json["message"] == "API rate limit exceeded for 127.0.0.1."
    assert response.headers["X-RateLimit-Limit"] == "60"


def test_an_unchanged_answer_is_not_sent_twice(sandbox):
    token = oauth_token(sandbox)
    etag = api(sandbox, "/user", token).headers["ETag"]
    again = sandbox.get("/api/v3/user", headers={**auth(token), "If-None-Match": etag})

    assert etag.startswith('W/"')
    assert (again.status_code, again.data) == (304, b"")


def test_the_journal_knows_who_called_and_names_no_secret(sandbox):
    token = oauth_token(sandbox)
    api(sandbox, "/user/emails", token)
    entry = sandbox.journal()[-1]

    assert (entry.operation, entry.login, entry.client_id) == ("list_user_emails", "octocat", "Iv1.sandboxclient")
    assert (entry.status, entry.reason, entry.flow) == (404, "SCOPE_INSUFFICIENT", "a-login")
    assert token not in str(entry.request)
