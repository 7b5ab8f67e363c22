"""The token exchange of Prisme.ai: which id_tokens open a session, as whom, and how it says no."""

from __future__ import annotations

import re

import jwt
import pytest

from sandbox.core.jwts import sign
from sandbox.core.keys import secret_key
from sandbox.core.keysets import drop_key, rotate_key, signing_key
from sandbox.core.refusals import Reason
from tests.support.azure_login import claims as read_claims
from tests.support.azure_login import header as read_header
from tests.support.prisme import (
    GRANT,
    ID_TOKEN_TYPE,
    INVALID_JWT,
    NO_EXCHANGE,
    azure_id_token,
    check_refused,
    configure,
    configure_provider,
    exchange,
    forge,
    id_token,
    me,
    row,
    session,
)

R = Reason
PROFILES = ("documented", "shipped")


# What a good token opens (checks 1 to 3)


@pytest.mark.parametrize("provider", ["azure", "custom"])
def test_an_id_token_opens_a_session_as_often_as_one_likes(sandbox, provider):
    token = (azure_id_token if provider == "azure" else id_token)(sandbox)

    first = exchange(sandbox, token, provider, subject_token_type=ID_TOKEN_TYPE, grant_type=GRANT)
    again = exchange(sandbox, token, provider)

    assert first.status_code == again.status_code == 200, first.text
    assert {"id", "firstName", "sessionId", "token", "expires"} <= set(first.json)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.json["expires"])
    assert re.fullmatch("[0-9a-f]{24}", first.json["id"])
    assert first.json["id"] == again.json["id"]
    assert first.json["sessionId"] != again.json["sessionId"]
    assert first.json["authData"][provider]["id"] == read_claims(token)["sub"]


def test_the_session_opens_the_profile_and_its_token_has_six_claims(sandbox):
    sandbox.clock.freeze()
    opened = session(sandbox)

    profile = me(sandbox, opened["token"])

    assert profile.status_code == 200
    assert profile.json["sessionId"] == opened["sessionId"] == profile.headers["x-prismeai-session-id"]
    assert profile.headers["x-prismeai-csrf-token"]
    assert profile.json["expires"] == opened["expires"]
    now = sandbox.clock.now()
    assert read_claims(opened["token"]) == {
        "exp": now + 2_592_000,
        "iat": now,
        "sub": opened["id"],
        "iss": "http://localhost",
        "aud": "http://localhost/v2",
        "prismeaiSessionId": opened["sessionId"],
    }
    header = read_header(opened["token"])
    assert (header["typ"], header["alg"], set(header)) == ("jwt", "RS256", {"typ", "alg", "kid"})


@pytest.mark.parametrize("prefix", ["", "/prisme"])
def test_the_token_verifies_by_the_published_keys(sandbox, prefix):
    token = session(sandbox)["token"]

    (published,) = sandbox.get(f"{prefix}/oidc/jwks").json["keys"]
    verified = jwt.decode(token, jwt.PyJWK(published).key, algorithms=["RS256"], audience="http://localhost/v2")

    assert published["kid"] == read_header(token)["kid"]
    assert verified["iss"] == "http://localhost"


def test_the_upstreams_token_is_no_session(sandbox):
    told = (401, {"error": "AuthenticationError", "message": "Authentication token signed with an unknown key"})

    check_refused(sandbox, me(sandbox, id_token(sandbox)), R.TOKEN_KEY_UNKNOWN, told)


def test_a_login_itself_names_no_session_in_its_headers(sandbox):
    answer = exchange(sandbox, id_token(sandbox))

    assert "x-prismeai-session-id" not in answer.headers
    assert answer.headers["x-correlation-id"]


# What no token is (check 7)


def wrong_key(sandbox):
    with sandbox.world() as world:
        foreign = signing_key(world, "oidc/other", "RS256")
        own = signing_key(world, "oidc/main", "RS256")
    return sign({"aud": "oidc-client"}, foreign, {"kid": own.kid})


def by_secret(sandbox):
    return sign({"aud": "oidc-client"}, secret_key("sandbox-secret"), {"kid": "x"})


def without_kid(sandbox):
    token = forge(sandbox)
    with sandbox.world() as world:
        key = signing_key(world, "oidc/main", "RS256")
    return jwt.encode(read_claims(token), key.signing, algorithm="RS256")


