"""Outside issuers that lie, break or lead elsewhere: each is refused with its true cause, and nobody else is called."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from sandbox.protocol import outgoing
from sandbox.relying_party import get_issuer, verify_by_jwks
from tests.conformance import signing
from tests.support.components import free_port
from tests.support.relying import refused

FAILED = "PROVIDER_FAILED"
OUTSIDE = "OUTSIDE_ADDRESS_REFUSED"


# Who may be called


def test_an_issuer_that_is_not_allowed_is_never_called(world, witness):
    spellings = [
        witness.origin,
        f"{witness.origin}/",
        witness.origin.replace("127.0.0.1", "localhost"),
        witness.origin.replace("http://", "HTTP://"),
        witness.origin.replace("http://", "http://allowed.test@"),
        f"http://allowed.test\\@{witness.origin.removeprefix('http://')}",
    ]
    for url in spellings:
        for network in ((), ("http://allowed.test",), ("https://127.0.0.1", "http://127.0.0.1")):
            assert refused(lambda url=url, network=network: get_issuer(world, url, network=network))[0] == OUTSIDE
    uri = f"{witness.origin}/jwks"
    assert refused(lambda: verify_by_jwks(world, "a.b.c", uri, network=()))[0] == OUTSIDE


def test_keys_elsewhere_are_never_fetched(world, issuer, witness):
    issuer.describe(jwks_uri=f"{witness.origin}/jwks")
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: at.verify(world, issuer.token(world.now())))[0] == OUTSIDE


def test_a_code_is_never_sent_elsewhere(world, issuer, witness, redeem):
    issuer.describe(token_endpoint=f"{witness.origin}/token")
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: redeem(world, at))[0] == OUTSIDE


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(world, issuer, witness, redeem, path, status):
    issuer.listener.put(path, "", status=status, Location=f"{witness.origin}/jwks")
    at = get_issuer(world, issuer.url, network=(*issuer.network, witness.origin))

    if path == "/token":
        assert refused(lambda: redeem(world, at))[0] == FAILED
    else:
        assert refused(lambda: at.verify(world, issuer.token(world.now()))) == (FAILED, "keys")


def test_keys_at_another_allowed_origin_are_fetched(world, issuer, witness):
    issuer.describe(jwks_uri=f"{witness.origin}/jwks")
    at = get_issuer(world, issuer.url, network=(*issuer.network, witness.origin))

    assert at.verify(world, issuer.token(world.now()))["sub"] == "alice"
    assert [call.path for call in witness.calls] == ["/jwks"]
    witness.calls.clear()


# What an issuer says of itself


@pytest.mark.parametrize("name", ["https://accounts.example.test", "", None, 7, "slash", "case"])
def test_a_discovery_that_speaks_for_another_issuer_is_refused(world, issuer, redeem, name):
    lies = {"slash": f"{issuer.url}/", "case": issuer.url.upper()}
    issuer.describe(issuer=lies.get(name, name))
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: at.authorization_url(world, {})) == (FAILED, "issuer")
    assert refused(lambda: redeem(world, at)) == (FAILED, "issuer")
    assert refused(lambda: at.verify(world, issuer.token(world.now()))) == (FAILED, "keys")
    assert issuer.calls("/jwks") == issuer.calls("/token") == 0


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "value",
    [None, 7, [], "", "/token", "javascript:alert(1)", "ftp://x.test/", "http:///x", "http://[::1/x", "http://a b/"],
)
def test_a_discovery_without_endpoints_is_refused(world, issuer, name, value):
    issuer.describe(**{name: value})
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: at.authorization_url(world, {})) == (FAILED, name)


# Answers that are none

DOCUMENTS: dict[str, tuple[str, int]] = {
    "404": ("", 404),
    "500": ("{}", 500),
    "204": ("", 204),
    "no JSON": ("<html>", 200),
    "half JSON": ('{"issuer": "', 200),
    "a list": ("[]", 200),
    "null": ("null", 200),
    "deep": ("[" * 90_000, 200),
    "huge number": ('{"expires_in": ' + "9" * 9_000 + "}", 200),
    "nothing in it": ("{}", 200),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_broken_answer_is_the_providers_fault(world, issuer, redeem, case):
    text, status = DOCUMENTS[case]
    at = get_issuer(world, issuer.url, network=issuer.network)

    issuer.listener.put("/.well-known/openid-configuration", text, status=status)
    assert refused(lambda: at.authorization_url(world, {}))[0] == FAILED
    issuer.describe()
    issuer.listener.put("/jwks", text, status=status)
    assert refused(lambda: at.verify(world, issuer.token(world.now()))) == (FAILED, "keys")
    issuer.listener.put("/token", text, status=status)
    assert refused(lambda: redeem(world, at))[0] == FAILED


TOKENS: dict[str, tuple[object, int, str]] = {
    "invalid_grant": ({"error": "invalid_grant"}, 400, "CODE_UNKNOWN"),
    "invalid_client": ({"error": "invalid_client", "error_description": "\0é"}, 401, "CLIENT_SECRET_WRONG"),
    "invalid_request": ({"error": "invalid_request"}, 400, FAILED),
    "with 200": ({"error": "invalid_grant"}, 200, "CODE_UNKNOWN"),
    "an error that is none": ({"error": ["x"], "error_description": {}}, 400, FAILED),
    "no access_token": ({"id_token": "x"}, 200, FAILED),
    "empty access_token": ({"access_token": "", "id_token": "x"}, 200, FAILED),
    "a number": ({"access_token": 7, "id_token": "x"}, 200, FAILED),
    "an id_token that is none": ({"access_token": "x", "id_token": {}}, 200, FAILED),
    "a life that is none": ({"access_token": "x", "expires_in": [], "expires_at": {}}, 200, FAILED),
    "not JSON": ("access_token=x&token_type=bearer", 200, FAILED),
}


@pytest.mark.parametrize("case", TOKENS)
def test_what_a_token_endpoint_says_becomes_a_reason(world, issuer, redeem, case):
    content, status, reason = TOKENS[case]
    issuer.listener.put("/token", content, status=status)
    at = get_issuer(world, issuer.url, network=issuer.network)

    assert refused(lambda: redeem(world, at))[0] == reason


def test_tokens_without_an_id_token_are_taken_as_they_are(world, issuer, redeem):
    issuer.listener.put("/token", {"access_token": "x", "expires_in": "3600"})

    assert redeem(world, get_issuer(world, issuer.url, network=issuer.network)).id_token is None


@pytest.mark.parametrize("keys", [None, {}, "x", [], [None], [{"kty": "RSA", "n": "", "e": "AQAB"}], [{"kty": []}]])
def test_a_key_set_without_keys_verifies_nothing(world, issuer, keys):
    issuer.listener.put("/jwks", {"keys": keys})
    at = get_issuer(world, issuer.url, network=issuer.network)

    expected = ("TOKEN_KEY_UNKNOWN", "kid") if isinstance(keys, list) else (FAILED, "keys")
    assert refused(lambda: at.verify(world, issuer.token(world.now()))) == expected


# Servers that are none


@contextmanager
def answering(respond: Callable[[socket.socket], None]) -> Iterator[str]:
    """The origin of a server that takes one connection at a time, and answers whatever `respond` sends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    try:
                        respond(connection)
                    except OSError:
                        continue

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def check_failed(world, url: str) -> None:
    at = get_issuer(world, url, network=[url])
    assert refused(lambda: at.authorization_url(world, {}))[0] == FAILED
    assert refused(lambda: at.verify(world, "a.b.c"))[1] in ("keys", "header")
    assert refused(lambda: verify_by_jwks(world, good_token(world), f"{url}/x", network=[url])) == (FAILED, "keys")


