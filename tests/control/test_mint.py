"""Tokens without a login: each kind works where it belongs, and is refused there once it is old or tampered with."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from sandbox import Config
from sandbox.services import SERVICES
from tests.support.minting import API, USES, verify

KINDS = [(service.slug, kind) for service in SERVICES.values() for kind in service.mints]
JWTS = [(slug, kind) for slug, kind in KINDS if SERVICES[slug].mints[kind].format == "jwt"]
AGING = [(slug, kind) for slug, kind in KINDS if not SERVICES[slug].mints[kind].lasts]
each_kind = pytest.mark.parametrize(("slug", "kind"), KINDS)
each_jwt = pytest.mark.parametrize(("slug", "kind"), JWTS)
each_aging = pytest.mark.parametrize(("slug", "kind"), AGING)


def mint(sandbox: Any, slug: str, kind: str, *, world: str = "", **more: Any) -> Any:
    """The answer to a request for this kind; for alice, where it is anybody's."""
    whose = {"identity": "alice"} if "identity" in SERVICES[slug].mints[kind].parameters else {}
    return sandbox.post(world + API, json={"service": slug, "kind": kind, **whose, **more})


def test_every_kind_of_every_room_is_tried():
    assert set(USES) == set(KINDS)
    assert {slug for slug, _ in KINDS} == set(SERVICES)


@each_kind
def test_a_minted_token_works_where_it_belongs_and_tells_what_it_is(sandbox, slug, kind):
    answer = mint(sandbox, slug, kind)

    token, use = answer.json["token"], USES[slug, kind]
    assert answer.status_code == 201, answer.text
    if use.call:
        used = use.call(sandbox, token)
        assert used.status_code in (200, 201), used.text
        assert "error" not in (used.json or {})
    assert (answer.json["service"], answer.json["kind"]) == (slug, kind)
    assert answer.json["flow"]
    if (slug, kind) not in JWTS:
        assert not {"claims", "header"} & answer.json.keys()
        return
    assert answer.json["header"] == jwt.get_unverified_header(token)
    assert answer.json["claims"].get("exp") == answer.json["expires_at"]
    # A key that has no end has no exp either, which this verifier wants.
    if answer.json["expires_at"] is not None:
        assert verify(sandbox, token, str(use.keys)) == answer.json["claims"]


@each_aging
def test_a_token_that_has_expired_is_refused_in_the_vendors_words(sandbox, slug, kind):
    answer = mint(sandbox, slug, kind, ttl=-600).json

    use = USES[slug, kind]
    assert answer["expires_at"] < sandbox.clock.now() - 500
    if use.call and use.expired:
        status, words = use.expired
        used = use.call(sandbox, answer["token"])
        assert (used.status_code, words in used.text) == (status, True), used.text
        assert "EXPIRED" in used.headers["X-Sandbox-Reason"]
    else:
        with pytest.raises(jwt.ExpiredSignatureError):
            verify(sandbox, answer["token"], str(use.keys))


@each_aging
def test_a_token_lives_as_long_as_is_asked(sandbox, slug, kind):
    sandbox.clock.freeze()

    answer = mint(sandbox, slug, kind, ttl=90).json

    assert answer["expires_at"] == sandbox.clock.now() + 90
    sandbox.clock.advance(seconds=89)
    if call := USES[slug, kind].call:
        assert call(sandbox, answer["token"]).status_code in (200, 201)


@each_jwt
def test_a_tampered_jwt_is_refused_by_a_verifier_and_by_its_room(sandbox, slug, kind):
    use = USES[slug, kind]
    for tamper in ("bad-signature", "wrong-key", "alg-none"):
        token = mint(sandbox, slug, kind, tamper=tamper).json["token"]

        with pytest.raises(jwt.InvalidTokenError):
            verify(sandbox, token, str(use.keys))
        if use.call:
            used = use.call(sandbox, token)
            assert used.status_code >= 400 or "error" in used.json, tamper


@each_jwt
def test_a_jwt_has_the_claims_that_are_asked_for(sandbox, slug, kind):
    answer = mint(sandbox, slug, kind, claims={"department": {"name": "R&D"}, "iat": None}).json

    assert answer["claims"]["department"] == {"name": "R&D"}
    assert "iat" not in answer["claims"]


