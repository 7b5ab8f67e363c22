"""Prisme.ai's client for Python, unmodified: it exchanges an id_token, lists agents, and maps every refusal."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from prismeai import PrismeAI
from prismeai._exceptions import APIStatusError, AuthenticationError, PermissionDeniedError, RateLimitError

from sandbox.threads import ThreadServer
from tests.support.prisme import configure, forge

EXCHANGE = "/login/token-exchange"


@pytest.fixture(params=["", "/prisme"])
def base_url(request: pytest.FixtureRequest, live: ThreadServer) -> str:
    """Where the client is pointed: at the root, and below the room's prefix."""
    return f"{live.origin}{request.param}/v2"


@pytest.fixture
def nobody(base_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrismeAI]:
    """A client without credentials."""
    for name in ("PRISMEAI_API_KEY", "PRISMEAI_BEARER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with PrismeAI(base_url=base_url, bearer_token="none", max_retries=0) as client:
        yield client


def asked(sandbox: Any, live: ThreadServer, provider: str = "custom") -> dict[str, str]:
    return {"provider": provider, "subject_token": forge(sandbox, iss=f"{live.origin}/oidc/main")}


def test_the_client_is_the_one_that_was_studied():
    assert version("prismeai-sdk-agents").startswith("0.3.")


def test_a_session_lists_agents(sandbox, live, nobody, base_url):
    opened = nobody._client.post(EXCHANGE, json=asked(sandbox, live))

    with PrismeAI(base_url=base_url, bearer_token=opened["token"], max_retries=0) as client:
        assert list(client.agents.list()) == []
        assert client._client.get("/me")["sessionId"] == opened["sessionId"]


def test_nobody_lists_no_agents(nobody):
    with pytest.raises(AuthenticationError, match="Malformed authentication token") as refused:
        list(nobody.agents.list())

    assert refused.value.status_code == 401


def test_a_bad_token_is_no_authentication(nobody):
    with pytest.raises(AuthenticationError, match="Invalid JWT"):
        nobody._client.post(EXCHANGE, json={"provider": "custom", "subject_token": "x"})


def test_a_closed_provider_is_no_permission(sandbox, live, nobody):
    with pytest.raises(PermissionDeniedError, match="Token exchange is not enabled"):
        nobody._client.post(EXCHANGE, json=asked(sandbox, live, "closed"))


def test_a_bad_request_is_told_with_its_details(nobody):
    with pytest.raises(APIStatusError, match="should have required property 'subject_token'") as refused:
        nobody._client.post(EXCHANGE, json={"provider": "custom"})

    assert refused.value.status_code == 400
    assert refused.value.body["details"][0]["path"] == ".body.subject_token"


def test_too_many_calls_are_told_with_the_seconds_to_wait(sandbox, live, nobody):
    sandbox.clock.freeze()
    configure(sandbox, rate_limits={"token_exchange": 1}, cookies=False)
    nobody._client.post(EXCHANGE, json=asked(sandbox, live))

    with pytest.raises(RateLimitError, match="Too many requests") as refused:
        nobody._client.post(EXCHANGE, json=asked(sandbox, live))

    assert refused.value.retry_after == 60


def test_the_client_waits_as_long_as_it_is_told_and_succeeds(sandbox, live, base_url):
    """The second that it waits is its own doing: what remains of the minute when it calls again."""
    configure(sandbox, rate_limits={"token_exchange": 1}, cookies=False)
    with PrismeAI(base_url=base_url, bearer_token="none", max_retries=1) as client:
        client._client.post(EXCHANGE, json=asked(sandbox, live))
        sandbox.clock.advance(seconds=58)

        opened = client._client.post(EXCHANGE, json=asked(sandbox, live))

    assert opened["sessionId"]
    assert [row.status for row in sandbox.journal() if row.operation == "token_exchange"] == [200, 429, 200]


def test_its_cookies_need_the_csrf_token(sandbox, live, nobody):
    nobody._client.post(EXCHANGE, json=asked(sandbox, live))

    with pytest.raises(AuthenticationError, match="Missing CSRF token"):
        nobody._client.post(EXCHANGE, json=asked(sandbox, live))
    assert list(nobody.agents.list()) == []
