"""The verdict on clients: what each mistake looks like, and that a login without it is not blamed for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
from authlib.integrations.requests_client import OAuth2Session

from sandbox import Config
from sandbox.core import tables
from sandbox.core.findings import is_open
from sandbox.protocol.pkce import s256
from sandbox.threads import ThreadServer
from tests.conftest import HouseClient
from tests.support.azure_login import CONTOSO
from tests.support.azure_login import PUBLIC as APP
from tests.support.person import Person, query

CALLBACK = "http://127.0.0.1:9999/callback"
WEB = ("oidc-client", "sandbox-secret")
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
S256 = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
OTHER = "another-verifier-that-is-as-long-as-one-has-to-be"
GOOD = {"state": "s1", "nonce": "n1", "code_challenge": S256, "code_challenge_method": "S256"}


@pytest.fixture
def config() -> Config:
    return Config(approval="always=alice")


class Application:
    """An application at an issuer, which leaves out and gets wrong what it is told to."""

    def __init__(self, sandbox: HouseClient) -> None:
        self.sandbox = sandbox

    def ask(self, issuer: str = "main", **asked: str | None) -> dict[str, str]:
        """The parameters of the callback."""
        own = {"redirect_uri": CALLBACK, "client_id": WEB[0], "scope": "openid profile offline_access"}
        given = {"response_type": "code", **own, **GOOD, **asked}
        said = {name: value for name, value in given.items() if value is not None}
        answer = self.sandbox.get(f"/oidc/{issuer}/authorize", query_string=said)
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["Location"])
        return dict(parse_qsl(parts.query or parts.fragment))

    def redeem(self, code: str, issuer: str = "main", **changed: Any) -> Any:
        """The answer of the token endpoint."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, "redirect_uri": CALLBACK}
        sent = {name: value for name, value in (form | changed).items() if value is not None}
        return self.sandbox.post(f"/oidc/{issuer}/token", data=sent, auth=WEB)

    def userinfo(self, tokens: Any, issuer: str = "main", **more: Any) -> Any:
        """The person behind the access token."""
        bearer = {"Authorization": f"Bearer {tokens.json['access_token']}"}
        return self.sandbox.get(f"/oidc/{issuer}/userinfo", headers=bearer, **more)

    def log_in(self, **asked: str | None) -> Any:
        """A whole login, the person included; the answer of the token endpoint."""
        plain = asked.get("code_challenge", S256) is None
        tokens = self.redeem(self.ask(**asked)["code"], code_verifier=None if plain else VERIFIER)
        assert tokens.status_code == 200, tokens.text
        self.userinfo(tokens)
        return tokens


@pytest.fixture
def application(sandbox: HouseClient) -> Application:
    return Application(sandbox)


def verdicts(sandbox: HouseClient, **query: str) -> list[dict[str, Any]]:
    return list(sandbox.get("/_sandbox/api/verdict", query_string=query).json["clients"])


def found(sandbox: HouseClient) -> set[tuple[str, str]]:
    return {(one["code"], one["severity"]) for client in verdicts(sandbox) for one in client["findings"]}


def test_a_login_without_fault_passes(sandbox, application):
    application.log_in()

    assert verdicts(sandbox) == [
        {"client_id": "oidc-client", "service": "oidc", "flows": 1, "passed": True, "findings": []}
    ]


def twice(application: Application, **second: str) -> None:
    application.log_in(state="a", nonce="a")
    code = application.ask(**{"state": "b", "nonce": "b", "code_challenge": s256(OTHER), **second})["code"]
    verifier = VERIFIER if "code_challenge" in second else OTHER
    assert application.redeem(code, code_verifier=verifier).status_code == 200


def redeem_twice(application: Application) -> None:
    code = application.ask()["code"]
    assert [application.redeem(code).status_code for _ in range(2)] == [200, 400]


def secret_in_query(application: Application) -> None:
    code = application.ask()["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    where = "/oidc/main/token?client_secret=sandbox-secret"
    assert application.sandbox.post(where, data=form, auth=WEB).status_code == 200


def token_in_url(application: Application) -> None:
    tokens = application.log_in()
    application.userinfo(tokens, query_string={"access_token": tokens.json["access_token"]})


def device_in_a_hurry(application: Application) -> None:
    begun = application.sandbox.post("/oidc/main/device_authorization", data={"client_id": "oidc-public"}).json
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "oidc-public"}
    for _ in range(2):
        application.sandbox.post("/oidc/main/token", data={**grant, "device_code": begun["device_code"]})


