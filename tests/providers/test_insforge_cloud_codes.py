"""Project-authorization codes: who gets one, what it says, which keys verify it, and what each bad one is called."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from sandbox.core import jwts, tables
from sandbox.core.faults import arm_fault
from sandbox.core.keysets import rotate_key, signing_key
from sandbox.core.refusals import Reason, Refusal
from sandbox.service import Redemption
from sandbox.services import SERVICES
from tests.conftest import HouseClient
from tests.support.insforge_cloud import (
    AT,
    KID,
    PARTNER,
    PROJECT,
    SECRET,
    USER,
    UUID,
    authorization,
    mint,
    partner_code,
)

SLUG = "insforge-cloud"
JWKS = f"{AT}/.well-known/jwks.json"


def key_set(sandbox: HouseClient) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = sandbox.get(JWKS).json["keys"]
    return keys


def read(sandbox: HouseClient, code: str, **options: Any) -> dict[str, Any]:
    """The claims of a code, by the published keys and a library that has never heard of the sandbox."""
    keys = jwt.PyJWKSet(key_set(sandbox))
    claims: dict[str, Any] = jwt.decode(
        code, keys[jwt.get_unverified_header(code)["kid"]], ["RS256", "ES256"], **options
    )
    return claims


def verify(sandbox: HouseClient, code: str, **expected: str) -> Any:
    """The claims as an exchange in this process gets them."""
    with sandbox.world() as world:
        return SERVICES[SLUG].upstream.verify(world, code, **expected)


def refused(sandbox: HouseClient, code: str, **expected: str) -> tuple[str, str | None]:
    """The reason, and the part at fault."""
    with pytest.raises(Refusal) as refusal:
        verify(sandbox, code, **expected)
    return refusal.value.reason.value, refusal.value.field


# The key set


def test_the_key_set_has_one_key_with_the_configured_id(sandbox):
    answer = sandbox.get(JWKS)

    (key,) = answer.json["keys"]
    assert list(key) == ["kty", "n", "e", "alg", "use", "kid"]
    assert {**key, "n": ""} == {"kty": "RSA", "n": "", "e": "AQAB", "alg": "RS256", "use": "sig", "kid": KID}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_pages_of_any_origin_may_ask_for_the_key_set(sandbox):
    answer = sandbox.options(JWKS, headers={"Origin": "https://app.test"})

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_the_home_page_points_clients_below_the_prefix(sandbox):
    assert "http://localhost/insforge-cloud<" in sandbox.get("/").text


def test_the_key_set_is_on_the_hosts_of_the_cloud_and_not_at_the_root(sandbox):
    keys = key_set(sandbox)

    for host in ("insforge-cloud.localhost", "api.insforge.dev", "insforge.dev"):
        assert sandbox.get("/.well-known/jwks.json", headers={"Host": host}).json["keys"] == keys
    at_root = sandbox.get("/.well-known/jwks.json")
    assert at_root.status_code == 404 or at_root.json["keys"] != keys


def test_a_code_verifies_after_a_rotation_until_it_expires(sandbox):
    old = partner_code(sandbox)
    with sandbox.world() as world:
        rotate_key(world, SLUG, "RS256")

    new = partner_code(sandbox)

    assert [key["kid"] for key in key_set(sandbox)][1:] == [KID]
    assert jwt.get_unverified_header(new)["kid"] == key_set(sandbox)[0]["kid"] != KID
    assert [verify(sandbox, code)["projectId"] for code in (old, new)] == [PROJECT, PROJECT]
    assert read(sandbox, old)["projectId"] == PROJECT
    sandbox.clock.advance(minutes=10)
    assert refused(sandbox, old) == ("TOKEN_EXPIRED", "exp")


def test_two_keys_make_a_code_without_kid_ambiguous(sandbox):
    code = mint(sandbox, kid=None)
    assert verify(sandbox, code)["userId"] == USER

    with sandbox.world() as world:
        rotate_key(world, SLUG, "RS256")

    assert refused(sandbox, code) == ("TOKEN_KEY_AMBIGUOUS", "kid")


def test_a_key_set_may_be_away(sandbox):
    code = partner_code(sandbox)
    with sandbox.world() as world:
        arm_fault(world, SLUG, "keys", Reason.PROVIDER_FAILED, detail="fetch failed", sticky=True)

    answer = sandbox.get(JWKS)

    assert (answer.status_code, answer.json) == (503, {"success": False, "message": "Service unavailable"})
    assert refused(sandbox, code) == ("PROVIDER_FAILED", "keys")


# Partners


def test_a_partner_gets_a_code_in_the_name_of_the_owner(sandbox):
    sandbox.clock.freeze()
    answer = sandbox.post(authorization(), headers=SECRET)

    assert answer.status_code == 200
    assert list(answer.json) == ["code", "expires_in", "type"]
    assert (answer.json["expires_in"], answer.json["type"]) == (600, "Bearer")
    code, now = answer.json["code"], sandbox.clock.now()
    assert jwt.get_unverified_header(code) == {"alg": "RS256", "typ": "JWT", "kid": KID}
    claims = read(sandbox, code, options={"verify_exp": False, "verify_iat": False})
    user = claims["userId"]
    assert claims == {
        "projectId": PROJECT,
        "userId": user,
        "type": "project_authorization",
        "sub": user,
        "email": "alice@contoso.test",
        "iat": now,
        "exp": now + 600,
    }
    assert user.strip()
    entry = sandbox.journal()[0]
    assert (entry.login, entry.client_id) == ("alice", PARTNER)
    assert "sandbox-partner-secret" not in json.dumps(entry.request)


@pytest.mark.parametrize("project", [PROJECT, UUID])
def test_a_project_goes_by_its_name_and_by_its_uuid(sandbox, project):
    assert verify(sandbox, partner_code(sandbox, project))["projectId"] == project


@pytest.mark.parametrize("at", ["", AT])
def test_a_partner_needs_no_body(sandbox, at):
    assert sandbox.post(f"{at}{authorization()}", headers=SECRET, json={}).status_code == 200


UNAUTHENTICATED = (401, "Invalid authentication credentials")
PARTNERSHIP = {
    "no secret": (authorization(), {}, *UNAUTHENTICATED, "CLIENT_SECRET_MISSING"),
    "wrong secret": (authorization(), {"X-Partnership-Secret": "x"}, *UNAUTHENTICATED, "CLIENT_SECRET_WRONG"),
    "secret of another": (authorization("other-partner"), SECRET, *UNAUTHENTICATED, "CLIENT_SECRET_WRONG"),
    "unknown partner": (authorization("nobody"), SECRET, *UNAUTHENTICATED, "CLIENT_UNKNOWN"),
    "unknown project": (authorization(project="nope"), SECRET, 404, "Project not found", "OBJECT_UNKNOWN"),
    "another's project": (
        authorization(project="other-project"),
        SECRET,
        403,
        "Insufficient permissions for requested operation",
        "PERMISSION_DENIED",
    ),
    "no such path": ("/partnership/v1/x", SECRET, 404, "Not found", "ROUTE_UNKNOWN"),
}


@pytest.mark.parametrize("case", PARTNERSHIP)
def test_the_partnership_api_refuses(sandbox, case):
    path, headers, status, message, reason = PARTNERSHIP[case]
    answer = sandbox.post(path, headers=headers)

    assert (answer.status_code, answer.json) == (status, {"success": False, "message": message})
    assert sandbox.journal()[-1].reason == reason


def test_the_partnership_api_takes_post_alone(sandbox):
    answer = sandbox.get(authorization(), headers=SECRET)

    assert (answer.status_code, answer.json) == (405, {"success": False, "message": "Method not allowed"})
    assert answer.headers["Allow"] == "OPTIONS, POST"


# The mint, and what each code is to an exchange


def test_a_minted_code_is_a_genuine_one(sandbox):
    claims = verify(sandbox, mint(sandbox, email="a@b.test", ttl=30))

    assert claims["exp"] - claims["iat"] == 30
    assert (claims["sub"], claims["email"], claims["type"]) == (USER, "a@b.test", "project_authorization")


def test_the_mint_is_among_the_sandboxs_own_paths_too(sandbox):
    answer = sandbox.post("/_sandbox/insforge-cloud/codes", json={"projectId": PROJECT, "userId": USER})

    assert verify(sandbox, answer.json["code"])["userId"] == USER
    unknown = sandbox.post("/_sandbox/insforge-cloud/codex", json={})
    assert (unknown.status_code, unknown.json) == (404, {"success": False, "message": "Not found"})
    in_a_world = sandbox.post("/w/other/_sandbox/insforge-cloud/codes", json={"projectId": PROJECT, "userId": USER})
    assert in_a_world.status_code == 200


def test_a_minted_code_says_how_long_it_lives(sandbox):
    body = {"projectId": "any", "userId": "any", "ttl": 5}

    assert sandbox.post(f"{AT}/_sandbox/codes", json=body).json["expires_in"] == 5


GOOD: dict[str, dict[str, Any]] = {
    "no exp": {"omit": ["exp"]},
    "no iat": {"omit": ["iat"]},
    "no kid while one key fits": {"kid": None},
    "a key of another algorithm": {"alg": "ES256"},
    "nbf in the past": {"nbf": 1},
}
WRONG: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "HS256": ({"alg": "HS256"}, ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")),
    "none": ({"alg": "none"}, ("TOKEN_ALGORITHM_NOT_ALLOWED", "alg")),
    "another algorithm than the key's": ({"alg": "RS384"}, ("TOKEN_KEY_UNKNOWN", "kid")),
    "unknown kid": ({"kid": "nobody's"}, ("TOKEN_KEY_UNKNOWN", "kid")),
    "rogue key": ({"rogueKey": True}, ("TOKEN_SIGNATURE_BAD", "signature")),
    "rogue key of another kind": ({"rogueKey": True, "alg": "ES256"}, ("TOKEN_SIGNATURE_BAD", "signature")),
    "expired": ({"ttl": -1}, ("TOKEN_EXPIRED", "exp")),
    "expired this second": ({"ttl": 0}, ("TOKEN_EXPIRED", "exp")),
    "nbf in the future": ({"nbf": 253_402_300_799}, ("TOKEN_NOT_YET_VALID", "nbf")),
}
MALFORMED = {
    "empty": ("", "token"),
    "one part": ("abc123", "token"),
    "two dots": ("a.b.c", "header"),
    "four parts": ("a.b.c.d", "token"),
    "a header that is a list": ("W10.e30.", "header"),
    "a header of no text": ("_w.e30.", "header"),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_code_is_good(sandbox, case):
    assert verify(sandbox, mint(sandbox, **GOOD[case]))["projectId"] == PROJECT


@pytest.mark.parametrize("case", WRONG)
def test_a_code_is_refused_for_what_is_wrong_with_it(sandbox, case):
    sandbox.clock.freeze()
    wanted, expected = WRONG[case]

    assert refused(sandbox, mint(sandbox, **wanted)) == expected


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_token_is_called_so(sandbox, case):
    token, part = MALFORMED[case]

    assert refused(sandbox, token) == ("TOKEN_MALFORMED", part)


def test_the_time_claims_must_be_numbers(sandbox):
    header, _, _ = mint(sandbox).split(".")
    with sandbox.world() as world:
        key = signing_key(world, SLUG, "RS256")
        tokens = {name: jwts.sign({name: "soon"}, key) for name in ("iat", "exp", "nbf")}

    assert {name: refused(sandbox, token) for name, token in tokens.items()} == {
        name: ("TOKEN_MALFORMED", name) for name in tokens
    }
    assert refused(sandbox, f"{header}.eA.eA")[0] == "TOKEN_SIGNATURE_BAD"


@pytest.mark.parametrize("claim", ["projectId", "userId", "type", "sub", "email"])
def test_a_claim_may_be_left_out(sandbox, claim):
    assert claim not in verify(sandbox, mint(sandbox, email="a@b.test", omit=[claim]))


def test_an_exchange_may_say_which_project_it_is(sandbox):
    code = mint(sandbox)

    assert verify(sandbox, code, project_id=PROJECT)["userId"] == USER
    assert refused(sandbox, code, project_id="another") == ("TOKEN_AUDIENCE_WRONG", "project_id")
    with pytest.raises(TypeError, match="audience"):
        verify(sandbox, code, audience=PROJECT)


def test_an_opaque_code_is_swapped_once_for_the_same_claims(sandbox):
    sandbox.clock.freeze()
    code, plain = mint(sandbox, opaque=True), mint(sandbox)
    assert (code[:4], len(code)) == ("iac_", 47)

    with sandbox.world() as world:
        token = SERVICES[SLUG].upstream.redeem(world, Redemption(code, client_id=PROJECT)).access_token

    assert verify(sandbox, token) == verify(sandbox, plain)
    with sandbox.world() as world, pytest.raises(Refusal, match="CODE_ALREADY_REDEEMED"):
        SERVICES[SLUG].upstream.redeem(world, Redemption(code, client_id=PROJECT))


@pytest.mark.parametrize(
    ("value", "minutes", "project", "reason"),
    [
        ("", 10, PROJECT, "CODE_EXPIRED"),
        ("", 0, "other-project", "CODE_OF_ANOTHER_CLIENT"),
        ("iac_x", 0, PROJECT, "CODE_UNKNOWN"),
    ],
)
def test_an_opaque_code_is_refused(sandbox, value, minutes, project, reason):
    code = value or mint(sandbox, opaque=True)
    sandbox.clock.advance(minutes=minutes)

    with sandbox.world() as world, pytest.raises(Refusal, match=reason):
        SERVICES[SLUG].upstream.redeem(world, Redemption(code, client_id=project))


UNMINTABLE: dict[str, tuple[Any, str]] = {
    "nothing": (None, "BODY_MISSING"),
    "no object": ([], "FIELD_INVALID"),
    "no user": ({"projectId": "p"}, "FIELD_MISSING"),
    "a user that is a number": ({"projectId": "p", "userId": 1}, "FIELD_INVALID"),
    "an unknown member": ({"projectId": "p", "userId": "u", "x": 1}, "FIELD_INVALID"),
    "an algorithm without a key": ({"projectId": "p", "userId": "u", "alg": "ES512"}, "FIELD_INVALID"),
    "an unknown claim": ({"projectId": "p", "userId": "u", "omit": ["x"]}, "FIELD_INVALID"),
    "a life beyond all dates": ({"projectId": "p", "userId": "u", "ttl": 10**12}, "FIELD_INVALID"),
}


@pytest.mark.parametrize("case", UNMINTABLE)
def test_the_mint_refuses(sandbox, case):
    body, reason = UNMINTABLE[case]
    answer = sandbox.post(f"{AT}/_sandbox/codes", **({"json": body} if body is not None else {}))

    assert (answer.status_code, answer.json) == (400, {"success": False, "message": "Invalid request parameters"})
    assert sandbox.journal()[-1].reason == reason


def test_the_mint_is_closed_to_pages_of_other_sites(sandbox):
    body = {"projectId": "p", "userId": "u"}
    answer = sandbox.post(f"{AT}/_sandbox/codes", json=body, headers={"Origin": "https://evil.test"})

    assert (answer.status_code, answer.json["message"]) == (403, "Insufficient permissions for requested operation")
    assert sandbox.journal()[-1].reason == "PERMISSION_DENIED"


def test_a_provider_without_such_tokens_says_so(sandbox):
    with sandbox.world() as world, pytest.raises(Refusal, match="PROVIDER_UNSUPPORTED"):
        SERVICES["github"].upstream.verify(world, partner_code(sandbox))


def test_an_owner_who_is_deactivated_gets_no_code(sandbox):

    with sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="alice")

    answer = sandbox.post(authorization(PARTNER), headers=SECRET)

    assert (answer.status_code, answer.json["message"]) == UNAUTHENTICATED
    assert sandbox.journal()[-1].reason == "IDENTITY_DEACTIVATED"
