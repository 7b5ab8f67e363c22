"""Server-side request forgery: whatever URL a client names, nothing is called that the issuer's network does not list.

The witness is a real server on a loopback port, which must never be called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance import signing
from tests.conformance.listener import Listener
from tests.conformance.relying_party import SIGNED_OUT, RelyingParty, change_client, configure, error
from tests.conformance.signing import client_key
from tests.support.forms import submit


@pytest.fixture
def witness() -> Iterator[Listener]:
    """A server on this machine that nobody was allowed to call."""
    with Listener() as listener:
        yield listener


def by_request_uri(rp: RelyingParty, sandbox: Any, url: str) -> None:
    assert rp.sign_in(request_uri=url)["error"] == "invalid_request_uri"


def by_jwks_uri(rp: RelyingParty, sandbox: Any, url: str) -> None:
    keys = {"jwks": None, "jwks_uri": url, "token_endpoint_auth_method": None}
    change_client(sandbox, "conformance", rp.client_id, **keys)
    made = signing.sign(signing.assertion_claims(rp.client_id, rp.issuer, rp.now()), rp.key)
    form = {"client_assertion": made, "client_assertion_type": signing.ASSERTION_TYPE, "token": "x"}
    assert error(rp.call("introspection_endpoint", form, auth=False)) == (401, "invalid_client")


def by_jwks_uri_of_a_request_object(rp: RelyingParty, sandbox: Any, url: str) -> None:
    change_client(sandbox, "conformance", rp.client_id, jwks=None, jwks_uri=url)
    made = signing.sign({"iss": rp.client_id, "aud": rp.issuer, **rp.ask()}, rp.key)
    assert rp.sign_in(request=made)["error"] == "invalid_request_object"


def by_backchannel_logout_uri(rp: RelyingParty, sandbox: Any, url: str) -> None:
    change_client(sandbox, "conformance", rp.client_id, backchannel_logout_uri=url)
    hint = rp.log_in().id_token
    answer = rp.log_out(id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT)
    assert answer.status_code == 302
    assert not rp.is_signed_in()


WAYS = [by_request_uri, by_jwks_uri, by_jwks_uri_of_a_request_object, by_backchannel_logout_uri]
each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def rp(sandbox) -> RelyingParty:
    """A client of an issuer that takes request objects, and may call nobody."""
    configure(sandbox, "conformance", request_objects=True, network=[])
    return RelyingParty.register(
        sandbox,
        key=client_key("RS256"),
        token_endpoint_auth_method="client_secret_basic",
        post_logout_redirect_uris=[SIGNED_OUT],
    )


def allow(rp: RelyingParty, origin: str) -> None:
    configure(rp.browser, "conformance", request_objects=True, network=[origin])


@each_way
def test_without_a_network_nobody_is_called(rp, sandbox, witness, way):
    way(rp, sandbox, witness.put("/x"))

    assert witness.calls == []


@each_way
def test_where_the_network_allows_it_the_server_is_called(rp, sandbox, listener, way):
    """Without this, all others would prove nothing. What it says is refused for itself."""
    allow(rp, listener.origin)

    if way is by_request_uri:
        assert rp.sign_in(request_uri=listener.put("/x"))["error"] == "invalid_request_object"
    else:
        way(rp, sandbox, listener.put("/x"))

    assert [call.path for call in listener.calls] == ["/x"]


@each_way
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(rp, sandbox, listener, witness, way, status):
    allow(rp, listener.origin)

    way(rp, sandbox, listener.put("/x", status=status, Location=witness.put("/y")))

    assert [call.path for call in listener.calls] == ["/x"]
    assert witness.calls == []


def tricks(allowed: str, port: str) -> dict[str, str]:
    """URLs that begin like the allowed origin, or mean the same to somebody, and lead to the witness or nowhere."""
    return {
        "userinfo": f"{allowed}@127.0.0.1:{port}/x",
        "userinfo-with-password": f"{allowed}:x@127.0.0.1:{port}/x",
        "userinfo-encoded": f"{allowed}%40127.0.0.1:{port}/x",
        "backslash": f"{allowed}\\@127.0.0.1:{port}/x",
        "fragment-first": f"http://127.0.0.1:{port}/#{allowed}/x",
        "query-first": f"http://127.0.0.1:{port}?{allowed}/x",
        "port": f"http://127.0.0.1:{port}/x",
        "localhost": f"http://localhost:{port}/x",
        "short-address": f"http://127.1:{port}/x",
        "number": f"http://2130706433:{port}/x",
        "hexadecimal": f"http://0x7f000001:{port}/x",
        "any-address": f"http://0.0.0.0:{port}/x",
        "ipv6-mapped": f"http://[::ffff:127.0.0.1]:{port}/x",
        "https": f"https://127.0.0.1:{port}/x",
        "upper-case-scheme": f"HTTP://127.0.0.1:{port}/x",
        "space": f" http://127.0.0.1:{port}/x",
        "line-break": f"http://127.0.0.1:{port}/x\r\nHost: {allowed}",
        "trailing-dot": f"http://localhost.:{port}/x",
        "file": "file:///etc/passwd",
        "file-with-host": f"file://127.0.0.1:{port}/etc/passwd",
        "gopher": f"gopher://127.0.0.1:{port}/_x",
        "ftp": f"ftp://127.0.0.1:{port}/x",
        "no-scheme": f"//127.0.0.1:{port}/x",
        "bracket": "http://[",
        "bracket-later": f"http://[::1]x:{port}/",
        "impossible-port": "http://127.0.0.1:99999/x",
        "odd-port": "http://127.0.0.1:x/x",
        "empty-host": "http:///x",
        "word": "x",
        "urn": "urn:example:request",
        "metadata-service": "http://169.254.169.254/latest/meta-data/",
        "own-server": "http://localhost/_sandbox/health",
    }


@each_way
@pytest.mark.parametrize("trick", tricks("", ""))
def test_no_trick_leads_elsewhere(rp, sandbox, listener, witness, way, trick):
    allow(rp, listener.origin)
    for path in ("/x", "/"):
        witness.put(path)

    way(rp, sandbox, tricks(listener.origin, witness.origin.rpartition(":")[2])[trick])

    assert witness.calls == []
    assert listener.calls == []


def test_an_allowed_name_is_no_prefix(rp, sandbox, witness):
    """An origin of the network ends where it ends."""
    allow(rp, witness.origin[:-1])

    by_request_uri(rp, sandbox, witness.put("/x"))

    assert witness.calls == []


def test_registration_calls_nobody(sandbox, witness, listener):
    configure(sandbox, "conformance", network=[listener.origin])
    rp = RelyingParty(sandbox)
    for origin in (witness, listener):
        url = origin.put("/x", ["https://evil.example/"])
        rp.ask_to_register(
            sector_identifier_uri=url,
            logo_uri=url,
            policy_uri=url,
            tos_uri=url,
            client_uri=url,
            jwks_uri=url,
            request_uris=[url],
            backchannel_logout_uri=url,
            frontchannel_logout_uri=url,
        )
        refused = rp.ask_to_register(subject_type="pairwise", sector_identifier_uri=url)
        assert error(refused) == (400, "invalid_client_metadata")

    assert witness.calls == listener.calls == []


def test_pages_call_nobody(sandbox, witness):
    configure(sandbox, "conformance", network=[witness.origin])
    rp = RelyingParty.register(sandbox, logo_uri=witness.put("/logo.png"))

    consent = submit(sandbox, rp.authorize(), "as-alice")

    assert witness.origin in consent.headers["Content-Security-Policy"]
    assert witness.calls == []


@pytest.mark.parametrize("header", ["jku", "x5u"])
def test_a_token_does_not_say_where_its_key_is(rp, sandbox, witness, header):
    """Not even where the issuer may call: keys come from the registration."""
    allow(rp, witness.origin)
    foreign = client_key("RS256", "foreign")
    url = witness.put("/jwks", signing.jwks(foreign))
    claims = signing.assertion_claims(rp.client_id, rp.issuer, rp.now())
    made = signing.sign(claims, foreign, **{header: url})
    form = {"client_assertion": made, "client_assertion_type": signing.ASSERTION_TYPE, "token": "x"}

    assert error(rp.call("introspection_endpoint", form, auth=False)) == (401, "invalid_client")
    assert witness.calls == []


def test_a_registered_request_uri_is_the_only_one(sandbox, listener):
    configure(sandbox, "conformance", request_objects=True, network=[listener.origin])
    rp = RelyingParty.register(sandbox, key=client_key("RS256"), request_uris=[f"{listener.origin}/mine"])

    assert rp.sign_in(request_uri=listener.put("/other"))["error"] == "invalid_request_uri"
    assert rp.sign_in(request_uri=f"{listener.origin}/mine/../other")["error"] == "invalid_request_uri"
    assert listener.calls == []


@pytest.mark.parametrize("body", ["", "[]", "{", '{"keys": 1}', '{"keys": [1, null, {}]}', "x" * 200_000, "[" * 50_000])
def test_a_server_that_answers_nonsense_breaks_nothing(rp, sandbox, listener, body):
    allow(rp, listener.origin)

    by_jwks_uri(rp, sandbox, listener.put("/jwks", body))
    by_jwks_uri_of_a_request_object(rp, sandbox, listener.put("/jwks", body))

    assert rp.sign_in(request_uri=listener.put("/request", body))["error"] in (
        "invalid_request_object",
        "invalid_request_uri",
    )


def test_a_server_that_is_gone_breaks_nothing(rp, sandbox):
    with Listener() as gone:
        url = gone.put("/x")
    allow(rp, gone.origin)

    for way in WAYS:
        way(rp, sandbox, url)
