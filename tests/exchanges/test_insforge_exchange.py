"""The exchange of an InsForge Cloud code for an admin session: order of checks, every refusal, tokens and cookies."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import jwt
import pytest

from sandbox.core.faults import arm_fault
from sandbox.core.jwts import sign
from sandbox.core.keys import secret_key
from sandbox.core.keysets import rotate_key, signing_key
from sandbox.core.refusals import Reason
from sandbox.exchanges.insforge.tokens import csrf_token
from tests.support.insforge import (
    ADMIN_COOKIE,
    EXCHANGE,
    LOGIN_AGAIN,
    SECRET,
    SEE_DOCS,
    VALID_JSON,
    check_refused,
    claims,
    cloud_code,
    configure,
    cookies,
    error,
    exchange,
    header,
    invalid,
    row,
)

PREFIX = "Invalid cloud authorization code: "
CLOUD = "insforge-cloud"
R = Reason
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
in_both_profiles = pytest.mark.parametrize("profile", ["documented", "shipped"])
UNFETCHED = {
    "fetch failed",
    "Expected 200 OK from the JSON Web Key Set HTTP response",
    "request timed out",
    "Failed to parse the JSON Web Key Set HTTP response as JSON",
}


def bad_code(complaint: str) -> dict[str, Any]:
    """As shipped; the documentation has 400 for all of them."""
    return error(401, "AUTH_INVALID_CREDENTIALS", PREFIX + complaint, LOGIN_AGAIN)


NO_PROJECT = error(403, "AUTH_UNAUTHORIZED", "Project ID mismatch", LOGIN_AGAIN)
NOT_A_CODE = error(401, "AUTH_INVALID_CREDENTIALS", "Invalid cloud project authorization token", LOGIN_AGAIN)


def minted(**mint: Any) -> Any:
    return lambda sandbox: exchange(sandbox, cloud_code(sandbox, **mint))


def sent(code: Any) -> Any:
    return lambda sandbox: exchange(sandbox, code)


def signed(**changed: Any) -> Any:
    """A code that the cloud's own key signed, whatever it says; None leaves a claim out."""

    def cause(sandbox: Any) -> Any:
        with sandbox.world() as world:
            key = signing_key(world, CLOUD, "RS256")
            usual = {"projectId": "sandbox-project", "userId": "u", "type": "project_authorization"}
            said = {**usual, "exp": world.now() + 60, **changed}
            code = sign({name: value for name, value in said.items() if value is not None}, key)
        return exchange(sandbox, code)

    return cause


def two_keys(sandbox: Any) -> Any:
    code = cloud_code(sandbox, kid=None)
    with sandbox.world() as world:
        rotate_key(world, CLOUD, "RS256")
    return exchange(sandbox, code)


def tampered(sandbox: Any) -> Any:
    """A genuine code whose payload names somebody else."""
    head, payload, signature = cloud_code(sandbox).split(".")
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**said, "userId": "admin"}).encode()).rstrip(b"=").decode()
    return exchange(sandbox, f"{head}.{forged}.{signature}")


def without_keys(detail: str) -> Any:
    def cause(sandbox: Any) -> Any:
        code = cloud_code(sandbox)
        with sandbox.world() as world:
            arm_fault(world, CLOUD, "keys", R.PROVIDER_FAILED, detail=detail)
        return exchange(sandbox, code)

    return cause


