"""Azure's authorize endpoint: which requests it takes, whom it asks, and what goes back to the application."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from urllib.parse import urlsplit

import pytest

from sandbox import Config
from tests.support.azure_login import (
    API,
    CALLBACK,
    CONSUMERS,
    CONTOSO,
    EVERYONE,
    NATIVE,
    PKCE,
    PUBLIC,
    SCOPE,
    SPA,
    WEB,
    answer,
    authorize,
    change_application,
    change_person,
    claims,
    new_code,
    path,
    redeem,
    sign_in,
    tokens,
)
from tests.support.forms import find_form, submit

IMPLICIT = {"client": EVERYONE, "nonce": "n-1", "response_mode": ""}


def test_a_person_signs_in_and_accepts(sandbox):
    page = authorize(sandbox, client_info="1", nonce="n", clidata="1", **PKCE)
    consent = submit(sandbox, page, "as-alice")
    back = submit(sandbox, consent, "allow")

    assert "Pick an account" in page.text
    assert "Permissions requested" in consent.text
    assert "Sign you in and read your profile" in consent.text
    assert back.headers["Location"].startswith(f"{CALLBACK}?code=1.A")
    sent = answer(back)
    assert list(sent) == ["code", "client_info", "state", "session_state"]
    assert sent["state"] == "s|1"
    assert str(uuid.UUID(sent["session_state"])) == sent["session_state"]
    info = json.loads(base64.urlsafe_b64decode(sent["client_info"] + "=="))
    assert info == {"uid": "a11ce000-0000-4000-8000-000000000001", "utid": CONTOSO}


def test_client_info_comes_only_if_it_is_asked_for(sandbox):
    assert list(answer(sign_in(sandbox))) == ["code", "state", "session_state"]


def test_a_request_may_be_posted(sandbox):
    form = {"client_id": WEB, "response_type": "code", "redirect_uri": CALLBACK, "scope": SCOPE}
    page = sandbox.post(path("authorize"), data=form, headers={"Origin": "http://localhost:9999"})
    back = submit(sandbox, submit(sandbox, page, "as-alice"), "allow")

    assert answer(back)["code"]


def test_a_form_of_another_site_signs_nobody_in(sandbox):
    form, fields = find_form(authorize(sandbox).text, "as-alice")
    foreign = sandbox.post(form.action, data=dict(fields), headers={"Origin": "https://evil.test"})

    assert (foreign.status_code, sandbox.journal()[-1].reason) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "typed", ["alice", "Alice@contoso.test", " alice@contoso.test ", "a11ce000-0000-4000-8000-000000000001"]
)
def test_the_account_can_be_typed(sandbox, typed):
    page = submit(sandbox, authorize(sandbox), "continue", login=typed)

    assert "Permissions requested" in page.text
    assert sandbox.journal()[-1].login == "alice"


@pytest.mark.parametrize("typed", ["nobody", "nobody@contoso.test", "\0", "<script>alert(1)</script>"])
def test_an_account_that_is_not_there_is_told_on_the_page(sandbox, typed):
    page = submit(sandbox, authorize(sandbox), "continue", login=typed)

    assert page.status_code == 422
    assert "find an account with that username" in page.text
    assert "<script>alert" not in page.text
    assert sandbox.journal()[-1].reason == "IDENTITY_UNKNOWN"


def test_another_account_can_be_chosen_after_all(sandbox):
    consent = submit(sandbox, authorize(sandbox), "as-alice")
    page = submit(sandbox, consent, "switch")
    back = submit(sandbox, submit(sandbox, page, "as-admin"), "allow")

    assert claims(redeem(sandbox, answer(back)["code"]).json["id_token"])["name"] == "Ada Admin"


def test_the_page_lists_a_few_and_the_one_who_is_hinted(make_sandbox, tmp_path):
    people = "\n".join(f"  - {{login: p{n}, name: Person {n}, purpose: ''}}" for n in range(250))
    app = f"clients:\n  - {{client_id: {WEB}, service: azure, name: App, secret: s, redirect_uris: ['{CALLBACK}']}}\n"
    fixture = tmp_path / "many.yaml"
    # GMI Cloud's own application must be there in every fixture.
    github = "  - {client_id: g, service: github, name: G, secret: s, redirect_uris: ['http://localhost/x'], "
    settings = "settings: {type: oauth-app}}\ngmi: {client: g}\n"
    fixture.write_text(f"version: 1\nidentities:\n{people}\n{app}{github}{settings}")
    page = authorize(make_sandbox(Config(fixtures=fixture)), tenant="contoso.test", login_hint="p240@contoso.test")

    assert page.text.count('name="identity"') == 26
    assert page.text.index('id="as-p240"') < page.text.index('id="as-p0"')
    assert 'id="page-next"' in page.text


# Single sign-on


def test_a_session_answers_without_a_page(sandbox):
    first = answer(sign_in(sandbox))
    again = authorize(sandbox)

    assert again.status_code == 302
    assert answer(again)["session_state"] == first["session_state"]


@pytest.mark.parametrize("prompt", ["login", "select_account", "consent"])
def test_prompt_shows_a_page_in_spite_of_a_session(sandbox, prompt):
    sign_in(sandbox)
    page = authorize(sandbox, prompt=prompt)

    assert page.status_code == 200
    assert ("Permissions requested" in page.text) == (prompt == "consent")


def test_several_accounts_are_a_choice(sandbox):
    sign_in(sandbox, "alice")
    sign_in(sandbox, "admin", prompt="select_account")

    assert authorize(sandbox).status_code == 200
    assert answer(authorize(sandbox, prompt="none"))["error"] == "login_required"
    code = answer(authorize(sandbox, prompt="none", login_hint="alice@contoso.test"))["code"]
    issued = redeem(sandbox, code).json
    assert claims(issued["id_token"])["preferred_username"] == "alice@contoso.test"


def test_the_hint_of_a_token_names_the_account(sandbox):
    change_application(sandbox, optional_claims={"id_token": ["login_hint", "sid"], "access_token": []})
    alice = claims(tokens(sandbox, "alice")["id_token"])
    admin = claims(tokens(sandbox, "admin", prompt="login")["id_token"])

    for hint in ({"login_hint": alice["login_hint"]}, {"sid": alice["sid"]}):
        code = answer(authorize(sandbox, prompt="none", **hint))["code"]
        assert claims(redeem(sandbox, code).json["id_token"])["oid"] == alice["oid"] != admin["oid"]


def test_max_age_wants_a_new_sign_in(sandbox):
    first = claims(tokens(sandbox, max_age="3600")["id_token"])
    sandbox.clock.advance(minutes=10)

    assert authorize(sandbox, max_age="60").status_code == 200
    code = answer(authorize(sandbox, max_age="3600"))["code"]
    assert claims(redeem(sandbox, code).json["id_token"])["auth_time"] == first["auth_time"]


def test_a_claims_challenge_wants_a_second_factor(sandbox):
    sign_in(sandbox, nonce="1")
    challenge = '{"access_token":{"polids":{"essential":true,"values":["p"]}}}'

    assert authorize(sandbox, claims=challenge).status_code == 200
    assert claims(tokens(sandbox, claims=challenge)["access_token"])["amr"] == ["pwd", "mfa"]
    assert authorize(sandbox, claims=challenge).status_code == 302


@pytest.mark.parametrize("config", [Config(approval="hint")], ids=["hint"])
def test_the_approval_policy_answers_at_once(sandbox, config):
    assert answer(authorize(sandbox, login_hint="alice@contoso.test"))["code"]
    assert authorize(sandbox, login_hint="alice", prompt="select_account").status_code == 200


# Answers: response types and modes


def test_a_fragment_carries_the_code(sandbox):
    back = sign_in(sandbox, response_mode="fragment")

    assert back.headers["Location"].startswith(f"{CALLBACK}#code=")
    assert answer(back)["state"] == "s|1"


def test_form_post_is_a_page_that_works_without_javascript(sandbox):
    page = sign_in(sandbox, response_mode="form_post", client_info="1")
    form, fields = find_form(page.text, "continue")

    assert form.action == CALLBACK
    assert list(dict(fields)) == ["code", "client_info", "state", "session_state"]
    assert page.headers["Cache-Control"] == "no-store"
    assert redeem(sandbox, dict(fields)["code"]).status_code == 200


def half(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("response_type", "members"),
    [
        ("id_token", ["id_token"]),
        ("code id_token", ["code", "id_token"]),
        ("id_token code", ["code", "id_token"]),
        ("id_token token", ["access_token", "token_type", "expires_in", "scope", "id_token"]),
        ("token", ["access_token", "token_type", "expires_in", "scope"]),
    ],
)
def test_tokens_come_from_the_front_in_the_fragment(sandbox, response_type, members):
    back = sign_in(sandbox, response_type=response_type, **IMPLICIT)
    sent = answer(back)

    assert "#" in back.headers["Location"]
    assert list(sent) == [*members, "state", "session_state"]
    if "id_token" in sent:
        token = claims(sent["id_token"])
        assert token["nonce"] == "n-1"
        assert token.get("c_hash") == (half(sent["code"]) if "code" in sent else None)
        assert token.get("at_hash") == (half(sent["access_token"]) if "access_token" in sent else None)


@pytest.mark.parametrize(
    ("registered", "asked", "comes_back"),
    [
        (CALLBACK, "http://localhost:1234/callback", "http://localhost:1234/callback?"),
        (NATIVE, "http://localhost:51234", "http://localhost:51234/?"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:5/cb", "http://127.0.0.1:5/cb?"),
        ("http://[::1]:1/cb", "http://[::1]:2/cb", "http://[::1]:2/cb?"),
        ("https://app.example.test", "https://app.example.test", "https://app.example.test/?"),
        ("https://app.example.test/a?b=1", "https://app.example.test/a?b=1", "https://app.example.test/a?b=1&"),
        ("msal-app://auth", "msal-app://auth", "msal-app://auth?"),
    ],
)
def test_a_redirect_uri_matches(sandbox, registered, asked, comes_back):
    change_application(sandbox, redirect_uris=[registered])
    back = sign_in(sandbox, redirect_uri=asked)

    assert back.headers["Location"].startswith(f"{comes_back}code=")
    assert redeem(sandbox, answer(back)["code"], redirect_uri=asked).status_code == 200


def test_a_redirect_uri_without_a_path_is_posted_to_as_it_is(sandbox):
    page = sign_in(sandbox, client=PUBLIC, redirect_uri=NATIVE, response_mode="form_post")

    assert find_form(page.text, "continue")[0].action == NATIVE


def test_the_only_registered_redirect_uri_need_not_be_named(sandbox):
    back = sign_in(sandbox, client=EVERYONE, redirect_uri="")

    assert back.headers["Location"].startswith(f"{CALLBACK}?code=")
    answered = redeem(sandbox, answer(back)["code"], client_id=EVERYONE, redirect_uri="")
    assert answered.status_code == 200


def test_a_challenge_may_be_plain(sandbox):
    code = new_code(sandbox, code_challenge="v" * 43)

    assert redeem(sandbox, code, code_verifier="v" * 43).status_code == 200


# Tenants, guests and personal accounts


@pytest.mark.parametrize("tenant", ["common", "Common", "organizations", CONTOSO, "contoso.test", "CONTOSO.test"])
def test_work_accounts_sign_in_at(sandbox, tenant):
    back = sign_in(sandbox, tenant=tenant, client=EVERYONE)
    issued = redeem(sandbox, answer(back)["code"], tenant, client_id=EVERYONE).json

    assert claims(issued["id_token"])["tid"] == CONTOSO
    assert urlsplit(claims(issued["id_token"])["iss"]).path == f"/{CONTOSO}/v2.0"


@pytest.mark.parametrize("tenant", ["common", "consumers", CONSUMERS])
def test_personal_accounts_sign_in_at(sandbox, tenant):
    back = sign_in(sandbox, "personal", tenant, EVERYONE)
    issued = redeem(sandbox, answer(back)["code"], tenant, client_id=EVERYONE).json

    assert claims(issued["id_token"])["tid"] == CONSUMERS


def test_a_guest_signs_in_under_the_name_and_id_of_the_tenant(sandbox):
    query = {"client": EVERYONE, "scope": "openid profile"}
    here = claims(tokens(sandbox, "guest", **query)["id_token"])
    at_home = claims(tokens(sandbox, "guest", "fabrikam.test", **query)["id_token"])

    assert here["upn"] == "guest_fabrikam.test#EXT#@contoso.onmicrosoft.com"
    assert here["acct"] == 1
    assert here["idp"] == f"http://localhost/{at_home['tid']}/"
    assert here["email"]
    assert here["oid"] != at_home["oid"]
    assert at_home["acct"] == 0
    assert "idp" not in at_home


def test_a_hint_of_the_domain_shortens_the_list(sandbox):
    everyone = authorize(sandbox, "common", EVERYONE).text
    fabrikam = authorize(sandbox, "common", EVERYONE, domain_hint="fabrikam.test").text
    personal = authorize(sandbox, "common", EVERYONE, domain_hint="consumers").text

    assert all(f'id="as-{login}"' in everyone for login in ("alice", "guest", "personal"))
    assert 'id="as-guest"' in fabrikam
    assert 'id="as-alice"' not in fabrikam
    assert 'id="as-personal"' in personal
    assert 'id="as-alice"' not in personal


def test_whoever_is_renamed_stays_the_same_object(sandbox):
    first = claims(tokens(sandbox, "renamed")["id_token"])
    sandbox.delete_cookie("azure_session")
    second = claims(tokens(sandbox, "renamed")["id_token"])

    assert first["preferred_username"] == "maiden.name@contoso.test"
    assert second["preferred_username"] == "married.name@contoso.test"
    assert (first["oid"], first["sub"]) == (second["oid"], second["sub"])


# Consent


def test_consent_is_asked_once_and_again_for_more(sandbox):
    sign_in(sandbox, scope="openid User.Read")

    assert authorize(sandbox, scope="openid").status_code == 302
    more = authorize(sandbox, scope=f"openid {API}/access_as_user")
    assert "Use the sandbox web application as you" in more.text
    submit(sandbox, more, "allow")
    assert authorize(sandbox, scope=f"openid User.Read {API}/access_as_user").status_code == 302


def test_a_trusted_application_asks_nobody(sandbox):
    change_application(sandbox, trusted=True)

    assert submit(sandbox, authorize(sandbox, scope="openid User.Read.All"), "as-alice").status_code == 302


def test_who_takes_back_each_consent_is_asked_each_time(sandbox):
    sign_in(sandbox, "no-consent")

    assert "Permissions requested" in authorize(sandbox).text


def test_a_second_factor_is_shown_on_the_page(sandbox):
    assert claims(tokens(sandbox, "two-factor")["access_token"])["amr"] == ["pwd", "mfa"]


def test_a_person_may_be_let_in_by_an_app_role_alone(sandbox):
    change_application(sandbox, assignment_required=True)
    change_person(sandbox, "alice", roles={WEB: ["Reader"]})

    assert claims(tokens(sandbox, "alice")["id_token"])["roles"] == ["Reader"]


def test_a_single_page_application_signs_in(sandbox):
    back = sign_in(sandbox, client=PUBLIC, redirect_uri=SPA, response_mode="fragment", **PKCE)

    assert back.headers["Location"].startswith(f"{SPA}#code=")
