"""Forged, old, early and mistaken JWTs, at every place that takes one: none lets anybody in.

DPoP proofs are forged in test_fapi2_proofs.py.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from sandbox.core import keysets
from tests.conformance import signing
from tests.conformance.provers import EXCHANGE, JWT_BEARER, TOKEN_TYPE
from tests.conformance.relying_party import SIGNED_OUT, RelyingParty, configure, error, page_error
from tests.conformance.signing import b64, client_key, confused, public_jwk, sign, unsigned

HOUR = 3600
GRANTS = ["authorization_code", JWT_BEARER, EXCHANGE]


@dataclass
class Taker:
    """A place that takes a JWT: who signs it, what a good one holds, and what is said to a bad one."""

    rp: RelyingParty
    name: str
    key: Any
    claims: dict[str, Any]

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key that an attacker knows."""
        return public_jwk(self.key)

    def good(self) -> str:
        return sign({**self.claims, "jti": secrets.token_urlsafe(8)}, self.key)

    def present(self, token: str) -> str:
        """The error that comes of it, or `taken`."""
        return getattr(self, f"_at_{self.name}")(token)

    def _at_authorize_hint(self, token: str) -> str:
        back = self.rp.sign_in(prompt="none", id_token_hint=token)
        return back.get("error", "taken")

    def _at_logout_hint(self, token: str) -> str:
        answer = self.rp.log_out(id_token_hint=token, post_logout_redirect_uri=SIGNED_OUT)
        return "taken" if answer.status_code == 302 else page_error(answer)

    def _at_client_assertion(self, token: str) -> str:
        form = {"client_assertion": token, "client_assertion_type": signing.ASSERTION_TYPE}
        code = self.rp.sign_in()["code"]
        answer = self.rp.redeem(code, auth=False, **form)
        return "taken" if answer.status_code == 200 else error(answer)[1]

    def _at_request_object(self, token: str) -> str:
        back = self.rp.sign_in(request=token)
        return back.get("error", "taken")

    def _at_subject_token(self, token: str) -> str:
        form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": f"{TOKEN_TYPE}id_token"}
        answer = self.rp.call("token_endpoint", form)
        return "taken" if answer.status_code == 200 else error(answer)[1]

    def _at_assertion_grant(self, token: str) -> str:
        answer = self.rp.call("token_endpoint", {"grant_type": JWT_BEARER, "assertion": token, "scope": "openid"})
        return "taken" if answer.status_code == 200 else error(answer)[1]


# What each of them says: OIDC Core 3.1.2.6 and 6.1, RFC 6749 5.2, RFC 7521 4.1.1 and 4.2.1, RFC 8693 2.2.2.
REFUSALS = {
    "authorize_hint": {"invalid_request"},
    "logout_hint": {"invalid_request", "invalid_token"},
    "client_assertion": {"invalid_client"},
    "request_object": {"invalid_request_object"},
    "subject_token": {"invalid_request"},
    "assertion_grant": {"invalid_grant"},
}
OURS = ("authorize_hint", "logout_hint", "subject_token")


def issuer_key(rp: RelyingParty) -> RSAKey:
    """The private key of the issuer, which no attacker has: for tokens that are genuine and still wrong."""
    with rp.browser.world() as world:
        key = keysets.signing_key(world, "oidc/conformance", "RS256")
    return RSAKey.import_key(key.signing, {"kid": key.kid, "alg": "RS256", "use": "sig"})


@pytest.fixture(params=REFUSALS)
def taker(request, sandbox) -> Taker:
    """One of the places; at each a good token is taken."""
    configure(sandbox, "conformance", request_objects=True)
    name, own = request.param, request.param not in OURS
    method = "private_key_jwt" if name == "client_assertion" else "client_secret_basic"
    rp = RelyingParty.register(
        sandbox,
        key=client_key("RS256"),
        grant_types=GRANTS,
        token_endpoint_auth_method=method,
        post_logout_redirect_uris=[SIGNED_OUT],
    )
    now = rp.now()
    claims = {"iss": rp.client_id, "aud": rp.issuer, "iat": now, "exp": now + 300}
    if name == "client_assertion":
        claims["sub"] = rp.client_id
    elif name == "assertion_grant":
        claims["sub"] = "alice"
    elif not own:
        claims = rp.log_in().claims
    return Taker(rp, name, rp.key if own else issuer_key(rp), claims)


def unknown_kid(taker: Taker) -> str:
    key = taker.key.as_dict(private=True)
    return sign(taker.claims, RSAKey.import_key({**key, "kid": "unheard-of"}))


