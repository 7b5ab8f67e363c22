"""Relying on the sandbox's own issuers: by name or by address, in-process, as strictly as over HTTP."""

from __future__ import annotations

import json

import pytest

from sandbox import Config
from sandbox.core import jwts, keysets
from sandbox.core.faults import arm_fault
from sandbox.core.refusals import Reason
from sandbox.relying_party import get_issuer, verify_by_jwks
from sandbox.service import Redemption
from sandbox.services import SERVICES
from tests.conformance import signing
from tests.support import azure_login
from tests.support.github import CALLBACK as GITHUB_CALLBACK
from tests.support.oidc import CALLBACK, CLIENT, SECRET, RelyingParty
from tests.support.relying import in_request, refused

ROOT = "http://localhost:9400"
GUID = azure_login.CONTOSO
CODE = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uri": CALLBACK}
PKCE = {"code_challenge": azure_login.CHALLENGE, "code_challenge_method": "S256"}


def token(sandbox, app, **asked):
    """An id_token of oidc/main that an exchange at ROOT has got, with a nonce."""
    code = RelyingParty(sandbox).code(nonce="n", **asked)
    with in_request(app) as world:
        return get_issuer(world, "oidc/main", network=()).redeem(world, Redemption(code, **CODE)).id_token


# Which issuer is meant


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("oidc/main", f"{ROOT}/oidc/main"),
        ("oidc/any-name", f"{ROOT}/oidc/any-name"),
        ("azure/contoso.test", f"{ROOT}/{GUID}/v2.0"),
        (f"azure/{GUID}", f"{ROOT}/{GUID}/v2.0"),
        (f"{ROOT}/oidc/main", f"{ROOT}/oidc/main"),
        (f"{ROOT}/oidc/main/.well-known/openid-configuration", f"{ROOT}/oidc/main"),
        (f"{ROOT}/{GUID}/v2.0", f"{ROOT}/{GUID}/v2.0"),
        (f"{ROOT}/contoso.test/v2.0", f"{ROOT}/{GUID}/v2.0"),
        (f"{ROOT}/azure/contoso.test/v2.0", f"{ROOT}/azure/{GUID}/v2.0"),
        ("http://127.0.0.1:9400/oidc/main", "http://127.0.0.1:9400/oidc/main"),
        ("http://[::1]:9400/oidc/main", "http://[::1]:9400/oidc/main"),
        ("http://oidc.localhost:9400/oidc/main", "http://oidc.localhost:9400/oidc/main"),
    ],
)
def test_an_issuer_of_the_sandbox_is_found(app, reference, url):
    with in_request(app) as world:
        assert get_issuer(world, reference, network=()).url == url


@pytest.mark.parametrize(
    "reached", [ROOT, f"{ROOT}/gmi/api", "http://gmi.localhost:9400/x", "http://console.gmicloud.ai:9400/x"]
)
def test_an_issuer_that_is_named_is_the_same_whichever_way_its_exchange_was_reached(app, reached):
    with in_request(app, reached) as world:
        issuer = get_issuer(world, "oidc/main", network=())

        assert issuer.url == f"{ROOT}/oidc/main"
        assert issuer.authorization_url(world, {"state": "a b"}) == f"{ROOT}/oidc/main/authorize?state=a%20b"


@pytest.mark.parametrize(
    "reference",
    [
        *("oidc", "oidc/", "oidc/userinfo", "oidc/a/b", "", "gmi/x", "github/main", "azure/nobody.test"),
        *(f"{ROOT}/", f"{ROOT}/oidc/main/", f"{ROOT}/oidc/main?x=1", f"{ROOT}/oidc/main#x", f"{ROOT}/oidc/main/other"),
        *(f"{ROOT}/oidc/oidc/main", f"{ROOT}/oidc/oidc/main/jwks"),
        *(f"{ROOT}/w/other/oidc/main", f"{ROOT}/nobody.test/v2.0", f"{ROOT}/gmi/oidc/main", f"{ROOT}/oidc/jwks"),
        *(f"{ROOT}/{GUID}", f"{ROOT}/oidc/\udc80", f"{ROOT}/\0/v2.0", "oidc/\udc80", "azure/\0"),
    ],
)
def test_what_is_no_issuer_of_the_sandbox_is_refused(app, reference):
    with in_request(app) as world:
        assert refused(lambda: get_issuer(world, reference, network=()))[0] == "ISSUER_UNKNOWN"


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost:9401/oidc/main", "https://localhost:9400/oidc/main", "http://localhost/oidc/main"),
        *("http://example.test:9400/oidc/main", "http://x@localhost:9400/oidc/main", "ftp://localhost:9400/oidc/main"),
        *("http://[::1/oidc/main", "http://localhost:99999999/x", "http://login.microsoftonline.com:9400/common/v2.0"),
    ],
)
def test_every_other_address_is_outside(app, url):
    with in_request(app) as world:
        assert refused(lambda: get_issuer(world, url, network=[]))[0] == "OUTSIDE_ADDRESS_REFUSED"


