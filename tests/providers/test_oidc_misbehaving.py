"""Issuers that misbehave: complete, wrong in one way, and never in the way of anything else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from sandbox import Config
from sandbox.core import jwts, tables
from sandbox.core.forgery import Forgery, forging
from sandbox.core.keys import secret_key
from sandbox.providers.oidc.misbehaving import MISBEHAVIOURS
from tests.conftest import HouseClient
from tests.support import jitsudo
from tests.support.jitsudo import HERE as CALLBACK
from tests.support.jitsudo import LOGIN_URL, come_back, exchange, put_config
from tests.support.oidc import RelyingParty
from tests.support.person import query

HERE = "http://localhost/oidc/"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ASKED = {
    "scope": "openid offline_access",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "login_hint": "alice",
}

every_issuer = pytest.mark.parametrize("name", MISBEHAVIOURS)


@pytest.fixture
def config() -> Config:
    """The shipped cast; whoever is hinted at signs in without a page."""
    return Config(approval="hint")


def party(sandbox: HouseClient, name: str) -> RelyingParty:
    """A client that nobody has registered, with a secret that nobody knows."""
    return RelyingParty(sandbox, name, "some-application", secret="any-secret")


def log_in(sandbox: HouseClient, name: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The callback's parameters, and the answer of the token endpoint."""
    client = party(sandbox, name)
    back = query(client.sign_in(**ASKED))
    answer = client.redeem(back["code"], code_verifier=VERIFIER)
    assert answer.status_code == 200, answer.text
    return back, answer.json


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def faults(sandbox: HouseClient) -> dict[str, str]:
    """What the journal says that was done wrong, by operation."""
    return {entry.operation: entry.fault for entry in sandbox.journal() if entry.fault}


@every_issuer
def test_a_whole_login_is_possible_and_the_journal_names_what_was_wrong(sandbox, name):
    issuer, client = f"/oidc/~{name}", party(sandbox, f"~{name}")
    assert sandbox.get(f"{issuer}/.well-known/openid-configuration").status_code == 200
    assert sandbox.get(f"{issuer}/jwks").status_code == 200

    _, tokens = log_in(sandbox, f"~{name}")
    if "access_token" in tokens:
        assert client.userinfo(tokens["access_token"]).status_code == 200
    refreshed = client.post("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert refreshed.status_code == 200, refreshed.text
    assert sandbox.get(f"{issuer}/logout").status_code == 200

    assert set(faults(sandbox).values()) == {f"~{name}"}


def test_the_codes_verifiers_and_refresh_tokens_are_checked_as_everywhere(sandbox):
    client = party(sandbox, "~wrong-aud")
    code = client.code(**ASKED)

    assert client.redeem(code, code_verifier="x" * 43).json["error"] == "invalid_grant"
    tokens = client.redeem(code, code_verifier=VERIFIER).json
    assert client.redeem(code, code_verifier=VERIFIER).json["error"] == "invalid_grant"
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert client.authorize(**{**ASKED, "redirect_uri": "https://elsewhere.test/"}).status_code == 400


def test_an_issuer_that_behaves_beside_them_is_untouched(sandbox):
    log_in(sandbox, "~wrong-aud")
    before = len(sandbox.journal())

    back, tokens = log_in(sandbox, "well-behaved")

    told = claims(tokens["id_token"])
    assert (back["iss"], back["state"]) == (f"{HERE}well-behaved", "xyz")
    assert (told["iss"], told["aud"], told["nonce"]) == (f"{HERE}well-behaved", "some-application", "n")
    assert [entry.fault for entry in sandbox.journal()[before:]] == [None] * 2


def test_the_access_token_is_wrong_in_the_same_way_and_still_good_at_userinfo(sandbox):
    for name, claim, value in (("~wrong-iss", "iss", "https://issuer.invalid"), ("~wrong-aud", "aud", "somebody else")):
        _, tokens = log_in(sandbox, name)

        assert claims(tokens["access_token"])[claim] == claims(tokens["id_token"])[claim] == value
        assert party(sandbox, name).userinfo(tokens["access_token"]).json["sub"] == "alice"


def test_only_the_refreshed_id_token_names_somebody_else(sandbox):
    _, first = log_in(sandbox, "~refreshed-wrong-sub")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = party(sandbox, "~refreshed-wrong-sub").post("/token", form).json

    assert [claims(tokens["id_token"])["sub"] for tokens in (first, second)] == ["alice", "somebody else"]
    assert claims(second["access_token"])["sub"] == "alice"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("callback-wrong-state", {"state": "another-state", "iss": f"{HERE}~callback-wrong-state"}),
        ("callback-no-state", {"iss": f"{HERE}~callback-no-state"}),
        ("callback-wrong-iss", {"state": "xyz", "iss": "https://issuer.invalid"}),
        ("callback-no-iss", {"state": "xyz"}),
    ],
)
def test_a_callback_is_wrong_in_one_parameter(sandbox, name, told):
    back, _ = log_in(sandbox, f"~{name}")

    assert {parameter: back[parameter] for parameter in back if parameter != "code"} == told
    assert faults(sandbox) == {"authorize": f"~{name}"}


