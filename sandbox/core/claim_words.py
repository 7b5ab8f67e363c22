"""What the registered members of a token's header and its claims mean, and which specification says so.

A claim of a product's own is described by its room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

JWT = "RFC 7519"
JWS = "RFC 7515"
OPENID = "OpenID Connect Core 1.0"
LOGOUT = "OpenID Connect Back-Channel Logout 1.0"


@dataclass(frozen=True)
class Meaning:
    """What a member says, in a sentence, and which specification gives it that meaning."""

    text: str
    spec: str


def _table(spec: str, rows: Iterable[tuple[str, str]]) -> dict[str, Meaning]:
    return {name: Meaning(text, spec) for name, text in rows}


HEADER: Mapping[str, Meaning] = {
    **_table(
        JWS,
        [
            ("alg", "The algorithm of the signature. A verifier goes by its own key's, never by this one."),
            ("kid", "Which of the issuer's keys has signed."),
            ("typ", "What kind of token this is."),
            ("cty", "What kind of content is signed."),
            ("crit", "Members of this header that a verifier must understand, or refuse the token."),
            ("jwk", "A public key. A verifier that trusts it lets anybody sign."),
            ("jku", "Where there would be keys. A verifier that goes there lets anybody sign."),
            ("x5u", "Where there would be a certificate. A verifier that goes there lets anybody sign."),
            ("x5c", "A chain of certificates of the key."),
            ("x5t", "The SHA-1 thumbprint of the key's certificate."),
            ("x5t#S256", "The SHA-256 thumbprint of the key's certificate."),
        ],
    ),
    **_table("RFC 7516", [("enc", "The algorithm that encrypts the content."), ("zip", "How it is compressed.")]),
}

CLAIMS: Mapping[str, Meaning] = {
    **_table(
        JWT,
        [
            ("iss", "Who issued the token."),
            ("sub", "Whom it is about: the issuer's own identifier, never used for anybody else."),
            ("aud", "Who may accept it. Everyone else must refuse it."),
            ("exp", "From this moment on nobody must accept it."),
            ("nbf", "Before this moment nobody must accept it."),
            ("iat", "When it was issued."),
            ("jti", "What tells it from every other token of its issuer."),
        ],
    ),
    **_table(
        OPENID,
        [
            ("nonce", "What the application sent when it asked: it ties the token to that request."),
            ("at_hash", "Half the hash of the access token that came with it, which so cannot be another."),
            ("c_hash", "Half the hash of the code that came with it, which so cannot be another."),
            ("azp", "The application that it was issued to, where that is not the audience."),
            ("auth_time", "When the person last signed in."),
            ("amr", "How the person has signed in."),
            ("acr", "How sure the issuer is of who signed in, in a word that both sides know."),
            ("name", "The person's full name, for showing."),
            ("given_name", "First name or names."),
            ("family_name", "Surname or surnames."),
            ("middle_name", "Middle name or names."),
            ("nickname", "What the person is called by friends."),
            (
                "preferred_username",
                "The name that the person wants to go by. It can change: never look people up by it.",
            ),
            ("profile", "The URL of the person's page."),
            ("picture", "The URL of a portrait."),
            ("website", "The URL of the person's own site."),
            ("email", "An e-mail address. Another person may have it tomorrow: look people up by iss and sub."),
            ("email_verified", "Whether the issuer has made sure that the address is the person's."),
            ("gender", "The person's gender, in the person's own words."),
            ("birthdate", "The person's birthday, as YYYY-MM-DD."),
            ("zoneinfo", "The person's time zone."),
            ("locale", "The person's language and country."),
            ("phone_number", "A phone number."),
            ("phone_number_verified", "Whether the issuer has made sure that the number is the person's."),
            ("address", "The person's postal address."),
            ("updated_at", "When what the issuer knows of the person last changed."),
            ("_claim_names", "Claims that are to be had elsewhere, and where."),
            ("_claim_sources", "Where those claims are to be had."),
        ],
    ),
    **_table(
        LOGOUT,
        [
            ("sid", "The session at the issuer that it belongs to, so that its end can be told."),
            ("events", "What has happened: http://schemas.openid.net/event/backchannel-logout is a sign-out."),
        ],
    ),
    **_table(
        "RFC 9068",
        [
            ("client_id", "The application that the token was issued to."),
            ("scope", "What the token allows, as words."),
            ("groups", "The groups that the person is in."),
            ("roles", "The roles that the person has here, or the application itself."),
            ("entitlements", "What the person is entitled to."),
        ],
    ),
    **_table("RFC 7800", [("cnf", "The key that the bearer must show to have: the token alone is not enough.")]),
    **_table(
        "RFC 8693",
        [
            ("act", "Who acts here on behalf of the person."),
            ("may_act", "Who may act on behalf of the person."),
        ],
    ),
    **_table(
        "RFC 9449",
        [
            ("htm", "The method of the request that it was made for."),
            ("htu", "The address of the request that it was made for."),
            ("ath", "The hash of the access token that it goes with."),
        ],
    ),
    **_table("RFC 9396", [("authorization_details", "What the token allows, in detail.")]),
    **_table(
        "RFC 6749",
        [
            ("response_type", "What the authorization request asks for."),
            ("redirect_uri", "Where the answer goes."),
            ("state", "What the application gets back as it sent it."),
        ],
    ),
}

# Authentication methods (RFC 8176 section 2) in words.
METHODS: Mapping[str, str] = {
    "pwd": "password",
    "otp": "one-time code",
    "mfa": "more than one factor",
    "hwk": "a key in hardware",
    "swk": "a key in software",
    "fpt": "fingerprint",
    "face": "face",
    "pin": "PIN",
    "sms": "text message",
    "kba": "an answer to a question",
    "rsa": "a key or a certificate",
    "wia": "the computer's own sign-in",
    "user": "somebody was there",
    "fed": "sign-in at another provider",
}
MOMENTS = ("exp", "nbf", "iat", "auth_time", "updated_at")