@pytest.mark.parametrize(
    ("config", "url", "issuer"),
    [
        (Config(public_url="https://idp.test"), "https://idp.test/oidc/main", "https://idp.test/oidc/main"),
        (Config(public_url="https://idp.test"), f"{ROOT}/oidc/main", "https://idp.test/oidc/main"),
        (Config(allowed_hosts="idp.test"), "http://idp.test:9400/oidc/main", "http://idp.test:9400/oidc/main"),
        (Config(tls=True), "https://localhost:9443/oidc/fapi", "https://localhost:9443/oidc/fapi"),
        (Config(tls=True), "http://localhost:9400/oidc/main", "http://localhost:9400/oidc/main"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_addresses_of_the_sandbox_are_its_own(make_sandbox, config, url, issuer):
    with in_request(make_sandbox(config).application) as world:
        assert get_issuer(world, url, network=()).url == issuer


def test_an_issuer_that_wants_https_is_not_reached_without(app):
    with in_request(app) as world:
        assert refused(lambda: get_issuer(world, "oidc/fapi", network=()))[0] == "HTTPS_REQUIRED"
        assert refused(lambda: get_issuer(world, f"{ROOT}/oidc/fapi", network=()))[0] == "HTTPS_REQUIRED"


# Redeeming


@pytest.mark.parametrize("reference", ["oidc/main", f"{ROOT}/oidc/main", "http://127.0.0.1:9400/oidc/main"])
def test_a_code_of_a_generic_issuer_becomes_tokens_of_the_issuer_as_it_is_written(sandbox, app, reference):
    code = RelyingParty(sandbox).code(nonce="n")

    with in_request(app) as world:
        issuer = get_issuer(world, reference, network=())
        tokens = issuer.redeem(world, Redemption(code, **CODE))
        claims = issuer.verify(world, tokens.id_token)

        assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (issuer.url, CLIENT, "alice", "n")
        assert SERVICES["oidc"].upstream.look_up(world, tokens.access_token, issuer="main").login == "alice"
        assert refused(lambda: issuer.redeem(world, Redemption(code, **CODE))) == ("CODE_ALREADY_REDEEMED", None)


@pytest.mark.parametrize("reference", ["azure/contoso.test", f"azure/{GUID}", f"{ROOT}/{GUID}/v2.0"])
def test_a_code_of_a_tenant_becomes_tokens_of_that_tenant(sandbox, app, reference):
    code = azure_login.new_code(sandbox, nonce="n", **PKCE)

    with in_request(app) as world:
        issuer = get_issuer(world, reference, network=())
        tokens = issuer.redeem(
            world,
            Redemption(
                code,
                client_id=azure_login.WEB,
                client_secret=azure_login.SECRET,
                redirect_uri=azure_login.CALLBACK,
                code_verifier=azure_login.VERIFIER,
            ),
        )
        claims = issuer.verify(world, tokens.id_token)

    assert (claims["iss"], claims["aud"], claims["nonce"]) == (f"{ROOT}/{GUID}/v2.0", azure_login.WEB, "n")


def test_a_browser_is_sent_to_the_pages_of_the_issuer(app):
    with in_request(app) as world:
        asked = {"client_id": "x&y", "scope": "openid email"}
        urls = [
            get_issuer(world, name, network=()).authorization_url(world, asked)
            for name in ("oidc/main", "azure/contoso.test", "http://127.0.0.1:9400/azure/contoso.test/v2.0")
        ]

    query = "?client_id=x%26y&scope=openid%20email"
    assert urls == [
        f"{ROOT}/oidc/main/authorize{query}",
        f"{ROOT}/contoso.test/oauth2/v2.0/authorize{query}",
        f"http://127.0.0.1:9400/azure/contoso.test/oauth2/v2.0/authorize{query}",
    ]


WRONG = {
    "secret": ({"client_secret": "x"}, "CLIENT_SECRET_WRONG"),
    "empty secret": ({"client_secret": ""}, "CLIENT_SECRET_WRONG"),
    "half a character": ({"client_secret": "\udc80"}, "CLIENT_SECRET_WRONG"),
    "client": ({"client_id": "nobody"}, "CLIENT_UNKNOWN"),
    "redirect URI": ({"redirect_uri": "http://127.0.0.1:9999/other"}, "REDIRECT_URI_MISMATCH"),
    "no redirect URI": ({"redirect_uri": None}, "REDIRECT_URI_MISMATCH"),
    "verifier": ({"code_verifier": "w" * 43}, "VERIFIER_MISMATCH"),
    "no verifier": ({"code_verifier": None}, "VERIFIER_MISSING"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_redemption_is_refused_as_at_the_token_endpoint_and_spends_nothing(sandbox, app, case):
    changed, reason = WRONG[case]
    code = RelyingParty(sandbox).code(**PKCE)
    right = {**CODE, "code_verifier": azure_login.VERIFIER}

    with in_request(app) as world:
        issuer = get_issuer(world, "oidc/main", network=())
        assert refused(lambda: issuer.redeem(world, Redemption(code, **{**right, **changed})))[0] == reason
        assert issuer.redeem(world, Redemption(code, **right)).id_token


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"client_secret": "x"}, "CLIENT_SECRET_WRONG"),
        ({"client_id": azure_login.PUBLIC}, "CLIENT_SECRET_WRONG"),
        ({"redirect_uri": "http://localhost:9999/other"}, "REDIRECT_URI_MISMATCH"),
    ],
)
def test_so_is_one_at_a_tenant(sandbox, app, change, reason):
    code = azure_login.new_code(sandbox)
    right = {
        "client_id": azure_login.WEB,
        "client_secret": azure_login.SECRET,
        "redirect_uri": azure_login.CALLBACK,
    }

    with in_request(app) as world:
        issuer = get_issuer(world, "azure/contoso.test", network=())
        assert refused(lambda: issuer.redeem(world, Redemption(code, **{**right, **change})))[0] == reason
        other = get_issuer(world, "azure/fabrikam.test", network=())
        assert refused(lambda: other.redeem(world, Redemption(code, **right)))[0] == "CLIENT_OF_ANOTHER_TENANT"


def test_a_client_that_nobody_registered_may_bring_any_secret(sandbox, app):
    callback = "http://127.0.0.1:9999/callback"
    code = RelyingParty(sandbox, "fresh", "somebody", redirect_uri=callback).code()

    with in_request(app) as world:
        issuer = get_issuer(world, "oidc/fresh", network=())
        tokens = issuer.redeem(
            world, Redemption(code, client_id="somebody", client_secret="any", redirect_uri=callback)
        )
        assert issuer.verify(world, tokens.id_token)["aud"] == "somebody"


def test_a_provider_without_id_tokens_gives_none_and_checks_the_secret(sandbox, app, sign_in):
    code = sign_in("github", as_="octocat", client="gmi-console")
    github, given = SERVICES["github"].upstream, {"client_id": "gmi-console"}

    with in_request(app) as world:
        assert (
            refused(lambda: github.redeem(world, Redemption(code, client_secret="x", **given)))[0]
            == "CLIENT_SECRET_WRONG"
        )
        assert github.redeem(world, Redemption(code, **given)).id_token is None
        assert github.find_issuer(world, GITHUB_CALLBACK) is None
        assert refused(lambda: github.issuer_url(world, "main"))[0] == "ISSUER_UNKNOWN"
        assert refused(lambda: github.authorization_url(world, "main", {}))[0] == "ISSUER_UNKNOWN"


# Verifying


def test_a_token_is_good_until_it_expires(sandbox, app):
    sandbox.clock.freeze()
    value = token(sandbox, app)

    sandbox.clock.advance(seconds=3599)
    with in_request(app) as world:
        assert get_issuer(world, "oidc/main", network=()).verify(world, value)["sub"] == "alice"
    sandbox.clock.advance(seconds=1)
    with in_request(app) as world:
        issuer = get_issuer(world, "oidc/main", network=())
        assert refused(lambda: issuer.verify(world, value)) == ("TOKEN_EXPIRED", "exp")


def forged(claims, header, keys):
    """Every token that is none, with the reason and the part at fault."""
    stranger, ours = signing.client_key("RS256", "stranger"), header["kid"]
    rsa = next(key for key in keys if key["alg"] == "RS256")
    ecdsa = next(key for key in keys if key["alg"] == "ES256")
    past = {name: value for name, value in claims.items() if name != "exp"}
    yield "no signature", signing.unsigned(claims), ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")
    yield "HS256", signing.confused(claims, rsa, kid=ours), ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")
    yield "kid unknown", signing.sign(claims, stranger), ("TOKEN_KEY_UNKNOWN", "kid")
    yield "key", signing.sign(claims, stranger, kid=ours), ("TOKEN_SIGNATURE_BAD", "signature")
    yield "alg", signing.sign(claims, stranger, kid=ecdsa["kid"]), ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")
    yield "no life", signing.sign(past, stranger, kid=ours), ("TOKEN_SIGNATURE_BAD", "signature")


def test_tokens_of_nobody_are_refused_with_the_part_at_fault(sandbox, app):
    value = token(sandbox, app)
    claims, header = signing.part(value, 1), signing.part(value, 0)
    published = sandbox.get("/oidc/main/jwks").json["keys"]
    tampered = ".".join(
        (value.split(".")[0], signing.b64(json.dumps({**claims, "sub": "bob"}).encode()), value.split(".")[2])
    )

    with in_request(app) as world:
        issuer = get_issuer(world, "oidc/main", network=())
        for _, bad, expected in forged(claims, header, published):
            assert refused(lambda bad=bad: issuer.verify(world, bad)) == expected
        assert refused(lambda: issuer.verify(world, tampered)) == ("TOKEN_SIGNATURE_BAD", "signature")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *(("", "token"), ("a.b", "token"), ("a.b.c.d", "token"), ("a.b.c", "header"), ("..", "header")),
        *(("\udc80.\0.x", "header"), ("W10.e30.x", "header"), (f"{signing.b64(b'[' * 90000)}.e30.x", "header")),
    ],
)
def test_what_is_no_token_is_malformed(app, text, field):
    with in_request(app) as world:
        issuer = get_issuer(world, "azure/contoso.test", network=())
        assert refused(lambda: issuer.verify(world, text)) == ("TOKEN_MALFORMED", field)