def refresh_twice(application: Application) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": application.log_in().json["refresh_token"]}
    for _ in range(2):
        application.sandbox.post("/oidc/main/token", data=form, auth=WEB)
        application.sandbox.clock.advance(minutes=5)


def at_azure(application: Application, **pkce: str) -> None:
    """A public application: this provider leaves PKCE to it."""
    asked = {"client_id": APP, "response_type": "code", "redirect_uri": "http://localhost", "scope": "User.Read"}
    where = f"/{CONTOSO}/oauth2/v2.0"
    page = application.sandbox.get(f"{where}/authorize", query_string={**asked, "state": "s", **pkce})
    form = {"grant_type": "authorization_code", "code": query(page.headers["Location"])["code"], "client_id": APP}
    form |= {"redirect_uri": "http://localhost"} | ({"code_verifier": VERIFIER} if pkce else {})
    assert application.sandbox.post(f"{where}/token", data=form).status_code == 200


MISTAKES: dict[str, tuple[tuple[str, str], Callable[[Application], Any]]] = {
    "no state, no PKCE, no nonce": (
        ("state-missing", "error"),
        lambda it: it.log_in(state=None, nonce=None, code_challenge=None, code_challenge_method=None),
    ),
    "no state, but PKCE": (("state-missing", "note"), lambda it: it.log_in(state=None)),
    "a state twice": (("state-reused", "error"), lambda it: twice(it, state="a")),
    "a nonce twice": (("nonce-reused", "error"), lambda it: twice(it, nonce="a")),
    "a verifier twice": (
        ("challenge-reused", "error"),
        lambda it: twice(it, code_challenge=S256),
    ),
    "no PKCE": (
        ("pkce-missing", "warning"),
        lambda it: it.log_in(code_challenge=None, code_challenge_method=None),
    ),
    "no PKCE in public": (
        ("pkce-missing", "error"),
        at_azure,
    ),
    "plain": (
        ("pkce-plain", "error"),
        lambda it: at_azure(it, code_challenge=VERIFIER, code_challenge_method="plain"),
    ),
    "no nonce": (("nonce-missing", "note"), lambda it: it.log_in(nonce=None)),
    "a code twice": (("code-replayed", "error"), redeem_twice),
    "another callback": (
        ("redirect-uri-differs", "error"),
        lambda it: it.redeem(it.ask()["code"], redirect_uri="http://127.0.0.1:9999/oauth2/callback"),
    ),
    "another verifier": (
        ("verifier-wrong", "error"),
        lambda it: it.redeem(it.ask()["code"], code_verifier=OTHER),
    ),
    "a secret in the URL": (("secret-in-url", "error"), secret_in_query),
    "a token in the URL": (("token-in-url", "error"), token_in_url),
    "a refresh token twice": (("refresh-token-replayed", "warning"), refresh_twice),
    "polls": (("polling-too-fast", "warning"), device_in_a_hurry),
}