def test_the_keys_that_are_published_are_the_wrong_ones(sandbox):
    def published(name: str) -> Any:
        return sandbox.get(f"/oidc/~{name}/jwks").json["keys"]

    right = published("wrong-aud")
    lacking = published("jwks-lacks-key")

    assert published("jwks-empty") == []
    assert not isinstance(published("jwks-malformed"), list)
    assert [key["use"] for key in published("jwks-wrong-use")] == ["enc"] * len(right)
    kid = jwt.get_unverified_header(log_in(sandbox, "~jwks-lacks-key")[1]["id_token"])["kid"]
    assert [key["kid"] for key in right if key not in lacking] == [kid]


def test_all_of_them_take_one_set_of_keys_from_the_shipped_pool(sandbox):
    for name in MISBEHAVIOURS:
        sandbox.get(f"/oidc/~{name}/jwks")

    with sandbox.world() as world:
        services = {row.service for row in world.store.list(tables.SigningKey, order=("serial",))}
    assert {service for service in services if "~" in service} == {"oidc/~"}


class TestOnPostgres:
    @pytest.fixture
    def config(self, postgres_database) -> Config:
        return Config(approval="hint", database=postgres_database)

    @pytest.mark.parametrize("name", ["truncated", "alg-none", "jwks-malformed", "userinfo-no-sub"])
    def test_two_logins_have_tokens_of_their_own(self, sandbox, name):
        first, second = (log_in(sandbox, f"~{name}")[1] for _ in range(2))

        assert first["access_token"] != second["access_token"]
        assert set(faults(sandbox).values()) <= {f"~{name}"}


# Names


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/authorize", "/userinfo"])
def test_a_name_that_none_has_is_refused_with_those_that_there_are(sandbox, path):
    answer = sandbox.get(f"/oidc/~rude{path}")

    assert answer.status_code == 404
    assert answer.headers["X-Sandbox-Reason"].startswith("ISSUER_UNKNOWN; no issuer misbehaves as '~rude'; there are ")
    detail = sandbox.journal()[-1].detail
    assert all(f"~{name}" in detail for name in MISBEHAVIOURS)


def test_the_index_lists_them_for_programs_and_for_people(sandbox):
    listed = sandbox.get("/oidc/~").json["issuers"]
    page = sandbox.get("/oidc/~", headers={"Accept": "text/html,*/*;q=0.8"})

    assert [one["issuer"] for one in listed] == [f"{HERE}~{name}" for name in MISBEHAVIOURS]
    assert all(one["summary"].endswith(".") and one["obliges"] for one in listed)
    assert page.content_type.startswith("text/html")
    assert all(one["issuer"] in page.text for one in listed)


def test_the_home_page_does_not_speak_of_them(sandbox):
    assert "~" not in sandbox.get("/").text