CATALOGUE = [
    row("nothing", R.TOKEN_MALFORMED, bad_code("Invalid Compact JWS"), sent("")),
    row("no JWT", R.TOKEN_MALFORMED, bad_code("Invalid Compact JWS"), sent("abc123")),
    row("no header", R.TOKEN_MALFORMED, bad_code("JWS Protected Header is invalid"), sent("a.b.c")),
    row(
        "HS256",
        R.TOKEN_ALGORITHM_NOT_ALLOWED,
        bad_code('"alg" (Algorithm) Header Parameter value not allowed'),
        minted(alg="HS256"),
    ),
    row(
        "none",
        R.TOKEN_ALGORITHM_NOT_ALLOWED,
        bad_code('"alg" (Algorithm) Header Parameter value not allowed'),
        minted(alg="none"),
    ),
    row("expired", R.TOKEN_EXPIRED, bad_code('"exp" claim timestamp check failed'), minted(ttl=0)),
    row("too early", R.TOKEN_NOT_YET_VALID, bad_code('"nbf" claim timestamp check failed'), minted(nbf=9_999_999_999)),
    row(
        "another key",
        R.TOKEN_KEY_UNKNOWN,
        bad_code("no applicable key found in the JSON Web Key Set"),
        minted(kid="nobody's"),
    ),
    row("tampered with", R.TOKEN_SIGNATURE_BAD, bad_code("signature verification failed"), tampered),
    row("rogue key", R.TOKEN_SIGNATURE_BAD, bad_code("signature verification failed"), minted(rogueKey=True)),
    row(
        "several keys",
        R.TOKEN_KEY_AMBIGUOUS,
        bad_code("multiple matching keys found in the JSON Web Key Set"),
        two_keys,
    ),
    row("exp is text", R.TOKEN_MALFORMED, bad_code('"exp" claim must be a number'), signed(exp="soon")),
    row("nbf is text", R.TOKEN_MALFORMED, bad_code('"nbf" claim must be a number'), signed(nbf="now")),
    row("iat is text", R.TOKEN_MALFORMED, bad_code('"iat" claim must be a number'), signed(iat="now")),
    row("another project", R.TOKEN_AUDIENCE_WRONG, NO_PROJECT, minted(projectId="other-project")),
    row("no project", R.TOKEN_AUDIENCE_WRONG, NO_PROJECT, minted(omit=["projectId"])),
    row("another type", R.TOKEN_TYPE_WRONG, NOT_A_CODE, signed(type="project")),
    row("no type", R.TOKEN_TYPE_WRONG, NOT_A_CODE, minted(omit=["type"])),
    row("no user", R.ASSERTION_WITHOUT_USER, NOT_A_CODE, minted(omit=["userId"])),
    row("a blank user", R.ASSERTION_WITHOUT_USER, NOT_A_CODE, minted(userId="  ")),
    row("a number for a user", R.ASSERTION_WITHOUT_USER, NOT_A_CODE, signed(userId=7)),
    *[row(f"keys: {text}", R.PROVIDER_FAILED, bad_code(text), without_keys(text)) for text in sorted(UNFETCHED)],
    row("keys: anything else", R.PROVIDER_FAILED, bad_code("fetch failed"), without_keys("the cloud is down")),
]


@pytest.mark.parametrize(("reason", "body", "cause"), CATALOGUE)
def test_a_bad_code_is_refused_as_the_backend_does(sandbox, reason, body, cause):
    configure(sandbox, profile="shipped")

    check_refused(sandbox, cause(sandbox), reason, body)


@pytest.mark.parametrize(("reason", "body", "cause"), CATALOGUE)
def test_a_bad_code_is_refused_with_the_documented_status(sandbox, reason, body, cause):
    check_refused(sandbox, cause(sandbox), reason, {**body, "statusCode": 400})


BODIES = {
    "nothing": (b"", JSON, R.FIELD_MISSING, invalid("code: Required")),
    "an empty object": (b"{}", JSON, R.FIELD_MISSING, invalid("code: Required")),
    "text": (b'{"code": "x"}', "text/plain", R.FIELD_MISSING, invalid("code: Required")),
    "null": (b'{"code":null}', JSON, R.FIELD_INVALID, invalid("code: Expected string, received null")),
    "a number": (b'{"code":1}', JSON, R.FIELD_INVALID, invalid("code: Expected string, received number")),
    "a flag": (b'{"code":true}', JSON, R.FIELD_INVALID, invalid("code: Expected string, received boolean")),
    "a list": (b'{"code":[]}', JSON, R.FIELD_INVALID, invalid("code: Expected string, received array")),
    "an object": (b'{"code":{}}', JSON, R.FIELD_INVALID, invalid("code: Expected string, received object")),
    "a list at the top": (b"[1]", JSON, R.FIELD_INVALID, invalid(": Expected object, received array")),
    "a form twice": (b"code=a&code=b", FORM, R.FIELD_INVALID, invalid("code: Expected string, received array")),
    "a form within": (b"code[a]=b", FORM, R.FIELD_INVALID, invalid("code: Expected string, received object")),
}