@pytest.mark.parametrize("reference", ["oidc/main", "azure/contoso.test"])
@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, ("TOKEN_MALFORMED", "exp")),
        ({"exp": None}, ("TOKEN_MALFORMED", "exp")),
        ({"exp": True}, ("TOKEN_MALFORMED", "exp")),
        ({"exp": "tomorrow"}, ("TOKEN_MALFORMED", "exp")),
        ({"exp": -(10**40)}, ("TOKEN_EXPIRED", "exp")),
        ({"exp": 10**40, "nbf": 10**40}, ("TOKEN_NOT_YET_VALID", "nbf")),
        ({"exp": 10**40, "nbf": []}, ("TOKEN_MALFORMED", "nbf")),
    ],
    ids=str,
)
def test_the_life_of_a_token_is_checked_after_its_signature(app, reference, claims, expected):
    with in_request(app) as world:
        service = "azure" if reference.startswith("azure") else reference
        value = jwts.sign(claims, keysets.signing_key(world, service, "RS256"))
        issuer = get_issuer(world, reference, network=())
        assert refused(lambda: issuer.verify(world, value)) == expected


def test_a_rotated_key_still_verifies_and_a_dropped_one_does_not(sandbox, app):
    value = token(sandbox, app)
    with in_request(app) as world:
        issuer = get_issuer(world, "oidc/main", network=())
        old = keysets.signing_key(world, "oidc/main", "RS256")
        keysets.rotate_key(world, "oidc/main", "RS256")
        assert issuer.verify(world, value)["sub"] == "alice"
        keysets.drop_key(world, "oidc/main", old.kid)
        assert refused(lambda: issuer.verify(world, value)) == ("TOKEN_KEY_UNKNOWN", "kid")