def tampered(taker: Taker) -> str:
    header, _, signature = taker.good().split(".")
    return f"{header}.{b64(b'{}')}.{signature}"


FORGERIES = {
    "alg-none": lambda taker: unsigned(taker.claims, kid=taker.key.kid),
    "alg-None": lambda taker: unsigned(taker.claims, alg="None"),
    "alg-none-with-signature": lambda taker: unsigned(taker.claims, kid=taker.key.kid) + "AAAA",
    "HS256-by-the-public-key": lambda taker: confused(taker.claims, taker.jwk, kid=taker.key.kid),
    "HS256-by-the-public-key-without-kid": lambda taker: confused(taker.claims, taker.jwk),
    "another-key": lambda taker: sign(taker.claims, client_key("RS256", "foreign"), kid=taker.key.kid),
    "another-key-and-kid": lambda taker: sign(taker.claims, client_key("RS256", "foreign")),
    "another-key-in-the-header": lambda taker: sign(
        taker.claims,
        client_key("RS256", "foreign"),
        kid=taker.key.kid,
        jwk=public_jwk(client_key("RS256", "foreign")),
    ),
    "unknown-kid": unknown_kid,
    "tampered": tampered,
    "signature-cut": lambda taker: taker.good()[:-8],
    "signature-left-out": lambda taker: taker.good().rpartition(".")[0] + ".",
    "no-jwt": lambda taker: "no.jwt.here",
    "five-parts": lambda taker: taker.good() + ".AAAA.AAAA",
    "alg-list": lambda taker: unsigned(taker.claims, alg=["RS256"]),
    "alg-object": lambda taker: unsigned(taker.claims, alg={"RS256": 1}),
    "alg-missing": lambda taker: unsigned(taker.claims, alg=None),
    "kid-object": lambda taker: unsigned(taker.claims, alg="RS256", kid={"a": 1}),
    "kid-path": lambda taker: unsigned(taker.claims, alg="HS256", kid="../../../dev/null"),
    "crit-unknown": lambda taker: unsigned(taker.claims, alg="RS256", crit=["b64", "x"], kid=taker.key.kid),
    "claims-list": lambda taker: f"{taker.good().partition('.')[0]}.{b64(b'[]')}.AAAA",
    "claims-deep": lambda taker: f"{taker.good().partition('.')[0]}.{b64(b'[' * 20000)}.AAAA",
    "long": lambda taker: "A" * 100_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_refused(taker, forgery):
    assert taker.present(FORGERIES[forgery](taker)) in REFUSALS[taker.name]


def test_a_good_one_is_taken(taker):
    """Without this, all others would prove nothing."""
    assert taker.present(taker.good()) == "taken"


# Genuine, but not for here and now. Of hints the age does not matter (OIDC Core section 3.1.2.1).
WRONG: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "iss-of-another-issuer": ({"iss": "https://localhost/oidc/main"}, tuple(REFUSALS)),
    "iss-missing": ({"iss": None}, (*OURS, "client_assertion", "assertion_grant")),
    "iss-list": ({"iss": ["https://localhost/oidc/conformance"]}, tuple(REFUSALS)),
    "iss-with-slash": ({"iss": "https://localhost/oidc/conformance/"}, tuple(REFUSALS)),
    "aud-of-another": ({"aud": "somebody"}, ("client_assertion", "request_object", "assertion_grant", "logout_hint")),
    "aud-objects": ({"aud": [{}, []]}, ("client_assertion", "request_object", "assertion_grant", "logout_hint")),
    "aud-missing": ({"aud": None}, ("client_assertion", "assertion_grant", "logout_hint")),
    "sub-missing": ({"sub": None}, (*OURS, "client_assertion", "assertion_grant")),
    "sub-of-nobody": ({"sub": "nobody"}, ("client_assertion", "subject_token", "assertion_grant")),
    "sub-list": ({"sub": ["alice"]}, (*OURS, "client_assertion", "assertion_grant")),
    # What only a relying party looks at decides nothing here.
    "azp-of-another": ({"azp": "somebody"}, ()),
    "nonce-of-another": ({"nonce": "another"}, ()),
    "expired": ({"exp": -HOUR}, ("client_assertion", "request_object", "subject_token", "assertion_grant")),
    "exp-missing": ({"exp": None}, (*OURS, "client_assertion", "assertion_grant")),
    "exp-text": ({"exp": "tomorrow"}, ("client_assertion", "request_object", "subject_token", "assertion_grant")),
    "not-yet-valid": ({"nbf": HOUR}, ("client_assertion", "request_object", "subject_token", "assertion_grant")),
    "issued-in-the-future": ({"iat": HOUR}, ("client_assertion", "request_object", "subject_token", "assertion_grant")),
}
TIMES = ("exp", "nbf", "iat")


