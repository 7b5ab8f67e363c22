"""Azure's logout, administrators' consent, and the page that explains an error."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.azure_login import (
    CALLBACK,
    CONTOSO,
    EVERYONE,
    WEB,
    answer,
    authorize,
    change_application,
    claims,
    path,
    sign_in,
    tokens,
)
from tests.support.forms import submit

ADMIN = f"/{CONTOSO}/adminconsent"


def logout(sandbox, **query: str):
    return sandbox.get(path("logout"), query_string=query)


def frames(page) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)]


def test_a_session_ends(sandbox):
    sign_in(sandbox)
    page = logout(sandbox)

    assert page.status_code == 200
    assert "You signed out of your account" in page.text
    assert answer(authorize(sandbox, prompt="none"))["error"] == "login_required"


def test_each_application_of_the_session_hears_of_it(sandbox):
    change_application(sandbox, EVERYONE, logout_url="https://app.example.test/out?a=1")
    sid = claims(tokens(sandbox)["access_token"])["sid"]
    sign_in(sandbox, client=EVERYONE)
    page = logout(sandbox, post_logout_redirect_uri=CALLBACK, state="bye")
    called = [(url.partition("?")[0], dict(parse_qsl(urlsplit(url).query))) for url in frames(page)]
    told = {"iss": f"http://localhost/{CONTOSO}/v2.0", "sid": sid}

    assert called == [
        ("http://localhost:9999/signed-out", told),
        ("https://app.example.test/out", {"a": "1", **told}),
    ]
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith("frame-src http://localhost:9999 https://app.example.test")
    assert f'href="{CALLBACK}?state=bye"' in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_browser_goes_back_to_a_registered_uri(sandbox, method):
    sign_in(sandbox, client=EVERYONE)
    asked = {"post_logout_redirect_uri": CALLBACK, "state": "a b"}
    where = {"query_string": asked} if method == "GET" else {"data": asked}
    back = sandbox.open(path("logout"), method=method, **where)

    assert (back.status_code, back.headers["Location"]) == (302, f"{CALLBACK}?state=a%20b")


@pytest.mark.parametrize("uri", ["https://evil.test/", f"{CALLBACK}/x", "javascript:alert(1)", ""])
def test_the_browser_goes_nowhere_else(sandbox, uri):
    sign_in(sandbox, client=EVERYONE)
    page = logout(sandbox, post_logout_redirect_uri=uri)

    assert page.status_code == 200
    assert "evil" not in page.text
    assert "You signed out of your account" in page.text


def test_nobody_is_sent_anywhere_without_a_session(sandbox):
    assert logout(sandbox, post_logout_redirect_uri=CALLBACK).status_code == 200


def test_a_hint_ends_one_session_of_several(sandbox):
    change_application(sandbox, EVERYONE, optional_claims={"id_token": ["login_hint", "sid"], "access_token": []})
    alice = tokens(sandbox, "alice", client=EVERYONE)
    admin = tokens(sandbox, "admin", client=EVERYONE, prompt="login")

    logout(sandbox, logout_hint=claims(alice["id_token"])["login_hint"])
    assert answer(authorize(sandbox, client=EVERYONE, prompt="none", login_hint="alice"))["error"] == "login_required"
    assert answer(authorize(sandbox, client=EVERYONE, prompt="none", login_hint="admin"))["code"]

    logout(sandbox, id_token_hint=admin["id_token"])
    assert answer(authorize(sandbox, client=EVERYONE, prompt="none", login_hint="admin"))["error"] == "login_required"


@pytest.mark.parametrize("hint", [{"id_token_hint": "garbage"}, {"logout_hint": "O.garbage"}, {"logout_hint": "O.€"}])
def test_a_hint_that_names_nobody_ends_all(sandbox, hint):
    sign_in(sandbox)
    logout(sandbox, **hint)

    assert answer(authorize(sandbox, prompt="none"))["error"] == "login_required"


def test_logout_at_an_unknown_tenant_is_a_page(sandbox):
    page = sandbox.get("/nope/oauth2/v2.0/logout")

    assert page.status_code == 400
    assert "AADSTS90002" in page.text


# Administrators' consent


def ask_administrator(sandbox, at: str = ADMIN, **query: str):
    given = {"client_id": WEB, "redirect_uri": CALLBACK, "state": "s 1", **query}
    return sandbox.get(at, query_string={name: value for name, value in given.items() if value})


@pytest.mark.parametrize(
    ("at", "query", "sent"),
    [
        (ADMIN, {}, {}),
        (
            f"/{CONTOSO}/v2.0/adminconsent",
            {"scope": "https://graph.microsoft.com/User.Read.All"},
            {"scope": "https://graph.microsoft.com/User.Read.All"},
        ),
        ("/contoso.test/adminconsent", {}, {}),
    ],
)
def test_an_administrator_accepts_for_everyone(sandbox, at, query, sent):
    page = submit(sandbox, ask_administrator(sandbox, at, **query), "as-admin")
    back = submit(sandbox, page, "allow")
    told = dict(parse_qsl(urlsplit(back.headers["Location"]).query))

    assert "for your organization" in page.text
    assert told == {"tenant": CONTOSO, "state": "s 1", "admin_consent": "True", **sent}
    sandbox.delete_cookie("azure_session")
    page = submit(sandbox, authorize(sandbox, scope="openid User.Read.All"), "as-alice")
    assert page.status_code == 302


def test_an_administrator_cancels(sandbox):
    page = submit(sandbox, ask_administrator(sandbox), "as-admin")
    back = submit(sandbox, page, "deny")

    assert back.headers["Location"] == (
        f"{CALLBACK}?error=permission_denied&error_description=The%20admin%20canceled%20the%20request&state=s%201"
    )


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"redirect_uri": "https://evil.test/"}, 50011),
        ({"redirect_uri": ""}, 900144),
        ({"client_id": ""}, 900144),
        ({"client_id": "99999999-9999-4999-8999-999999999999"}, 700016),
        ({"scope": "nonsense"}, 70011),
    ],
)
def test_asking_an_administrator_wrongly_is_a_page(sandbox, query, number):
    page = ask_administrator(sandbox, **query)

    assert page.status_code == 400
    assert f"AADSTS{number}: " in page.text


def test_what_only_an_administrator_may_grant_nobody_else_does(sandbox):
    page = submit(sandbox, authorize(sandbox, scope="openid User.Read.All"), "as-alice")

    assert page.status_code == 400
    assert "AADSTS90094: " in page.text
    assert sandbox.journal()[-1].reason == "ADMIN_CONSENT_REQUIRED"


# Explanations


def test_an_error_uri_explains_the_number(sandbox):
    told = answer(authorize(sandbox, prompt="none"))
    page = sandbox.get(told["error_uri"])

    assert told["error_uri"] == "http://localhost/error?code=50058"
    assert page.status_code == 200
    assert "AADSTS50058" in page.text
    assert "no user is signed in" in page.text


@pytest.mark.parametrize("code", ["", "1", "x", "-1", "9" * 40, "٣", "<script>"])
def test_a_number_that_is_none_is_told_so(sandbox, code):
    page = sandbox.get("/error", query_string={"code": code})

    assert page.status_code == 404
    assert "knows no error with this number" in page.text
