"""Microsoft Graph says no: to strangers, to the wrong token, to too few permissions, and about what is not there."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.core.tokens import revoke_tokens
from tests.support.azure import ALICE, CONTOSO, GRAPH, WEB, get, graph_token, jwt_like, post

NOT_WELL_FORMED = "IDX14100: JWT is not well formed, there are no dots (.)."
EXPIRED = "Lifetime validation failed, the token is expired."
FAILURE = "Access token validation failure."
PROTECTED = ["/v1.0/me", f"/v1.0/users/{ALICE}", "/oidc/userinfo", "/v1.0/groups", "/v1.0/me/photo/$value"]


def said(answer) -> tuple[int, str, str]:
    error = answer.json["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi"])
def test_a_request_without_a_token_is_refused(sandbox, path, header):
    answer = sandbox.get(path, headers={} if header is None else {"Authorization": header})

    assert said(answer) == (401, "InvalidAuthenticationToken", "Access token is empty.")
    assert sandbox.journal()[-1].reason == "TOKEN_MISSING"


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize(
    ("token", "message", "reason"),
    [
        ("garbage", NOT_WELL_FORMED, "TOKEN_MALFORMED"),
        ("gar.ba.ge", FAILURE, "TOKEN_UNKNOWN"),
        (jwt_like(aud=GRAPH, sub="alice"), FAILURE, "TOKEN_UNKNOWN"),
        (jwt_like(aud=WEB, sub="alice"), f"{FAILURE} Invalid audience.", "TOKEN_AUDIENCE_WRONG"),
        (jwt_like(aud=[GRAPH]), f"{FAILURE} Invalid audience.", "TOKEN_AUDIENCE_WRONG"),
    ],
)
def test_a_token_that_nobody_issued_is_refused(sandbox, path, token, message, reason):
    answer = get(sandbox, path, token)

    assert said(answer) == (401, "InvalidAuthenticationToken", message)
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize("path", PROTECTED)
def test_a_token_for_another_api_is_refused(sandbox, path):
    answer = get(sandbox, path, graph_token(sandbox, audience=WEB))

    assert said(answer) == (401, "InvalidAuthenticationToken", f"{FAILURE} Invalid audience.")


@pytest.mark.parametrize("path", PROTECTED)
def test_an_expired_token_is_refused(sandbox, path):
    token = graph_token(sandbox)
    sandbox.clock.advance(hours=1)

    assert said(get(sandbox, path, token)) == (401, "InvalidAuthenticationToken", EXPIRED)


def test_a_revoked_token_is_refused(sandbox):
    token = graph_token(sandbox)
    with sandbox.world() as world:
        revoke_tokens(world, login="alice")

    answer = get(sandbox, "/v1.0/me", token)

    assert answer.status_code == 401
    assert answer.json["error"]["message"].endswith("TokenIssuedBeforeRevocationTimestamp")


def test_whoever_is_deactivated_is_refused(sandbox):
    answer = get(sandbox, "/v1.0/me", graph_token(sandbox, "deactivated"))

    assert said(answer)[:2] == (401, "Authorization_IdentityDisabled")


@pytest.mark.parametrize("login", ["nobody", "sso-member"])
def test_a_token_of_a_stranger_is_refused(sandbox, login):
    answer = get(sandbox, "/v1.0/me", graph_token(sandbox, login))

    assert said(answer)[:2] == (401, "Authorization_IdentityNotFound")


# Permissions


DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


@pytest.mark.parametrize(
    ("scopes", "path"),
    [
        ("openid profile email", "/v1.0/me"),
        ("openid profile email", "/v1.0/me/memberOf"),
        ("openid profile email", "/v1.0/me/photo/$value"),
        ("openid profile email", "/v1.0/organization"),
        ("User.Read", "/v1.0/users"),
        ("User.Read", "/v1.0/users/admin@contoso.test"),
        ("User.Read", "/v1.0/users/nobody@contoso.test"),
        ("User.Read.All", "/v1.0/groups"),
        ("User.Read", "/v1.0/groups/e9e9e9e9-0000-4000-8000-000000000001/members"),
        ("GroupMember.Read.All", "/v1.0/users"),
    ],
)
def test_too_few_permissions_are_refused(sandbox, scopes, path):
    answer = get(sandbox, path, graph_token(sandbox, scopes=scopes))

    assert said(answer) == DENIED
    assert sandbox.journal()[-1].reason == "SCOPE_INSUFFICIENT"


def test_the_ids_of_objects_need_a_permission_for_all(sandbox):
    assert said(post(sandbox, "/v1.0/directoryObjects/getByIds", {"ids": [ALICE]})) == DENIED


@pytest.mark.parametrize("path", ["/v1.0/me", "/v1.0/me/memberOf", "/oidc/userinfo"])
def test_an_application_alone_is_nobody(sandbox, path):
    answer = get(sandbox, path, graph_token(sandbox, "", roles=("User.Read.All",)))

    assert said(answer) == (400, "BadRequest", "/me request is only valid with delegated authentication flow.")


# What is not there


@pytest.mark.parametrize(
    "path", ["users/{}", "users/{}/memberOf", "users/{}/photo/$value", "groups/{}", "groups/{}/members"]
)
@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "nobody@contoso.test", "alice", "{x}"])
def test_an_object_that_is_not_there_is_named(sandbox, path, name):
    token = graph_token(sandbox, "admin", "User.Read.All Group.Read.All")

    answer = get(sandbox, f"/v1.0/{path.format(name)}", token)

    message = f"Resource '{name}' does not exist or one of its queried reference-property objects are not present."
    assert said(answer) == (404, "Request_ResourceNotFound", message)


@pytest.mark.parametrize("size", ["47x47", "48", "x", "648x48"])
def test_a_picture_of_another_size_is_not_there(sandbox, size):
    assert said(get(sandbox, f"/v1.0/me/photos/{size}/$value"))[:2] == (404, "ImageNotFound")


@pytest.mark.parametrize("path", ["/v1.0/planets", "/beta/me/planets", "/v1.0/planets/"])
def test_a_path_that_is_nowhere_is_no_segment(sandbox, path):
    assert said(get(sandbox, path)) == (400, "BadRequest", "Resource not found for the segment 'planets'.")


def test_another_method_is_not_allowed(sandbox):
    answer = sandbox.delete("/v1.0/me")

    assert said(answer)[:2] == (405, "Request_BadRequest")
    assert "GET" in answer.headers["Allow"]


# The form of an answer


def test_an_error_tells_when_it_was_and_the_ids_of_the_request(sandbox):
    sandbox.clock.freeze()

    answer = get(sandbox, "/v1.0/me", "garbage", headers={"client-request-id": "mine"})

    inner = answer.json["error"]["innerError"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", inner["request-id"])
    assert inner["client-request-id"] == "mine"
    assert (answer.headers["request-id"], answer.headers["client-request-id"]) == (inner["request-id"], "mine")
    assert set(answer.json["error"]) == {"code", "message", "innerError"}


def test_a_request_without_an_id_of_its_own_gets_the_servers(sandbox):
    answer = get(sandbox, "/v1.0/me")

    assert answer.headers["client-request-id"] == answer.headers["request-id"]


def test_a_bad_token_is_answered_with_a_challenge(sandbox):
    answer = sandbox.get("/v1.0/me")

    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="", authorization_uri="http://localhost/common/oauth2/authorize", client_id="{GRAPH}"'
    )


def test_a_fault_speaks_graphs_words(sandbox):
    token = graph_token(sandbox)
    with sandbox.world() as world:
        arm_fault(world, "azure", "get_me", Reason.RATE_LIMITED)

    first, second = get(sandbox, "/v1.0/me", token), get(sandbox, "/v1.0/me", token)

    assert said(first)[:2] == (429, "TooManyRequests")
    assert second.status_code == 200


# Browsers


@pytest.mark.parametrize("path", ["/v1.0/me", "/v1.0/me/getMemberGroups", "/beta/users", "/oidc/userinfo"])
def test_a_page_of_another_origin_may_ask_first(sandbox, path):
    headers = {"Origin": "http://localhost:9998", "Access-Control-Request-Headers": "authorization,content-type"}

    answer = sandbox.options(path, headers=headers)

    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert answer.status_code == 204
    assert {"authorization", "content-type", "consistencylevel"} <= set(allowed)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/v1.0/me", "/oidc/userinfo", "/v1.0/planets"])
@pytest.mark.parametrize("token", [None, "garbage"])
def test_a_page_of_another_origin_may_read_every_answer(sandbox, path, token):
    answer = get(sandbox, path, token, headers={"Origin": "http://localhost:9998"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "request-id" in answer.headers["Access-Control-Expose-Headers"]


def test_the_journal_names_the_person_and_the_application(sandbox):
    get(sandbox, "/v1.0/me")

    entry = sandbox.journal()[-1]
    assert (entry.operation, entry.login, entry.client_id, entry.status) == ("get_me", "alice", WEB, 200)
    assert entry.service == "azure"
    assert CONTOSO not in (entry.login, entry.client_id)


# Hostile input


HOSTILE = [
    "\0",
    "\ud800",
    "x" * 10_000,
    "..",
    "'; --",
    "{0.__class__}%s",
    "<script>",
    "a\r\nX-Evil: 1",
    "9" * 30,
    "\u0661",
]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_nothing_that_is_asked_for_breaks_an_answer(app, sandbox, value):
    token = graph_token(sandbox, "admin", "openid User.Read.All Group.Read.All")
    headers = {"Authorization": f"Bearer {token}"}
    part = quote(value, safe="", errors="surrogatepass")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/azure/v1.0", "/azure/oidc"))]
    options = ("$select", "$filter", "$top", "$skiptoken", "$orderby", "$count", value)
    body = json.dumps({"securityEnabledOnly": True, "ids": [value], "types": [value]})

    answers = []
    for rule in rules:
        path = re.sub("<[^>]+>", lambda _: part, rule.rule)
        if "POST" in (rule.methods or ()):
            answers.append(sandbox.post(path, data=body, headers=headers))
        else:
            asked = (urlencode({option: value}, errors="surrogatepass") for option in options)
            answers += [sandbox.get(f"{path}?{query}", headers=headers) for query in asked]

    for answer in answers:
        assert answer.status_code < 500, answer.text
        assert "X-Evil" not in answer.headers
        assert answer.mimetype in ("application/json", "image/png")
        assert answer.status_code == 200 or set(answer.json["error"]) == {"code", "message", "innerError"}