@pytest.mark.parametrize(("finding", "make"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_found(sandbox, application, finding, make):
    make(application)

    assert finding in found(sandbox)
    assert [client["passed"] for client in verdicts(sandbox)] == [finding[1] != "error"]


@pytest.mark.parametrize(("finding", "make"), MISTAKES.values(), ids=MISTAKES)
def test_a_good_login_beside_it_is_not_blamed(sandbox, application, finding, make):
    make(application)
    code = application.ask(state="good", nonce="good", code_challenge=S256.replace("E9", "F9"))["code"]

    flow = sandbox.journal()[-1].flow

    assert code
    assert sandbox.get(f"/_sandbox/api/flows/{flow}").json["findings"] == []


def test_a_page_that_is_loaded_again_is_no_second_login(sandbox, application):
    application.ask()
    application.log_in()

    assert found(sandbox) == set()


BAD = [("wrong-aud", "error"), ("expired", "error"), ("wrong-nonce", "error"), ("bad-signature", "warning")]


@pytest.mark.parametrize(("name", "severity"), BAD)
def test_who_goes_on_with_a_bad_token_is_told(sandbox, application, name, severity):
    issuer = f"~{name}"
    tokens = application.redeem(application.ask(issuer=issuer)["code"], issuer=issuer)
    assert found(sandbox) == {("bad-token-refused", "note")}

    application.userinfo(tokens, issuer)

    assert found(sandbox) == {("bad-token-accepted", severity)}


def test_a_login_of_the_sandbox_itself_is_nobodys_fault(sandbox):
    """JITSudo's global provider: no state, no PKCE, and the exchange is the one to blame."""
    with sandbox.world() as world:
        callback = "http://localhost/v1/auth/callback"
        world.store.change(tables.Client, {"redirect_uris": [callback]}, client_id="jitsudo")
    asked = {"client_id": "jitsudo", "response_type": "code", "scope": "openid", "redirect_uri": callback}

    assert sandbox.get("/oidc/main/authorize", query_string=asked).status_code == 302
    assert verdicts(sandbox) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://app.acme.com/callback", True),
        ("http://93.184.216.34/callback", True),
        ("https://app.acme.com/callback", False),
        ("http://localhost:3000/callback", False),
        ("http://127.0.0.1/callback", False),
        ("http://10.0.0.7/callback", False),
        ("http://app:3000/callback", False),
        ("http://app.contoso.test/callback", False),
        ("http://app.example.com/callback", False),
        ("myapp://callback", False),
        ("", False),
    ],
)
def test_plain_http_is_wrong_only_where_others_can_reach_it(address, expected):
    assert is_open(address) is expected


def test_the_junit_report_has_a_suite_for_each_client_and_is_always_xml(sandbox, application):
    redeem_twice(application)
    with sandbox.world() as world:
        strange = 'a<b>&"\x01\x1b\ufffe]]>'
        world.store.change(tables.JournalEntry, {"client_id": strange}, client_id="oidc-client")

    answer = sandbox.get("/_sandbox/api/verdict", query_string={"format": "junit"})
    suites = ElementTree.fromstring(answer.data)
    (suite,) = suites

    assert answer.content_type == "application/xml; charset=utf-8"
    assert suite.attrib["name"].startswith('oidc: a<b>&"')
    assert (suite.attrib["tests"], suite.attrib["failures"], suites.attrib["failures"]) == (str(len(suite)), "1", "1")
    (failure,) = suite.iter("failure")
    assert failure.attrib["type"] == "code-replayed"
    assert "RFC 6749 section 4.1.2" in str(failure.text)


def test_authlib_has_no_error(app, live: ThreadServer):
    """The library as it is, over HTTP, with PKCE; the next login is one of its own."""
    client: Any = OAuth2Session(*WEB, scope="openid profile", redirect_uri=CALLBACK, code_challenge_method="S256")
    with Person.at_a_browser("alice") as alice:
        for _ in range(2):
            verifier = f"{VERIFIER}{_}"
            url, state = client.create_authorization_url(f"{live.origin}/oidc/main/authorize", code_verifier=verifier)
            callback = alice.sign_in(url)
            assert query(callback)["state"] == state
            client.fetch_token(
                f"{live.origin}/oidc/main/token", authorization_response=callback, code_verifier=verifier
            )
            assert client.get(f"{live.origin}/oidc/main/userinfo").json()["sub"]

    sandbox = app.test_client()

    assert [(one["flows"], one["passed"]) for one in verdicts(sandbox)] == [(2, True)]
    assert found(sandbox) <= {("nonce-missing", "note")}


@pytest.mark.parametrize("exchange", ["gmi", "insforge", "jitsudo", "prisme", "fanfare"])
def test_a_login_without_a_browser_has_no_error(sandbox, exchange):
    answer = sandbox.post("/_sandbox/api/login", json={"identity": "alice", "exchange": exchange})

    assert answer.status_code == 200, answer.text
    assert all(client["passed"] for client in verdicts(sandbox))


def test_a_forged_token_of_a_fault_counts_as_one_of_an_issuer(sandbox, application):
    rule = {"service": "oidc", "operation": "token", "forge": {"tamper": "wrong-aud", "kinds": ["id_token"]}}
    assert sandbox.post("/_sandbox/api/faults", json=rule).status_code == 201

    tokens = application.redeem(application.ask()["code"])
    application.userinfo(tokens)

    assert found(sandbox) == {("bad-token-accepted", "error")}
