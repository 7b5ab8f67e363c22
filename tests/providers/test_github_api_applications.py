"""GitHub's token administration: an application looks at its tokens, replaces, narrows and ends them."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.core import tables
from sandbox.core.tokens import find_token, revoke_tokens
from sandbox.providers.github.formats import has_valid_checksum
from tests.conftest import HouseClient
from tests.support.github import APP, CLIENT, SECRET, basic, redeem, refresh
from tests.support.github_api import BAD_CREDENTIALS, NO_CREDENTIALS, NOT_FOUND, api, app_token, oauth_token, refusal

AUTHORIZATION = [
    "id",
    "url",
    "scopes",
    "token",
    "token_last_eight",
    "hashed_token",
    "app",
    "note",
    "note_url",
    "updated_at",
    "created_at",
    "fingerprint",
    "expires_at",
    "user",
]
OPERATIONS = {
    "check": ("POST", "token"),
    "reset": ("PATCH", "token"),
    "delete": ("DELETE", "token"),
    "delete-grant": ("DELETE", "grant"),
    "scope": ("POST", "token/scoped"),
}
ALL = pytest.mark.parametrize("operation", OPERATIONS)


def administer(
    sandbox: HouseClient,
    operation: str,
    token: Any = None,
    *,
    client_id: str = CLIENT,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> Any:
    method, path = OPERATIONS[operation]
    if token is not None:
        body["access_token"] = token
    if operation == "scope":
        body.setdefault("target", "octo-org")
    headers = basic(client_id, SECRET) if headers is None else headers
    return sandbox.open(f"/api/v3/applications/{client_id}/{path}", method=method, json=body, headers=headers)


def missing(field: str, code: str = "missing_field") -> tuple[int, dict[str, Any]]:
    errors = [{"resource": "OauthAccess", "field": field, "code": code}]
    return refusal(422, "Validation Failed", errors=errors)


def test_a_token_is_checked(sandbox):
    token = oauth_token(sandbox, scopes="repo user")
    response = administer(sandbox, "check", token)
    body = response.json

    assert response.status_code == 200
    assert list(body) == AUTHORIZATION
    assert (body["token"], body["token_last_eight"]) == (token, token[-8:])
    assert body["hashed_token"] == hashlib.sha256(token.encode()).hexdigest()
    assert body["scopes"] == ["repo", "user"]
    assert body["app"] == {"name": "Sandbox OAuth app", "url": "https://app.example/", "client_id": CLIENT}
    assert body["user"]["login"] == "octocat"
    assert body["url"] == f"http://localhost/api/v3/authorizations/{body['id']}"
    assert body["expires_at"] is None
    assert isinstance(body["id"], int)


def test_an_expiring_token_tells_when(sandbox):
    sandbox.clock.freeze()
    body = administer(sandbox, "check", app_token(sandbox), client_id=APP).json

    assert body["scopes"] == []
    assert body["expires_at"] > body["created_at"]


def test_a_reset_replaces_the_token(sandbox):
    old = oauth_token(sandbox, scopes="repo user")
    response = administer(sandbox, "reset", old)
    new = response.json["token"]

    assert response.status_code == 200
    assert list(response.json) == AUTHORIZATION
    assert new.startswith("gho_")
    assert has_valid_checksum(new)
    assert response.json["scopes"] == ["repo", "user"]
    assert api(sandbox, "/user", new).json["login"] == "octocat"
    assert api(sandbox, "/user", old).status_code == 401
    with sandbox.world() as world:
        tokens = [find_token(world, value, service="github", kind="access_token") for value in (old, new)]
    assert tokens[0].flow == tokens[1].flow
    assert tokens[0].family == tokens[1].family


def test_a_reset_github_app_token_expires_eight_hours_later(sandbox):
    old = app_token(sandbox)
    sandbox.clock.advance(hours=7)
    new = administer(sandbox, "reset", old, client_id=APP).json["token"]
    sandbox.clock.advance(hours=7)

    assert new.startswith("ghu_")
    assert api(sandbox, "/user", new).status_code == 200
    sandbox.clock.advance(hours=1)
    assert api(sandbox, "/user", new).status_code == 401


def test_of_concurrent_resets_one_wins(app, sandbox):
    token = oauth_token(sandbox)

    def reset(_: int) -> int:
        client: Any = app.test_client()
        return administer(client, "reset", token).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = sorted(threads.map(reset, range(4)))

    assert statuses == [200, 404, 404, 404]
    with sandbox.world() as world:
        assert world.store.count(tables.Token, service="github", revoked_at=None) == 1


def test_a_deleted_token_is_dead_and_the_others_are_not(sandbox):
    token, other = oauth_token(sandbox), oauth_token(sandbox)
    response = administer(sandbox, "delete", token)

    assert (response.status_code, response.data) == (204, b"")
    assert api(sandbox, "/user", token).status_code == 401
    assert api(sandbox, "/user", other).status_code == 200


def test_a_deleted_grant_ends_all_tokens_of_the_person_and_the_app(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client=APP)
    login = redeem(sandbox, code, client_id=APP).json
    another = app_token(sandbox)
    foreign = [oauth_token(sandbox), app_token(sandbox, "alice")]

    assert administer(sandbox, "delete-grant", login["access_token"], client_id=APP).status_code == 204

    assert [api(sandbox, "/user", token).status_code for token in (login["access_token"], another)] == [401, 401]
    assert [api(sandbox, "/user", token).status_code for token in foreign] == [200, 200]
    assert refresh(sandbox, login["refresh_token"]).json["error"] == "bad_refresh_token"
    with sandbox.world() as world:
        assert world.store.count(tables.Consent, client_id=APP, login="octocat") == 0


def test_a_scoped_token_may_do_less_and_the_first_stays_good(sandbox):
    first = app_token(sandbox)
    response = administer(
        sandbox, "scope", first, client_id=APP, repositories=["hello"], permissions={"contents": "read"}
    )
    body = response.json

    assert response.status_code == 200
    assert list(body) == [*AUTHORIZATION, "installation"]
    assert body["token"].startswith("ghu_")
    assert body["token"] != first
    assert body["installation"]["permissions"] == {"contents": "read"}
    assert body["installation"]["repository_selection"] == "selected"
    assert body["installation"]["account"]["login"] == "octo-org"
    assert body["installation"]["account"]["type"] == "Organization"
    assert [api(sandbox, "/user", token).status_code for token in (first, body["token"])] == [200, 200]


@pytest.mark.parametrize(
    ("target", "login"),
    [({"target": "octocat"}, "octocat"), ({"target": None, "target_id": 3001}, "octo-org")],
)
def test_a_scoped_token_is_for_one_account(sandbox, target, login):
    target = {name: value for name, value in target.items() if value is not None} or target
    body = {"access_token": app_token(sandbox), **target}
    response = sandbox.post(f"/api/v3/applications/{APP}/token/scoped", json=body, headers=basic(APP, SECRET))

    assert response.json["installation"]["account"]["login"] == login
    assert response.json["installation"]["repository_selection"] == "all"


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param({}, missing("target"), id="no-target"),
        pytest.param({"target_id": "3001"}, missing("target_id", "invalid"), id="id-as-text"),
        pytest.param({"target_id": 10**30}, missing("target_id", "invalid"), id="absurd-id"),
        pytest.param({"target": "nobody"}, NOT_FOUND, id="unknown-target"),
        pytest.param({"target_id": 7}, NOT_FOUND, id="unknown-id"),
        pytest.param(
            {"target": "octo-org", "permissions": {"contents": "all"}},
            missing("permissions.contents", "invalid"),
            id="unknown-permission",
        ),
    ],
)
def test_what_no_token_can_be_scoped_to(sandbox, body, answer):
    body = {"access_token": app_token(sandbox), **body}
    response = sandbox.post(f"/api/v3/applications/{APP}/token/scoped", json=body, headers=basic(APP, SECRET))

    assert (response.status_code, response.json) == answer


def test_only_an_unscoped_token_of_a_github_app_can_be_scoped(sandbox):
    narrowed = administer(sandbox, "scope", app_token(sandbox), client_id=APP).json["token"]
    again = administer(sandbox, "scope", narrowed, client_id=APP)
    foreign = administer(sandbox, "scope", oauth_token(sandbox))

    assert [(r.status_code, r.json) for r in (again, foreign)] == [NOT_FOUND, NOT_FOUND]
    assert again.headers["X-Sandbox-Reason"].startswith("TOKEN_TYPE_WRONG;")


def expired_token(sandbox: HouseClient) -> str:
    token = oauth_token(sandbox, ttl=60)
    sandbox.clock.advance(seconds=60)
    return token


def revoked_token(sandbox: HouseClient) -> str:
    token = oauth_token(sandbox)
    with sandbox.world() as world:
        revoke_tokens(world, client_id=CLIENT)
    return token


@ALL
@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(lambda _: "gho_guessed", "TOKEN_UNKNOWN", id="unknown"),
        pytest.param(expired_token, "TOKEN_EXPIRED", id="expired"),
        pytest.param(revoked_token, "TOKEN_REVOKED", id="revoked"),
        pytest.param(app_token, "TOKEN_OF_ANOTHER_CLIENT", id="of-another-application"),
    ],
)
def test_a_token_that_is_not_there(sandbox, operation, token, reason):
    response = administer(sandbox, operation, token(sandbox))

    assert (response.status_code, response.json) == NOT_FOUND
    assert response.headers["X-Sandbox-Reason"].startswith(f"{reason};")


@ALL
@pytest.mark.parametrize(
    ("body", "answer"),
    [
        pytest.param("{}", missing("access_token"), id="missing"),
        pytest.param("", missing("access_token"), id="no-body"),
        pytest.param('{"access_token": ""}', missing("access_token"), id="empty"),
        pytest.param('{"access_token": "  "}', missing("access_token"), id="blank"),
        pytest.param('{"access_token": null}', missing("access_token"), id="null"),
        pytest.param('{"access_token": 5}', missing("access_token", "invalid"), id="number"),
        pytest.param("{", refusal(400, "Problems parsing JSON"), id="malformed"),
        pytest.param("access_token=x", refusal(400, "Problems parsing JSON"), id="form"),
        pytest.param("[]", refusal(400, "Body should be a JSON object"), id="list"),
        pytest.param("null", refusal(400, "Body should be a JSON object"), id="json-null"),
    ],
)
def test_bodies_that_are_refused(sandbox, operation, body, answer):
    method, path = OPERATIONS[operation]
    response = sandbox.open(
        f"/api/v3/applications/{CLIENT}/{path}", method=method, data=body, headers=basic(CLIENT, SECRET)
    )

    assert (response.status_code, response.json) == answer


@ALL
@pytest.mark.parametrize(
    ("headers", "answer", "reason"),
    [
        pytest.param({}, NO_CREDENTIALS, "CLIENT_SECRET_MISSING", id="none"),
        pytest.param({"Authorization": "token gho_x"}, NO_CREDENTIALS, "CLIENT_SECRET_MISSING", id="a-token"),
        pytest.param(basic(CLIENT, "guessed"), BAD_CREDENTIALS, "CLIENT_SECRET_WRONG", id="wrong-secret"),
        pytest.param(basic(CLIENT, ""), BAD_CREDENTIALS, "CLIENT_SECRET_WRONG", id="no-secret"),
        pytest.param(basic("nobody", SECRET), BAD_CREDENTIALS, "CLIENT_UNKNOWN", id="unknown-application"),
        pytest.param(basic(APP, SECRET), NOT_FOUND, "OBJECT_UNKNOWN", id="another-application"),
    ],
)
def test_credentials_that_are_refused(sandbox, operation, headers, answer, reason):
    token = oauth_token(sandbox)
    response = administer(sandbox, operation, token, headers=headers)

    assert (response.status_code, response.json) == answer
    assert response.headers["X-Sandbox-Reason"].startswith(f"{reason};")
    assert api(sandbox, "/user", token).status_code == 200


def test_the_scheme_is_basic_in_any_case(sandbox):
    response = administer(sandbox, "check", oauth_token(sandbox), headers=basic(CLIENT, SECRET, scheme="basic"))

    assert response.status_code == 200


def test_the_journal_keeps_no_token(sandbox):
    token = oauth_token(sandbox)
    administer(sandbox, "check", token)
    entry = sandbox.journal()[-1]

    assert (entry.operation, entry.client_id, entry.login) == ("check_token", CLIENT, "octocat")
    assert entry.request["body"] == {"access_token": f"gho_…({len(token)})"}


def test_a_refusal_has_no_scope_headers(sandbox):
    assert "X-OAuth-Scopes" not in administer(sandbox, "check", oauth_token(sandbox, scopes="repo")).headers
