"""Any text is explained that may be a token: what it says, who has signed it, and what is wrong with it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from sandbox.core.clock import elapsed_us, tick
from sandbox.core.explaining import explain, find_tokens
from sandbox.core.forgery import TAMPERS
from sandbox.core.keysets import drop_key, rotate_key, signing_key
from sandbox.core.token_claims import spell, tell_date, tell_distance

MINT, EXPLAIN = "/_sandbox/api/tokens", "/_sandbox/api/tokens/explain"


def mint(sandbox: Any, service: str = "oidc", kind: str = "id_token", **more: Any) -> str:
    """A token for alice."""
    return sandbox.post(MINT, json={"service": service, "kind": kind, "identity": "alice", **more}).json["token"]


def ask(sandbox: Any, token: str) -> Any:
    """What the control API tells of a token, which is what `explain` does with what the rooms know."""
    answer = sandbox.post(EXPLAIN, json={"token": token})
    assert answer.status_code == 200, answer.text
    return answer.json


def encode(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def compact(header: object, claims: object, signature: str = "c2ln") -> str:
    return f"{encode(header)}.{encode(claims)}.{signature}"


def by_name(found: Any) -> dict[str, Any]:
    return {one["name"]: one for one in found["claims"]}


def test_an_id_token_is_explained_claim_by_claim(sandbox):
    sandbox.clock.freeze()
    token = mint(sandbox)
    sandbox.clock.advance(minutes=11)

    found = ask(sandbox, token)

    claims = by_name(found)
    assert (found["format"], found["valid_now"], found["problems"]) == ("jwt", True, [])
    assert found["issued_by"] == {"service": "oidc", "kind": "id_token"}
    assert found["signature"]["status"] == "valid"
    assert found["signature"]["key"] | {"kid": ""} == {
        "service": "oidc/main",
        "kid": "",
        "algorithm": "RS256",
        "state": "active",
    }
    assert {one["name"]: one["value"] for one in found["claims"]} == jwt.decode(
        token, options={"verify_signature": False}
    )
    assert claims["iat"]["reading"].endswith("UTC, 11 minutes ago")
    assert claims["exp"]["reading"].endswith("UTC, in 49 minutes")
    assert claims["aud"]["reading"] == "the client “Sandbox web application” of oidc/main"
    assert claims["amr"]["reading"] == "password"
    assert (claims["sub"]["spec"], claims["nickname"]["spec"]) == ("RFC 7519", "OpenID Connect Core 1.0")
    assert all(one["meaning"] for one in [*found["claims"], *found["header_claims"]])


def test_the_claims_of_a_product_are_explained_in_its_name(sandbox):
    entra = by_name(ask(sandbox, mint(sandbox, "azure", "access_token")))
    strange = by_name(ask(sandbox, mint(sandbox, claims={"shoe_size": 42})))

    assert (entra["tid"]["spec"], entra["iss"]["spec"]) == ("Azure", "RFC 7519")
    assert "tenant" in entra["tid"]["meaning"]
    assert (strange["shoe_size"]["value"], strange["shoe_size"]["meaning"], strange["shoe_size"]["spec"]) == (
        42,
        None,
        None,
    )


# What the sandbox cannot know is wrong: what was asked for, and who was meant.
UNSEEN = {"wrong-sub", "wrong-nonce", "no-nonce", "wrong-at-hash", "wrong-c-hash", "stale-auth-time", "no-auth-time"}
# A verifier may take a token that names no key.
HARMLESS = {"no-kid"}


@pytest.mark.parametrize("tamper", [name for name in TAMPERS if name not in UNSEEN | HARMLESS])
def test_what_is_wrong_with_a_token_is_told(sandbox, tamper):
    found = ask(sandbox, mint(sandbox, tamper=tamper))

    assert (found["valid_now"], bool(found["problems"])) == (False, True)


@pytest.mark.parametrize(
    ("tamper", "status", "words"),
    [
        ("bad-signature", "invalid", "has not made this signature"),
        ("wrong-key", "invalid", "has not made this signature"),
        ("alg-none", "unsigned", "nobody has signed it"),
        ("no-signature", "unsigned", "there is no signature"),
        ("unknown-kid", "key-unknown", "under another id"),
        ("hs256-public-key", "invalid", "is for RS256"),
        ("embedded-jwk", "invalid", "has not made this signature"),
        ("wrong-iss", "valid", "no such issuer"),
        ("expired", "valid", "It expired 1 hour ago."),
        ("several-aud", "valid", "no azp"),
    ],
)
def test_the_signature_is_judged_by_the_keys_of_the_world_alone(sandbox, tamper, status, words):
    found = ask(sandbox, mint(sandbox, tamper=tamper))

    assert found["signature"]["status"] == status
    assert words in " ".join([found["signature"]["detail"], *found["problems"]])


def test_a_retired_key_verifies_and_a_dropped_one_does_not(sandbox):
    token = mint(sandbox)
    with sandbox.world() as world:
        old = signing_key(world, "oidc/main", "RS256")
        rotate_key(world, "oidc/main", "RS256")
    retired = ask(sandbox, token)
    with sandbox.world() as world:
        drop_key(world, "oidc/main", old.kid)
    dropped = ask(sandbox, token)

    assert (retired["signature"]["status"], retired["signature"]["key"]["state"]) == ("valid", "retired")
    assert (dropped["signature"]["status"], dropped["valid_now"]) == ("key-unknown", False)
    assert "no longer published" in dropped["signature"]["detail"]


def test_a_token_of_another_world_is_not_of_this_one(sandbox):
    token = sandbox.post(f"/w/t1{MINT}", json={"service": "oidc", "kind": "id_token", "identity": "alice"}).json[
        "token"
    ]

    assert sandbox.post(f"/w/t1{EXPLAIN}", json={"token": token}).json["valid_now"] is True
    assert ask(sandbox, token)["signature"]["status"] == "key-unknown"


def test_an_opaque_token_is_known_by_what_is_remembered_of_it(sandbox):
    token = mint(sandbox, "oidc", "refresh_token")
    known = ask(sandbox, token)
    sandbox.post("/oidc/main/revoke", data={"token": token}, auth=("oidc-client", "sandbox-secret"))
    revoked = ask(sandbox, token)

    assert (known["format"], known["valid_now"]) == ("opaque", True)
    assert known["issued_by"] == {"service": "oidc", "kind": "refresh_token"}
    assert (known["known"]["login"], known["known"]["client_id"]) == ("alice", "oidc-client")
    assert known["known"]["expires_at"] > known["known"]["issued_at"]
    assert revoked["valid_now"] is False
    assert revoked["problems"] == ["It was revoked just now."]
    assert revoked["known"]["revoked_at"]


def test_codes_device_codes_and_session_cookies_are_known_too(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client="Iv1.sandboxclient")
    device = sandbox.post("/login/device/code", data={"client_id": "Iv1.sandboxclient"}).text
    device_code = dict(pair.split("=") for pair in device.split("&"))["device_code"]
    cookies = [cookie.value for cookie in sandbox._cookies.values()]

    kinds = [ask(sandbox, one)["issued_by"] for one in (code, device_code)]
    sessions = [ask(sandbox, one)["issued_by"] for one in cookies]

    assert kinds == [
        {"service": "github", "kind": "authorization_code"},
        {"service": "github", "kind": "device_code"},
    ]
    assert {"service": "github", "kind": "session_cookie"} in sessions
    sandbox.clock.advance(days=1)
    assert "It expired" in ask(sandbox, code)["problems"][0]


def test_a_code_that_was_redeemed_is_spent(sandbox, sign_in):
    code = sign_in("github", as_="octocat", client="Iv1.sandboxclient")
    app = {"client_id": "Iv1.sandboxclient", "client_secret": "sandbox-secret"}
    sandbox.post("/login/oauth/access_token", data={**app, "code": code})

    found = ask(sandbox, code)

    assert found["valid_now"] is False
    assert found["problems"] == ["It was used just now, and is good for one use."]


def test_a_token_is_read_however_it_was_pasted(sandbox):
    token = mint(sandbox)

    for text in (f"Bearer {token}", f"authorization: bearer {token}", f'  "{token[:40]}\n{token[40:]}"  '):
        assert ask(sandbox, text)["valid_now"] is True, text[:30]


def test_a_client_that_signs_with_its_secret_is_recognised(sandbox):
    token = jwt.encode({"iss": "oidc-client", "sub": "oidc-client"}, "sandbox-secret", algorithm="HS256")

    found = ask(sandbox, token)

    assert (found["signature"]["status"], found["signature"]["key"]["service"]) == ("valid", "oidc/main")


DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
HOSTILE = {
    "nothing to see": "x",
    "dots": "..",
    "many dots": "." * 10_000,
    "no base64": "!!!.???.###",
    "a lone header": encode({"alg": "RS256"}),
    "two parts": f"{encode({'alg': 'RS256'})}.{encode({})}",
    "four parts": compact({"alg": "RS256"}, {}) + ".more",
    "a JWE": ".".join([encode({"alg": "RSA-OAEP", "enc": "A256GCM"}), "a", "b", "c", "d"]),
    "text for a header": compact("header", {}),
    "text for claims": compact({"alg": "RS256"}, "claims"),
    "a list for claims": compact({"alg": "RS256"}, [1, 2]),
    "null claims": compact({"alg": "RS256"}, None),
    "claims that are no JSON": compact({"alg": "RS256"}, b"{"),
    "claims that are no text": compact({"alg": "RS256"}, b"\xff\xfe\x00"),
    "deep claims": compact({"alg": "RS256"}, DEEP),
    "deep enough for others": compact({"alg": "RS256"}, b'{"a":' * 100 + b"1" + b"}" * 100),
    "a deep list": compact({"alg": "RS256"}, b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"),
    "duplicates": compact({"alg": "RS256"}, b'{"sub":"a","sub":"b"}'),
    "duplicates in the header": compact(b'{"alg":"none","alg":"RS256"}', {}),
    "no number": compact({"alg": "RS256"}, b'{"exp":NaN,"iat":Infinity,"nbf":1e999}'),
    "a huge number": compact({"alg": "RS256"}, b'{"exp":' + b"9" * 5000 + b"}"),
    "an absurd moment": compact({"alg": "RS256"}, {"exp": 10**30, "iat": -(10**30)}),
    "a moment in text": compact({"alg": "RS256"}, {"exp": "tomorrow", "iat": [], "nbf": True}),
    "NUL and surrogates": compact({"alg": "RS256", "kid": "\0"}, {"sub": "\0", "\ud800": "\udfff", "aud": "\ud800"}),
    "strange types": compact({"alg": 5, "kid": {"a": 1}, "typ": []}, {"iss": {}, "sub": 7, "aud": {"a": 1}, "azp": 1}),
    "an unknown algorithm": compact({"alg": "XX999"}, {}),
    "a strange signature": compact({"alg": "ES256"}, {}, "AAAA"),
    "no signature": compact({"alg": "HS256"}, {}, ""),
    "base64 with padding": f"{encode({'alg': 'RS256'})}=.{encode({})}==.c2ln",
    "base64 of the other kind": "+/+/.+/+/.+/+/",
    "10,000 characters": compact({"alg": "RS256"}, {"a": "b" * 7_000}),
    "markup": compact({"alg": "<script>"}, {"<b>": "</code><script>alert(1)</script>"}),
    "whitespace": " \n\t ",
    "a critical extension": compact({"alg": "RS256", "crit": "x", "b64": False}, {}),
    "many audiences": compact({"alg": "RS256"}, {"aud": [str(one) for one in range(2000)], "iss": "x"}),
    "surrogates outside": "\ud800.\udfff.x",
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_pasted_is_explained_and_never_taken_for_good(sandbox, token):
    with sandbox.world() as world:
        found = explain(world, token)

    assert found["valid_now"] is False
    assert found["problems"]
    # Every database, page and JSON writer takes what comes out.
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    assert "\0" not in json.dumps(found)


def test_what_is_odd_about_the_form_is_named(sandbox):
    def problems(name: str) -> str:
        with sandbox.world() as world:
            return " ".join(explain(world, HOSTILE[name])["problems"])

    assert "sub comes more than once in the claims" in problems("duplicates")
    assert "alg comes more than once in the header" in problems("duplicates in the header")
    assert "encrypted" in problems("a JWE")
    assert "nested too deeply" in problems("deep claims")
    assert "It has 4 parts" in problems("four parts")
    assert "no object" in problems("a list for claims")
    assert "ends in =" in problems("base64 with padding")
    assert "exp is “tomorrow”" in problems("a moment in text")


def test_the_tokens_of_an_entry_are_found_with_their_places(sandbox):
    token, other = mint(sandbox), mint(sandbox, "oidc", "access_token")
    document = {
        "request": {
            "query": f"id_token_hint={token}",
            "headers": {"Authorization": f"Bearer {other}"},
            "body": {"a": [{"id/token": compact({"alg": "none"}, {"a": 1})}]},
        },
        "response": {
            "headers": {"Location": f"http://app.test/cb#id_token={compact({'alg': 'none'}, {'b': 1})}&state=x"},
            "body": f"see {token}",
        },
    }

    assert find_tokens(document) == [
        ("request query /id_token_hint", token),
        ("request header Authorization", other),
        ("request body /a/0/id~1token", compact({"alg": "none"}, {"a": 1})),
        ("response header Location /id_token", compact({"alg": "none"}, {"b": 1})),
    ]


def test_a_long_text_with_many_beginnings_of_tokens_is_soon_gone_through():
    began = tick()

    assert find_tokens({"request": {"body": "eyJ" * 33_000}}) == []
    # One look from each beginning to the end would take more than five seconds.
    assert elapsed_us(began) < 1_000_000


def test_no_more_than_fifty_tokens_are_found_wherever_they_are():
    token = compact({"alg": "none"}, {"a": 1}, "")

    assert len(find_tokens({"request": {"body": [f"{token}{number}" for number in range(60)]}})) == 50
    assert len(find_tokens({"request": {"body": " ".join(f"{token}{number}" for number in range(60))}})) == 50


def test_a_token_is_found_behind_a_prefix():
    token = compact({"alg": "none"}, {"a": 1})

    assert find_tokens({"request": {"body": f"ghs_{token}"}}) == [("request body", token)]
    assert find_tokens({"request": {"body": f"s:{token};"}}) == [("request body", token)]


@pytest.mark.parametrize("address", ["http://a]b/", "http://[a", "http://\u2100/"])
def test_no_address_is_too_odd_to_look_for_tokens_in(address):
    token = compact({"alg": "none"}, {"a": 1})

    assert find_tokens({"request": {"headers": {"Location": f"{address}#id_token={token}"}}}) == [
        ("request header Location", token)
    ]


def test_moments_and_distances_are_told_in_words():
    assert (tell_distance(0), tell_distance(-660), tell_distance(3_900)) == (
        "now",
        "11 minutes ago",
        "in 1 hour 5 minutes",
    )
    assert spell(86_400 * 366) == "1 year 1 day"
    assert tell_date(0) == "1970-01-01 00:00:00 UTC"
    assert tell_date(10**30) == "a moment that no calendar has"