@in_both_profiles
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_misses_the_schema_is_refused_alike_in_both_profiles(sandbox, profile, name):
    sent, media, reason, body = BODIES[name]
    configure(sandbox, profile=profile)

    check_refused(sandbox, sandbox.post(EXCHANGE, data=sent, content_type=media), reason, body)


@in_both_profiles
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ('{"code":', "Unexpected end of JSON input"),
        ('"abc"', 'Unexpected token \'"\', ""abc"" is not valid JSON'),
    ],
)
def test_broken_json_is_refused_in_the_words_of_its_parser(sandbox, profile, sent, message):
    configure(sandbox, profile=profile)

    answer = sandbox.post(EXCHANGE, data=sent, content_type=JSON)

    check_refused(sandbox, answer, R.BODY_MALFORMED, error(400, "INVALID_INPUT", message, VALID_JSON))


@in_both_profiles
def test_a_form_is_read_as_well(sandbox, profile):
    configure(sandbox, profile=profile)

    good = sandbox.post(EXCHANGE, data={"code": cloud_code(sandbox)})
    bad = sandbox.post(EXCHANGE, data="code=abc", content_type=FORM)

    assert good.status_code == 200
    refused = {**bad_code("Invalid Compact JWS"), "statusCode": 401 if profile == "shipped" else 400}
    check_refused(sandbox, bad, R.TOKEN_MALFORMED, refused)


def test_a_code_becomes_a_session_that_says_who_and_for_how_long(sandbox):
    answer = exchange(sandbox, cloud_code(sandbox))

    body, token = answer.json, answer.json["accessToken"]
    assert list(body) == ["admin", "projectAdmin", "accessToken", "csrfToken"]
    assert body["admin"] == {"sub": "cloud:user_123"}
    assert body["projectAdmin"] == {"subject": "cloud:user_123", "username": "user_123"}
    assert list(claims(token)) == ["sub", "role", "iat", "exp"]
    assert (claims(token)["sub"], claims(token)["role"]) == ("cloud:user_123", "project_admin")
    assert claims(token)["exp"] - claims(token)["iat"] == 900
    assert set(header(token)) == {"alg", "typ", "kid"}
    assert re.fullmatch("kid_[0-9a-f]{32}", header(token)["kid"])
    assert answer.content_type == "application/json; charset=utf-8"
    assert re.fullmatch('W/"[0-9a-f]+-[A-Za-z0-9+/]{27}"', answer.headers["ETag"])


@pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/api/.well-known/jwks.json"])
def test_the_projects_keys_verify_its_access_tokens(sandbox, path):
    token = exchange(sandbox, cloud_code(sandbox)).json["accessToken"]

    (key,) = sandbox.get(path).json["keys"]

    assert list(key) == ["kty", "n", "e", "alg", "use", "kid"]
    assert (key["kty"], key["e"], key["alg"], key["use"]) == ("RSA", "AQAB", "RS256", "sig")
    assert jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"])["sub"] == "cloud:user_123"


def test_the_keys_of_the_project_are_not_those_of_the_cloud(sandbox):
    ours, theirs = (sandbox.get(f"{place}/.well-known/jwks.json").json["keys"] for place in ("", "/insforge-cloud"))

    assert {key["n"] for key in ours}.isdisjoint(key["n"] for key in theirs)


COOKIE = (
    rf"{ADMIN_COOKIE}=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=604800; Path=%s; "
    r"Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; %s"
)
STRICT, RELAXED = "HttpOnly; Secure; SameSite=None", "HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("chosen", "origin", "rules"),
    [
        (None, "http://localhost", RELAXED),
        (None, "https://localhost", STRICT),
        ("strict", "http://localhost", STRICT),
        ("relaxed", "https://localhost", RELAXED),
    ],
)
def test_one_cookie_holds_the_refresh_token(sandbox, chosen, origin, rules):
    configure(sandbox, secure_cookies=chosen)

    answer = exchange(sandbox, cloud_code(sandbox), base_url=origin)

    assert re.fullmatch(COOKIE % ("/api/auth/admin", rules), "".join(answer.headers.getlist("Set-Cookie")))


