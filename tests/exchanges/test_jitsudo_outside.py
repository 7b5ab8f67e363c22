"""A tenant whose identity provider is elsewhere: a second sandbox, or an issuer that lies; and what is never called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from flask import Flask
from joserfc import jws

from sandbox import Config, create_app
from sandbox.core import keysets
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.conformance import signing
from tests.conformance.listener import Listener
from tests.support.components import free_port
from tests.support.jitsudo import (
    CONTOSO,
    FABRIKAM,
    HERE,
    INTERNAL,
    INVALID_CODE,
    INVALID_STATE,
    MISMATCH,
    begin,
    check_refused,
    claims,
    configure,
    exchange,
    invalid,
    key,
    put_config,
    read_state,
    sign_state,
)
from tests.support.person import query
from tests.support.process import serving


@pytest.fixture
def other_app() -> Iterator[Flask]:
    """Another sandbox."""
    app = create_app(Config(approval="hint"))
    yield app
    app.extensions["sandbox"].close()


@pytest.fixture
def elsewhere(other_app: Flask) -> Iterator[ThreadServer]:
    """The other sandbox, on a port of its own."""
    with ThreadServer(other_app) as server:
        yield server


def point(sandbox: Any, origin: str, **changed: str) -> None:
    """Let Contoso's people sign in at the issuer main of another server."""
    configure(sandbox, network=[origin])
    assert put_config(sandbox, issuer_url=f"{origin}/oidc/main", **changed).status_code == 200


def sign_in(sandbox: Any, login: str = "alice", **asked: str) -> dict[str, str]:
    """What the browser brings back from there, as a body of the exchange."""
    started = begin(sandbox, slug="contoso")
    url = f"{started['authorize_url']}&{urlencode({'login_hint': login, **asked})}"
    with requests.get(url, allow_redirects=False, timeout=10) as back:
        assert back.status_code == 302, back.text
        code = query(back.headers["Location"])["code"]
    return {"code": code, "redirect_uri": HERE, "state": started["state"]}


def test_a_whole_login_at_another_sandbox(sandbox, elsewhere):
    point(sandbox, elsewhere.origin)

    body = sign_in(sandbox)
    answer = exchange(sandbox, body)

    said = claims(answer.json["token"])
    assert (said["email"], said["tenant_id"], said["groups"]) == (
        "alice@contoso.test",
        CONTOSO,
        ["engineers", "everyone"],
    )
    assert sandbox.journal()[-1].login == "alice"
    check_refused(sandbox, exchange(sandbox, body), Reason.STATE_INVALID, 401, INVALID_STATE)
    check_refused(
        sandbox, exchange(sandbox, sign_in(sandbox, "guest")), Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH
    )


def test_a_whole_login_at_another_process(sandbox, tmp_path):
    port = free_port()
    with serving(tmp_path, port, "idp-sandbox", "serve", f"--port={port}", "--approval=hint") as server:
        point(sandbox, server.origin)
        body = sign_in(sandbox, "sso-member")

        assert claims(exchange(sandbox, body).json["token"])["tenant_id"] == CONTOSO
        body = sign_in(sandbox)

    # The process is gone, and with it the issuer.
    check_refused(sandbox, exchange(sandbox, body), Reason.PROVIDER_FAILED, 500, INTERNAL)


def test_the_refusals_of_another_sandbox_are_ours(sandbox, elsewhere):
    point(sandbox, elsewhere.origin)
    body = sign_in(sandbox)

    unknown = exchange(sandbox, {**body, "code": "made-up"})
    check_refused(sandbox, unknown, Reason.CODE_UNKNOWN, 401, INVALID_CODE)
    point(sandbox, elsewhere.origin, client_secret="guessed")
    check_refused(sandbox, exchange(sandbox, body), Reason.CLIENT_SECRET_WRONG, 401, INVALID_CODE)
    point(sandbox, elsewhere.origin)
    assert exchange(sandbox, body).status_code == 200
    used = {**body, "state": begin(sandbox)["state"]}
    check_refused(sandbox, exchange(sandbox, used), Reason.CODE_UNKNOWN, 401, INVALID_CODE)


def test_a_nonce_of_another_sign_in_is_noticed(sandbox, elsewhere):
    point(sandbox, elsewhere.origin)
    body = {**sign_in(sandbox), "state": begin(sandbox)["state"]}

    check_refused(sandbox, exchange(sandbox, body), Reason.TOKEN_NONCE_WRONG, 401, INVALID_CODE)


def test_keys_that_are_rotated_are_fetched_anew(sandbox, elsewhere, other_app):
    point(sandbox, elsewhere.origin)
    assert exchange(sandbox, sign_in(sandbox)).status_code == 200
    with other_app.extensions["sandbox"].world() as world:
        old = keysets.signing_key(world, "oidc/main", "RS256").kid
        new = keysets.rotate_key(world, "oidc/main", "RS256").kid
        assert keysets.drop_key(world, "oidc/main", old)

    assert exchange(sandbox, sign_in(sandbox)).status_code == 200
    assert old != new


