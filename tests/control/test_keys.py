"""Signing keys over the control API: listed, rotated, dropped; what the issuers publish follows."""

from __future__ import annotations

from typing import Any

from tests.support.control import refused

KEYS = "/_sandbox/api/keys"


def published(sandbox: Any) -> list[str]:
    return [key["kid"] for key in sandbox.get("/oidc/main/jwks").json["keys"]]


def listed(sandbox: Any, service: str = "oidc/main", algorithm: str = "RS256") -> list[tuple[str, str]]:
    keys = sandbox.get(KEYS).json["keys"]
    return [(key["kid"], key["state"]) for key in keys if (key["service"], key["algorithm"]) == (service, algorithm)]


def test_what_an_issuer_publishes_is_listed(sandbox):
    kids = published(sandbox)
    keys = [key for key in sandbox.get(KEYS).json["keys"] if key["service"] == "oidc/main"]

    assert {key["kid"] for key in keys} == set(kids)
    assert all(key["jwk"]["kid"] == key["kid"] and "d" not in key["jwk"] for key in keys)
    assert {(key["state"], key["retired_at"]) for key in keys} == {("active", None)}


def test_a_rotated_key_is_published_beside_the_new_one_until_it_is_dropped(sandbox):
    [(old, _)] = (published(sandbox), listed(sandbox))[1]
    rotated = sandbox.post(f"{KEYS}/rotate", json={"service": "oidc/main", "algorithm": "RS256"})
    new = rotated.json["kid"]

    assert (rotated.status_code, rotated.json["state"]) == (201, "active")
    assert set(listed(sandbox)) == {(new, "active"), (old, "retired")}
    assert {old, new} <= set(published(sandbox))

    assert sandbox.delete(f"{KEYS}/{old}").status_code == 204
    assert old not in published(sandbox)
    assert listed(sandbox) == [(new, "active")]
    assert refused(sandbox.delete(f"{KEYS}/{old}")) == (404, "OBJECT_UNKNOWN")


def test_the_key_that_signs_today_is_not_dropped(sandbox):
    published(sandbox)
    [(kid, _)] = listed(sandbox)

    assert refused(sandbox.delete(f"{KEYS}/{kid}?service=oidc/main")) == (400, "FIELD_INVALID")
    assert kid in published(sandbox)


def test_only_keys_that_are_there_are_rotated(sandbox):
    published(sandbox)

    assert refused(sandbox.post(f"{KEYS}/rotate", json={"service": "nobody"})) == (404, "OBJECT_UNKNOWN")
    wrong = {"service": "oidc/main", "algorithm": "none"}
    assert refused(sandbox.post(f"{KEYS}/rotate", json=wrong)) == (400, "FIELD_INVALID")
    assert refused(sandbox.post(f"{KEYS}/rotate", json={})) == (400, "FIELD_INVALID")
    assert refused(sandbox.delete(f"{KEYS}/nothing")) == (404, "OBJECT_UNKNOWN")