@each_kind
def test_a_kind_refuses_what_means_nothing_to_it(sandbox, slug, kind):
    takes = {one["kind"]: one["parameters"] for one in sandbox.get(API).json["kinds"] if one["service"] == slug}[kind]
    whole = {"client": "c", "scope": "s", "audience": "a", "issuer": "i", "claims": {}, "ttl": 1, "tamper": "expired"}

    for name in whole.keys() - takes:
        refused = mint(sandbox, slug, kind, **{name: whole[name]})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (400, f"#/{name}")


@each_kind
def test_a_token_for_somebody_needs_somebody(sandbox, slug, kind):
    for_anybody = {("oidc", "access_token"), ("jitsudo", "api_key")}
    if "identity" not in SERVICES[slug].mints[kind].parameters or (slug, kind) in for_anybody:
        assert sandbox.post(API, json={"service": slug, "kind": kind}).status_code == 201
        return

    nobody = sandbox.post(API, json={"service": slug, "kind": kind})
    stranger = sandbox.post(API, json={"service": slug, "kind": kind, "identity": "nobody"})
    gone = sandbox.post(API, json={"service": slug, "kind": kind, "identity": "deactivated"})

    assert (nobody.status_code, nobody.json["reason"]) == (400, "FIELD_MISSING")
    assert (stranger.status_code, stranger.json["reason"]) == (404, "IDENTITY_UNKNOWN")
    assert (gone.status_code, gone.json["reason"]) == (409, "IDENTITY_DEACTIVATED")


@each_kind
def test_a_token_of_another_world_is_of_that_world(sandbox, slug, kind):
    answer = mint(sandbox, slug, kind, world="/w/t1")

    assert answer.status_code == 201, answer.text
    issuer = str(answer.json.get("claims", {}).get("iss", ""))
    if issuer.startswith("http"):
        assert issuer.startswith("http://localhost/w/t1/") or issuer == "http://localhost/w/t1"
    call = USES[slug, kind].call
    if call and not SERVICES[slug].mints[kind].lasts:
        assert call(_InWorld(sandbox), answer.json["token"]).status_code in (200, 201)


class _InWorld:
    """A client whose paths are below /w/t1."""

    def __init__(self, sandbox: Any) -> None:
        self._sandbox = sandbox
        self.set_cookie = sandbox.set_cookie

    def __getattr__(self, method: str) -> Any:
        return lambda path, **more: getattr(self._sandbox, method)(f"/w/t1{path}", **more)


class TestOnPostgreSQL:
    @pytest.fixture
    def config(self, postgres_database: str) -> Config:
        return Config(database=postgres_database)

    @pytest.mark.postgres
    def test_every_kind_can_be_minted_there(self, sandbox):
        assert {mint(sandbox, slug, kind).status_code for slug, kind in KINDS} == {201}

    @pytest.mark.postgres
    def test_claims_may_hold_any_text(self, sandbox):
        answer = mint(sandbox, "oidc", "access_token", claims={"emoji": "🦄", "tab": "a\tb"})

        assert answer.json["claims"]["emoji"] == "🦄"


