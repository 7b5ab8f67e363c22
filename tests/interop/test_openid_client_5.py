"""openid-client 5, unmodified, on which many applications still are; it checks signatures and at_hash by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.certificates import Certificates
from sandbox.threads import ThreadServer
from tests.support.conversation import Conversation, converse
from tests.support.person import Person

WEB = {"client_id": "oidc-client", "client_secret": "sandbox-secret"}
NATIVE = {"client_id": "oidc-public", "token_endpoint_auth_method": "none"}

RelyingParty = Callable[..., Any]


@pytest.fixture(scope="module")
def library(node: object, ca: Certificates) -> Iterator[Conversation]:
    """The library itself."""
    with converse("openid-client-5.mjs", ca.ca_file) as library:
        yield library


@pytest.fixture
def relying_party(library: Conversation, server: ThreadServer) -> RelyingParty:
    """Go one step: `relying_party("refresh", WEB, refresh_token="...")`."""
    issuer = f"{server.origin}/oidc/main"
    return lambda step, application, **given: library.ask(step, issuer=issuer, application=application, **given)


def begin(relying_party: RelyingParty, application: dict[str, str], person: Person) -> Any:
    begun = relying_party("authorize", application, scope="openid email offline_access")
    return {"callback": person.sign_in(begun["url"]), "checks": begun["checks"]}


@pytest.mark.parametrize("application", [WEB, NATIVE], ids=["web", "native"])
def test_a_person_logs_in_and_stays_so(relying_party, alice, application):
    tokens = relying_party("redeem", application, **begin(relying_party, application, alice))
    fresh = relying_party("refresh", application, refresh_token=tokens["refresh_token"])

    told = relying_party("userinfo", application, access_token=fresh["access_token"])

    assert "at_hash" in tokens["claims"]
    assert (told["sub"], told["email"]) == (tokens["claims"]["sub"], "alice@contoso.test")


def test_a_refused_grant_is_told_in_full(relying_party, alice):
    begun = begin(relying_party, WEB, alice)
    relying_party("redeem", WEB, **begun)

    refused = relying_party("redeem", WEB, **begun)

    assert (refused["exception"], refused["error"]) == ("OPError", "invalid_grant")
    assert "redeemed" in refused["error_description"]


def test_a_wrong_secret_is_told_in_full(relying_party, alice):
    begun = begin(relying_party, WEB, alice)

    refused = relying_party("redeem", {**WEB, "client_secret": "guessed"}, **begun)

    assert (refused["exception"], refused["error"]) == ("OPError", "invalid_client")