def test_below_the_prefix_the_cookie_is_too(sandbox):
    answer = sandbox.post(f"/insforge{EXCHANGE}", json={"code": cloud_code(sandbox)})

    assert re.fullmatch(COOKIE % ("/insforge/api/auth/admin", RELAXED), answer.headers["Set-Cookie"])


def test_the_csrf_token_follows_from_the_refresh_token(sandbox):
    answer = exchange(sandbox, cloud_code(sandbox))
    refresh = cookies(answer)[ADMIN_COOKIE].partition("=")[2].partition(";")[0]

    said = claims(refresh)
    assert header(refresh) == {"alg": "HS256", "typ": "JWT"}
    assert set(said) == {"sub", "type", "iss", "csrfNonce", "sessionType", "iat", "exp"}
    assert (said["type"], said["iss"], said["sessionType"]) == ("refresh", "insforge", "admin")
    assert said["exp"] - said["iat"] == 604_800
    assert re.fullmatch("[A-Za-z0-9_-]{43}", said["csrfNonce"])
    assert answer.json["csrfToken"] == csrf_token(SECRET, "admin", "cloud:user_123", said["csrfNonce"])
    assert jwt.decode(refresh, SECRET, algorithms=["HS256"]) == said


def test_the_csrf_derivation_meets_the_vendors_vector():
    assert csrf_token(SECRET, "admin", "cloud:user_123", "A" * 43) == (
        "03e36e3239381c81bba1a2537802c7122fa4bb5290bcff4304392885bbfe7d42"
    )


GOOD: dict[str, dict[str, Any]] = {
    "without exp": {"omit": ["exp"]},
    "without kid": {"kid": None},
    "without sub and iat": {"omit": ["sub", "iat"]},
    "of yesterday, for a year": {"ttl": 31_536_000},
    "by ES256": {"alg": "ES256"},
}


@in_both_profiles
@pytest.mark.parametrize("name", GOOD)
def test_what_the_backend_does_not_check_is_not_checked(sandbox, profile, name):
    configure(sandbox, profile=profile)
    code = cloud_code(sandbox, **GOOD[name])

    answers = [exchange(sandbox, code), sandbox.post(EXCHANGE, json={"state": 1, "code": code, "projectId": "x"})]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json["admin"] for answer in answers] == [{"sub": "cloud:user_123"}] * 2


def test_the_user_is_taken_as_it_is(sandbox):
    answer = exchange(sandbox, cloud_code(sandbox, userId=" a:b "))

    assert answer.json["projectAdmin"] == {"subject": "cloud: a:b ", "username": " a:b "}


def test_a_code_may_be_issued_in_the_future(sandbox):
    code = cloud_code(sandbox)
    sandbox.clock.advance(seconds=-300)

    assert exchange(sandbox, code).status_code == 200


def test_a_code_is_good_until_it_expires_however_often(sandbox):
    code = cloud_code(sandbox)

    assert [exchange(sandbox, code).status_code for _ in range(3)] == [200, 200, 200]
    sandbox.clock.advance(seconds=600)
    check_refused(
        sandbox,
        exchange(sandbox, code),
        R.TOKEN_EXPIRED,
        {**bad_code('"exp" claim timestamp check failed'), "statusCode": 400},
    )


def test_a_key_that_was_rotated_keeps_old_codes_good_until_they_expire(sandbox):
    old = cloud_code(sandbox)
    with sandbox.world() as world:
        rotate_key(world, CLOUD, "RS256")
    new = cloud_code(sandbox, ttl=900)

    assert header(old)["kid"] != header(new)["kid"]
    sandbox.clock.advance(seconds=599)
    assert [exchange(sandbox, code).status_code for code in (old, new)] == [200, 200]
    sandbox.clock.advance(seconds=1)
    refused = {**bad_code('"exp" claim timestamp check failed'), "statusCode": 400}
    check_refused(sandbox, exchange(sandbox, old), R.TOKEN_EXPIRED, refused)
    assert exchange(sandbox, new).status_code == 200


def test_codes_may_be_made_good_for_one_use(sandbox):
    configure(sandbox, one_time_codes=True)
    code = cloud_code(sandbox)

    assert exchange(sandbox, code).status_code == 200
    refused = {**bad_code("Invalid Compact JWS"), "statusCode": 400}
    check_refused(sandbox, exchange(sandbox, code), R.CODE_ALREADY_REDEEMED, refused)