def good_token(world) -> str:
    return signing.sign({"exp": world.now() + 60}, signing.client_key("RS256"))


def test_a_closed_port_is_the_providers_fault(world):
    check_failed(world, f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"\xff\xfe",
        b'HTTP/1.1 200 OK\r\n\r\n{"keys": ["' + b"x" * 10_000_000 + b'"]}',
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 50_000_000),
    ],
    ids=["nothing", "garbage", "status", "short", "chunks", "gzip", "bytes", "10 MB", "headers", "bomb"],
)
def test_garbage_is_the_providers_fault(world, answer, redeem, issuer):
    with answering(lambda connection: connection.sendall(answer)) as url:
        check_failed(world, url)
        issuer.describe(token_endpoint=f"{url}/token")
        at = get_issuer(world, issuer.url, network=(issuer.url, url))
        assert refused(lambda: redeem(world, at))[0] == FAILED


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"]
)
def test_a_server_that_says_no_more_is_not_waited_for(world, issuer, redeem, monkeypatch, beginning):
    monkeypatch.setattr(outgoing, "TIMEOUT", 0.2)

    def respond(connection: socket.socket) -> None:
        connection.sendall(beginning)
        connection.recv(1)

    with answering(respond) as url:
        check_failed(world, url)
        issuer.describe(token_endpoint=f"{url}/token")
        assert refused(lambda: redeem(world, get_issuer(world, issuer.url, network=(issuer.url, url))))[0] == FAILED


def test_a_server_that_goes_on_for_ever_is_not_listened_to(world, monkeypatch):
    monkeypatch.setattr(outgoing, "TIMEOUT", 0.2)

    def respond(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.settimeout(0.01)
        while True:
            connection.sendall(b" ")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with answering(respond) as url:
        check_failed(world, url)


def test_an_answer_may_be_compressed(world, issuer):
    body = gzip.compress(json.dumps(signing.jwks(issuer.key)).encode())
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with answering(lambda connection: connection.sendall(head.encode() + body)) as url:
        token = issuer.token(world.now())
        assert verify_by_jwks(world, token, f"{url}/jwks", network=[url])["sub"] == "alice"
