"""Bodies and routes of Prisme.ai: what no schema lets through, to the letter, in both profiles."""

from __future__ import annotations

import json

import pytest

from sandbox.core.refusals import Reason
from tests.support.prisme import (
    ANONYMOUS,
    EXCHANGE,
    check_refused,
    configure,
    configure_provider,
    exchange,
    forge,
    nobody,
    session,
)

R = Reason
NAMES = {"documented": "BadParameters", "shipped": "RequestValidationError"}
JSON = "application/json"

each_profile = pytest.mark.parametrize("profile", NAMES)


def required(name):
    return {
        "path": f".body.{name}",
        "message": f"should have required property '{name}'",
        "errorCode": "required.openapi.validation",
    }


def typed(name, wanted):
    path = f".body.{name}" if name else ".body"
    return {"path": path, "message": f"should be {wanted}", "errorCode": "type.openapi.validation"}


BOTH_MISSING = (
    "request.body should have required property 'provider', request.body should have required property 'subject_token'"
)
GOOD = {"provider": "custom", "subject_token": "x"}
INVALID = {
    "missing fields": (b"{}", R.FIELD_MISSING, BOTH_MISSING, [required("provider"), required("subject_token")]),
    "empty body": (b"", R.FIELD_MISSING, BOTH_MISSING, [required("provider"), required("subject_token")]),
    "one missing": (
        b'{"provider": "custom"}',
        R.FIELD_MISSING,
        "request.body should have required property 'subject_token'",
        [required("subject_token")],
    ),
    "a list": (b"[]", R.FIELD_INVALID, "request.body should be object", [typed("", "object")]),
}
for member, value, wanted in (
    ("provider", 1, "string"),
    ("provider", None, "string"),
    ("provider", ["custom"], "string"),
    ("subject_token", {}, "string"),
    ("subject_token_type", True, "string"),
    ("grant_type", 0, "string"),
    ("expiresAfter", "60", "number"),
    ("expiresAfter", True, "number"),
    ("expiresAfter", None, "number"),
):
    INVALID[f"{member} is {value!r}"] = (
        json.dumps({**GOOD, member: value}).encode(),
        R.FIELD_INVALID,
        f"request.body.{member} should be {wanted}",
        [typed(member, wanted)],
    )


@each_profile
@pytest.mark.parametrize("case", INVALID)
def test_a_body_that_misses_the_schema_is_told_each_way(sandbox, case, profile):
    configure(sandbox, profile=profile)
    data, reason, message, details = INVALID[case]

    answer = nobody(sandbox).post(EXCHANGE, data=data, content_type=JSON)

    check_refused(sandbox, answer, reason, (400, {"error": NAMES[profile], "message": message, "details": details}))


@each_profile
@pytest.mark.parametrize(
    ("media", "named"),
    [
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
        ("text/plain", "text/plain"),
        (None, "undefined"),
    ],
)
def test_only_json_is_read(sandbox, media, named, profile):
    configure(sandbox, profile=profile)

    answer = nobody(sandbox).post(EXCHANGE, data=b"provider=custom&subject_token=x", content_type=media)

    message = f"unsupported media type {named}"
    told = {"error": NAMES[profile], "message": message, "details": [{"path": EXCHANGE, "message": message}]}
    check_refused(sandbox, answer, R.MEDIA_TYPE_UNSUPPORTED, (400, told))


MALFORMED = {
    "documented": (400, {"error": "BadParameters", "message": "Malformed JSON"}),
    "shipped": (500, {"error": "Internal", "message": "Internal server error", "success": False}),
}


@each_profile
@pytest.mark.parametrize("data", [b"{", b"nothing", b'"text"', b"7", b"null", b"\xff", b'{"provider": NaN}'])
def test_malformed_json_is_a_400_or_a_500(sandbox, data, profile):
    configure(sandbox, profile=profile)

    answer = nobody(sandbox).post(EXCHANGE, data=data, content_type=f"{JSON}; charset=utf-8")

    check_refused(sandbox, answer, R.BODY_MALFORMED, MALFORMED[profile])


def test_spaces_are_malformed_too(sandbox):
    answer = nobody(sandbox).post(EXCHANGE, data=b" \n", content_type=JSON)

    check_refused(sandbox, answer, R.BODY_MISSING, MALFORMED["documented"])


def test_more_than_a_megabyte_is_too_large(sandbox):
    data = b'{"subject_token": "' + b"x" * 1_000_000 + b'"}'

    answer = nobody(sandbox).post(EXCHANGE, data=data, content_type=JSON)

    told = {"error": "PayloadTooLarge", "message": "request too large"}
    told |= {"details": {"length": len(data), "limit": 1_000_000}}
    check_refused(sandbox, answer, R.BODY_TOO_LARGE, (413, told))