BAD_TOKENS = {
    "wrong audience": (R.TOKEN_AUDIENCE_WRONG, lambda sandbox: forge(sandbox, aud="other")),
    "no audience": (R.TOKEN_AUDIENCE_WRONG, lambda sandbox: forge(sandbox, aud=None)),
    "foreign issuer": (R.TOKEN_ISSUER_WRONG, lambda sandbox: forge(sandbox, iss="http://evil.test")),
    "no issuer": (R.TOKEN_ISSUER_WRONG, lambda sandbox: forge(sandbox, iss=None)),
    "expired": (R.TOKEN_EXPIRED, lambda sandbox: forge(sandbox, exp=sandbox.clock.now() - 1)),
    "not yet good": (R.TOKEN_NOT_YET_VALID, lambda sandbox: forge(sandbox, nbf=sandbox.clock.now() + 60)),
    "without end": (R.TOKEN_MALFORMED, lambda sandbox: forge(sandbox, exp=None)),
    "unknown key": (R.TOKEN_KEY_UNKNOWN, lambda sandbox: forge(sandbox, header={"kid": "unknown"})),
    "no key": (R.TOKEN_KEY_UNKNOWN, without_kid),
    "another's signature": (R.TOKEN_SIGNATURE_BAD, wrong_key),
    "HS256": (R.TOKEN_ALGORITHM_NOT_ALLOWED, by_secret),
    "ES256": (R.TOKEN_ALGORITHM_NOT_ALLOWED, lambda sandbox: forge(sandbox, alg="ES256")),
    "PS256": (R.TOKEN_ALGORITHM_NOT_ALLOWED, lambda sandbox: forge(sandbox, alg="PS256")),
    "garbage": (R.TOKEN_MALFORMED, lambda sandbox: "garbage"),
    "dots": (R.TOKEN_MALFORMED, lambda sandbox: "a.b.c"),
    "nothing": (R.TOKEN_MALFORMED, lambda sandbox: ""),
}


ENDLESS = "without end"


@pytest.mark.parametrize(
    ("bad", "profile"), [(bad, p) for bad in BAD_TOKENS for p in PROFILES if (bad, p) != (ENDLESS, "shipped")]
)
def test_a_bad_token_is_an_invalid_jwt_and_the_journal_knows_why(sandbox, bad, profile):
    configure(sandbox, profile=profile)
    reason, mint = BAD_TOKENS[bad]

    check_refused(sandbox, exchange(sandbox, mint(sandbox)), reason, INVALID_JWT)


def test_a_token_without_end_is_good_to_the_open_source_gateway(sandbox):
    configure(sandbox, profile="shipped")
    endless = forge(sandbox, exp=None)
    early = forge(sandbox, exp=None, nbf=sandbox.clock.now() + 60)
    spoilt = endless[:-8] + "AAAAAAAA"

    assert exchange(sandbox, endless).status_code == 200
    check_refused(sandbox, exchange(sandbox, early), R.TOKEN_NOT_YET_VALID, INVALID_JWT)
    check_refused(sandbox, exchange(sandbox, spoilt), R.TOKEN_SIGNATURE_BAD, INVALID_JWT)


def test_of_several_audiences_one_must_be_the_client(sandbox):
    assert exchange(sandbox, forge(sandbox, aud=["x", "oidc-client"])).status_code == 200
    check_refused(sandbox, exchange(sandbox, forge(sandbox, aud=["x"])), R.TOKEN_AUDIENCE_WRONG, INVALID_JWT)
    check_refused(
        sandbox, exchange(sandbox, forge(sandbox, aud={"oidc-client": 1})), R.TOKEN_AUDIENCE_WRONG, INVALID_JWT
    )


def test_without_a_configured_issuer_any_will_do(sandbox):
    configure_provider(sandbox, "custom", issuer=None)

    assert exchange(sandbox, forge(sandbox, iss="http://anybody.test")).status_code == 200
    assert exchange(sandbox, forge(sandbox, iss=None)).status_code == 200


def test_a_rotated_key_is_known_and_a_dropped_one_forgotten(sandbox):
    old = forge(sandbox)
    with sandbox.world() as world:
        retired = signing_key(world, "oidc/main", "RS256").kid
        rotate_key(world, "oidc/main", "RS256")
    new = forge(sandbox)
    assert [exchange(sandbox, token).status_code for token in (old, new)] == [200, 200]

    with sandbox.world() as world:
        assert drop_key(world, "oidc/main", retired)
    check_refused(sandbox, exchange(sandbox, old), R.TOKEN_KEY_UNKNOWN, INVALID_JWT)