def changed(taker: Taker, changes: dict[str, Any]) -> str:
    """The good token with these claims; times are seconds from now, None leaves a claim out."""
    moments = {
        name: taker.rp.now() + value if name in TIMES and isinstance(value, int) else value
        for name, value in changes.items()
    }
    fresh = {**taker.claims, "jti": secrets.token_urlsafe(8), **moments}
    return sign({name: value for name, value in fresh.items() if value is not None}, taker.key)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_genuine_token_that_is_not_for_here_and_now(taker, wrong):
    changes, places = WRONG[wrong]

    said = taker.present(changed(taker, changes))

    if taker.name in places:
        assert said in REFUSALS[taker.name]
    else:
        # No rule of the standard is broken here; a hint for somebody unknown leaves the person to sign in.
        assert said in ("taken", "login_required")


@pytest.mark.parametrize("moment", [None, math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308], ids=str)
@pytest.mark.parametrize("name", TIMES)
def test_odd_times_break_nothing(taker, name, moment):
    token = sign({**taker.claims, "jti": secrets.token_urlsafe(8), name: moment}, taker.key)

    assert taker.present(token) in {"taken", *REFUSALS[taker.name]}


# Tokens that the issuer did sign, for something else (RFC 8725 section 3.11)


def other_tokens(rp: RelyingParty) -> dict[str, str]:
    tokens = rp.log_in()
    claims, key = tokens.claims, issuer_key(rp)
    now = rp.now()
    logout = {"iss": rp.issuer, "sub": "alice", "aud": rp.client_id, "iat": now, "exp": now + 120, "sid": claims["sid"]}
    userinfo = {"iss": rp.issuer, "aud": rp.client_id, "sub": "alice"}
    return {
        "access_token": tokens.access_token,
        "logout_token": sign({**logout, "events": {}}, key, typ="logout+jwt"),
        "userinfo": sign(userinfo, key, typ="JWT"),
    }


@pytest.mark.parametrize("kind", ["access_token", "logout_token", "userinfo"])
@pytest.mark.parametrize("taker", OURS, indirect=True)
def test_another_token_of_the_issuer_is_no_id_token(taker, kind):
    token = other_tokens(taker.rp)[kind]

    assert taker.present(token) in REFUSALS[taker.name]


def test_an_id_token_is_no_access_token(rp):
    assert error(rp.userinfo(rp.log_in().id_token)) == (401, "invalid_token")


@pytest.mark.parametrize("taker", ["request_object"], indirect=True)
def test_a_client_assertion_is_no_request_object(taker):
    """RFC 9101 section 10.8."""
    assertion = sign(signing.assertion_claims(taker.rp.client_id, taker.rp.issuer, taker.rp.now()), taker.key)

    assert taker.present(assertion) == "invalid_request_object"


@pytest.mark.parametrize("taker", ["client_assertion"], indirect=True)
def test_a_request_object_is_no_client_assertion(taker):
    made = sign(
        {**taker.rp.ask(), "iss": taker.rp.client_id, "aud": taker.rp.issuer, "exp": taker.rp.now() + 60}, taker.key
    )

    assert taker.present(made) == "invalid_client"


@pytest.mark.parametrize("taker", ["client_assertion", "assertion_grant"], indirect=True)
def test_an_assertion_is_good_once(taker):
    token = taker.good()

    assert [taker.present(token), taker.present(token)] == ["taken", *REFUSALS[taker.name]]


@pytest.mark.parametrize("taker", ["client_assertion"], indirect=True)
def test_a_client_assertion_is_good_once_at_all_endpoints_together(taker):
    token = taker.good()
    form = {"client_assertion": token, "client_assertion_type": signing.ASSERTION_TYPE, "token": "x"}

    assert taker.present(token) == "taken"
    for endpoint in ("introspection_endpoint", "revocation_endpoint"):
        assert error(taker.rp.call(endpoint, form, auth=False)) == (401, "invalid_client")


@pytest.mark.parametrize("kind", [None, "", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
@pytest.mark.parametrize("taker", ["client_assertion"], indirect=True)
def test_an_assertion_has_a_type(taker, kind):
    form = {"client_assertion": taker.good(), "client_assertion_type": kind, "token": "x"}

    assert error(taker.rp.call("revocation_endpoint", form, auth=False)) == (401, "invalid_client")