@each_profile
@pytest.mark.parametrize(
    ("method", "path"), [("GET", EXCHANGE), ("PUT", EXCHANGE), ("POST", "/v2/login"), ("DELETE", "/v2/me")]
)
def test_another_method_is_a_bad_request(sandbox, method, path, profile):
    configure(sandbox, profile=profile)
    message = f"{method} method not allowed"

    for prefix in ("", "/prisme"):
        answer = nobody(sandbox).open(prefix + path, method=method)
        told = {"error": NAMES[profile], "message": message, "details": [{"path": path, "message": message}]}
        check_refused(sandbox, answer, R.METHOD_NOT_ALLOWED, (400, told))


@pytest.mark.parametrize("path", ["/v2/logout", "/v2", "/v2/login/zzz", "/oidc/session", "/oidc/jwks/x", "/prisme/x"])
def test_an_unknown_path_is_no_route(sandbox, path):
    told = (404, {"error": "NotFoundError", "message": "Route not found"})

    check_refused(sandbox, nobody(sandbox).get(path), R.ROUTE_UNKNOWN, told)


def test_further_members_are_passed_over(sandbox):
    assert exchange(sandbox, forge(sandbox), audience="x", scope=["y"], nothing=None).status_code == 200


# How often one may call (check 16)


@pytest.mark.parametrize("bad", [False, True])
def test_the_sixty_first_call_in_a_minute_is_one_too_many(sandbox, bad):
    sandbox.clock.freeze()
    configure(sandbox, rate_limits={"token_exchange": 60, "anonymous_login": 10})
    token = "garbage" if bad else forge(sandbox)
    for _ in range(70):
        assert nobody(sandbox).post(EXCHANGE, json={}).status_code == 400
    assert {exchange(sandbox, token).status_code for _ in range(60)} == {401 if bad else 200}
    sandbox.clock.advance(seconds=3)

    limited = exchange(sandbox, token)

    told = (429, {"error": "TooManyRequests", "message": "Too many requests", "details": {"retryAfter": 57}})
    check_refused(sandbox, limited, R.RATE_LIMITED, told)
    assert limited.headers["Retry-After"] == "57"
    left = {name: limited.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")}
    assert left == {"Limit": "60", "Remaining": "0", "Reset": str(sandbox.clock.now() + 57)}
    assert exchange(sandbox, token, headers={"X-Forwarded-For": "192.0.2.1"}).status_code != 429
    sandbox.clock.advance(seconds=57)
    assert exchange(sandbox, token).status_code != 429


def test_the_open_source_gateway_tells_what_is_left_and_not_that_it_is_over(sandbox):
    sandbox.clock.freeze()
    configure(sandbox, profile="shipped", rate_limits={"token_exchange": 2})

    first, _, limited = (exchange(sandbox, forge(sandbox)) for _ in range(3))

    assert (first.headers["Retry-After"], first.headers["X-RateLimit-Remaining"]) == ("60.0", "1")
    assert first.headers["X-RateLimit-Reset"].endswith("GMT+0000 (Coordinated Universal Time)")
    assert limited.status_code == 429
    assert not [name for name, _ in limited.headers if name.lower().startswith(("retry", "x-ratelimit"))]


def test_nobody_counts_unless_the_fixture_says_so(sandbox):
    answers = [nobody(sandbox).post(ANONYMOUS, json={}) for _ in range(15)]

    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


# Pages of other origins


def test_pages_of_this_machine_and_of_allowed_origins_may_call(sandbox):
    configure(sandbox, allowed_origins=["https://app.example.test"])

    def told(origin):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return nobody(sandbox).options(EXCHANGE, headers=asked)

    for origin in ("http://localhost:3000", "http://127.0.0.1:9", "https://app.example.test"):
        assert told(origin).status_code == 204
        assert told(origin).headers["Access-Control-Allow-Origin"] == origin
        assert told(origin).headers["Access-Control-Allow-Credentials"] == "true"
    for origin in ("https://evil.test", "null", "http://localhost.evil.test", "http://[", "http://a@localhost"):
        assert "Access-Control-Allow-Origin" not in told(origin).headers


def test_providers_with_keys_in_place_need_no_network(sandbox):
    with sandbox.world() as world:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        from sandbox.core.keysets import signing_key  # noqa: PLC0415

        key = signing_key(world, "oidc/main", "RS256")
        pem = key.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    configure_provider(sandbox, "inline", jwks={key.kid: pem}, issuer="https://idp.example.test")

    assert exchange(sandbox, forge(sandbox, iss="https://idp.example.test"), "inline").status_code == 200
    assert exchange(sandbox, forge(sandbox), "inline").status_code == 401
    assert session(sandbox)