def test_an_opaque_code_is_good_once_as_it_is_documented(sandbox):
    code = cloud_code(sandbox, opaque=True)

    assert code.startswith("iac_")
    assert exchange(sandbox, code).json["admin"] == {"sub": "cloud:user_123"}
    refused = {**bad_code("Invalid Compact JWS"), "statusCode": 400}
    check_refused(sandbox, exchange(sandbox, code), R.CODE_ALREADY_REDEEMED, refused)
    check_refused(sandbox, exchange(sandbox, "iac_" + "x" * 43), R.CODE_UNKNOWN, refused)


def test_an_opaque_code_expires_and_is_one_projects_own(sandbox):
    foreign, old = cloud_code(sandbox, opaque=True, projectId="other-project"), cloud_code(sandbox, opaque=True)
    sandbox.clock.advance(seconds=300)
    check_refused(sandbox, exchange(sandbox, foreign), R.CODE_OF_ANOTHER_CLIENT, {**NO_PROJECT, "statusCode": 400})

    sandbox.clock.advance(seconds=300)
    expired = {**bad_code('"exp" claim timestamp check failed'), "statusCode": 400}
    check_refused(sandbox, exchange(sandbox, old), R.CODE_EXPIRED, expired)


def test_the_backend_as_shipped_takes_no_opaque_code(sandbox):
    configure(sandbox, profile="shipped")

    answer = exchange(sandbox, cloud_code(sandbox, opaque=True))

    check_refused(sandbox, answer, R.TOKEN_MALFORMED, bad_code("Invalid Compact JWS"))


@in_both_profiles
def test_a_backend_without_project_lets_nobody_in(sandbox, profile):
    configure(sandbox, profile=profile, project_id=None)
    body = error(500, "INTERNAL_ERROR", "PROJECT_ID not found in environment variables")

    check_refused(sandbox, exchange(sandbox, "garbage"), R.NOT_CONFIGURED, body)
    check_refused(sandbox, sandbox.post(EXCHANGE, json={}), R.FIELD_MISSING, invalid("code: Required"))


def test_a_defect_has_words_of_its_own(sandbox):
    with sandbox.world() as world:
        arm_fault(world, "insforge", "exchange_admin_session", R.INTERNAL_ERROR)

    body = error(500, "INTERNAL_ERROR", "Failed to exchange admin session")
    check_refused(sandbox, exchange(sandbox, "x"), R.INTERNAL_ERROR, body)


@in_both_profiles
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_find_nothing(sandbox, profile, method):
    configure(sandbox, profile=profile)
    body = error(404, "NOT_FOUND", f"Endpoint {EXCHANGE} not found", SEE_DOCS)

    check_refused(sandbox, sandbox.open(EXCHANGE, method=method), R.METHOD_NOT_ALLOWED, body)
    check_refused(sandbox, sandbox.open(f"/insforge{EXCHANGE}", method=method), R.METHOD_NOT_ALLOWED, body)


def test_pages_of_any_origin_may_call_with_cookies(sandbox):
    origin = {"Origin": "http://app.example.test"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}

    answers = [exchange(sandbox, "x", headers=origin), sandbox.get("/api/auth/nothing", headers=origin)]
    preflight = sandbox.options(EXCHANGE, headers=asked)

    for answer in (*answers, preflight):
        assert answer.headers["Access-Control-Allow-Origin"] == origin["Origin"]
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Access-Control-Expose-Headers"] == "Content-Range,Preference-Applied"
        assert "Origin" in answer.headers["Vary"]
    assert (preflight.status_code, preflight.data) == (204, b"")
    assert preflight.headers["Vary"] == "Origin, Access-Control-Request-Headers"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"


def test_codes_of_elsewhere_are_worth_nothing(sandbox):
    with sandbox.world() as world:
        said = {"projectId": "sandbox-project", "userId": "u", "type": "project_authorization"}
        ours = sign(said, signing_key(world, "insforge", "RS256"))
        secret = sign(said, secret_key(SECRET))

    assert [exchange(sandbox, code).status_code for code in (ours, secret)] == [400, 400]