def test_no_subject_is_nobody(sandbox):
    told = (401, {"error": "AuthenticationError", "message": "Missing user id from external provider"})

    for sub in (None, "", 7):
        check_refused(sandbox, exchange(sandbox, forge(sandbox, sub=sub)), R.ASSERTION_WITHOUT_USER, told)


# What is no request (checks 6 and 9)


def invalid(message):
    return 400, {"error": "BadParameters", "message": message}


CATALOGUE = [
    row("unknown provider", R.PROVIDER_UNSUPPORTED, NO_EXCHANGE, lambda sandbox: exchange(sandbox, "x", "zzz")),
    row("empty provider", R.PROVIDER_UNSUPPORTED, NO_EXCHANGE, lambda sandbox: exchange(sandbox, "x", "")),
    row("closed provider", R.GRANT_TYPE_NOT_ALLOWED, NO_EXCHANGE, lambda sandbox: exchange(sandbox, "x", "closed")),
    row(
        "grant_type",
        R.GRANT_TYPE_UNSUPPORTED,
        invalid("Unsupported grant_type"),
        lambda sandbox: exchange(sandbox, "x", "zzz", grant_type="password"),
    ),
    row(
        "subject_token_type",
        R.SUBJECT_TOKEN_INVALID,
        invalid("Unsupported subject_token_type"),
        lambda sandbox: exchange(sandbox, "x", subject_token_type="urn:ietf:params:oauth:token-type:access_token"),
    ),
    row(
        "a life before today",
        R.FIELD_INVALID,
        invalid("expiresAfter should be positive"),
        lambda sandbox: exchange(sandbox, forge(sandbox), expiresAfter=-1),
    ),
    row(
        "an access token",
        R.TOKEN_TYPE_WRONG,
        (401, {"error": "AuthenticationError", "message": "Calling this API with an access token is forbidden."}),
        lambda sandbox: exchange(sandbox, forge(sandbox), headers={"Authorization": "Bearer at:x"}),
    ),
]


@pytest.mark.parametrize(("reason", "told", "cause"), CATALOGUE)
def test_a_refusal_is_in_the_vendors_words(sandbox, reason, told, cause):
    check_refused(sandbox, cause(sandbox), reason, told)


def test_saml_and_disabled_providers_are_refused_alike(sandbox):
    configure_provider(sandbox, "saml", type="saml")
    configure_provider(sandbox, "off", enabled=False)

    for slug in ("saml", "off"):
        check_refused(sandbox, exchange(sandbox, "x", slug), R.PROVIDER_UNSUPPORTED, NO_EXCHANGE)


# How long a session lasts (check 14)


def test_a_session_ends_when_it_was_to(sandbox):
    sandbox.clock.freeze()
    opened = session(sandbox, expiresAfter=1)
    assert me(sandbox, opened["token"]).status_code == 200

    sandbox.clock.advance(seconds=1)

    told = (401, {"error": "AuthenticationError", "message": "jwt expired"})
    check_refused(sandbox, me(sandbox, opened["token"]), R.TOKEN_EXPIRED, told)


@pytest.mark.parametrize(("asked", "seconds"), [(0, 2_592_000), (60, 60), (1.5, 1.5), (1e9, 1e9)])
def test_the_life_is_what_was_asked_for(sandbox, asked, seconds):
    sandbox.clock.freeze()

    opened = session(sandbox, expiresAfter=asked)

    assert read_claims(opened["token"])["exp"] == sandbox.clock.now() + seconds
    assert opened["expires"].endswith(".500Z" if asked == 1.5 else ".000Z")


def test_a_negative_life_is_an_expired_token_to_the_open_source_gateway(sandbox):
    configure(sandbox, profile="shipped")

    opened = session(sandbox, expiresAfter=-60)

    check_refused(
        sandbox,
        me(sandbox, opened["token"]),
        R.TOKEN_EXPIRED,
        (401, {"error": "AuthenticationError", "message": "jwt expired"}),
    )


def test_a_life_that_no_date_can_show_is_refused(sandbox):
    for seconds in (299_000_000_000, 10**400):
        answer = exchange(sandbox, forge(sandbox), expiresAfter=seconds)
        assert (answer.status_code, answer.json["error"]) == (400, "BadParameters")
