"""Tokens that come out wrong on purpose: each tamper changes one thing, and leaves all else right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt as pyjwt
import pytest

from sandbox.core import jwts, tables, tokens
from sandbox.core.drafts import Draft
from sandbox.core.forgery import OPAQUE, TAMPERS, Forgery, Layered, check_tamper, forging
from sandbox.core.keys import ASYMMETRIC, Key, public_key, secret_key
from sandbox.core.keysets import development_keys, signing_key
from sandbox.core.refusals import Reason, Refusal

HOUR = 3600
SECRET = secret_key("a-shared-secret-of-more-than-32-bytes")
# By tamper, which members of the header and which claims differ from those of the right token.
DIFFERENT: Mapping[str, tuple[set[str], set[str]]] = {
    "bad-signature": (set(), set()),
    "no-signature": (set(), set()),
    "wrong-key": (set(), set()),
    "unknown-kid": ({"kid"}, set()),
    "no-kid": ({"kid"}, set()),
    "alg-none": ({"alg"}, set()),
    "hs256-public-key": ({"alg"}, set()),
    "embedded-jwk": ({"jwk"}, set()),
    "wrong-typ": ({"typ"}, set()),
    "unknown-crit": ({"crit", "urn:example:unknown"}, set()),
    "wrong-iss": (set(), {"iss"}),
    "no-iss": (set(), {"iss"}),
    "wrong-aud": (set(), {"aud"}),
    "no-aud": (set(), {"aud"}),
    "several-aud": (set(), {"aud"}),
    "no-exp": (set(), {"exp"}),
    "text-exp": (set(), {"exp"}),
    "not-yet-valid": (set(), {"nbf"}),
    "issued-in-future": (set(), {"iat", "exp"}),
    "no-iat": (set(), {"iat"}),
    "no-sub": (set(), {"sub"}),
    "empty-sub": (set(), {"sub"}),
    "wrong-sub": (set(), {"sub"}),
    "expired": (set(), {"iat", "exp", "auth_time"}),
    "wrong-azp": (set(), {"azp"}),
    "wrong-nonce": (set(), {"nonce"}),
    "no-nonce": (set(), {"nonce"}),
    "wrong-at-hash": (set(), {"at_hash"}),
    "wrong-c-hash": (set(), {"c_hash"}),
    "stale-auth-time": (set(), {"auth_time"}),
    "no-auth-time": (set(), {"auth_time"}),
}
# Those that break off or whose signature no key of the issuer has made.
UNSIGNED = {
    "bad-signature",
    "no-signature",
    "wrong-key",
    "alg-none",
    "hs256-public-key",
    "embedded-jwk",
    "truncated",
}


def claims(now: int) -> dict[str, Any]:
    return {
        "iss": "https://here.test",
        "sub": "octocat",
        "aud": "shop",
        "iat": now,
        "exp": now + HOUR,
        "auth_time": now,
        "nonce": "n",
        "at_hash": "h",
    }


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    header, payload, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(payload), signature


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


def is_signed(token: str, key: Key) -> bool:
    signed, _, signature = token.rpartition(".")
    algorithm = pyjwt.get_algorithm_by_name(key.algorithm)
    return parts(token)[0]["alg"] == key.algorithm and algorithm.verify(
        signed.encode(), key.verifying, base64.urlsafe_b64decode(signature + "==")
    )


def test_every_tamper_is_known_here():
    assert {*DIFFERENT, "truncated"} == set(TAMPERS)


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_tamper_changes_one_thing_and_leaves_all_else_right(sandbox, name):
    with sandbox.world() as world:
        key, right = signing_key(world, "here", "RS256"), claims(world.now())
        genuine = parts(jwts.issue(world, "id_token", right, key))
        with forging(world, Forgery(name)):
            token = jwts.issue(world, "id_token", right, key)

    forged = parts(token)

    assert (differences(genuine[0], forged[0]), differences(genuine[1], forged[1])) == DIFFERENT[name]
    assert is_signed(token, key) is (name not in UNSIGNED)


@pytest.mark.parametrize("algorithm", [*ASYMMETRIC, "HS256"])
@pytest.mark.parametrize("name", TAMPERS)
def test_any_key_can_be_tampered_with(sandbox, name, algorithm):
    with sandbox.world() as world:
        key = SECRET if algorithm == "HS256" else signing_key(world, "here", algorithm)
        right = claims(world.now())
        with forging(world, Forgery(name)):
            token = jwts.issue(world, "id_token", right, key)

    if name == "truncated":
        assert token.count(".") == 1
    else:
        assert is_signed(token, key) is (name not in UNSIGNED)


def test_a_truncated_token_is_still_unlike_any_other(sandbox):
    with sandbox.world() as world, forging(world, Forgery("truncated")):
        one, other = (
            jwts.issue(world, "access_token", {**claims(world.now()), "jti": world.ids.uuid()}, SECRET) for _ in "ab"
        )

    assert one != other


def test_the_public_key_signs_as_a_secret(sandbox):
    with sandbox.world() as world, forging(world, Forgery("hs256-public-key")):
        key = signing_key(world, "here", "RS256")
        token = jwts.issue(world, "id_token", {"sub": "octocat"}, key)

    signed, _, signature = token.rpartition(".")
    made = hmac.new(key.public_pem, signed.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(made).rstrip(b"=").decode() == signature


def test_the_key_that_a_token_brings_along_has_signed_it(sandbox):
    with sandbox.world() as world, forging(world, Forgery("embedded-jwk")):
        key = signing_key(world, "here", "ES256")
        token = jwts.issue(world, "id_token", {"sub": "octocat"}, key)

    brought = parts(token)[0]["jwk"]
    assert brought["x"] != key.jwk["x"]
    assert jwts.verify_signature(token, public_key(brought, "ES256")) == {"sub": "octocat"}


def test_a_stranger_has_a_key_when_all_development_keys_are_taken(sandbox):
    with sandbox.world() as world:
        for number in range(len(development_keys()) + 1):
            signing_key(world, f"issuer-{number}", "RS256")
        kids = [row.kid for row in world.store.list(tables.SigningKey, order=("serial",))]
        with forging(world, Forgery("embedded-jwk")):
            token = jwts.issue(world, "id_token", {}, signing_key(world, "issuer-0", "RS256"))

    stranger = public_key({**parts(token)[0]["jwk"], "kid": None}, "RS256")
    assert jwts.verify_signature(token, stranger) == {}
    assert len(kids) == len(set(kids)) > len(development_keys())


def test_what_a_token_has_not_is_added_where_it_is_to_be_wrong(sandbox):
    with sandbox.world() as world:
        for name, claim in (("wrong-nonce", "nonce"), ("wrong-at-hash", "at_hash"), ("expired", "exp")):
            with forging(world, Forgery(name)):
                assert claim in parts(jwts.issue(world, "id_token", {}, SECRET))[1]
        with forging(world, Forgery("unknown-kid")):
            assert parts(jwts.issue(world, "id_token", {}, SECRET))[0]["kid"] == "nobodys-key"


def test_an_expired_token_was_good_once(sandbox):
    with sandbox.world() as world, forging(world, Forgery("expired")):
        now = world.now()
        _, forged, _ = parts(jwts.issue(world, "id_token", claims(now), SECRET))

    assert forged["exp"] == now - HOUR
    assert forged["exp"] - forged["iat"] == HOUR
    assert forged["auth_time"] == forged["iat"]


@pytest.mark.parametrize("odd", [{"exp": "x", "iat": None}, {"exp": True, "aud": 5}, {"iat": [], "auth_time": {}}])
@pytest.mark.parametrize("name", ["expired", "issued-in-future", "several-aud", "stale-auth-time"])
def test_odd_claims_that_are_asked_for_can_be_tampered_with(sandbox, name, odd):
    with sandbox.world() as world, forging(world, Forgery(name, claims=odd)):
        assert is_signed(jwts.issue(world, "id_token", claims(world.now()), SECRET), SECRET)


# Claims and lifetimes


def test_other_claims_are_put_in_and_none_takes_one_away(sandbox):
    with sandbox.world() as world, forging(world, Forgery(claims={"sub": "hubot", "nonce": None, "tier": {"a": 1}})):
        token = jwts.issue(world, "id_token", claims(world.now()), SECRET)

    assert differences(parts(token)[1], claims(0)) - {"iat", "exp", "auth_time"} == {"sub", "nonce", "tier"}
    assert parts(token)[1]["tier"] == {"a": 1}


@pytest.mark.parametrize("ttl", [60, 0, -60])
def test_another_lifetime_may_be_over(sandbox, ttl):
    with sandbox.world() as world, forging(world, Forgery(ttl=ttl)):
        now = world.now()
        _, forged, _ = parts(jwts.issue(world, "access_token", claims(now), SECRET))

    assert forged["exp"] == now + ttl
    assert forged["iat"] < forged["exp"]


# Which tokens


def test_the_other_kinds_come_out_right(sandbox):
    with sandbox.world() as world, forging(world, Forgery("wrong-sub", frozenset({"id_token"}))):
        other = jwts.issue(world, "access_token", claims(world.now()), SECRET)
        forged = jwts.issue(world, "id_token", claims(world.now()), SECRET)

    assert (parts(other)[1]["sub"], parts(forged)[1]["sub"]) == ("octocat", "somebody else")


def test_a_tamper_leaves_the_kinds_alone_for_which_it_makes_no_sense(sandbox):
    with sandbox.world() as world, forging(world, Forgery("wrong-nonce")):
        assert parts(jwts.issue(world, "access_token", claims(0), SECRET))[1]["nonce"] == "n"


def test_all_comes_out_right_again_afterwards(sandbox):
    with sandbox.world() as world:
        with pytest.raises(RuntimeError), forging(world, Forgery("wrong-sub")):
            raise RuntimeError
        assert parts(jwts.issue(world, "id_token", claims(0), SECRET))[1]["sub"] == "octocat"
        with forging(world, Forgery("wrong-sub")), forging(world, None):
            assert parts(jwts.issue(world, "id_token", claims(0), SECRET))[1]["sub"] == "somebody else"


@pytest.mark.parametrize(
    ("tamper", "ttl", "good"), [("expired", 60, False), (None, -1, False), ("expired", None, False), (None, None, True)]
)
def test_an_opaque_token_can_be_too_old(sandbox, tamper, ttl, good):
    issued = {"service": "here", "kind": "access_token", "client_id": "shop", "login": "octocat"}
    with sandbox.world() as world:
        with forging(world, Forgery(tamper, ttl=ttl)):
            tokens.issue_token(world, "opaque", **issued, family="f", flow="f", ttl=None)
        if good:
            assert tokens.get_access_token(world, "opaque", service="here").login == "octocat"
        else:
            with pytest.raises(Refusal) as refused:
                tokens.get_access_token(world, "opaque", service="here")
            assert refused.value.reason is Reason.TOKEN_EXPIRED


# What cannot be


@pytest.mark.parametrize(
    ("tamper", "kind", "form"),
    [("rude", None, "jwt"), ("wrong-nonce", "access_token", "jwt")]
    + [(name, "access_token", OPAQUE) for name in TAMPERS if name != "expired"],
)
def test_what_makes_no_sense_is_refused(tamper, kind, form):
    with pytest.raises(Refusal) as refused:
        check_tamper(tamper, kind, form)

    assert (refused.value.reason, refused.value.field) == (Reason.FIELD_INVALID, "tamper")
    assert "expired" in refused.value.detail


def test_a_forgery_is_checked_when_it_is_made():
    for tamper, kinds in (("rude", None), ("wrong-nonce", frozenset({"access_token"}))):
        with pytest.raises(Refusal):
            Forgery(tamper, kinds)


# Two forgeries of one token


def test_what_is_asked_for_comes_before_what_is_usual(sandbox):
    usual = Forgery("wrong-sub", frozenset({"id_token"}))
    with sandbox.world() as world:

        def forged(asked: Forgery) -> dict[str, Any]:
            layered = Layered(asked, usual)
            assert layered.covers("id_token")
            return parts(layered.forge(world, Draft(claims(0), SECRET, {})))[1]

        assert differences(forged(Forgery("wrong-iss")), claims(0)) == {"iss"}
        assert differences(forged(Forgery(claims={"tier": 1})), claims(0)) == {"sub", "tier"}
        assert differences(forged(Forgery("expired", frozenset({"access_token"}))), claims(0)) == {"sub"}
        assert not Layered(Forgery("wrong-nonce"), usual).covers("access_token")
