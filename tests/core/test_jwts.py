"""Tokens are signed with one key and one algorithm, and nothing else is ever believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from sandbox.core import jwts
from sandbox.core.keys import Key, load_key, secret_key, thumbprint
from sandbox.core.refusals import Refusal

SECRET = "a-shared-secret-of-more-than-32-bytes"


def pem(private: object) -> bytes:
    return private.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


RSA = pem(rsa.generate_private_key(65537, 2048))
KEYS = {
    "HS256": secret_key(SECRET),
    "RS256": load_key(RSA),
    "ES256": load_key(pem(ec.generate_private_key(ec.SECP256R1()))),
    "EdDSA": load_key(pem(ed25519.Ed25519PrivateKey.generate())),
}


def refused(sandbox, token: str, key: Key) -> str:
    with sandbox.world() as world, pytest.raises(Refusal) as refusal:
        jwts.verify(world, token, key)
    return refusal.value.reason


def claims(sandbox, **more: object) -> dict[str, object]:
    return {"sub": "octocat", "exp": sandbox.clock.now() + 60, **more}


@pytest.mark.parametrize("algorithm", KEYS)
def test_what_a_key_signs_it_verifies(sandbox, algorithm):
    key, expected = KEYS[algorithm], claims(sandbox)
    token = jwts.sign(expected, key)
    header = pyjwt.get_unverified_header(token)

    with sandbox.world() as world:
        assert jwts.verify(world, token, key) == expected
    assert header["alg"] == algorithm
    assert header.get("kid", "") == key.kid


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_published_key_verifies_and_holds_nothing_private(sandbox, algorithm):
    key = KEYS[algorithm]
    jwk = key.jwk
    token = jwts.sign(claims(sandbox), key)

    assert pyjwt.decode(token, pyjwt.PyJWK(jwk).key, algorithms=[algorithm])["sub"] == "octocat"
    assert (jwk["kid"], jwk["alg"], jwk["use"]) == (key.kid, algorithm, "sig")
    assert not set(jwk) & {"d", "p", "q", "dp", "dq", "qi", "k"}


def test_the_thumbprint_is_that_of_rfc_7638():
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8aw"
        "apJzKnqDKgw"
    )

    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_shared_secret_is_never_published():
    with pytest.raises(ValueError, match="never published"):
        _ = KEYS["HS256"].jwk


def test_a_key_nobody_signs_with_is_refused():
    with pytest.raises(ValueError, match="no algorithm"):
        load_key(pem(dsa.generate_private_key(1024)))


def unsigned(sandbox) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(sandbox))}."


def public_key_as_secret(sandbox) -> str:
    # PyJWT refuses to make one, so the attack is built by hand: HS256 over the public key's PEM.
    public = KEYS["RS256"].verifying.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims(sandbox)).encode()).rstrip(b"=")
    mac = base64.urlsafe_b64encode(hmac.new(public, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
    return b".".join((head, body, mac)).decode()


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        pytest.param(unsigned, "TOKEN_SIGNATURE_BAD", id="alg-none"),
        pytest.param(public_key_as_secret, "TOKEN_SIGNATURE_BAD", id="HS256-with-the-public-key"),
        pytest.param(
            lambda s: jwts.sign(claims(s), load_key(pem(rsa.generate_private_key(65537, 2048)))),
            "TOKEN_KEY_UNKNOWN",
            id="another-key",
        ),
        pytest.param(
            lambda s: jwts.sign(
                claims(s),
                load_key(pem(rsa.generate_private_key(65537, 2048))),
                {"kid": KEYS["RS256"].kid},
            ),
            "TOKEN_SIGNATURE_BAD",
            id="another-key-under-the-same-name",
        ),
        pytest.param(
            lambda s: jwts.sign(claims(s, nbf=s.clock.now() + 60), KEYS["RS256"]),
            "TOKEN_NOT_YET_VALID",
            id="not-yet-valid",
        ),
        pytest.param(
            lambda s: jwts.sign(claims(s, iat=s.clock.now() + 60), KEYS["RS256"]),
            "TOKEN_NOT_YET_VALID",
            id="made-in-the-future",
        ),
        pytest.param(
            lambda s: jwts.sign(claims(s), KEYS["RS256"])[:-6] + "AAAAAA", "TOKEN_SIGNATURE_BAD", id="altered"
        ),
        pytest.param(lambda s: "not.a.jwt", "TOKEN_MALFORMED", id="garbage"),
        pytest.param(lambda s: "", "TOKEN_MALFORMED", id="empty"),
        pytest.param(lambda s: "\ud800", "TOKEN_MALFORMED", id="no-unicode"),
        pytest.param(lambda s: jwts.sign({"sub": "x"}, KEYS["RS256"]), "TOKEN_MALFORMED", id="no-exp"),
        pytest.param(lambda s: jwts.sign(claims(s, exp="soon"), KEYS["RS256"]), "TOKEN_MALFORMED", id="exp-is-text"),
        pytest.param(lambda s: jwts.sign(claims(s, exp=1), KEYS["RS256"]), "TOKEN_EXPIRED", id="expired"),
    ],
)
def test_a_forged_or_old_token_is_refused(sandbox, forge, reason):
    assert refused(sandbox, forge(sandbox), KEYS["RS256"]) == reason


def test_a_token_expires_by_the_worlds_clock(sandbox):
    token = jwts.sign(claims(sandbox), KEYS["HS256"])
    sandbox.clock.advance(seconds=61)

    assert refused(sandbox, token, KEYS["HS256"]) == "TOKEN_EXPIRED"
