"""What is done to a world in one process is seen at once in another: nothing that changes is kept in a process."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.core.jwts import read_header
from tests.support.components import PostgresServer
from tests.support.farm import TOKEN, Farm, running_farm
from tests.support.oidc import CALLBACK, CLIENT

pytestmark = pytest.mark.postgres

AGENT = {"User-Agent": "test"}
_REQUEST = {"client_id": CLIENT, "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK}
ASKED = f"/oidc/main/authorize?{urlencode(_REQUEST)}"
Pair = tuple[SandboxClient, SandboxClient]


@pytest.fixture(scope="module")
def farm(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Two processes on one database."""
    with postgres_server.database() as url, running_farm(tmp_path_factory.mktemp("farm"), url, 2) as farm:
        yield farm


@pytest.fixture
def pair(farm: Farm, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """A world of this test's own, at each of the two; both have had it open."""
    name = request.node.name.replace("_", "-")[-60:].strip("-")
    clients = tuple(SandboxClient(farm.origin(number), TOKEN, name) for number in range(2))
    first, second = clients
    first.clock.now()
    second.clock.now()
    yield first, second
    for client in clients:
        client.close()


def get(client: SandboxClient, path: str) -> requests.Response:
    return requests.get(client.url + path, headers=AGENT, timeout=20)


def sent_on(client: SandboxClient) -> bool:
    """Whether the application may send somebody to the issuer, who would be sent back."""
    return requests.get(client.url + ASKED, allow_redirects=False, timeout=20).status_code == 302


def published(client: SandboxClient) -> list[str]:
    return [key["kid"] for key in get(client, "/oidc/main/jwks").json()["keys"]]


def id_token(client: SandboxClient) -> str:
    return client.mint("oidc", "id_token", as_="alice", issuer="main")


def test_the_clock(pair):
    first, second = pair
    frozen = first.clock.freeze("2030-01-01T00:00:00Z").now

    assert second.clock.now() == frozen
    first.clock.advance(hours=2)
    assert second.clock.now() == frozen + 7200
    assert get(second, "/oidc/main/jwks").headers["Date"].startswith("Tue, 01 Jan 2030 02:00:00")


def test_a_fault(pair):
    first, second = pair
    fault = first.fault(service="oidc", operation="keys", refuse={"reason": "RATE_LIMITED"}, times=1)

    assert get(second, "/oidc/main/jwks").status_code == 429
    assert get(first, "/oidc/main/jwks").status_code == 200
    assert fault.hits == 1


def test_a_rotated_key(pair):
    first, second = pair
    before = [published(client) for client in pair]
    old = read_header(id_token(second))["kid"]
    new = first.keys.rotate("oidc/main", "RS256").kid

    assert before[0] == before[1]
    assert read_header(id_token(second))["kid"] == new != old
    assert {old, new} <= set(published(second))
    assert published(first) == published(second)

    second.keys.retire(old)
    assert old not in published(first)


def test_a_changed_client(pair):
    first, second = pair
    assert sent_on(second)
    first.clients.change("oidc-client", {"redirect_uris": ["http://new.test/"]}, service="oidc/main")

    assert not sent_on(second)
    assert not sent_on(first)


def test_a_reset(pair):
    first, second = pair
    second.identities.add({"login": "newcomer", "emails": []})
    added = [person["login"] for person in first.identities.list()]
    first.reset()

    assert "newcomer" in added
    assert "newcomer" not in [person["login"] for person in second.identities.list()]


def test_the_journal(pair):
    first, second = pair
    get(first, "/api/v3/user")
    get(second, "/oidc/main/jwks")

    for client in pair:
        assert [request.service for request in client.journal.requests()] == ["github", "oidc"]


def test_what_is_left_of_a_rate_limit(pair):
    left = [int(get(client, "/api/v3/users/octocat").headers["X-RateLimit-Remaining"]) for client in (*pair, *pair)]

    assert left == [left[0], left[0] - 1, left[0] - 2, left[0] - 3]


def test_a_world_that_is_gone_is_gone_everywhere(pair):
    first, second = pair
    name = first.url.rpartition("/")[2]
    root = SandboxClient(first.url.removesuffix(f"/w/{name}"), TOKEN)
    get(first, "/api/v3/user")
    second.clients.change("oidc-client", {"redirect_uris": ["http://new.test/"]}, service="oidc/main")
    assert [sent_on(client) for client in pair] == [False, False]
    root.worlds.delete(name)
    root.close()

    # The next request makes it again, as it was at first.
    assert second.journal.requests() == []
    assert [sent_on(client) for client in (*pair, *pair)] == [True] * 4
