"""GitHub's authorize endpoint: which requests it takes, where it answers, and in which words it refuses."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from sandbox import Config
from sandbox.config import ConfigError
from sandbox.core import tables
from sandbox.providers.github.login.applications import is_allowed_redirect
from tests.conftest import HouseClient, SignIn
from tests.support.forms import find_form, submit
from tests.support.hostile import OWN_SCRIPT

AUTHORIZE = "/login/oauth/authorize"
CLIENT = "Iv1.sandboxclient"
CALLBACK = "http://127.0.0.1:9999/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
DOCS = (
    "https://docs.github.com/apps/building-integrations/setting-up-and-registering-oauth-apps"
    "/troubleshooting-authorization-request-errors/"
)


def answer(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


def authorize(sandbox: HouseClient, client: str = CLIENT, **query: str):
    return sandbox.get(AUTHORIZE, query_string={"client_id": client, "state": "a b&c=1", **query})


def test_a_person_signs_in_and_allows(sandbox):
    page = authorize(sandbox, scope="user,gist user:email")
    consent = submit(sandbox, page, "as-octocat")
    back = submit(sandbox, consent, "allow")

    assert back.status_code == 302
    assert back.headers["Location"].startswith(f"{CALLBACK}?code=")
    sent = answer(back.headers["Location"])
    assert set(sent) == {"code", "state", "iss"}
    assert sent["state"] == "a b&c=1"
    assert sent["iss"] == "http://localhost/login/oauth"
    assert len(sent["code"]) == 20
    assert set(sent["code"]) <= set("0123456789abcdef")


def test_the_login_can_be_typed(sandbox):
    consent = submit(sandbox, authorize(sandbox), "continue", login=" alice ")

    assert consent.status_code == 200
    assert "Authorize" in consent.text
    assert "alice" in consent.text


@pytest.mark.parametrize(
    ("login", "words", "reason"),
    [
        ("nobody", "no account with this login", "IDENTITY_UNKNOWN"),
        ("deactivated", "deactivated and cannot sign in", "IDENTITY_DEACTIVATED"),
        ("<script>alert(1)</script>", "no account with this login", "IDENTITY_UNKNOWN"),
        ("\0", "no account with this login", "IDENTITY_UNKNOWN"),
    ],
)
def test_who_cannot_sign_in_is_told_on_the_page(sandbox, login, words, reason):
    page = submit(sandbox, authorize(sandbox), "continue", login=login)

    assert page.status_code == 422
    assert words in page.text
    assert "<script>alert" not in page.text
    assert sandbox.journal()[-1].reason == reason


def test_an_empty_login_shows_the_page_again(sandbox):
    page = submit(sandbox, authorize(sandbox), "continue", login="")

    assert page.status_code == 200
    assert 'id="as-octocat"' in page.text


def test_a_request_whose_login_is_named_shows_that_account_first(sandbox):
    page = authorize(sandbox, login="alice")

    assert page.text.index('id="as-alice"') < page.text.index('id="as-octocat"')


def test_a_cancelled_sign_in_is_told_at_the_registered_callback(sandbox):
    back = submit(sandbox, authorize(sandbox, redirect_uri=f"{CALLBACK}/below"), "deny")

    assert back.status_code == 302
    assert back.headers["Location"].startswith(f"{CALLBACK}?error=access_denied")
    assert answer(back.headers["Location"]) == {
        "error": "access_denied",
        "error_description": "The user has denied your application access.",
        "error_uri": f"{DOCS}#access-denied",
        "state": "a b&c=1",
        "iss": "http://localhost/login/oauth",
    }
    assert "%23access-denied" in back.headers["Location"]
    assert back.headers["X-Sandbox-Reason"].startswith("ACCESS_DENIED; ")


@pytest.mark.parametrize(
    ("client", "query", "error", "description", "uri", "reason"),
    [
        pytest.param(
            CLIENT,
            {"redirect_uri": "http://127.0.0.1:9999/elsewhere"},
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
            f"{DOCS}#redirect-uri-mismatch",
            "REDIRECT_URI_MISMATCH",
            id="redirect_uri_mismatch",
        ),
        pytest.param(
            "Iv1.suspended",
            {},
            "application_suspended",
            "Your application has been suspended. Contact support@github.com.",
            f"{DOCS}#application-suspended",
            "CLIENT_SUSPENDED",
            id="application_suspended",
        ),
        *(
            pytest.param(
                client,
                query,
                "invalid_request",
                None,
                "https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
                "CHALLENGE_INVALID",
                id=f"invalid_request-{case}",
            )
            for case, client, query in [
                ("plain", CLIENT, {"code_challenge": CHALLENGE, "code_challenge_method": "plain"}),
                ("short", CLIENT, {"code_challenge": CHALLENGE[:42], "code_challenge_method": "S256"}),
                ("no-method", CLIENT, {"code_challenge": CHALLENGE}),
                ("no-challenge", CLIENT, {"code_challenge_method": "S256"}),
                ("required", "Iv1.pkceclient", {}),
            ]
        ),
    ],
)
def test_what_the_client_did_wrong_is_told_at_the_registered_callback(
    sandbox, client, query, error, description, uri, reason
):
    back = authorize(sandbox, client, **query)

    assert back.status_code == 302
    assert back.headers["Location"].startswith(f"{CALLBACK}?error=")
    sent = answer(back.headers["Location"])
    assert (sent["error"], sent["error_uri"], sent["state"]) == (error, uri, "a b&c=1")
    assert description in (None, sent["error_description"])
    assert sandbox.journal()[-1].reason == reason


@pytest.mark.parametrize("client_id", ["", "unknown", "Iv1.sandboxclient ", "\0", "é" * 10_000])
def test_an_unknown_client_gets_a_page_and_never_a_redirect(sandbox, client_id):
    page = sandbox.get(AUTHORIZE, query_string={"client_id": client_id, "redirect_uri": "http://evil.test/"})

    assert page.status_code == 404
    assert "Location" not in page.headers
    assert "http://evil.test" not in page.text
    assert page.headers["X-Sandbox-Reason"].startswith("CLIENT_UNKNOWN; ")


OAUTH_APP = "http://example.com/path"
LOOPBACK = "http://127.0.0.1:9999/callback"
GITHUB_APP = "https://example.com/one"


@pytest.mark.parametrize(
    ("registered", "asked", "allowed"),
    [
        # The vendor's own table for the callback http://example.com/path.
        (OAUTH_APP, "http://example.com/path", True),
        (OAUTH_APP, "http://example.com/path/subdir/other", True),
        (OAUTH_APP, "http://oauth.example.com/path", True),
        (OAUTH_APP, "http://oauth.example.com/path/subdir/other", True),
        (OAUTH_APP, "http://example.com/bar", False),
        (OAUTH_APP, "http://example.com/", False),
        (OAUTH_APP, "http://example.com:8080/path", False),
        (OAUTH_APP, "http://oauth.example.com:8080/path", False),
        (OAUTH_APP, "http://example.org", False),
        # What an attacker would try.
        (OAUTH_APP, "https://example.com/path", False),
        (OAUTH_APP, "http://example.com/pathology", False),
        (OAUTH_APP, "http://example.com/path/../bar", False),
        (OAUTH_APP, "http://example.com/path/%2e%2e/bar", False),
        (OAUTH_APP, "http://example.com/path/..%2fbar", False),
        (OAUTH_APP, "http://example.com./path", False),
        (OAUTH_APP, "http://badexample.com/path", False),
        (OAUTH_APP, "http://example.com@evil.test/path", False),
        (OAUTH_APP, "http://evil.test\\@example.com/path", False),
        (OAUTH_APP, "http://example.com/path#fragment", False),
        (OAUTH_APP, "http://example.com/path#", False),
        (OAUTH_APP, "http://example.com:x/path", False),
        (OAUTH_APP, "http://[example.com/path", False),
        (OAUTH_APP, "//example.com/path", False),
        (OAUTH_APP, "/path", False),
        (OAUTH_APP, "javascript:alert(1)//example.com/path", False),
        (OAUTH_APP, "JavaScript://example.com/path%0aalert(1)", False),
        (OAUTH_APP, " http://example.com/path", False),
        (OAUTH_APP, "http://example.com/path\r\nSet-Cookie: x=1", False),
        (OAUTH_APP, "http://EXAMPLE.com/path?a=1", True),
        # A loopback callback takes any port; host and path rules stay.
        (LOOPBACK, "http://127.0.0.1:1/callback", True),
        (LOOPBACK, "http://127.0.0.1/callback/below", True),
        (LOOPBACK, "http://127.0.0.1:1/other", False),
        (LOOPBACK, "http://localhost:9999/callback", False),
        (LOOPBACK, "http://x.127.0.0.1:9999/callback", False),
        ("http://[::1]/callback", "http://[::1]:5000/callback", True),
        ("http://localhost:9400/callback", "http://localhost:5000/callback", True),
        ("http://localhost:9400/callback", "http://127.0.0.1:9400/callback", False),
    ],
)
def test_an_oauth_app_comes_back_at_its_callback_or_below(registered, asked, allowed):
    client = tables.Client(redirect_uris=[registered], settings={"type": "oauth-app"})

    assert is_allowed_redirect(client, asked) is allowed


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (GITHUB_APP, True),
        ("https://example.com/two", True),
        (f"{GITHUB_APP}/below", False),
        (f"{GITHUB_APP}?a=1", False),
        ("https://sub.example.com/one", False),
    ],
)
def test_a_github_app_comes_back_exactly_where_it_registered(asked, allowed):
    client = tables.Client(redirect_uris=[GITHUB_APP, "https://example.com/two"], settings={"type": "github-app"})

    assert is_allowed_redirect(client, asked) is allowed


def test_the_query_of_the_redirect_uri_is_kept(sandbox, sign_in):
    page = authorize(sandbox, redirect_uri=f"{CALLBACK}?next=%2Fhome")
    back = submit(sandbox, submit(sandbox, page, "as-octocat"), "allow")

    assert back.headers["Location"].startswith(f"{CALLBACK}?next=%2Fhome&code=")


def test_an_app_can_switch_iss_off(sandbox):
    page = authorize(sandbox, "Iv1.olderclient")
    allowed = submit(sandbox, submit(sandbox, page, "as-octocat"), "allow")
    denied = submit(sandbox, authorize(sandbox, "Iv1.olderclient"), "deny")

    assert "iss" not in answer(allowed.headers["Location"])
    assert "iss" not in answer(denied.headers["Location"])


@pytest.mark.parametrize(
    ("path", "host", "issuer"),
    [
        (AUTHORIZE, "localhost:9400", "http://localhost:9400/login/oauth"),
        (f"/github{AUTHORIZE}", "localhost:9400", "http://localhost:9400/github/login/oauth"),
        (f"/w/default{AUTHORIZE}", "localhost", "http://localhost/w/default/login/oauth"),
        (f"/w/default/github{AUTHORIZE}", "127.0.0.1:1", "http://127.0.0.1:1/w/default/github/login/oauth"),
        (AUTHORIZE, "github.com", "http://github.com/login/oauth"),
        (AUTHORIZE, "github.localhost:9400", "http://github.localhost:9400/login/oauth"),
    ],
)
def test_iss_and_the_form_follow_the_mount(sandbox, path, host, issuer):
    page = sandbox.get(path, query_string={"client_id": CLIENT}, headers={"Host": host})
    form, fields = find_form(page.text, "as-octocat")
    consent = sandbox.post(form.action, data=dict(fields), headers={"Host": host})
    form, fields = find_form(consent.text, "allow")
    back = sandbox.post(form.action, data=dict(fields), headers={"Host": host})

    assert form.action == f"{issuer}/authorize"
    assert answer(back.headers["Location"])["iss"] == issuer


def test_scopes_may_be_unticked_but_not_added(sandbox, sign_in):
    page = authorize(sandbox, scope="gist read:org")
    consent = submit(sandbox, page, "as-octocat")
    back = submit(sandbox, consent, "allow", scope=["gist", "repo", "admin:org"])
    token = sandbox.post(
        "/login/oauth/access_token",
        json={
            "client_id": CLIENT,
            "client_secret": "sandbox-secret",
            "code": answer(back.headers["Location"])["code"],
        },
        headers={"Accept": "application/json"},
    )

    assert token.json["scope"] == "gist"


def test_a_posted_form_cannot_change_client_redirect_uri_or_scope(sandbox):
    page = authorize(sandbox)
    consent = submit(sandbox, page, "as-octocat", client_id="gmi-console", redirect_uri="http://evil.test/")
    back = submit(sandbox, consent, "allow", redirect_uri="http://evil.test/", client_id="gmi-console", scope="repo")

    assert back.headers["Location"].startswith(f"{CALLBACK}?code=")


def test_a_decision_counts_once(sandbox):
    consent = submit(sandbox, authorize(sandbox), "as-octocat")
    first = submit(sandbox, consent, "allow")
    again = submit(sandbox, consent, "allow")

    assert first.status_code == 302
    assert again.status_code == 400
    assert again.headers["X-Sandbox-Reason"].startswith("TRANSACTION_ALREADY_DECIDED; ")


@pytest.mark.parametrize("transaction", ["", "unknown", "\0", "x" * 5000])
def test_an_unknown_transaction_is_refused(sandbox, transaction):
    page = sandbox.post(AUTHORIZE, data={"transaction": transaction, "identity": "octocat"})

    assert page.status_code == 400
    assert page.headers["X-Sandbox-Reason"].startswith("TRANSACTION_UNKNOWN; ")


def test_a_sign_in_does_not_wait_for_ever(sandbox):
    page = authorize(sandbox)
    sandbox.clock.advance(hours=1)

    assert submit(sandbox, page, "as-octocat").status_code == 400
    assert sandbox.journal()[-1].reason == "TRANSACTION_EXPIRED"


def test_allow_needs_somebody_who_signed_in(sandbox):
    form, fields = find_form(authorize(sandbox).text, "deny")
    transaction = dict(fields)["transaction"]
    page = sandbox.post(form.action, data={"transaction": transaction, "decision": "allow"})

    assert page.status_code == 200
    assert 'id="as-octocat"' in page.text


@pytest.mark.parametrize(
    "sent", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.test"}, {"Origin": "null"}], ids=str
)
def test_another_site_cannot_post_the_form(sandbox, sent):
    form, fields = find_form(authorize(sandbox).text, "as-octocat")
    page = sandbox.post(form.action, data=dict(fields), headers=sent)

    assert page.status_code == 403
    assert page.headers["X-Sandbox-Reason"].startswith("PERMISSION_DENIED; ")


@pytest.mark.parametrize("sent", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}], ids=str)
def test_the_page_itself_can(sandbox, sent):
    form, fields = find_form(authorize(sandbox).text, "as-octocat")

    assert sandbox.post(form.action, data=dict(fields), headers=sent).status_code == 200


def test_who_is_deactivated_on_the_way_gets_no_code(sandbox):
    consent = submit(sandbox, authorize(sandbox), "as-octocat")
    with sandbox.world() as world:
        world.store.change(tables.Identity, {"deactivated": True}, login="octocat")

    assert submit(sandbox, consent, "allow").status_code == 400
    assert sandbox.journal()[-1].reason == "IDENTITY_DEACTIVATED"


def test_a_person_may_choose_another_account(sandbox):
    consent = submit(sandbox, authorize(sandbox), "as-octocat")
    page = submit(sandbox, consent, "switch")

    assert page.status_code == 200
    assert 'id="as-alice"' in page.text


def test_without_scope_all_that_was_granted_before_is_granted_at_once(sandbox, sign_in):
    sign_in("github", as_="octocat", client=CLIENT, scope="gist")
    sign_in("github", as_="octocat", client=CLIENT, scope="read:user")

    back = submit(sandbox, authorize(sandbox), "as-octocat")

    assert back.status_code == 302
    with sandbox.world() as world:
        newest = world.store.list(tables.Code, order=("-expires_at",), redeemed_at=None)
        assert {"gist", "read:user"} in [set(code.data["scopes"]) for code in newest]


def test_a_smaller_request_is_not_asked_again_and_a_larger_one_is(sandbox, sign_in):
    sign_in("github", as_="octocat", client=CLIENT, scope="user gist")

    smaller = submit(sandbox, authorize(sandbox, scope="user:email"), "as-octocat")
    larger = submit(sandbox, authorize(sandbox, scope="repo"), "as-octocat")

    assert smaller.status_code == 302
    assert larger.status_code == 200
    assert 'id="allow"' in larger.text


@pytest.mark.parametrize(
    ("approval", "query", "status"),
    [
        ("ask", {"login": "octocat"}, 200),
        ("hint", {"login": "octocat"}, 302),
        ("hint", {}, 200),
        ("hint", {"login": "nobody"}, 200),
        ("hint", {"login": "deactivated"}, 200),
        ("hint", {"login": "octocat", "prompt": "select_account"}, 200),
        ("always=alice", {}, 302),
        ("always=alice", {"login": "octocat"}, 302),
    ],
)
def test_the_approval_policy_decides_whether_a_person_is_asked(approval, query, status, make_sandbox):
    sandbox = make_sandbox(Config(approval=approval))

    assert authorize(sandbox, **query).status_code == status


@pytest.mark.parametrize("login", ["nobody", "deactivated"])
def test_an_approval_policy_that_names_nobody_says_so_at_once(make_sandbox, login):
    with pytest.raises(ConfigError, match=f"nobody called '{login}' can sign in"):
        make_sandbox(Config(approval=f"always={login}"))


def test_an_approval_without_page_grants_what_was_granted_before(make_sandbox):
    sandbox = make_sandbox(Config(approval="always=octocat"))
    authorize(sandbox, scope="gist")
    authorize(sandbox)

    with sandbox.world() as world:
        codes = world.store.list(tables.Code, order=("expires_at",))
    assert [code.data["scopes"] for code in codes] == [["gist"], ["gist"]]


@pytest.mark.parametrize("state", ['"><script>alert(1)</script>', "x" * 9000, "\0", "é😀", "a\r\nSet-Cookie: b=c"])
def test_state_comes_back_as_it_was(sandbox, state):
    back = submit(sandbox, authorize(sandbox, state=state), "deny")

    assert parse_qs(urlsplit(back.headers["Location"]).query)["state"] == [state]
    assert "Set-Cookie" not in back.headers


def test_what_is_reflected_is_escaped(sandbox):
    page = authorize(sandbox, login='"><script>alert(1)</script>')

    assert "<script>" not in page.text
    assert "&#34;&gt;&lt;script&gt;" in page.text


def test_the_pages_load_nothing_from_elsewhere_and_run_no_script_of_anyone_elses(sandbox):
    page = authorize(sandbox)

    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert re.findall(f"<script(?!{OWN_SCRIPT})", page.text) == []
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_journal_follows_one_login_and_keeps_no_secret(sandbox, sign_in: SignIn):
    code = sign_in("github", as_="octocat", client=CLIENT, state="s3cr3t-state")
    sandbox.post(
        "/login/oauth/access_token",
        data={"client_id": CLIENT, "client_secret": "sandbox-secret", "code": code},
    )

    legs = [entry for entry in sandbox.journal() if entry.flow]
    assert [entry.operation for entry in legs] == ["authorize", "decide", "decide", "access_token"]
    assert len({entry.flow for entry in legs}) == 1
    assert {entry.login for entry in legs[1:]} == {"octocat"}
    assert code not in str([(entry.request, entry.response) for entry in legs])
    assert "sandbox-secret" not in str([(entry.request, entry.response) for entry in legs])