@pytest.mark.parametrize(("slug", "reference"), [("oidc", "oidc/main"), ("azure", "azure/contoso.test")])
def test_keys_that_a_fault_withholds_are_not_there(sandbox, app, slug, reference):
    with in_request(app) as world:
        arm_fault(world, slug, "keys", Reason.INTERNAL_ERROR, sticky=True)
        issuer = get_issuer(world, reference, network=())
        assert refused(lambda: issuer.verify(world, "a.b.c")) == ("PROVIDER_FAILED", "keys")


def test_a_token_may_be_verified_by_the_address_of_the_keys(sandbox, app):
    value = token(sandbox, app)

    with in_request(app) as world:
        for uri in (f"{ROOT}/oidc/main/jwks", "http://127.0.0.1:9400/oidc/main/jwks"):
            assert verify_by_jwks(world, value, uri, network=())["sub"] == "alice"
        elsewhere = f"{ROOT}/{GUID}/discovery/v2.0/keys"
        assert refused(lambda: verify_by_jwks(world, value, elsewhere, network=())) == ("TOKEN_KEY_UNKNOWN", "kid")
        for uri in (f"{ROOT}/.well-known/jwks.json", f"{ROOT}/oidc/jwks"):
            assert refused(lambda uri=uri: verify_by_jwks(world, value, uri, network=()))[0] == "ISSUER_UNKNOWN"


def test_nothing_more_is_expected_of_a_token(app):
    with in_request(app) as world:
        for slug, name in (("oidc", "main"), ("azure", "contoso.test")):
            with pytest.raises(TypeError, match="project_id"):
                SERVICES[slug].upstream.verify(world, "a.b.c", issuer=name, project_id="p")
