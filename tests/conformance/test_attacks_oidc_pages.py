"""Attacks on a browser: redirects to elsewhere, scripts in what pages show, forms posted from other sites."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from sandbox.core.fixture_reader import FixtureError
from sandbox.core.fixtures import parse_fixture
from sandbox.services import CHECKS
from tests.conformance.relying_party import CALLBACK, SIGNED_OUT, RelyingParty, change_client, error, page_error
from tests.support.forms import find_form, submit

# Three languages at once; a template that were filled in would show the product.
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{1337*1337}}"
PRODUCT = str(1337 * 1337)
DANGEROUS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://localhost/x",
    "file:///etc/passwd",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
]
ADDRESSES = ["logo_uri", "policy_uri", "tos_uri", "client_uri", "frontchannel_logout_uri", "backchannel_logout_uri"]


def elsewhere(uri: str) -> dict[str, str]:
    """What resembles a registered URI, to a hasty reader or to a browser, and is another one."""
    scheme, _, rest = uri.partition("://")
    host, _, path = rest.partition("/")
    return {
        "userinfo": f"{scheme}://{host}@evil.example/{path}",
        "userinfo-before": f"{scheme}://evil@{host}/{path}",
        "userinfo-empty": f"{scheme}://@{host}/{path}",
        "trailing-dot": f"{scheme}://{host.replace(':', '.:')}/{path}",
        "suffix": f"{scheme}://{host}.evil.example/{path}",
        "prefix": f"{scheme}://evil{host}/{path}",
        "subdomain": f"{scheme}://evil.{host}/{path}",
        "traversal": f"{uri}/../../evil",
        "traversal-back": f"{scheme}://{host}/evil/../{path}",
        "traversal-encoded": f"{uri}/%2e%2e/evil",
        "deeper": f"{uri}/evil",
        "slash": f"{uri}/",
        "double-slash": f"{scheme}://{host}//{path}",
        "fragment": f"{uri}#evil",
        "fragment-empty": f"{uri}#",
        "fragment-encoded": f"{uri}%23evil",
        "query": f"{uri}?a=b",
        "query-empty": f"{uri}?",
        "parameters": f"{uri};a=b",
        "case-of-the-host": f"{scheme}://{host.upper()}/{path}",
        "case-of-the-scheme": f"{scheme.upper()}://{host}/{path}",
        "case-of-the-path": f"{scheme}://{host}/{path.upper()}",
        "encoded-letter": f"{uri[:-1]}%{ord(uri[-1]):02x}",
        "encoded-twice": f"{uri[:-1]}%25{ord(uri[-1]):02x}",
        "backslash": f"{scheme}://{host}\\@evil.example/{path}",
        "backslashes": f"{scheme}:\\\\{host}/{path}",
        "another-scheme": f"{'http' if scheme == 'https' else 'https'}://{host}/{path}",
        "no-scheme": f"//{host}/{path}",
        "relative": f"/{path}",
        "one-slash": f"{scheme}:/{host}/{path}",
        "no-slash": f"{scheme}:{host}/{path}",
        "another-port": f"{scheme}://{host.partition(':')[0]}:1/{path}",
        "no-port": f"{scheme}://{host.partition(':')[0]}/{path}",
        "impossible-port": f"{scheme}://{host.partition(':')[0]}:99999/{path}",
        "line-break": f"{uri}\r\nSet-Cookie: a=b",
        "tab": uri.replace("/", "/\t", 1),
        "space-before": f" {uri}",
        "space-after": f"{uri} ",
        "NUL": f"{uri}\0",
        "wide-letters": f"{scheme}://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54:8443/{path}",
        "wide-slash": f"{scheme}://{host}\uff0f{path}",
        "two-addresses": f"{uri} https://evil.example/",
        "bracket": f"{scheme}://[{host}/{path}",
        "nothing-like-it": "https://evil.example/",
        **dict.fromkeys(["empty-host"], f"{scheme}:///{path}"),
    }


ELSEWHERE = elsewhere(CALLBACK)


@pytest.mark.parametrize("trick", [*ELSEWHERE, *DANGEROUS])
def test_authorize_sends_nobody_elsewhere(rp, trick):
    page = rp.authorize(redirect_uri=ELSEWHERE.get(trick, trick))

    assert page_error(page) == "invalid_request"


@pytest.mark.parametrize("trick", [*ELSEWHERE, *DANGEROUS])
def test_logout_sends_nobody_elsewhere(rp, trick):
    hint = rp.log_in().id_token
    target = elsewhere(SIGNED_OUT).get(trick, trick)

    page = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=target, state="s")

    assert page_error(page) == "invalid_request"
    assert rp.is_signed_in()


@pytest.mark.parametrize("response_mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("trick", ["userinfo", "fragment", "query", "nothing-like-it"])
def test_no_response_mode_is_a_way_around(rp, trick, response_mode):
    page = rp.authorize(redirect_uri=ELSEWHERE[trick], response_mode=response_mode, response_type=None)

    assert page_error(page) == "invalid_request"


NATIVE = "http://127.0.0.1:49152/callback"


@pytest.fixture
def native(sandbox) -> RelyingParty:
    """An application on somebody's machine: its loopback address is registered without a port."""
    return RelyingParty(sandbox, "main", "oidc-public", secret=None, auth="none", pkce=True, redirect_uri=NATIVE)