def test_the_issuer_is_called_as_it_calls_itself(sandbox, elsewhere):
    other = elsewhere.origin.replace("127.0.0.1", "localhost")
    configure(sandbox, network=[other, elsewhere.origin])
    body = {"code": "x", "redirect_uri": HERE, "state": begin(sandbox)["state"]}

    assert put_config(sandbox, issuer_url=f"{elsewhere.origin}/oidc/main/").status_code == 200

    check_refused(sandbox, exchange(sandbox, body), Reason.PROVIDER_FAILED, 500, INTERNAL)


# What is never called


def test_an_origin_that_is_not_in_the_list_is_not_called(sandbox):
    with Listener() as listener:
        answer = put_config(sandbox, issuer_url=f"{listener.origin}/oidc/main")
        check_refused(sandbox, answer, Reason.OUTSIDE_ADDRESS_REFUSED, 400, invalid("issuer_url"))

        configure(sandbox, network=[listener.origin])
        assert put_config(sandbox, issuer_url=f"{listener.origin}/oidc/main").status_code == 200
        body = {"code": "x", "redirect_uri": HERE, "state": begin_without_calling(sandbox)}
        configure(sandbox, network=[])
        answers = [
            exchange(sandbox, body),
            sandbox.post("/jitsudo/_sandbox/login-url", json={"slug": "contoso", **body}),
        ]

        for answer in answers:
            assert (answer.status_code, answer.json) == (400, invalid("issuer_url"))
        assert sandbox.get("/v1/oidc-config", headers=key()).json["issuer_url"] == f"{listener.origin}/oidc/main"
        assert listener.calls == []


def begin_without_calling(sandbox: Any) -> str:
    """A state of Contoso, without a look at where its people sign in."""
    said = {"tenant_id": CONTOSO, "nonce": "n", "redirect_uri": HERE, "iat": 0, "exp": 253_402_300_799}
    return sign_state(said)


# 15: an issuer that lies


class Liar:
    """An issuer elsewhere that signs whatever a test likes; the code is of no account."""

    def __init__(self, sandbox: Any, listener: Listener, path: str = "") -> None:
        self.sandbox, self.listener, self.url = sandbox, listener, f"{listener.origin}{path}"
        self.key = signing.client_key("RS256")
        listener.put(f"{path}/.well-known/openid-configuration", {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{listener.origin}/token",
            "jwks_uri": f"{listener.origin}/jwks",
        }, **{"Content-Type": "application/json"})  # fmt: skip
        listener.put("/jwks", signing.jwks(self.key), **{"Content-Type": "application/json"})
        configure(sandbox, network=[listener.origin])
        assert put_config(sandbox, issuer_url=self.url, client_id="ours").status_code == 200

    def answer(self, **members: Any) -> None:
        given = {"access_token": "a", "token_type": "Bearer", **members}
        self.listener.put("/token", given, **{"Content-Type": "application/json"})

    def exchange(self, make: Callable[[dict[str, Any]], str]) -> Any:
        """The answer to a login whose id_token is what `make` makes of the right claims."""
        now, state = self.sandbox.clock.now(), begin(self.sandbox)["state"]
        right = {
            "iss": self.url,
            "aud": "ours",
            "sub": "s",
            "nonce": read_state(state)["nonce"],
            "iat": now,
            "exp": now + 60,
        }
        self.answer(id_token=make(right))
        return exchange(self.sandbox, {"code": "c", "redirect_uri": HERE, "state": state})


@pytest.fixture
def liar(sandbox) -> Iterator[Liar]:
    with Listener() as listener:
        yield Liar(sandbox, listener)


@pytest.mark.parametrize("more", [{}, {"aud": ["others", "ours"], "azp": "ours"}, {"exp": 4e9}])
def test_what_a_liar_says_truly_is_believed(liar, more):
    answer = liar.exchange(lambda right: signing.sign({**right, **more}, liar.key))

    assert claims(answer.json["token"])["tenant_id"] == CONTOSO
    assert claims(answer.json["token"])["groups"] == []


LIES: dict[str, tuple[dict[str, Any], Reason]] = {
    "another iss": ({"iss": "https://evil.example.test"}, Reason.TOKEN_ISSUER_WRONG),
    "iss with a slash": ({"iss": "{iss}/"}, Reason.TOKEN_ISSUER_WRONG),
    "no iss": ({"iss": None}, Reason.TOKEN_ISSUER_WRONG),
    "another aud": ({"aud": "others"}, Reason.TOKEN_AUDIENCE_WRONG),
    "no aud": ({"aud": None}, Reason.TOKEN_AUDIENCE_WRONG),
    "other auds": ({"aud": ["others", 7]}, Reason.TOKEN_AUDIENCE_WRONG),
    "another azp": ({"azp": "others"}, Reason.TOKEN_AUDIENCE_WRONG),
    "expired": ({"exp": 1}, Reason.TOKEN_EXPIRED),
    "no exp": ({"exp": None}, Reason.TOKEN_MALFORMED),
    "not yet": ({"nbf": 253_402_300_799}, Reason.TOKEN_NOT_YET_VALID),
    "another nonce": ({"nonce": "n"}, Reason.TOKEN_NONCE_WRONG),
    "no nonce": ({"nonce": None}, Reason.TOKEN_NONCE_WRONG),
    "no sub": ({"sub": None}, Reason.TOKEN_MALFORMED),
    "empty sub": ({"sub": ""}, Reason.TOKEN_MALFORMED),
}


