"""A scripted issuer outside, and real ones in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.core.world import World
from sandbox.service import Redemption
from tests.conformance import signing
from tests.conformance.listener import Listener
from tests.support.relying import in_request

CLIENT, CALLBACK = "app", "http://127.0.0.1:9999/callback"


@pytest.fixture
def world(app) -> Iterator[World]:
    """The default world, as an exchange has it."""
    with in_request(app) as world:
        yield world


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A web server outside, with nothing on it yet."""
    with Listener() as listener:
        yield listener


@pytest.fixture
def witness() -> Iterator[Listener]:
    """A web server outside that nobody may call: the test fails if it was."""
    with Listener() as listener:
        listener.put("/jwks", signing.jwks(signing.client_key("RS256")))
        yield listener
    assert listener.calls == []


class ScriptedIssuer:
    """An issuer whose documents a test bends. `key` is what it signs with."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.url = listener.origin
        self.network = (listener.origin,)
        self.key = signing.client_key("RS256")
        self.discovery: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=t",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }
        self.describe()
        listener.put("/jwks", signing.jwks(self.key))
        listener.put("/token", {"access_token": "at", "id_token": "it", "token_type": "Bearer"})

    def describe(self, **changes: object) -> None:
        """Publish the discovery document; what is None is left out."""
        document = {**self.discovery, **changes}
        self.listener.put(
            "/.well-known/openid-configuration", {name: value for name, value in document.items() if value is not None}
        )

    def token(self, now: int, **changes: object) -> str:
        """An id_token of this issuer."""
        claims = {"iss": self.url, "aud": CLIENT, "sub": "alice", "iat": now, "exp": now + 60, **changes}
        return signing.sign({name: value for name, value in claims.items() if value is not None}, self.key)

    def calls(self, path: str) -> int:
        """How often this path was called."""
        return sum(call.path == path for call in self.listener.calls)


@pytest.fixture
def issuer(listener) -> ScriptedIssuer:
    """A scripted issuer that does nothing wrong yet."""
    return ScriptedIssuer(listener)


@pytest.fixture
def redeem() -> Callable[..., Any]:
    """Redeems a code of the scripted client at an issuer."""

    def redeem(world: World, issuer: Any, code: str = "c", **changes: Any) -> Any:
        usual = {"client_id": CLIENT, "client_secret": "s", "redirect_uri": CALLBACK}
        return issuer.redeem(world, Redemption(code, **{**usual, **changes}))

    return redeem
