"""How clients prove themselves, and where browsers are sent: the small functions, read by read."""

from __future__ import annotations

import base64

import pytest

from sandbox.core.refusals import Refusal
from sandbox.protocol.client_auth import parse_basic, parse_credentials
from sandbox.protocol.pkce import PLAIN, S256, check_challenge, check_verifier, s256
from sandbox.protocol.redirects import is_safe, origin, with_query

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "readings"),
    [
        (None, ()),
        ("", ()),
        ("Bearer abc", ()),
        ("Basic", ()),
        ("Basic !!!", ()),
        (f"Basic {base64.b64encode(bytes([255, 254])).decode()}", ()),
        (basic("no-colon"), ()),
        (basic("id:secret"), (("id", "secret"),)),
        (basic("id:a:b"), (("id", "a:b"),)),
        (basic("id:"), (("id", ""),)),
        (basic("i%20d:a%2Bb"), (("i d", "a+b"), ("i%20d", "a%2Bb"))),
        (basic("id:a+b"), (("id", "a b"), ("id", "a+b"))),
    ],
)
def test_basic_is_read_decoded_and_raw(header, readings):
    assert parse_basic(header) == readings


def test_basic_wins_over_the_parameters():
    credentials = parse_credentials(basic("a:b"), {"client_id": "c", "client_secret": "d"})

    assert (credentials.client_id, credentials.method, credentials.also) == ("a", "client_secret_basic", "c")


@pytest.mark.parametrize(
    ("parameters", "method"),
    [({"client_id": "c", "client_secret": "d"}, "client_secret_post"), ({"client_id": "c"}, "none")],
)
def test_the_method_is_named_as_rfc_7591_names_it(parameters, method):
    assert parse_credentials(None, parameters).method == method


def test_no_client_at_all_is_refused():
    with pytest.raises(Refusal, match="CLIENT_UNKNOWN"):
        parse_credentials(None, {"client_id": ""})


def test_pkce_agrees_with_rfc_7636_appendix_b():
    assert s256(VERIFIER) == CHALLENGE
    check_verifier(CHALLENGE, S256, VERIFIER)


@pytest.mark.parametrize("method", [PLAIN, None])
def test_a_plain_challenge_is_its_own_verifier(method):
    check_challenge(VERIFIER, method)
    check_verifier(VERIFIER, method, VERIFIER)
    with pytest.raises(Refusal, match="VERIFIER_MISMATCH"):
        check_verifier(VERIFIER, method, VERIFIER + "x")


@pytest.mark.parametrize(
    ("challenge", "method", "methods"),
    [
        (None, S256, (S256, PLAIN)),
        (CHALLENGE, "S512", (S256, PLAIN)),
        (CHALLENGE, None, (S256,)),
        (CHALLENGE + "=", S256, (S256, PLAIN)),
        ("short", PLAIN, (S256, PLAIN)),
        ("x" * 129, PLAIN, (S256, PLAIN)),
        ("", PLAIN, (S256, PLAIN)),
    ],
)
def test_a_bad_challenge_is_refused(challenge, method, methods):
    with pytest.raises(Refusal, match="CHALLENGE_INVALID"):
        check_challenge(challenge, method, methods=methods)


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("https://example.com/cb", True),
        ("http://127.0.0.1:9/cb?x=1", True),
        ("com.example.app:/cb", True),
        ("myapp://cb", True),
        ("https:///cb", False),
        ("https://", False),
        ("", False),
        ("/cb", False),
        ("https://a@b.test/", False),
        ("https://a.test/#f", False),
        ("DATA:text/html,x", False),
        ("blob:https://a.test/x", False),
        ("file:///etc/passwd", False),
        ("vbscript:x", False),
        ("https://a.test/\tx", False),
        ("https://a.test:99999/", False),
    ],
)
def test_some_uris_are_never_redirected_to(uri, safe):
    assert is_safe(uri) is safe


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://h/cb", "http://h/cb?code=a%20b%26&state="),
        ("http://h/cb?x=1", "http://h/cb?x=1&code=a%20b%26&state="),
        ("http://h/cb?", "http://h/cb?code=a%20b%26&state="),
        ("myapp:/cb", "myapp:/cb?code=a%20b%26&state="),
    ],
)
def test_an_answer_keeps_the_query_that_is_there(uri, expected):
    assert with_query(uri, {"code": "a b&", "state": "", "iss": None}) == expected


def test_nothing_to_add_adds_nothing():
    assert with_query("http://h/cb?x=1", {"iss": None}) == "http://h/cb?x=1"
    assert origin("http://h:1/cb?x=1") == "http://h:1"