@pytest.mark.parametrize(("changed", "reason"), LIES.values(), ids=LIES)
def test_a_lie_is_an_invalid_code(sandbox, liar, changed, reason):
    def lie(right: dict[str, Any]) -> str:
        said = {name: it.format(**right) if name == "iss" and it else it for name, it in changed.items()}
        return signing.sign({name: it for name, it in {**right, **said}.items() if it is not None}, liar.key)

    check_refused(sandbox, liar.exchange(lie), reason, 401, INVALID_CODE)


FORGERIES: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    "another key": lambda liar, right: signing.sign(right, signing.client_key("RS256", "second")),
    "another key under its kid": lambda liar, right: signing.sign(
        right, signing.client_key("RS256", "second"), kid="first-RS256"
    ),
    "no signature": lambda liar, right: signing.unsigned(right),
    "HS256 by the public key": lambda liar, right: signing.confused(right, signing.public_jwk(liar.key)),
    "no JWT": lambda liar, right: "nonsense",
    "empty": lambda liar, right: "",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_an_invalid_code(sandbox, liar, forge):
    answer = liar.exchange(lambda right: forge(liar, right))

    assert (answer.status_code, answer.json) == (401, INVALID_CODE), answer.headers["X-Sandbox-Reason"]
    assert sandbox.journal()[-1].reason.startswith("TOKEN_")


def test_odd_claims_break_nothing(sandbox, liar):
    odd = {"email": ["a@contoso.test"], "name": {"a": 1}, "groups": "g", "tenant_id": FABRIKAM + "\0"}

    answer = liar.exchange(lambda right: signing.sign({**right, **odd}, liar.key))
    check_refused(sandbox, answer, Reason.IDENTITY_OF_ANOTHER_TENANT, 403, MISMATCH)
    answer = liar.exchange(lambda right: signing.sign({**right, **odd, "tenant_id": None}, liar.key))
    said = claims(answer.json["token"])
    assert (said["email"], said["name"], said["groups"]) == ("", "", ["g"])


@pytest.mark.parametrize("name", ["sub", "email", "name", "groups", "tenant_id", "iss", "aud", "nonce"])
def test_half_a_character_breaks_nothing(sandbox, liar, name):
    """JSON may escape one, which no text can then hold."""
    broken = {name: "a@\ud800"}

    def escape(right: dict[str, Any]) -> str:
        said = json.dumps({**right, **broken}).encode()
        return jws.serialize_compact({"alg": "RS256", "kid": liar.key.kid}, said, liar.key, algorithms=["RS256"])

    answer = liar.exchange(escape)

    expected = {"tenant_id": 403, "iss": 401, "aud": 401, "nonce": 401}
    assert answer.status_code == expected.get(name, 200), answer.headers["X-Sandbox-Reason"]


def test_issuer_and_subject_are_two_things(sandbox, liar):
    """What is the end of the one and the beginning of the other makes a difference."""

    def user(path: str, subject: str) -> str:
        answer = Liar(sandbox, liar.listener, path).exchange(
            lambda right: signing.sign({**right, "sub": subject}, liar.key)
        )
        return str(claims(answer.json["token"])["sub"])

    assert user("/a", "b/c") == user("/a", "b/c") != user("/a/b", "c")


ANSWERS: dict[str, tuple[Any, int]] = {
    "no JSON": ("<html>", 200),
    "a list": ([], 200),
    "no access token": ({"id_token": "x"}, 200),
    "an id_token that is no text": ({"access_token": "a", "id_token": 7}, 200),
    "a crash": ("oops", 500),
    "a redirect": ("", 302),
    "its own trouble": ({"error": "temporarily_unavailable"}, 400),
}


@pytest.mark.parametrize(("content", "status"), ANSWERS.values(), ids=ANSWERS)
def test_a_provider_that_fails_is_our_failure(sandbox, liar, content, status):
    liar.listener.put("/token", content, status=status, **{"Content-Type": "application/json"})

    answer = exchange(sandbox, {"code": "c", "redirect_uri": HERE, "state": begin(sandbox)["state"]})

    check_refused(sandbox, answer, Reason.PROVIDER_FAILED, 500, INTERNAL)


def test_the_secret_goes_to_the_provider_and_nowhere_else(sandbox, liar):
    liar.exchange(lambda right: signing.sign(right, liar.key))

    posted = [call for call in liar.listener.calls if call.path == "/token"]
    assert [call.form["code"] for call in posted] == [["c"]]
    assert posted[0].form["redirect_uri"] == [HERE]
    assert {call.path for call in liar.listener.calls} == {"/.well-known/openid-configuration", "/token", "/jwks"}
