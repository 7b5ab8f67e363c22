"""Relying on issuers outside, over real HTTP: another sandbox, a mock that others wrote, and what they may change."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from sandbox import Config
from sandbox.core import tables
from sandbox.relying_party import get_issuer, verify_by_jwks
from sandbox.service import Redemption
from tests.conformance import signing
from tests.relying_party.conftest import CALLBACK, CLIENT
from tests.support import azure_login
from tests.support.components import free_port
from tests.support.oidc import CLIENT as REGISTERED
from tests.support.oidc import SECRET
from tests.support.person import Person, query
from tests.support.process import Served, serving
from tests.support.relying import foreign_code, foreign_issuer, in_request, refused


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Another sandbox, in a process of its own."""
    port = free_port()
    with serving(tmp_path_factory.mktemp("elsewhere"), port, "idp-sandbox", "serve", "--port", str(port)) as served:
        yield served


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The identifier of an issuer that shares no code with the sandbox."""
    with foreign_issuer(tmp_path_factory.mktemp("foreign")) as url:
        yield url


# Another sandbox


def test_a_person_of_another_sandbox_signs_in(world, elsewhere):
    issuer = get_issuer(world, f"{elsewhere.origin}/oidc/main", network=[elsewhere.origin])
    asked = {
        "client_id": REGISTERED,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "nonce": "n",
    }
    start = issuer.authorization_url(world, {**asked, **azure_login.PKCE, "state": "s"})
    with Person.at_a_browser("alice") as person:
        code = query(person.sign_in(start))["code"]
    given = {"client_id": REGISTERED, "client_secret": SECRET, "redirect_uri": CALLBACK}

    assert (
        refused(lambda: issuer.redeem(world, Redemption(code, **{**given, "client_secret": "x"})))[0]
        == "CLIENT_SECRET_WRONG"
    )
    assert refused(lambda: issuer.redeem(world, Redemption(code, **given, code_verifier="w" * 43)))[0] == "CODE_UNKNOWN"
    tokens = issuer.redeem(world, Redemption(code, **given, code_verifier=azure_login.VERIFIER))
    claims = issuer.verify(world, tokens.id_token)

    assert (claims["iss"], claims["aud"], claims["nonce"]) == (issuer.url, REGISTERED, "n")
    assert verify_by_jwks(world, tokens.id_token, f"{issuer.url}/jwks", network=[elsewhere.origin]) == claims
    assert refused(lambda: issuer.redeem(world, Redemption(code, **given))) == ("CODE_UNKNOWN", None)


def test_a_tenant_of_another_sandbox_is_an_issuer_too(world, elsewhere):
    url = f"{elsewhere.origin}/{azure_login.CONTOSO}/v2.0"
    issuer = get_issuer(world, url, network=[elsewhere.origin])
    start = issuer.authorization_url(
        world,
        {
            "client_id": azure_login.WEB,
            "redirect_uri": azure_login.CALLBACK,
            "response_type": "code",
            "scope": "openid",
        },
    )
    with Person.at_a_browser("alice") as person:
        code = query(person.sign_in(start))["code"]

    tokens = issuer.redeem(
        world,
        Redemption(
            code, client_id=azure_login.WEB, client_secret=azure_login.SECRET, redirect_uri=azure_login.CALLBACK
        ),
    )
    claims = issuer.verify(world, tokens.id_token)

    assert (claims["iss"], claims["tid"]) == (url, azure_login.CONTOSO)


def test_a_name_of_the_tenant_that_is_not_its_issuer_is_refused(world, elsewhere):
    issuer = get_issuer(world, f"{elsewhere.origin}/contoso.test/v2.0", network=[elsewhere.origin])

    assert refused(lambda: issuer.authorization_url(world, {})) == ("PROVIDER_FAILED", "issuer")


def test_the_sandbox_never_calls_itself(app, live):
    """One thread serves: a call to itself would wait for ever."""
    with in_request(app, f"{live.origin}/") as world:
        for url in (live.origin, live.origin.replace("127.0.0.1", "localhost")):
            assert get_issuer(world, f"{url}/oidc/main", network=[url]).url == f"{url}/oidc/main"
    with app.extensions["sandbox"].world() as world:
        assert world.store.count(tables.JournalEntry) == 0


# A mock that others wrote


def test_a_person_of_a_foreign_issuer_signs_in(world, foreign):
    issuer = get_issuer(world, foreign, network=[foreign])
    asked = {
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid email",
        "nonce": "n",
    }
    code = foreign_code(issuer.authorization_url(world, asked))
    given = {"client_id": CLIENT, "client_secret": "a secret: with signs", "redirect_uri": CALLBACK}

    without = {**given, "client_secret": None}
    assert refused(lambda: issuer.redeem(world, Redemption(code, **without)))[0] == "CLIENT_SECRET_MISSING"
    tokens = issuer.redeem(world, Redemption(code, **given))
    claims = issuer.verify(world, tokens.id_token)

    assert (claims["iss"], claims["sub"], claims["nonce"]) == (foreign, "alice@example.test", "n")
    assert claims["aud"] in (CLIENT, [CLIENT])
    assert refused(lambda: issuer.redeem(world, Redemption(code, **given))) == ("CODE_UNKNOWN", None)


# What is sent


def test_a_secret_is_sent_as_the_issuer_wants_it(world, issuer, redeem):
    methods = {
        None: "client_secret_basic",
        ("private_key_jwt", "client_secret_basic", "client_secret_post"): "client_secret_basic",
        ("client_secret_post", "private_key_jwt"): "client_secret_post",
    }
    for supported, method in methods.items():
        issuer.describe(token_endpoint_auth_methods_supported=supported and list(supported))
        assert redeem(world, get_issuer(world, issuer.url, network=issuer.network)).access_token == "at"
        sent = issuer.listener.calls[-1]
        assert sent.path == "/token"
        assert ("client_secret" in sent.form) is (method == "client_secret_post")
        assert sent.form["grant_type"] == ["authorization_code"]
        assert sent.form["redirect_uri"] == [CALLBACK]

    redeem(world, get_issuer(world, issuer.url, network=issuer.network), client_secret=None, redirect_uri=None)
    sent = issuer.listener.calls[-1]
    assert sent.form == {"grant_type": ["authorization_code"], "code": ["c"], "client_id": [CLIENT]}


def test_an_issuer_that_takes_no_secret_gets_none(world, issuer, redeem):
    issuer.describe(token_endpoint_auth_methods_supported=["private_key_jwt"])
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: redeem(world, at)) == ("CLIENT_AUTH_METHOD_WRONG", "client_secret")
    assert issuer.calls("/token") == 0


@pytest.mark.parametrize("code", ["\udc80", "a\0b", "é&=+ %"])
def test_any_text_may_be_a_code(world, issuer, redeem, code):
    issuer.listener.put("/token", {"error": "invalid_grant", "error_description": ["odd"]}, status=400)
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: redeem(world, at, code))[0] == "CODE_UNKNOWN"
    if issuer.calls("/token"):
        assert issuer.listener.calls[-1].form["code"] == [code]


def test_the_browser_goes_where_the_discovery_says(world, issuer):
    """It alone goes there, so that origin need not be one that may be called."""
    issuer.describe(authorization_endpoint="https://pages.example.test/authorize?tenant=t")
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert at.authorization_url(world, {"scope": "openid email"}) == (
        f"https://pages.example.test/authorize?tenant=t&scope={quote('openid email')}"
    )


def test_an_issuer_may_have_a_path_and_a_slash_at_its_end(world, issuer):
    url = f"{issuer.url}/realms/r/"
    issuer.listener.put("/realms/r/.well-known/openid-configuration", {**issuer.discovery, "issuer": url})

    at = get_issuer(world, url, network=issuer.network)

    assert at.url == url
    assert urlsplit(at.authorization_url(world, {})).path == "/authorize"


# Keys that are kept


def test_keys_are_fetched_once_for_all_requests_and_processes(app, issuer):
    for _ in range(3):
        with in_request(app) as world:
            at = get_issuer(world, issuer.url, network=issuer.network)
            assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"

    assert issuer.calls("/jwks") == issuer.calls("/.well-known/openid-configuration") == 1


def test_keys_by_their_address_are_kept_too_and_apart(world, issuer):
    for _ in range(3):
        uri = f"{issuer.url}/jwks"
        assert verify_by_jwks(world, issuer.token(world.now()), uri, network=issuer.network)["sub"] == "alice"

    assert issuer.calls("/jwks") == 1
    assert issuer.calls("/.well-known/openid-configuration") == 0
    assert get_issuer(world, issuer.url, network=issuer.network).verify(world, issuer.token(world.now()))


def test_a_new_key_is_fetched_when_a_token_names_it(world, issuer):
    at, old = get_issuer(world, issuer.url, network=issuer.network), issuer.token(world.now())
    at.verify(world, old)

    issuer.key = signing.client_key("ES256", "second")
    issuer.listener.put("/rotated", signing.jwks(issuer.key))
    issuer.describe(jwks_uri=f"{issuer.url}/rotated")
    again = get_issuer(world, issuer.url, network=issuer.network)

    assert again.verify(world, old)["sub"] == "alice"
    assert again.verify(world, issuer.token(world.now()))["sub"] == "alice"
    assert again.verify(world, issuer.token(world.now()))["sub"] == "alice"
    assert issuer.calls("/rotated") == 1
    assert refused(lambda: again.verify(world, old)) == ("TOKEN_KEY_UNKNOWN", "kid")
    assert issuer.calls("/rotated") == 2


def test_kept_keys_serve_while_the_issuer_is_away(world, issuer):
    at = get_issuer(world, issuer.url, network=issuer.network)
    at.verify(world, issuer.token(world.now()))
    issuer.listener.put("/jwks", "", status=503)

    assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"
    issuer.key = signing.client_key("RS256", "second")
    assert refused(lambda: at.verify(world, issuer.token(world.now()))) == ("PROVIDER_FAILED", "keys")
    issuer.key = signing.client_key("RS256")
    assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"


def test_keys_without_an_algorithm_are_good_for_those_of_their_type(world, issuer):
    jwk = {name: value for name, value in signing.public_jwk(issuer.key).items() if name not in ("alg", "use")}
    encryption = {**signing.public_jwk(signing.client_key("RS256", "second")), "use": "enc"}
    shared_jwk = {"kty": "oct", "k": signing.b64(b"a shared secret")}
    issuer.listener.put("/jwks", {"keys": [7, shared_jwk, encryption, {**jwk, "x5c": ["x"]}]})
    at = get_issuer(world, issuer.url, network=issuer.network)
    claims = signing.part(issuer.token(world.now()), 1)

    private = {name: value for name, value in issuer.key.as_dict(private=True).items() if name != "alg"}
    for algorithm in ("RS256", "PS256"):
        token = signing.sign(claims, signing.RSAKey.import_key(private), algorithm)
        assert at.verify(world, token)["sub"] == "alice"
    shared = signing.sign(claims, signing.shared_key("a shared secret"), "HS256")
    assert refused(lambda: at.verify(world, shared)) == ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")
    assert issuer.calls("/jwks") == 1


def test_an_outside_token_without_kid_must_leave_no_choice(world, issuer):
    header = {"alg": "RS256"}
    claims = signing.part(issuer.token(world.now()), 1)
    nameless = signing.jwt.encode(header, claims, issuer.key, algorithms=["RS256"])
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert at.verify(world, nameless)["sub"] == "alice"
    uri = issuer.listener.put("/two", signing.jwks(issuer.key, signing.client_key("RS256", "second")))
    refusal = refused(lambda: verify_by_jwks(world, nameless, uri, network=issuer.network))
    assert refusal == ("TOKEN_KEY_AMBIGUOUS", "kid")


def test_forged_tokens_of_an_outside_issuer_are_refused(world, issuer):
    at, good = get_issuer(world, issuer.url, network=issuer.network), issuer.token(world.now())
    claims = signing.part(good, 1)
    head, _, signature = good.split(".")
    stranger = signing.client_key("RS256", "second")
    jwk = signing.public_jwk(issuer.key)
    cases = [
        (signing.unsigned(claims), ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")),
        (signing.confused(claims, jwk, kid=jwk["kid"]), ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")),
        (signing.sign(claims, stranger), ("TOKEN_KEY_UNKNOWN", "kid")),
        (signing.sign(claims, stranger, kid=jwk["kid"]), ("TOKEN_SIGNATURE_BAD", "signature")),
        (
            signing.sign(claims, stranger, kid=jwk["kid"], jwk=signing.public_jwk(stranger)),
            ("TOKEN_SIGNATURE_BAD", "signature"),
        ),
        (f"{head}.{signing.b64(b'{}')}.{signature}", ("TOKEN_SIGNATURE_BAD", "signature")),
        (issuer.token(world.now(), exp=world.now()), ("TOKEN_EXPIRED", "exp")),
        (issuer.token(world.now(), nbf=world.now() + 1), ("TOKEN_NOT_YET_VALID", "nbf")),
        (issuer.token(world.now(), exp=None), ("TOKEN_MALFORMED", "exp")),
    ]

    for token, expected in cases:
        assert refused(lambda token=token: at.verify(world, token)) == expected
    assert at.verify(world, issuer.token(world.now(), iss="https://other.test", aud="x"))["aud"] == "x"


def test_the_clock_of_the_world_decides(sandbox, app, issuer):
    with in_request(app) as world:
        token = issuer.token(world.now())
    sandbox.clock.advance(minutes=2)

    with in_request(app) as world:
        at = get_issuer(world, issuer.url, network=issuer.network)
        assert refused(lambda: at.verify(world, token)) == ("TOKEN_EXPIRED", "exp")


def test_kept_keys_belong_to_one_sandbox(make_sandbox, issuer):
    for sandbox in (make_sandbox(Config()), make_sandbox(Config())):
        with in_request(sandbox.application) as world:
            at = get_issuer(world, issuer.url, network=issuer.network)
            assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"
    assert issuer.calls("/jwks") == 2


def test_keys_are_kept_in_postgresql_too(make_sandbox, postgres_url, issuer):
    first, second = (make_sandbox(Config(database=postgres_url)) for _ in range(2))
    for sandbox in (first, second, first):
        with in_request(sandbox.application) as world:
            at = get_issuer(world, issuer.url, network=issuer.network)
            odd = {**signing.public_jwk(issuer.key), "note": "\0\udc80", "number": float("nan")}
            issuer.listener.put("/jwks", {"keys": [odd]})
            assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"

    assert issuer.calls("/jwks") == 1
