"""OpenID Connect Basic and Form Post: every module of the two checklists, which are one list in two response modes.

What must hold in each of them is checked by the relying party, in every login. Levels: M must, W should, P a page that
a reviewer looks at.
"""

from __future__ import annotations

import re
import secrets

import pytest

from tests.conformance.relying_party import RelyingParty, entropy, error, essential, page_error

# All that an id_token may hold here: the claims of scopes are userinfo's.
PROTOCOL = "iss sub aud exp iat auth_time nonce acr amr azp at_hash c_hash nbf jti sid s_hash txn"
SILENT = {"login_required", "interaction_required", "account_selection_required", "consent_required"}
ADDRESS = {"formatted", "street_address", "locality", "region", "postal_code", "country"}
TEXTS = "name family_name given_name middle_name nickname preferred_username profile picture website gender"
CLAIMS: dict[str, dict[str, type]] = {
    "profile": {**dict.fromkeys(f"{TEXTS} birthdate zoneinfo locale".split(), str), "updated_at": int},
    "email": {"email": str, "email_verified": bool},
    "address": {"address": dict},
    "phone": {"phone_number": str, "phone_number_verified": bool},
}
TOLERATED = {
    "oidcc-display-page": {"display": "page"},
    "oidcc-display-popup": {"display": "popup"},
    "oidcc-login-hint": {"login_hint": "buffy@localhost"},
    "oidcc-ui-locales": {"ui_locales": "se"},
    "oidcc-claims-locales": {"claims_locales": "se"},
    "oidcc-ensure-request-with-unknown-parameter-succeeds": {"extra": "foobar"},
}


@pytest.fixture(params=["basic", "formpost-basic"])
def rp(request, sandbox) -> RelyingParty:
    """The first static client, under either profile."""
    return RelyingParty(sandbox, **({"response_mode": "form_post"} if request.param == "formpost-basic" else {}))


@pytest.fixture
def dynamic(rp) -> RelyingParty:
    """A client that has registered itself, for the modules that want one."""
    client = RelyingParty.register(rp.browser)
    client.usual = rp.usual
    return client


def test_oidcc_server(rp):
    back = rp.sign_in()
    tokens = rp.check_tokens(rp.redeem(back["code"]))

    assert rp.auth in rp.metadata["token_endpoint_auth_methods_supported"]
    assert set(back) == {"code", "state", "iss"}
    assert entropy(back["code"]) >= 128
    assert tokens.claims["at_hash"]
    assert set(tokens.claims) <= set(PROTOCOL.split())
    assert rp.claims(tokens) == {"sub": tokens.claims["sub"]}


def test_oidcc_response_type_missing(rp):
    back = rp.answer(rp.authorize(response_type=None))

    assert back["error"] in ("invalid_request", "unsupported_response_type")


def test_oidcc_idtoken_signature(dynamic):
    tokens = dynamic.log_in()

    assert tokens.header["alg"] == "RS256"
    assert tokens.header["kid"]