def test_a_native_application_may_use_any_port(native):
    assert native.log_in().claims["sub"] == "alice"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:49152@evil.example/callback",
        "http://127.0.0.1.evil.example:49152/callback",
        "http://localhost:49152/callback",
        "http://127.0.0.1:49152/callback/../evil",
        "http://127.0.0.1:49152/callback?a=b",
        "http://127.0.0.1:49152/callback#a",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:x/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.1:49152/callback",
        "http://2130706433:49152/callback",
        "http://0x7f000001:49152/callback",
        "http://127.0.0.2:49152/callback",
        "http://[::1]:49152/callback",
        "http://127.0.0.1:49152\\@evil.example/callback",
    ],
)
def test_a_native_application_may_use_nothing_else(native, uri):
    assert page_error(native.authorize(redirect_uri=uri)) == "invalid_request"


@pytest.mark.parametrize(
    "uri", ["http://localhost.evil.example/", "https://evil.example/", "app:/callback", *DANGEROUS]
)
def test_an_open_issuer_sends_nobody_off_this_machine(sandbox, uri):
    rp = RelyingParty(sandbox, "nobody-registered-here", "anyone", secret=None, redirect_uri=uri)

    assert page_error(rp.authorize()) == "invalid_request"


@pytest.mark.parametrize("member", ["redirect_uris", "post_logout_redirect_uris"])
@pytest.mark.parametrize("uri", [*DANGEROUS, f"{CALLBACK}#a", "/callback", "https://", "https://a@b.example/", ""])
def test_a_dangerous_redirect_uri_cannot_be_registered(rp, member, uri):
    status, code = error(rp.ask_to_register(**{member: [uri]}))

    assert (status, code) in [(400, "invalid_redirect_uri"), (400, "invalid_client_metadata")]


@pytest.mark.parametrize("member", [*ADDRESSES, "initiate_login_uri", "jwks_uri"])
@pytest.mark.parametrize("uri", DANGEROUS)
def test_no_other_address_of_a_client_is_dangerous(rp, member, uri):
    assert error(rp.ask_to_register(**{member: uri})) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("uri", [*DANGEROUS, f"{CALLBACK}#a", "/callback"])
def test_a_fixture_has_no_dangerous_redirect_uri(uri):
    text = f'clients: [{{client_id: a, service: oidc/main, name: A, secret: s, redirect_uris: ["{uri}"]}}]'
    with pytest.raises(FixtureError, match=r"clients\[0\]\.redirect_uris\[0\]: must"):
        parse_fixture(f"version: 1\n{text}\n", "f.yaml", CHECKS)


# Scripts


