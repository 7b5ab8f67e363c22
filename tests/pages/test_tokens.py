"""The page that explains tokens and mints them: what it shows is what the control API tells."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from sandbox import Config
from tests.support.forms import find_form

PAGE, API = "/_sandbox/tokens", "/_sandbox/api/tokens"
KIND = "oidc id_token"


def mint(sandbox: Any, service: str = "oidc", kind: str = "id_token", **more: Any) -> str:
    return sandbox.post(API, json={"service": service, "kind": kind, "identity": "alice", **more}).json["token"]


def explain(sandbox: Any, token: str, page: str = PAGE) -> Any:
    return sandbox.post(page, data={"do": "explain", "token": token})


def words(page: Any) -> str:
    """The text of a page, on one line."""
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", page.text).split()))


def copied(page: Any) -> str:
    """The token that the button copies."""
    found = re.search(r'<pre [^>]*id="token-text"[^>]*><code>(.*?)</code>', page.text, re.DOTALL)
    assert found, page.text
    return html.unescape(re.sub(r"<[^>]*>", "", found[1]))


def test_a_pasted_token_is_explained(sandbox):
    token = mint(sandbox)

    page = explain(sandbox, f"Bearer {token}")

    text = words(page)
    assert page.status_code == 200
    assert "Good now" in text
    assert "Signature valid" in text
    assert "OpenID Connect, id_token" in text
    assert "Signed with RS256 by the key of oidc/main." in text
    assert "Whom it is about" in text
    assert "the client “Sandbox web application” of oidc/main" in text
    assert "RFC 7519" in text
    assert "The algorithm of the signature." in text
    assert "http://localhost/oidc/main" in text


def test_what_is_wrong_with_a_token_is_shown(sandbox):
    page = explain(sandbox, mint(sandbox, tamper="alg-none"))

    text = words(page)
    assert page.status_code == 200
    assert "Not good" in text
    assert "Not signed" in text
    assert "nobody has signed it" in text


def test_an_opaque_token_shows_whose_it_is(sandbox):
    text = words(explain(sandbox, mint(sandbox, "oidc", "refresh_token")))

    assert "Opaque token" in text
    assert "For alice Client oidc-client" in text
    assert "Issued" in text
    assert "Expires" in text


def test_the_token_that_was_typed_is_kept_and_is_in_no_address(sandbox):
    token = mint(sandbox)

    page = explain(sandbox, token)

    assert f">{token}</textarea>" in page.text
    assert copied(page) == token
    assert not re.search(rf'(?:href|action|src)="[^"]*{re.escape(token[:20])}', page.text)


def test_no_token_at_all_is_refused(sandbox):
    page = explain(sandbox, "  ")

    assert page.status_code == 400
    assert "Paste a token first." in words(page)


def test_a_token_is_minted_and_explained(sandbox):
    form, _ = find_form(sandbox.get(PAGE).text, "mint")

    page = sandbox.post(
        form.action.partition("#")[0],
        data={"do": "mint", "kind": KIND, "identity": "alice", "claims": '{"shoe_size": 42}', "ttl": "90"},
    )

    told = sandbox.post(f"{API}/explain", json={"token": copied(page)}).json
    claims = {one["name"]: one["value"] for one in told["claims"]}
    assert page.status_code == 200
    assert "Minted: good now" in words(page)
    assert (claims["shoe_size"], claims["exp"] - claims["iat"]) == (42, 90)
    assert 'value="90"' in page.text


def test_a_minted_token_is_as_wrong_as_was_asked(sandbox):
    page = sandbox.post(PAGE, data={"do": "mint", "kind": KIND, "identity": "alice", "tamper": "wrong-aud"})

    assert "Minted: not good" in words(page)
    assert "aud is “somebody else”, and no client has this id." in words(page)
    assert '<option value="wrong-aud" selected>' in page.text


def test_the_form_has_what_the_kind_takes(sandbox):
    opaque = sandbox.get(PAGE, query_string={"kind": "github access_token"}).text
    graph = sandbox.get(PAGE, query_string={"kind": "azure access_token"}).text

    assert 'name="claims"' not in opaque
    assert 'value="alg-none"' not in opaque
    assert 'value="expired"' in opaque
    assert 'name="audience"' in graph
    assert 'value="wrong-nonce"' not in graph
    assert sandbox.get(PAGE, query_string={"kind": "no such"}).status_code == 200


@pytest.mark.parametrize(
    ("typed", "words_of_it"),
    [
        ({"identity": "nobody"}, "nobody"),
        ({"identity": "alice", "claims": "[1"}, "Claims, line"),
        ({"identity": "alice", "claims": "[1]"}, "claims"),
        ({"identity": "alice", "ttl": "soon"}, "ttl"),
        ({"identity": "alice", "tamper": "nothing"}, "tamper"),
        ({"identity": "deactivated"}, "deactivated"),
        ({"kind": "nothing at all", "identity": "alice"}, "nothing"),
        ({"kind": "", "identity": "alice"}, "service"),
        ({"identity": "alice", "client": "\0"}, "NUL"),
    ],
    ids=str,
)
def test_a_form_that_is_refused_says_why_and_keeps_what_was_typed(sandbox, typed, words_of_it):
    page = sandbox.post(PAGE, data={"do": "mint", "kind": KIND, "scope": "openid typed-by-me", **typed})

    assert page.status_code == 400
    assert 'id="problem"' in page.text
    assert words_of_it in words(page)
    assert 'value="openid typed-by-me"' in page.text


@pytest.mark.parametrize(
    "value",
    ["</code><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><b>", "\u202eevil", "{{ 7*7 }}"],
)
def test_what_a_token_says_is_never_markup(sandbox, value):
    token = mint(sandbox, claims={value: value, "name": value})

    for page in (explain(sandbox, token), explain(sandbox, value)):
        assert page.status_code == 200
        for markup in ("<script>alert", "<img src=x", "</textarea><b>"):
            assert markup not in page.text
    assert value in html.unescape(explain(sandbox, token).text)


def test_a_world_of_its_own_has_its_own_page(sandbox):
    page = f"/w/t1{PAGE}"
    token = mint(sandbox)

    foreign = explain(sandbox, token, page)
    own = sandbox.post(page, data={"do": "mint", "kind": KIND, "identity": "alice"})

    assert "Key unknown" in words(foreign)
    assert "Minted: good now" in words(own)
    assert 'action="/w/t1/_sandbox/tokens#result"' in own.text


def test_a_text_of_very_many_parts_is_shown_whole_and_in_few_pieces(sandbox):
    token = mint(sandbox) + "." * 50_000

    page = explain(sandbox, token)

    assert copied(page) == token
    assert page.text.count('<span class="token-') < 20
    assert "It has 50003 parts" in words(page)


def test_no_other_site_can_use_the_forms(sandbox):
    for do in ("mint", "explain"):
        refused = sandbox.post(PAGE, data={"do": do, "token": "x"}, headers={"Origin": "https://evil.test"})
        assert refused.status_code == 403


def test_beyond_this_machine_the_page_wants_the_token(make_sandbox):
    sandbox = make_sandbox(Config(host="0.0.0.0", control_token="open-sesame"))

    assert sandbox.get(PAGE).status_code == 401
    assert sandbox.post(PAGE, data={"do": "explain", "token": "x"}).status_code == 401
    assert sandbox.get(PAGE, auth=("any", "open-sesame")).status_code == 200