def test_oidcc_idtoken_unsigned(rp):
    """Not applicable, since nobody offers it; and nobody can have it."""
    refused = rp.ask_to_register(id_token_signed_response_alg="none")

    assert "none" not in rp.metadata["id_token_signing_alg_values_supported"]
    assert error(refused) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    "way",
    [
        pytest.param({"method": "GET"}, id="oidcc-userinfo-get"),
        pytest.param({"method": "POST"}, id="oidcc-userinfo-post-header"),
        pytest.param({"in_body": True}, id="oidcc-userinfo-post-body"),
    ],
)
def test_oidcc_userinfo(rp, way):
    tokens = rp.log_in()

    answer = rp.userinfo(tokens.access_token, **way)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["sub"] == tokens.claims["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp):
    assert "nonce" not in rp.log_in(nonce=None).claims


@pytest.mark.parametrize("scope", [*CLAIMS, " ".join(CLAIMS)], ids=["profile", "email", "address", "phone", "all"])
def test_oidcc_scope(rp, scope):
    expected = {name: kind for asked in scope.split() for name, kind in CLAIMS[asked].items()}

    tokens = rp.log_in(scope=f"openid {scope}")
    claims = rp.claims(tokens)

    standard = {name for claims in CLAIMS.values() for name in claims}
    assert set(claims) & standard == set(expected)
    assert {name: type(claims[name]) for name in expected} == expected
    assert all(claims[name] not in (None, "", {}) for name in claims)
    assert set(tokens.claims) <= set(PROTOCOL.split())
    assert set(scope.split()) <= set(rp.metadata["scopes_supported"])
    if "profile" in scope:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", claims["birthdate"])
    if "address" in scope:
        assert set(claims["address"]) == ADDRESS
        assert all(isinstance(line, str) for line in claims["address"].values())


def test_oidcc_alternate_happy_flow(rp):
    tokens = rp.log_in(scope="openid email", nonce=None)

    assert not {"name", "email"} & set(tokens.claims)
    assert set(rp.claims(tokens)) == {"sub", "email", "email_verified"}


@pytest.mark.parametrize("extra", [pytest.param(extra, id=module) for module, extra in TOLERATED.items()])
def test_what_is_merely_tolerated(rp, extra):
    assert rp.log_in(**extra).claims["sub"] == "alice"


def test_oidcc_prompt_login(rp):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(prompt="login")

    assert rp.pages == ["login"]
    assert second.claims["auth_time"] >= first.claims["auth_time"] + 2


def test_oidcc_prompt_none_not_logged_in(rp):
    back = rp.sign_in(prompt="none", state=secrets.token_urlsafe(96))

    assert rp.pages == []
    assert len(back["state"]) == 128
    assert back["error"] in SILENT
    assert set(back) <= {"error", "error_description", "error_uri", "state", "iss", "session_state"}


def test_oidcc_prompt_none_logged_in(rp):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(prompt="none")

    assert rp.pages == []
    assert (second.claims["sub"], second.claims["auth_time"]) == (first.claims["sub"], first.claims["auth_time"])


def test_oidcc_id_token_hint(rp):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(prompt="none", id_token_hint=first.id_token)

    assert rp.pages == []
    assert (second.claims["sub"], second.claims["auth_time"]) == (first.claims["sub"], first.claims["auth_time"])


def test_oidcc_max_age_1(rp):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(max_age=1)

    assert rp.pages == ["login"]
    assert second.claims["auth_time"] >= first.claims["auth_time"] + 2


def test_oidcc_max_age_10000(rp):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(max_age=10000)

    assert rp.pages == []
    assert second.claims["auth_time"] == first.claims["auth_time"]


@pytest.mark.parametrize("acr_values", ["1 2", "2 1", "unheard-of 2", "unheard-of"])
def test_oidcc_ensure_request_with_acr_values_succeeds(rp, acr_values):
    known = [value for value in acr_values.split() if value in rp.metadata["acr_values_supported"]]

    tokens = rp.log_in(acr_values=acr_values)

    # What nobody knows fails no voluntary request.
    assert tokens.claims["acr"] == (known or ["1"])[0]


@pytest.mark.parametrize("seconds", [0, 30], ids=["oidcc-codereuse", "oidcc-codereuse-30seconds"])
def test_oidcc_codereuse(rp, seconds):
    back = rp.sign_in()
    tokens = rp.check_tokens(rp.redeem(back["code"]))
    rp.browser.clock.advance(seconds=seconds)

    again = rp.redeem(back["code"])

    assert error(again) == (400, "invalid_grant")
    assert error(rp.userinfo(tokens.access_token)) == (401, "invalid_token")


def test_oidcc_ensure_registered_redirect_uri(rp):
    page = rp.authorize(redirect_uri=f"{rp.redirect_uri}/unregistered")

    assert page_error(page) == "invalid_request"


def test_oidcc_ensure_post_request_succeeds(rp):
    back = rp.answer(rp.go_on(rp.authorize("POST")))

    assert rp.check_tokens(rp.redeem(back["code"])).claims["sub"] == "alice"


def test_oidcc_server_client_secret_post(rp):
    rp.auth = "client_secret_post"

    assert rp.log_in().claims["sub"] == "alice"
    assert "client_secret_post" in rp.metadata["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize(
    ("request_object", "refused"),
    [
        pytest.param({"request": "e30.e30."}, "invalid_request_object", id="oidcc-unsigned-request-object"),
        pytest.param(
            {"request": "e30.e30.", "redirect_uri": None},
            "invalid_request_object",
            id="oidcc-ensure-request-object-with-redirect-uri",
        ),
        pytest.param(
            {"request_uri": "https://localhost:8443/request.jwt"},
            "invalid_request_uri",
            id="oidcc-request-uri-unsigned",
        ),
    ],
)
def test_a_request_object_without_signature(rp, request_object, refused):
    """Not applicable, since the algorithms are listed without none; and never ignored."""
    answer = rp.authorize(**request_object)

    assert "none" not in rp.metadata["request_object_signing_alg_values_supported"]
    if "redirect_uri" in rp.sent:
        assert rp.answer(answer)["error"] == refused
    else:
        assert page_error(answer) == refused


def test_oidcc_claims_essential(rp):
    tokens = rp.log_in(claims=essential("name"))

    assert rp.claims(tokens) == {"sub": "alice", "name": "Alice Liddell"}


def test_oidcc_refresh_token(rp, second):
    first = rp.log_in(scope="openid offline_access", prompt="consent")
    rp.browser.clock.advance(seconds=2)

    stolen = second.refresh(first.refresh_token)
    renewed = rp.check_tokens(rp.refresh(first.refresh_token), nonce=None)

    assert error(stolen) == (400, "invalid_grant")
    assert {"refresh_token"} <= set(rp.metadata["grant_types_supported"])
    kept = ("iss", "sub", "aud", "auth_time")
    assert [renewed.claims[name] for name in kept] == [first.claims[name] for name in kept]
    assert renewed.claims["iat"] > first.claims["iat"]
    assert renewed.access_token != first.access_token
    assert rp.claims(renewed)["sub"] == "alice"


def test_no_refresh_token_without_consent(rp):
    assert "refresh_token" not in rp.log_in(scope="openid offline_access").answer


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp):
    rp.pkce = True

    assert rp.log_in().claims["sub"] == "alice"
    assert rp.metadata["code_challenge_methods_supported"] == ["S256"]


