"""Prisme.ai relies on an issuer elsewhere: a second sandbox, reached over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import Config, create_app
from sandbox.core.keysets import rotate_key
from sandbox.core.refusals import Reason
from sandbox.threads import ThreadServer
from tests.conftest import HouseClient
from tests.support.prisme import INVALID_JWT, check_refused, configure, configure_provider, exchange, forge, me

R = Reason


class Outside:
    """A sandbox of its own, with what it says of people."""

    def __init__(self) -> None:
        self.app = create_app(Config(approval="always=alice"))
        self.app.test_client_class = HouseClient
        self.client: Any = self.app.test_client()
        self.server = ThreadServer(self.app)

    @property
    def issuer(self) -> str:
        return f"{self.server.origin}/oidc/main"

    def token(self, **claims: Any) -> str:
        return forge(self.client, iss=self.issuer, **claims)

    def rotate(self) -> None:
        with self.client.world() as world:
            rotate_key(world, "oidc/main", "RS256")


@pytest.fixture
def outside(sandbox: HouseClient) -> Iterator[Outside]:
    """An issuer elsewhere that two providers of Prisme.ai are: by its identifier, and by its addresses alone."""
    other = Outside()
    with other.server:
        at = other.issuer
        configure(sandbox, network=[other.server.origin])
        configure_provider(sandbox, "named", reference=at, issuer=at, client_secret="sandbox-secret")
        configure_provider(
            sandbox,
            "described",
            client_secret="sandbox-secret",
            authorization_endpoint=f"{at}/authorize",
            token_endpoint=f"{at}/token",
            jwks=f"{at}/jwks",
        )
        yield other
    other.app.extensions["sandbox"].close()


each_way = pytest.mark.parametrize("provider", ["named", "described"])


@each_way
def test_an_id_token_from_elsewhere_opens_a_session(sandbox, outside, provider):
    answer = exchange(sandbox, outside.token(), provider)

    assert (answer.status_code, set(answer.json["authData"])) == (200, {provider})
    assert me(sandbox, answer.json["token"]).status_code == 200


def test_its_own_issuer_is_another(sandbox, outside):
    check_refused(sandbox, exchange(sandbox, forge(sandbox), "named"), R.TOKEN_ISSUER_WRONG, INVALID_JWT)
    check_refused(sandbox, exchange(sandbox, outside.token(), "custom"), R.TOKEN_ISSUER_WRONG, INVALID_JWT)


@each_way
def test_a_new_key_of_the_issuer_is_fetched(sandbox, outside, provider):
    old = outside.token()
    assert exchange(sandbox, old, provider).status_code == 200

    outside.rotate()

    assert exchange(sandbox, outside.token(), provider).status_code == 200
    assert exchange(sandbox, old, provider).status_code == 200
    unknown = outside.token(header={"kid": "unknown"})
    check_refused(sandbox, exchange(sandbox, unknown, provider), R.TOKEN_KEY_UNKNOWN, INVALID_JWT)


@each_way
def test_an_issuer_that_is_down_stops_only_who_needs_its_keys(sandbox, outside, provider):
    known = outside.token()
    assert exchange(sandbox, known, provider).status_code == 200
    outside.rotate()
    new = outside.token()
    outside.server.__exit__(None, None, None)

    assert exchange(sandbox, known, provider).status_code == 200
    check_refused(sandbox, exchange(sandbox, new, provider), R.PROVIDER_FAILED, INVALID_JWT)


@each_way
def test_nobody_is_called_whom_the_network_has_not(sandbox, outside, provider):
    configure(sandbox, network=["https://elsewhere.test"])

    answer = exchange(sandbox, outside.token(), provider)

    check_refused(sandbox, answer, R.OUTSIDE_ADDRESS_REFUSED, INVALID_JWT)
    assert outside.client.journal() == []


@each_way
def test_a_limit_counts_calls_that_need_the_network(sandbox, outside, provider):
    configure(sandbox, rate_limits={"token_exchange": 1})

    answers = [exchange(sandbox, outside.token(), provider).status_code for _ in range(2)]

    assert answers == [200, 429]


@each_way
def test_the_login_in_a_browser_goes_there_and_back(sandbox, outside, provider):
    away = sandbox.get(f"/v2/login?provider={provider}").location
    assert away.startswith(f"{outside.issuer}/authorize?")
    back = requests.get(away, allow_redirects=False, timeout=20).headers["Location"]

    home = sandbox.get(back)

    assert (home.status_code, home.location) == (302, "http://localhost/")
    assert set(sandbox.get("/v2/me").json["authData"]) == {provider}


@pytest.mark.parametrize("provider", ["named", "described"])
def test_what_the_network_has_is_elsewhere_whatever_host_a_request_names(sandbox, provider):
    """Or whoever writes the Host header would sign for an issuer at another port of this machine."""
    at = "http://localhost:8080"
    configure(sandbox, network=[at])
    configure_provider(sandbox, "named", reference=f"{at}/oidc/main", issuer=f"{at}/oidc/main")
    configure_provider(sandbox, "described", jwks=f"{at}/oidc/main/jwks")
    forged = forge(sandbox, iss=f"{at}/oidc/main")

    answer = exchange(sandbox, forged, provider, headers={"Host": "localhost:8080"})

    check_refused(sandbox, answer, R.PROVIDER_FAILED, INVALID_JWT)