class _Markup(HTMLParser):
    """Collects what could run: scripts, handlers, and addresses with a dangerous scheme."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert not [name for name in given if name.startswith("on")], given
        for name in ("href", "src", "action", "formaction"):
            assert not given.get(name, "").strip().lower().startswith(("javascript:", "data:", "vbscript:")), given
        if tag == "script":
            self.scripts.append(given.get("src", ""))
        if tag == "img":
            self.images.append(given.get("src", ""))


def check_harmless(page: Any, *scripts: str) -> None:
    """The page runs nothing but our own scripts, and shows a payload as text."""
    markup = _Markup()
    markup.feed(page.text)
    assert [script.rpartition("/")[2] for script in markup.scripts] == list(scripts)
    assert "x" not in markup.images
    assert "<script>alert" not in page.text
    assert PRODUCT not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


@pytest.fixture
def hostile(sandbox) -> RelyingParty:
    """A client that has put scripts wherever it may write something."""
    return RelyingParty.register(
        sandbox,
        client_name=SCRIPT,
        logo_uri='https://evil.example/"><script>alert(1)</script>',
        policy_uri="https://evil.example/'><script>alert(1)</script>",
        tos_uri="https://evil.example/<script>alert(1)</script>",
        contacts=[SCRIPT],
    )


def test_what_a_client_says_of_itself_runs_nowhere(hostile):
    login = hostile.authorize()
    consent = submit(hostile.browser, login, "as-alice")

    check_harmless(login, "sign-in.js")
    check_harmless(consent)
    assert "&lt;script&gt;alert(1)" in login.text


@pytest.mark.parametrize(
    "name", ["state", "nonce", "login_hint", "scope", "claims", "ui_locales", "acr_values", "prompt"]
)
def test_what_a_request_says_runs_nowhere(rp, name):
    given = f"openid {SCRIPT}" if name == "scope" else SCRIPT
    page = rp.authorize(**{name: given, "response_mode": "form_post"})

    if 'id="form-post"' not in page.text:
        # A page of several accounts filters them while one types; an error page has nobody to filter.
        check_harmless(page, *(["sign-in.js"] if page.status_code == 200 else []))
        page = rp.go_on(page)
    check_harmless(page, "form-post.js")
    assert rp.answer(page).get("state") == rp.sent["state"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "request_uri", "response_type", "id_token_hint"])
def test_an_error_page_runs_nothing(rp, name):
    page = rp.authorize(**{"redirect_uri": "https://evil.example/", name: SCRIPT})

    assert page_error(page)
    check_harmless(page)


@pytest.mark.parametrize("name", ["state", "id_token_hint", "post_logout_redirect_uri", "client_id", "logout_hint"])
def test_the_logout_page_runs_nothing(rp, name):
    check_harmless(rp.log_out(**{name: SCRIPT}))


def test_the_device_page_runs_nothing(rp):
    device = f"{rp.issuer}/device"
    shown = rp.browser.get(device, query_string={"user_code": SCRIPT})
    refused = submit(rp.browser, shown, "continue", user_code=SCRIPT)

    check_harmless(shown)
    check_harmless(refused)
    assert refused.status_code == 422


def test_a_login_that_is_typed_runs_nothing(rp):
    page = submit(rp.browser, rp.authorize(), "continue", login=SCRIPT)

    check_harmless(page, "sign-in.js")
    assert page.status_code == 422


def test_an_error_description_has_no_quotes_and_no_line_breaks(rp):
    back = rp.sign_in(prompt='none "\\\r\n<script>', response_mode="form_post")

    assert not {'"', "\\", "\r", "\n"} & set(back["error_description"])


def test_a_state_with_line_breaks_makes_no_header(rp):
    answer = rp.go_on(rp.authorize(state="a\r\nSet-Cookie: evil=1"))

    assert "evil" not in answer.headers.get("Set-Cookie", "")
    assert rp.answer(answer)["state"] == "a\r\nSet-Cookie: evil=1"


# Forms that other sites post


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost.evil.example"},
    {"Origin": "http://localhost"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"},
]


def press(rp: RelyingParty, page: Any, button: str, headers: dict[str, str]) -> Any:
    form, fields = find_form(page.text, button)
    return rp.browser.post(form.action, data=dict(fields), headers=headers)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_presses_no_button(rp, headers):
    login = rp.authorize()
    consent = submit(rp.browser, login, "as-alice")

    for page, button in ((login, "as-admin"), (login, "deny"), (consent, "allow"), (consent, "deny")):
        assert page_error(press(rp, page, button, headers)) == "invalid_request"
        assert rp.browser.journal()[-1].reason == "PERMISSION_DENIED"
    assert "code" in rp.answer(submit(rp.browser, consent, "allow"))


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_signs_nobody_out(rp, headers):
    rp.log_in()

    refused = press(rp, rp.log_out(), "confirm-logout", headers)

    assert page_error(refused) == "invalid_request"
    assert rp.is_signed_in()


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_types_no_user_code(rp, headers):
    page = rp.browser.get(f"{rp.issuer}/device")

    assert page_error(press(rp, page, "continue", headers)) == "invalid_request"


def test_a_form_changes_neither_client_nor_redirect_uri(rp, second):
    page = rp.authorize()
    form, fields = find_form(page.text, "as-alice")
    evil = {"client_id": second.client_id, "redirect_uri": "https://evil.example/", "scope": "openid email"}

    consent = rp.browser.post(form.action, data={**dict(fields), **evil})
    form, fields = find_form(consent.text, "allow")
    back = rp.answer(rp.browser.post(form.action, data={**dict(fields), **evil}))

    assert rp.check_tokens(rp.redeem(back["code"])).answer["scope"] == "openid"


@pytest.mark.parametrize("transaction", ["", "guess", "x" * 5000])
def test_a_transaction_cannot_be_guessed(rp, transaction):
    page = rp.browser.post(f"{rp.issuer}/login", data={"transaction": transaction, "identity": "alice"})

    assert page_error(page) == "invalid_request"


def test_nobody_is_signed_in_by_a_link(rp):
    """A GET decides nothing, however complete it is."""
    page = rp.authorize()
    form, fields = find_form(page.text, "as-alice")

    answer = rp.browser.get(form.action, query_string=dict(fields))

    assert answer.status_code == 405
    assert not rp.is_signed_in()


def test_pages_are_not_to_be_framed(rp):
    for page in (rp.authorize(), rp.log_out(), rp.browser.get(f"{rp.issuer}/device")):
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Cache-Control"] == "no-store"


def test_the_session_cookie_is_for_the_issuer_alone(rp):
    answer = submit(rp.browser, rp.authorize(), "as-alice")

    cookie = answer.headers["Set-Cookie"]
    assert "; Path=/oidc/conformance" in cookie
    assert {"Secure", "HttpOnly", "SameSite=None"} <= set(cookie.split("; "))


def test_a_trusted_client_asks_nobody_but_prompt_none_still_needs_a_login(rp, sandbox):
    change_client(sandbox, "conformance", rp.client_id, trusted=True)

    assert rp.sign_in(prompt="none")["error"] == "login_required"
    rp.log_in()
    assert rp.pages == ["login"]