# The cells of the tables that no module looks at


def test_a_person_who_declines(rp):
    page = rp.authorize()
    page = rp.go_on(page, decision="deny")

    back = rp.answer(page)
    assert rp.pages == ["login", "consent"]
    assert (back["error"], set(back)) == ("access_denied", {"error", "error_description", "state", "iss"})


def test_prompt_none_without_consent(rp, second):
    rp.log_in()

    assert second.sign_in(prompt="none")["error"] == "consent_required"


def test_prompt_none_with_the_hint_of_somebody_else(rp, other_browser):
    hint = rp.at(other_browser).log_in("admin").id_token
    rp.log_in("alice")

    assert rp.sign_in(prompt="none", id_token_hint=hint)["error"] == "login_required"
    assert rp.pages == []


def test_the_hint_of_somebody_else_brings_the_login_page(rp, other_browser):
    hint = rp.at(other_browser).log_in("admin").id_token
    rp.log_in("alice")

    tokens = rp.log_in("admin", id_token_hint=hint)

    assert rp.pages == ["login"]
    assert tokens.claims["sub"] == "admin"


def test_an_old_hint_is_as_good_as_a_new_one(rp):
    first = rp.log_in()
    rp.browser.clock.advance(hours=2)

    assert rp.log_in(prompt="none", id_token_hint=first.id_token).claims["sub"] == "alice"


@pytest.mark.parametrize("prompt", ["none login", "none consent", "login none", "unheard-of"])
def test_prompts_that_contradict_each_other(rp, prompt):
    assert rp.sign_in(prompt=prompt)["error"] == "invalid_request"
    assert rp.pages == []


@pytest.mark.parametrize(
    ("prompt", "pages"),
    [
        ("consent", ["consent"]),
        ("select_account", ["login"]),
        ("login consent", ["login", "consent"]),
        ("select_account consent", ["login", "consent"]),
        ("select_account login", ["login"]),
    ],
)
def test_prompt_says_which_pages_are_due(rp, prompt, pages):
    first = rp.log_in()
    rp.browser.clock.advance(seconds=2)

    second = rp.log_in(prompt=prompt)

    assert rp.pages == pages
    renewed = second.claims["auth_time"] > first.claims["auth_time"]
    assert renewed == ("login" in prompt.split())


@pytest.mark.parametrize("max_age", ["-1", "soon", "1.5", "99999999999"])
def test_max_age_is_a_number_of_seconds(rp, max_age):
    assert rp.sign_in(max_age=max_age)["error"] == "invalid_request"


def test_max_age_0_is_a_new_login(rp):
    rp.log_in()
    rp.log_in(max_age=0)

    assert rp.pages == ["login"]


@pytest.mark.parametrize("claims", ["{", "[]", '"name"', '{"userinfo": []}', '{"userinfo": "name"}', "[" * 5000])
def test_claims_must_be_an_object_of_objects(rp, claims):
    assert rp.sign_in(claims=claims)["error"] == "invalid_request"


@pytest.mark.parametrize("claims", ["{}", '{"userinfo": null}', '{"userinfo": {"unheard-of": {"value": 1}}}'])
def test_claims_that_nobody_knows_are_ignored(rp, claims):
    assert rp.claims(rp.log_in(claims=claims)) == {"sub": "alice"}


@pytest.mark.parametrize("where", ["id_token", "userinfo"])
@pytest.mark.parametrize("wanted", ['{"value": "admin"}', '{"values": ["admin"]}', '{"values": 5}', '{"value": {}}'])
def test_claims_may_say_who_is_meant(rp, where, wanted):
    rp.log_in("alice")

    assert rp.sign_in(prompt="none", claims=f'{{"{where}": {{"sub": {wanted}}}}}')["error"] in (
        "login_required",
        "invalid_request",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"response_type": "unheard-of"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"id_token_hint": "no.jwt.here"}, "invalid_request"),
    ],
)
def test_a_wrong_parameter_is_told_by_redirect(rp, changes, expected):
    answer = rp.authorize(**changes)
    if "token" in rp.sent["response_type"] and "response_mode" not in rp.usual:
        rp.sent["response_mode"] = "fragment"

    assert rp.answer(answer)["error"] == expected


@pytest.mark.parametrize("client_id", [None, "nobody", ""])
def test_an_unknown_client_gets_a_page(rp, client_id):
    assert page_error(rp.authorize(client_id=client_id)) in ("invalid_client", "invalid_request")


@pytest.mark.parametrize("length", [128, 384, 4096])
def test_state_and_nonce_come_back_whole(rp, length):
    tokens = rp.log_in(state="s" * length, nonce="n" * length)

    assert tokens.claims["nonce"] == "n" * length