class TestWhereOnlyTheFixturesIssuersAreAny:
    @pytest.fixture
    def config(self, tmp_path) -> Config:
        file = tmp_path / "cast.yaml"
        client = (
            "{client_id: shop, service: oidc/~wrong-aud, name: Shop, secret: s, redirect_uris: ['https://a.test/']}"
        )
        file.write_text(
            f"version: 1\nidentities: [{{login: alice}}]\noidc: {{any_issuer: false}}\nclients: [{client}]\n"
        )
        return Config(fixtures=file, approval="hint")

    def test_those_that_misbehave_are_there_all_the_same(self, sandbox):
        assert sandbox.get("/oidc/other/jwks").status_code == 404
        assert sandbox.get("/oidc/~wrong-aud/jwks").status_code == 200

    def test_a_client_may_be_registered_there(self, sandbox):
        shop = RelyingParty(sandbox, "~wrong-aud", "shop", secret="s", redirect_uri="https://a.test/")
        back = shop.sign_in(login_hint="alice")

        assert urlsplit(back).netloc == "a.test"
        assert claims(shop.redeem(query(back)["code"]).json["id_token"])["aud"] == "somebody else"


# What was asked for of one request


@pytest.mark.parametrize(
    ("asked", "iss", "aud"),
    [
        (Forgery(claims={"tier": "gold"}), f"{HERE}~wrong-aud", "somebody else"),
        (Forgery("wrong-iss"), "https://issuer.invalid", "some-application"),
        (Forgery("wrong-iss", frozenset({"access_token"})), f"{HERE}~wrong-aud", "somebody else"),
    ],
    ids=["claims besides", "another tamper", "a tamper of another kind"],
)
def test_what_is_asked_for_of_one_token_comes_before_what_is_usual(sandbox, asked, iss, aud):
    key = secret_key("a-shared-secret-of-more-than-32-bytes")
    right = {"iss": f"{HERE}~wrong-aud", "aud": "some-application"}
    with sandbox.world() as world, forging(world, asked), MISBEHAVIOURS["wrong-aud"].issuing(world, "id_token"):
        told = claims(jwts.issue(world, "id_token", right, key))

    assert (told["iss"], told["aud"]) == (iss, aud)


# Exchanges of the sandbox


def point_at(sandbox: HouseClient, name: str) -> Any:
    """Have a tenant of JITSudo sign people in at this issuer, by a client of its own."""
    metadata = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post"}
    client = sandbox.post(f"/oidc/{name}/register", json=metadata).json
    credentials = {field: client[field] for field in ("client_id", "client_secret")}
    return put_config(sandbox, issuer_url=f"{HERE}{name}", **credentials)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrong-aud", "TOKEN_AUDIENCE_WRONG"),
        ("wrong-iss", "TOKEN_ISSUER_WRONG"),
        ("bad-signature", "TOKEN_SIGNATURE_BAD"),
        ("hs256-public-key", "TOKEN_ALGORITHM_NOT_ALLOWED"),
        ("expired", "TOKEN_EXPIRED"),
        ("jwks-empty", "TOKEN_KEY_UNKNOWN"),
        ("jwks-malformed", "PROVIDER_FAILED"),
        ("no-id-token", "TOKEN_MISSING"),
        ("no-access-token", "PROVIDER_FAILED"),
    ],
)
def test_an_exchange_of_this_sandbox_refuses_them_too(sandbox, name, reason):
    assert point_at(sandbox, f"~{name}").status_code == 200

    answer = exchange(sandbox, come_back(sandbox, "alice"))

    assert answer.headers["X-Sandbox-Reason"].partition(";")[0] == reason, answer.text
    assert sandbox.journal()[-1].fault == f"~{name}"


def test_an_exchange_does_not_begin_where_discovery_lies(sandbox):
    point_at(sandbox, "~discovery-lies")

    answer = sandbox.post(LOGIN_URL, json={"redirect_uri": CALLBACK, "slug": "contoso"})

    assert answer.headers["X-Sandbox-Reason"].startswith("PROVIDER_FAILED; ")


def test_what_an_exchange_issues_itself_is_right(sandbox):
    point_at(sandbox, "~wrong-at-hash")

    session = exchange(sandbox, come_back(sandbox, "alice"))

    assert session.status_code == 200, session.text
    assert "at_hash" not in jitsudo.claims(session.json["token"])
    assert sandbox.journal()[-1].fault == "~wrong-at-hash"