def test_a_minted_token_can_be_revoked(sandbox):
    token = mint(sandbox, "oidc", "access_token").json["token"]

    sandbox.post("/oidc/main/revoke", data={"token": token}, auth=("oidc-client", "sandbox-secret"))

    assert sandbox.get("/oidc/main/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_minted_token_is_of_the_client_scope_and_issuer_that_are_asked_for(sandbox):
    claims = mint(sandbox, "oidc", "id_token", client="any-app", issuer="other", scope="openid email").json["claims"]
    azure = {"client": "33333333-3333-4333-8333-333333333333", "issuer": "fabrikam.test", "identity": "guest"}
    tenant = mint(sandbox, "azure", "id_token", **azure).json["claims"]
    api = mint(sandbox, "azure", "access_token", audience="api://11111111-1111-4111-8111-111111111111").json["claims"]
    old = mint(sandbox, "azure", "access_token", audience="api://44444444-4444-4444-8444-444444444444").json["claims"]
    tenants = mint(sandbox, "jitsudo", "system_token", issuer="fabrikam").json["claims"]

    assert (claims["aud"], claims["iss"], claims["email"]) == (
        "any-app",
        "http://localhost/oidc/other",
        "alice@contoso.test",
    )
    assert "name" not in claims
    assert (tenant["aud"], tenant["tid"]) == (azure["client"], "ffffaaaa-0000-4bbb-8ccc-dddd00000002")
    assert (api["ver"], old["ver"], old["aud"]) == ("2.0", "1.0", "api://44444444-4444-4444-8444-444444444444")
    assert tenants["tenant_id"] == "7e4a47c0-0000-4000-8000-000000000002"


def test_a_person_has_one_account_however_the_first_token_came(sandbox):
    minted = mint(sandbox, "gmi", "access_token").json["claims"]
    opened = sandbox.post("/_sandbox/api/login", json={"identity": "alice", "exchange": "gmi"}).json["session"]

    assert jwt.decode(opened["accessToken"], options={"verify_signature": False})["userId"] == minted["userId"]


def test_a_tamper_that_is_asked_for_spares_the_next_token(sandbox):
    mint(sandbox, "oidc", "id_token", tamper="no-exp")

    assert "exp" in mint(sandbox, "oidc", "id_token").json["claims"]


def test_what_is_refused_leaves_nothing_behind(sandbox):
    mint(sandbox, "gmi", "refresh_token", client="not a device")

    profile = mint(sandbox, "gmi", "access_token")
    assert profile.status_code == 201
    assert sandbox.post(API, json={"service": "insforge", "kind": "access_token", "identity": "no-email"}).json[
        "reason"
    ] == ("FIELD_INVALID")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"service": "nowhere", "kind": "id_token"}, 400, "#/service"),
        ({"service": "oidc", "kind": "nothing"}, 400, "#/kind"),
        ({"service": "oidc", "kind": "id_token", "tamper": "nothing"}, 400, "#/tamper"),
        ({"service": "gmi", "kind": "access_token", "tamper": "wrong-nonce"}, 400, "#/tamper"),
        ({"service": "github", "kind": "access_token", "tamper": "bad-signature"}, 400, "#/tamper"),
        ({"service": "oidc", "kind": "id_token", "claims": []}, 400, "#/claims"),
        ({"service": "oidc", "kind": "id_token", "claims": {"a": "\0"}}, 400, "#/claims/a"),
        ({"service": "oidc", "kind": "id_token", "claims": {"a": 2**80}}, 400, "#/claims/a"),
        ({"service": "oidc", "kind": "id_token", "ttl": 10**15}, 400, "#/ttl"),
        ({"service": "oidc", "kind": "id_token", "ttl": -(10**15)}, 400, "#/ttl"),
        ({"service": "oidc", "kind": "id_token", "ttl": "soon"}, 400, "#/ttl"),
        ({"service": "oidc", "kind": "id_token", "client": "nobody"}, 404, None),
        ({"service": "oidc", "kind": "id_token", "issuer": "main", "client": "nobody"}, 404, None),
        ({"service": "oidc", "kind": "id_token", "issuer": "../x"}, 404, None),
        ({"service": "azure", "kind": "id_token", "client": "nobody"}, 404, None),
        ({"service": "azure", "kind": "id_token", "issuer": "nowhere.test"}, 404, None),
        ({"service": "azure", "kind": "access_token", "audience": "api://nobody"}, 404, None),
        ({"service": "github", "kind": "access_token", "client": "nobody"}, 404, None),
        ({"service": "github", "kind": "access_token", "client": "Iv1.suspended"}, 409, None),
        ({"service": "github", "kind": "access_token", "identity": "unverified"}, 409, None),
        ({"service": "insforge-cloud", "kind": "code", "audience": "nothing"}, 404, None),
        ({"service": "insforge-cloud", "kind": "code", "identity": "guest"}, 404, None),
        ({"service": "fanfare", "kind": "access_token", "client": "nobody"}, 404, None),
        ({"service": "jitsudo", "kind": "system_token", "issuer": "nowhere"}, 404, None),
        ({"service": "prisme", "kind": "session", "issuer": "nowhere"}, 409, None),
        ({"service": "oidc", "kind": "id_token", "what": 1}, 400, "#/what"),
        ({"kind": "id_token"}, 400, "#/service"),
        ([], 400, "#"),
    ],
    ids=str,
)
def test_bad_input_is_told_what_is_wrong(sandbox, body, status, pointer):
    whole = {"identity": "alice", **body} if isinstance(body, dict) else body

    answer = sandbox.post(API, json=whole)

    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    if pointer:
        assert pointer in [error["pointer"] for error in answer.json["errors"]]
